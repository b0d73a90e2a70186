"""What a plan of the imported file would do: adopt, and nothing else; whatever else it would do is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra import observe
from mfinfra.confidential import masked
from mfinfra.importing.block import LOCAL, LOG_GROUP, NAMED
from mfinfra.importing.memory import Memory
from mfinfra.metaflow import configuration
from mfinfra.metaflow.arns import arn_of, name_in
from mfinfra.metaflow.configuration import Kinds, meaning
from mfinfra.metaflow.settings import ANY_STREAM
from mfinfra.model import Action, Environment, Ref, Scope, Step
from mfinfra.planning import plan
from mfinfra.planning.plan import Options, Plan

OWNED = "MF4102"
NOTHING = (None, "", False)


def planned(memory: Memory, environment: Environment) -> Plan:
    """The plan of `environment` with everything adopted."""
    return plan.make(environment, observe.survey(memory, environment), Options(adopt=frozenset({"all"})))


def differences(found: Plan) -> tuple[str, ...]:
    """All that the plan would do beside putting our tags on, a sentence each."""
    guards = (f"the plan as a whole is refused: {block.message}" for block in found.guards)
    return (*guards, *(said for step in found.steps for said in _said(step)))


def _said(step: Step) -> Iterator[str]:
    fields = list(dict.fromkeys(f"`{change.path[0]}`" for change in step.changes if change.path[0] != "tags"))
    match step.action:
        case Action.DELETE:
            yield f"`{step.address}` carries this environment's tags, was not found from here, and would be deleted"
        case Action.CREATE:
            yield f"`{step.address}` would be made: it is gone since it was looked at"
        case Action.REPLACE:
            yield f"`{step.address}` would be replaced: {', '.join(fields)} cannot be said as it is"
        case _ if fields:
            yield f"`{step.address}` would be changed: {', '.join(fields)}" + (
                f" ({step.because})" if step.because else ""
            )
    yield from (f"`{step.address}` is refused: {block.message}" for block in step.blocks if block.code != OWNED)


def misread(
    environment: Environment, settings: Mapping[str, str], withheld: tuple[str, ...], found: Plan, kinds: Kinds
) -> tuple[str, ...]:
    """The settings that the file would not give back."""
    outputs = {address: observed.outputs for address, observed in found.survey.observed.items() if observed}

    def known(ref: Ref) -> str | None:
        return outputs.get(ref.address, {}).get(ref.attribute)

    produced = configuration.produce(environment, known).values
    return tuple(
        f"`{key}` would be {_value(produced.get(key))} in place of "
        + (_value(masked(value)) if key in kinds else "what nobody here knows the meaning of")
        for key, value in sorted(settings.items())
        if key.startswith("METAFLOW_") and key not in (*withheld, *LOCAL)
        if not _same(produced.get(key), _by_name(key, value, environment.scope), kinds.get(key, "text"))
    )


def _by_name(key: str, value: str, scope: Scope) -> str:
    """What the file has by name, by name: Metaflow takes the ARN too, as other tools put it out."""
    _, kind, attribute = NAMED.get(key, ("", "", ""))
    if attribute != "name" or not value.startswith("arn:"):
        return value
    name = name_in(kind, value)
    return name if arn_of(kind, name, scope) == value else value


def mended(settings: Mapping[str, str]) -> tuple[str, ...]:
    """What AWS refuses as it is set, and takes as the file gives it back.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_CloudWatchLogsLogGroup.html
    """
    value = settings.get(LOG_GROUP) or ANY_STREAM
    if value.endswith(ANY_STREAM):
        return ()
    return (f"`{LOG_GROUP}` is `{value}`, which Step Functions refuses: it has to end in `{ANY_STREAM}`",)


def _same(produced: Any, said: str, kind: str) -> bool:
    before, after = meaning(said, kind), meaning(produced, kind)
    if kind == "text" and isinstance(before, str) and isinstance(after, str):
        # A place in S3 is the same with a slash behind it; a log group without `:*` Step Functions would refuse.
        return before.rstrip("/").removesuffix(ANY_STREAM) == after.rstrip("/").removesuffix(ANY_STREAM)
    return before == after or (before in NOTHING and after in NOTHING)


def _value(value: Any) -> str:
    return "nothing" if value is None else f"`{value}`"
