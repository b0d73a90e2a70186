"""Where an import may begin: by flag, what turns its values into a `Start`; each may ask AWS."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from mfinfra import catalogue, ownership, schemas
from mfinfra.document.nearest import did_you_mean
from mfinfra.errors import UserError
from mfinfra.importing import cloudformation, identity, metaflow
from mfinfra.importing.start import Seed, Start, Unmodelled
from mfinfra.model import Answers, Call, Questions, Scope
from mfinfra.observe import Reader, Rounds

Starting: TypeAlias = Generator[Questions, Answers, Start]
UNREADABLE = "MF5651"


@dataclass(frozen=True, slots=True)
class Asked:
    """The values of one flag; `folder` is where files that belong to the handover go, empty for nowhere."""

    values: tuple[str, ...] = ()
    folder: str = ""


Source: TypeAlias = Callable[[Asked, Scope], Starting]


def metaflow_profile(asked: Asked, scope: Scope) -> Starting:
    """Begin at a profile of Metaflow's."""
    yield from ()
    return joined(metaflow.start(metaflow.of_profile(value), scope) for value in asked.values)


def metaflow_config(asked: Asked, scope: Scope) -> Starting:
    """Begin at a configuration file of Metaflow's."""
    yield from ()
    return joined(metaflow.start(metaflow.of_file(Path(value)), scope) for value in asked.values)


def environment_variables(asked: Asked, scope: Scope) -> Starting:
    """Begin at the METAFLOW_ variables; a flag without a value has nothing to say more."""
    yield from ()
    return joined(metaflow.start(metaflow.of_variables(), scope) for _ in asked.values or ("",))


def stacks(asked: Asked, scope: Scope) -> Starting:
    """Begin at CloudFormation stacks."""
    starts: dict[str, Start] = {}
    for value in asked.values:
        starts[value] = yield from cloudformation.start(value, scope, asked.folder)
    return joined(starts.values())


def resources(asked: Asked, scope: Scope) -> Starting:
    """Begin at resources by name: `KIND=NAME`, `KIND=ID`, or an ARN."""
    yield from ()
    return Start(tuple(_named(value, scope) for value in asked.values))


def tags(asked: Asked, scope: Scope) -> Starting:
    """Begin at all that carries these tags, and of roles and what else the tagging service does not list, too."""
    pairs = [_pair(value) for value in asked.values]
    filters = [{"Key": key, "Values": [value]} for key, value in pairs]
    params = {"TagFilters": filters, "ResourcesPerPage": 100}
    censuses = [census for kind in catalogue.kinds() if (census := catalogue.driver(kind).census) is not None]
    answers = yield (
        Call("resourcegroupstaggingapi", "GetResources", params, paginate=True),
        *(census.question for census in censuses),
    )
    arns = {row["ResourceARN"] for row in (answers[0] or {}).get("ResourceTagMappingList", ())}
    for census, answer in zip(censuses, answers[1:], strict=True):
        sets = [set(census.arns(answer or {}, key, value)) for key, value in pairs]
        arns |= set.intersection(*sets)
    if not arns:
        said = " and ".join(f"`{value}`" for value in asked.values)
        raise UserError(
            f"nothing in {scope.region} carries the tag {said}", hint="tags are told apart by case", code="MF5655"
        )
    why = "carries the tag " + " and ".join(f"`{value}`" for value in asked.values)
    found = {arn: identity.located(arn) for arn in sorted(arns)}
    seeds = (Seed(kind, fields, why) for kind, fields in filter(None, found.values()))
    strange = (arn for arn, known in found.items() if known is None)
    return Start(tuple(seeds), unmodelled=tuple(Unmodelled(f"`{arn}`", "no kind describes it") for arn in strange))


TABLE: Mapping[str, Source] = {
    "--from-metaflow-profile": metaflow_profile,
    "--from-metaflow-config": metaflow_config,
    "--from-environment": environment_variables,
    "--from-cloudformation": stacks,
    "--resource": resources,
    "--tag": tags,
}


def joined(starts: Iterable[Start]) -> Start:
    """Several starts as one; of a setting that several name the last one counts.

    Whose steps are those of another is named twice; within one's own steps, what stands there twice is done twice.
    """
    every = list(starts)
    settings: dict[str, str] = {}
    for each in every:
        settings |= each.settings
    return Start(
        tuple(seed for each in every for seed in each.seeds),
        settings,
        tuple(one for each in every for one in each.unmodelled),
        tuple(step for steps in dict.fromkeys(each.handover for each in every) for step in steps),
        {name: text for each in every for name, text in each.files.items()},
        frozenset(stack for each in every for stack in each.stacks),
    )


def ask(reader: Reader, askers: Mapping[str, Starting]) -> dict[str, Start]:
    """What each source says."""
    return Rounds(reader).run(askers)


def _named(value: str, scope: Scope) -> Seed:
    kind, equals, named = ("", "", value) if value.startswith("arn:") else value.partition("=")
    if not (named or equals):
        raise _unreadable(value, "write KIND=NAME, KIND=ID or an ARN: `--resource job_queue=metaflow`")
    if kind and kind not in schemas.kinds():
        hint = did_you_mean(kind, schemas.kinds()) or f"the kinds are {', '.join(schemas.kinds())}"
        raise _unreadable(value, hint)
    if named.startswith("arn:"):
        return _by_arn(value, kind, named, scope)
    if not named:
        raise _unreadable(value, "write what it is called behind the `=`")
    fields = _goes_by(kind, named)
    if not identity.sayable(kind, fields):
        raise _unreadable(value, f"no {kind.replace('_', ' ')} in a file is called that")
    return Seed(kind, fields, "was named on the command line")


def _by_arn(value: str, kind: str, arn: str, scope: Scope) -> Seed:
    if far := identity.elsewhere(arn, scope):
        raise UserError(
            f"`{arn}` cannot be imported: {far}", hint="choose other credentials or another `--region`", code="MF5653"
        )
    found: Any = identity.located(arn)
    if found is None:
        raise _unreadable(value, f"no kind stands for this ARN; the kinds are {', '.join(schemas.kinds())}")
    if kind and found[0] != kind:
        raise _unreadable(value, f"this is the ARN of a `{found[0]}`")
    return Seed(found[0], found[1], "was named on the command line")


def _goes_by(kind: str, named: str) -> dict[str, str]:
    prefixes = {"security_group": "sg-", "launch_template": "lt-", "endpoint": "vpce-"}
    if kind == "key":
        return {"alias": named} if named.startswith("alias/") else {"id": named}
    if kind == "endpoint" or named.startswith(prefixes.get(kind, "\0")):
        return {"id": named}
    return {"name": named}


def _pair(value: str) -> tuple[str, str]:
    key, equals, text = value.partition("=")
    if not (key and equals):
        raise UserError(f"`--tag {value}` is no tag", hint="write KEY=VALUE: `--tag team=ml`", code=UNREADABLE)
    if key in ownership.KEYS and not text:
        raise UserError(f"`--tag {value}` is no tag", hint="write the value behind the `=`", code=UNREADABLE)
    return key, text


def _unreadable(value: str, hint: str) -> UserError:
    return UserError(f"`--resource {value}` names nothing", hint=hint, code=UNREADABLE)
