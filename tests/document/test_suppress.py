"""Warnings that may stand: which are covered, what is told of them, and suppressions that are wrong themselves."""

from __future__ import annotations

import pytest

from mfinfra import document
from mfinfra.errors import InvalidDocument

HEAD = 'version: 1\nenvironment: dev\naccount: "123456789012"\nregion: us-east-1\n'
TWO = """
resources:
  log_group:
    one: {name: /one, retention_days: 0}
    two: {name: /two, retention_days: 0}
"""


@pytest.fixture
def reading(file):
    return lambda body: document.read(file(HEAD + body))


def told(problems):
    return [(one.code, one.subject) for one in problems]


@pytest.mark.parametrize(
    ("entries", "warned", "suppressed"),
    [
        ("", ["one", "two"], []),
        ("- {code: MF2130, reason: audit}", [], ["one", "two"]),
        ("- {code: MF2130, address: log_group.one, reason: audit}", ["two"], ["one"]),
        ("- {code: MF2130, address: log_group.one.retention_days, reason: audit}", ["two"], ["one"]),
        ("- {code: MF2130, address: log_group, reason: audit}", [], ["one", "two"]),
    ],
)
def test_a_suppression_covers_its_code_at_its_address_and_below(reading, entries, warned, suppressed):
    found = reading(f"suppress:\n  {entries}\n{TWO}" if entries else TWO)
    assert told(found.warnings) == [("MF2130", f"log_group.{name}.retention_days") for name in warned]
    assert told(found.suppressed) == [("MF2130", f"log_group.{name}.retention_days") for name in suppressed]
    assert {one.reason for one in found.suppressed} <= {"audit"}
    assert {one.severity for one in found.suppressed} <= {"suppressed"}


def test_an_address_that_only_begins_alike_is_another_one(reading):
    found = reading(f"suppress: [{{code: MF2130, address: log_group.on, reason: audit}}]\n{TWO}")
    assert [one.code for one in found.warnings] == ["MF2113", "MF2130", "MF2130"]
    assert found.warnings[0].hint == "it is found at `log_group.two.retention_days`"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("MF1101", "`MF1101` is not a warning of the file"),
        ("MF2000", "`MF2000` is not a warning of the file"),
        ("MF2113", "`MF2113` is not a warning of the file"),
        ("MF4101", "`MF4101` is not a warning of the file"),
        ("MF2199", "there is no code `MF2199`"),
    ],
)
def test_only_warnings_of_the_file_can_be_suppressed(reading, code, said):
    with pytest.raises(InvalidDocument) as caught:
        reading(f"suppress: [{{code: {code}, reason: because}}]\n{TWO}")
    (problem,) = caught.value.problems
    assert (problem.code, problem.message, problem.subject) == ("MF1124", said, "suppress[0].code")


def test_a_code_that_is_mistyped_is_told_its_nearest(reading):
    with pytest.raises(InvalidDocument) as caught:
        reading(f"suppress: [{{code: MF2180, reason: because}}]\n{TWO}")
    assert caught.value.problems[0].hint.startswith("did you mean `MF21")


@pytest.mark.parametrize("entry", ["{code: MF2130}", '{code: MF2130, reason: ""}', '{code: MF2130, reason: "  "}'])
def test_a_suppression_without_a_reason_is_an_error(reading, entry):
    with pytest.raises(InvalidDocument) as caught:
        reading(f"suppress: [{entry}]\n{TWO}")
    assert {problem.code for problem in caught.value.problems} <= {"MF1011", "MF1012"}


def test_a_list_of_its_own_replaces_that_of_the_file_that_is_extended(file, tmp_path):
    file(HEAD + "suppress: [{code: MF2130, reason: audit}]\n" + TWO, "base.yaml")
    own = "extends: base.yaml\nsuppress: [{code: MF2130, address: log_group.one, reason: mine}]\nresources: {}\n"
    kept = document.read(file(f"{HEAD}extends: base.yaml\nresources: {{}}\n", "kept.yaml"))
    replaced = document.read(file(HEAD + own, "own.yaml"))
    assert [one.reason for one in kept.suppressed] == ["audit", "audit"]
    assert [one.reason for one in replaced.suppressed] == ["mine"]
    assert told(replaced.warnings) == [("MF2130", "log_group.two.retention_days")]


def test_a_file_that_is_shown_keeps_its_suppressions(reading, file):
    found = reading(
        f"suppress: [{{code: MF2130, address: log_group.one, reason: 'costs ${{account}} $${{x}}'}}]\n{TWO}"
    )
    again = document.read(file(document.show(found), "again.yaml"))
    assert told(again.warnings) == told(found.warnings)
    assert [one.reason for one in again.suppressed] == ["costs 123456789012 ${x}"]
