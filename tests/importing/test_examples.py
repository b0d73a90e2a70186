"""Every example, applied and given up, is imported as if somebody else had made it: adopting it changes tags alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mfinfra import catalogue, desired, importing, observe
from mfinfra.document import merge
from mfinfra.importing import identity
from mfinfra.importing.sources import Asked
from mfinfra.importing.walk import whole
from mfinfra.metaflow import configuration
from mfinfra.metaflow.configuration import document
from mfinfra.model import Action, Scope

EXAMPLES = sorted((Path(__file__).parent.parent.parent / "environments").glob("*.yaml"))
LOCAL = {"protect", "force_destroy", "adopt", "depends_on", "tags", "drain_minutes", "deletion_days"}
"""Fields that AWS does not hold."""
WALKED = {"compute_environment", "launch_template", "security_group", "scheduling_policy", "endpoint"}
"""Kinds that nobody has to name: references lead to them."""


def given_up(stack, path):
    """Apply an example and take our tags off again: what stands then is nobody's."""
    stack.apply(path)
    stack.apply(path, forget=frozenset({"all"}))
    return desired.read(path)


def names_of(resources):
    """What Metaflow's configuration does not lead to, as the command line names it."""
    for address, resource in resources.items():
        if address.kind not in WALKED:
            yield f"{address.kind}={resource.spec['alias' if address.kind == 'key' else 'name']}"


def settings_of(aws, environment):
    seen = {address: observe.look_again(aws, resource) for address, resource in environment.resources.items()}
    return configuration.produce(environment, lambda ref: seen[ref.address].outputs.get(ref.attribute)).values


def leaves(value):
    if isinstance(value, Mapping):
        return sum(leaves(item) for item in value.values())
    return sum(leaves(item) for item in value) if isinstance(value, list | tuple) else 1


def imported_of(stack, path, **wanted):
    reading = given_up(stack, path)
    aws, scope = stack.connect(reading), replace(reading.environment.scope, environment="imported")
    settings = settings_of(aws, reading.environment)
    config = stack.folder / "config.json"
    config.write_text(document(settings), "utf-8")
    asked = {
        "--from-metaflow-config": Asked((str(config),)),
        "--resource": Asked(tuple(names_of(reading.environment.resources))),
    }
    starts = importing.starts(aws, scope, {**asked, **wanted})
    return reading, settings, importing.importing(aws, scope, starts)


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_imported_and_its_plan_adopts_and_does_nothing_else(stack, path):
    before = len(stack.writes())
    reading, settings, imported = imported_of(stack, path)
    made = len(stack.writes())
    assert made > before
    assert imported.differences == ()
    assert imported.handover == ()
    original = {address.kind for address in reading.environment.resources}
    assert {address.kind for address in imported.found} == original
    assert len(imported.found) == len(reading.environment.resources)

    file = stack.folder / "imported.yaml"
    file.write_text(imported.text, "utf-8")
    plan = stack.plan(file, adopt=frozenset({"all"})).plan
    assert {step.action for step in plan.steps} == {Action.ADOPT}
    assert {change.path[0] for step in plan.steps for change in step.changes} == {"tags"}
    assert plan.blocks == ()
    assert len(stack.writes()) == made, "an import writes nothing"

    again = desired.read(file).environment
    given = configuration.produce(again, lambda ref: plan.survey.observed[ref.address].outputs.get(ref.attribute))
    assert dict(given.values) == dict(settings)
    assert _size(file) <= _size(path)


def _size(path):
    """How many values the resources of a file hold, with all that it extends."""
    data = merge.merged(path).tree.root.data["resources"]
    told = [
        {name: value for name, value in body.items() if name not in LOCAL}
        for named in data.values()
        for body in named.values()
    ]
    return sum(map(leaves, told))


@pytest.mark.slow
def test_a_lost_file_is_written_again_under_its_own_addresses(stack):
    path = next(one for one in EXAMPLES if one.stem == "gpu")
    stack.apply(path)
    reading = desired.read(path)
    aws, scope = stack.connect(reading), reading.environment.scope
    tag = Asked((f"mfinfra:environment={scope.environment}",))
    config = stack.folder / "config.json"
    config.write_text(document(settings_of(aws, reading.environment)), "utf-8")
    wanted = {"--tag": tag, "--from-metaflow-config": Asked((str(config),))}
    imported = importing.importing(aws, scope, importing.starts(aws, scope, wanted))
    assert set(imported.found) == set(reading.environment.resources)
    file = stack.folder / "again.yaml"
    file.write_text(imported.text, "utf-8")
    assert {step.action for step in stack.plan(file).plan.steps} <= {Action.NOOP, Action.UPDATE}
    assert {change.path[0] for step in stack.plan(file).plan.steps for change in step.changes} <= {"tags"}


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_part_that_has_a_read_of_its_own_is_read(kind):
    """What is looked at is wished with every default: a part that nobody wishes is never read."""
    anchors = dict.fromkeys(identity.anchors(kind), "x")
    resource = whole(kind, anchors, Scope("x", "123456789012", "us-east-1"))
    for part in catalogue.driver(kind).parts:
        assert part.read is None or any(resource.spec.get(name) is not None for name in part.fields)
