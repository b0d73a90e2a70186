"""What becomes of resources that others made once a file describes them: adopted, changed, given up, destroyed.

Each step asserts what it promises, whoever made the resources.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import yaml
from stack import ACCOUNT, REGION, Stack, changed, done

from mfinfra import desired, importing, ownership
from mfinfra.aws.session import Aws
from mfinfra.importing import Imported, metaflow
from mfinfra.importing.sources import Asked
from mfinfra.model import Action, Scope, Step
from mfinfra.reconcile import Reviewed

SCOPE = Scope("prod", ACCOUNT, REGION)
ALL = frozenset({"all"})
Environment = dict[str, Any]


class Reading:
    """What a scope is read from, for `Stack.connect`."""

    class environment:  # noqa: N801 - an attribute
        scope = SCOPE


def reader(stack: Stack) -> Aws:
    return stack.connect(Reading)


def from_settings(stack: Stack, settings: dict[str, str]) -> Imported:
    """An import that begins at a configuration of Metaflow's; it writes nothing."""
    return _silent(stack, [metaflow.start(settings, SCOPE)])


def from_flags(stack: Stack, **flags: tuple[str, ...]) -> Imported:
    """An import that begins where the command line says: `resource=("role=x",)`."""
    wanted = {f"--{flag.replace('_', '-')}": Asked(values) for flag, values in flags.items()}
    return _silent(stack, importing.starts(reader(stack), SCOPE, wanted))


def _silent(stack: Stack, starts: Any) -> Imported:
    before = len(stack.writes())
    imported = importing.importing(reader(stack), SCOPE, starts)
    assert stack.writes()[before:] == [], "an import writes nothing"
    return imported


def work(reviewed: Reviewed) -> list[Step]:
    return [step for step in reviewed.plan.steps if step.action is not Action.NOOP]


def adopts_only(stack: Stack, imported: Imported) -> Reviewed:
    """The plan of the imported file, which is valid: every resource is adopted, by tags and nothing else."""
    assert imported.differences == ()
    path = stack.folder / "prod.yaml"
    path.write_text(imported.text, "utf-8")
    assert set(desired.read(path).environment.resources) == set(imported.found)
    reviewed = stack.plan(path, adopt=ALL)
    steps = work(reviewed)
    assert [(step.address, step.action, step.blocks) for step in steps] == [
        (step.address, Action.ADOPT, ()) for step in steps
    ]
    assert {step.address for step in steps} == set(imported.found)
    assert {str(change.path[0]) for step in steps for change in step.changes} == {"tags"}
    assert reviewed.plan.blocks == ()
    return reviewed


def adopted(stack: Stack, imported: Imported) -> Environment:
    """The environment of an import, once it is ours; nobody's other tags go with that."""
    reviewed = adopts_only(stack, imported)
    sent = len(stack.writes())
    stack.carry_out(reviewed)
    assert all("Tag" in operation for operation in stack.writes()[sent:]), stack.writes()[sent:]
    environment: Environment = yaml.safe_load(imported.text)
    after = stack.plan(environment)
    assert work(after) == []
    for address in imported.found:
        before, now = (one.plan.survey.observed[address] for one in (reviewed, after))
        assert before is not None
        assert now is not None
        assert now.spec == before.spec
        assert before.tags.items() <= now.tags.items()
        assert set(ownership.KEYS) <= now.tags.keys()
    return environment


def altered(stack: Stack, environment: Environment, changes: dict[str, dict[str, Any]]) -> Environment:
    """The environment after a real change of some fields: it is all that is planned, and it converges."""
    wished = deepcopy(environment)
    for address, fields in changes.items():
        kind, _, name = address.partition(".")
        wished["resources"][kind][name] |= fields
    reviewed = stack.plan(wished)
    assert changed(reviewed) == {address: sorted(fields) for address, fields in changes.items()}
    assert {step.action for step in work(reviewed)} == {Action.UPDATE}
    stack.carry_out(reviewed)
    assert work(stack.plan(wished)) == []
    return wished


def forgotten(stack: Stack, environment: Environment, address: str, instead: str = "") -> Environment:
    """The environment without what was given up: it stands as it stood, and is nobody's.

    `instead` is what those that refer to it say from then on.
    """
    before = seen(stack.plan(environment), address)
    stack.apply(environment, forget=frozenset({address}))
    after = stack.plan(environment)
    assert [(str(place), block.code) for place, block in after.plan.blocks] == [(address, "MF4101")]
    assert seen(after, address).spec == before.spec
    assert not set(ownership.KEYS) & seen(after, address).tags.keys()
    kind, _, name = address.partition(".")
    left = deepcopy(environment)
    del left["resources"][kind][name]
    if not left["resources"][kind]:
        del left["resources"][kind]
    left = json.loads(json.dumps(left).replace(json.dumps(address), json.dumps(instead)))
    assert work(stack.plan(left)) == []
    return left


def seen(reviewed: Reviewed, address: str) -> Any:
    return next(one for key, one in reviewed.plan.survey.observed.items() if str(key) == address)


def destroyed(stack: Stack, environment: Environment, protected: set[str], **options: Any) -> list[str]:
    """What went, in its order. What is protected is refused by its address first, and stays."""
    whole = {f"{kind}.{name}" for kind, named in environment["resources"].items() for name in named}
    options = {"destroy": True, "max_deletes": len(whole), **options}
    refused = stack.plan(environment, **options).plan.blocks
    assert {(str(place), block.code) for place, block in refused} == {(address, "MF4103") for address in protected}
    assert all(str(place) in block.message for place, block in refused)
    went = done(stack.carry_out(stack.plan(environment, exclude=frozenset(protected), **options)))
    assert set(went) == whole - protected
    kept = {key: one for key, one in stack.plan(environment).plan.survey.observed.items() if one is not None}
    assert {str(key) for key in kept} == protected
    assert not work(stack.plan(environment, destroy=True, exclude=frozenset(protected)))
    return went


def precedes(went: list[str], *addresses: str) -> bool:
    """Whether these went in this order."""
    places = [went.index(address) for address in addresses]
    return places == sorted(places)
