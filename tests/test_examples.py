"""Every example file is what it says: it validates, is brought up, settles and goes away again."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from stack import addresses, changed, inventory, unprotected

from mfinfra import desired

FOLDER = Path(__file__).parent.parent / "environments"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))
each_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


def test_the_examples_that_users_look_for_are_there():
    assert {path.stem for path in EXAMPLES} >= {
        "sandbox", "ec2", "spot", "fargate", "gpu", "private-vpc", "base", "staging", "production",
    }  # fmt: skip


@each_example
def test_an_example_is_valid_and_raises_no_warning(path):
    assert desired.read(path).warnings == ()


@each_example
def test_an_example_names_its_schema_for_the_editor(path):
    first = path.read_text("utf-8").splitlines()[0]
    modeline, _, schema = first.partition("$schema=")
    assert modeline == "# yaml-language-server: "
    assert (path.parent / schema).resolve().is_file()


@pytest.mark.slow
@each_example
def test_promise_2_an_example_is_applied_and_settles(stack, path):
    stack.apply(path)
    assert changed(stack.plan(path)) == {}
    before = len(stack.writes())
    stack.apply(path)
    assert stack.writes()[before:] == []


@pytest.mark.slow
@each_example
def test_an_example_is_destroyed_and_leaves_nothing(stack, path, tmp_path):
    resources = {
        kind: {
            address.name: {"protect": False}
            for address in desired.read(path).environment.resources
            if address.kind == kind
        }
        for kind in {address.kind for address in desired.read(path).environment.resources}
    }
    for example in EXAMPLES:
        (tmp_path / example.name).write_text(example.read_text("utf-8"), "utf-8")
    child = tmp_path / "child.yaml"
    head = yaml.safe_load(path.read_text("utf-8"))
    child.write_text(
        yaml.safe_dump(
            {
                "version": 1,
                "environment": head["environment"],
                "extends": path.name,
                "resources": unprotected(resources),
            }
        ),
        "utf-8",
    )
    before = inventory(stack)
    stack.apply(child)
    assert inventory(stack) != before
    stack.apply(child, destroy=True, allow_destroy=addresses(resources))
    left = stack.plan(child, destroy=True)
    assert left.plan.steps == ()
    assert left.plan.survey.leftovers == ()
    assert inventory(stack) == before
