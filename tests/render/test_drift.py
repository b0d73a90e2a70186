"""Drift as text, compared with golden files; `REFRESH_GOLDEN=1` writes them anew."""

import io
import os
import re
from pathlib import Path

import pytest
from render import plans
from render.streams import Terminal

from mfinfra.render import console, drift

GOLDEN = Path(__file__).parent / "golden"
WORDS = ("live", "file", "both", "none")


def told(change, word, *words):
    """`change`, and its fields in their order, with who made them."""
    fields = change["change"]["fields"]
    rows = [{**row, "drift": said} for row, said in zip(fields, words or [word] * len(fields), strict=True)]
    return {**change, "drift": word, "change": {**change["change"], "fields": rows}}


def role(*words):
    fields = (
        plans.field(["max_session_seconds"], 43200, 3600),
        plans.field(["description"], "one", "two"),
        plans.field(["policies", "datastore", "Statement", 0, "Action", 0], "s3:*", "s3:GetObject"),
        plans.field(["tags", "mfinfra:spec"], "1.a.b", "1.c.d"),
    )
    here = [row for row, word in zip(fields, words, strict=True) if word]
    found = plans.change("role.events", ["update"], *here, before={}, after={})
    return told(found, "both" if len(set(filter(None, words))) > 1 else words[0], *filter(None, words))


RECORD = plans.change(
    "log_group.flows", ["update"], plans.field(["tags", "mfinfra:spec"], "1.a.b", "1.c.d"), before={}, after={}
)
MIXED = plans.document(
    role("live", "file", "both", "file"),
    told(plans.created(), "file"),
    told(RECORD, "file"),
    told(plans.replaced(["create", "delete"]), "live"),
    told(plans.deleted(blocked=plans.BLOCK), "file"),
    told(plans.adopted(), "none"),
    told(plans.unchanged(), "none"),
)
CASES = {
    "mixed": (MIXED, {}),
    "mixed-summary": (MIXED, {"summary": True}),
    "mixed-full": (MIXED, {"full": True}),
    "live": (plans.document(role("live", None, None, None), plans.unchanged()), {}),
    "file": (plans.document(role("file", None, None, "file"), plans.unchanged()), {}),
    "none": (plans.document(*(plans.unchanged(f"job_queue.q{number}") for number in range(3))), {}),
    "adopted": (plans.document(told(plans.adopted(), "none")), {}),
}


def printed(document, stream=None, **options):
    stream = stream or io.StringIO()
    console.write(drift.lines(document, **options), stream, {"COLUMNS": "80", "NO_COLOR": "1"})
    return stream.getvalue()


@pytest.mark.parametrize("name", CASES)
def test_drift_reads_as_its_golden_file(name):
    document, options = CASES[name]
    path, shown = GOLDEN / f"drift-{name}.txt", printed(document, **options)
    if os.environ.get("REFRESH_GOLDEN"):
        path.write_text(shown, "utf-8")
    assert shown == path.read_text("utf-8")


def parts(shown):
    """The text under each title."""
    found = re.split(r"(?m)^Changed in (AWS|the file|neither)[^\n]*\n", shown)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_a_field_that_both_have_changed_stands_in_both_parts():
    found = parts(printed(MIXED))
    assert "s3:GetObject" in found["AWS"]
    assert "s3:GetObject" in found["the file"]
    assert "43200" in found["AWS"]
    assert "43200" not in found["the file"]
    assert '"two"' in found["the file"]
    assert '"two"' not in found["AWS"]


@pytest.mark.parametrize("name", CASES)
def test_every_change_stands_in_the_part_of_whoever_made_it_and_in_no_other(name):
    document, options = CASES[name]
    found = parts(printed(document, **options))
    expected = {"AWS": ("live", "both"), "the file": ("file", "both"), "neither": ("none",)}
    for change in document["resource_changes"]:
        here = {title for title, text in found.items() if f" {change['address']} " in text}
        changes = change["change"]["actions"] != ["no-op"]
        assert here == {title for title, words in expected.items() if changes and change["drift"] in words}


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_the_first_line_and_the_last(name):
    lines = printed(CASES[name][0]).splitlines()
    assert lines[0] == lines[-1]
    assert lines[0].startswith(("Drift: ", "No drift: "))


def test_the_verdict_counts_what_both_have_changed_on_both_sides():
    assert printed(MIXED).splitlines()[0] == "Drift: 2 resources changed in AWS, 4 in the file."


def test_a_document_that_does_not_tell_who_changed_what_names_neither():
    assert parts(printed(plans.document(plans.updated()))).keys() == {"neither"}


def test_no_hostile_value_reaches_the_terminal_or_the_build_log_as_an_order():
    hostile = plans.hostile()
    rows = [told(change, word) for change in hostile["resource_changes"] for word in WORDS]
    for full in (True, False):
        shown = printed({**hostile, "resource_changes": rows}, full=full)
        assert all(char.isprintable() or char == "\n" for char in shown)
        assert not [line for line in shown.splitlines() if line.lstrip().startswith("::") or "##[" in line]


def test_on_a_terminal_no_line_is_longer_than_it_is_wide():
    assert max(map(len, printed(MIXED, Terminal()).splitlines())) <= 80


def test_what_stood_in_the_way_of_telling_is_told():
    unread = {"code": "MF2401", "status": "warn", "message": "the receipts cannot be read", "address": None}
    assert "\nWarnings\n  [MF2401] the receipts cannot be read\n" in printed(plans.document(RECORD, checks=[unread]))
