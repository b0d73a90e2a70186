"""constraints.txt is the lock: what is declared is pinned there, and so is all that it brings."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DECLARED = {
    "project": PYPROJECT["project"]["dependencies"],
    **PYPROJECT["project"]["optional-dependencies"],
    **PYPROJECT["dependency-groups"],
    "build-system": PYPROJECT["build-system"]["requires"],
}


def pins():
    """The pinned versions by name, and the markers under which each holds."""
    found = {}
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            one = Requirement(line)
            assert re.fullmatch(r"==[^,*]+", str(one.specifier)), line
            if one.marker is None or one.marker.evaluate():
                found[canonicalize_name(one.name)] = Version(str(one.specifier).removeprefix("=="))
    return found


PINS = pins()


def unsatisfied(requirement):
    """Why the lock does not do for `requirement`; empty if it does."""
    one = Requirement(requirement) if isinstance(requirement, str) else requirement
    name = canonicalize_name(one.name)
    if name not in PINS:
        return f"{name} is not pinned"
    return "" if one.specifier.contains(PINS[name], prereleases=True) else f"{one} is pinned to {PINS[name]}"


@pytest.mark.parametrize("group", DECLARED)
def test_whatever_is_declared_is_pinned_to_a_version_that_will_do(group):
    assert DECLARED[group]
    assert [told for one in DECLARED[group] if (told := unsatisfied(one))] == []


def test_a_requirement_that_no_pin_satisfies_is_noticed():
    assert unsatisfied("boto3>=999") == f"boto3>=999 is pinned to {PINS['boto3']}"
    assert unsatisfied("left-pad") == "left-pad is not pinned"


def brought(roots):
    """Every requirement that `roots` bring here, those of the extras that are asked for among them."""
    waiting, seen = [Requirement(one) for one in roots], set()
    while waiting:
        one = waiting.pop()
        asked = (canonicalize_name(one.name), frozenset(one.extras))
        if asked in seen:
            continue
        seen.add(asked)
        yield one
        for text in metadata.requires(one.name) or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)):
                waiting.append(needed)


def test_all_that_a_user_installs_is_pinned_to_versions_that_fit_each_other():
    closure = list(brought([*DECLARED["project"], *DECLARED["sandbox"]]))
    assert {"botocore", "urllib3", "attrs", "werkzeug"} <= {canonicalize_name(one.name) for one in closure}
    assert [told for one in closure if (told := unsatisfied(one))] == []


@pytest.mark.slow
def test_the_tests_ran_with_the_versions_of_the_lock():
    runtime = {canonicalize_name(one.name) for one in brought([*DECLARED["project"], *DECLARED["sandbox"]])}
    assert {name: Version(metadata.version(name)) for name in runtime} == {name: PINS[name] for name in runtime}
