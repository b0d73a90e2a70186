"""The plan as text, compared with golden files.

`REFRESH_GOLDEN=1 pytest tests/render/test_text.py` writes the files anew; read the difference before it is committed.
"""

import io
import os
import re
from pathlib import Path

import pytest
from render import plans
from render.streams import Terminal

from mfinfra.render import console, text

GOLDEN = Path(__file__).parent / "golden"
MANY = {
    "code": "MF4107",
    "status": "fail",
    "message": "7 of 20 resources would be destroyed",
    "address": None,
    "hint": "if that is meant, it takes `--max-deletes 7`",
    "lifted_by": "--max-deletes 7",
}
BUSY = {
    **MANY,
    "code": "MF4108",
    "message": "3 jobs are running",
    "address": "log_group.old",
    "hint": "wait, or pass `--allow-disruption`",
}
GUARDED = plans.document(
    plans.deleted(blocked=plans.BLOCK)
    | {"disruption": {"running_jobs": 3, "jobs": {"gpu": {"RUNNABLE": 1, "RUNNING": 2}, "cpu": {"RUNNING": 0}}}},
    plans.updated() | {"drift": "both"},
    plans.replaced(["create", "delete"]) | {"drift": "live"},
    checks=[MANY, BUSY, {**MANY, "code": "MF4001", "status": "pass"}],
    metaflow_changes={f"METAFLOW_KEY_{number}": {"before": None, "after": str(number)} for number in range(9)},
)
CASES = {
    "create": (plans.document(plans.created()), {}),
    "update": (plans.document(plans.updated(), plans.unchanged()), {}),
    "replace": (
        plans.document(plans.replaced(["create", "delete"]), plans.replaced(["delete", "create"], "log_group.flows")),
        {},
    ),
    "delete": (plans.document(plans.unchanged(), plans.deleted()), {}),
    "adopt": (plans.document(plans.adopted()), {}),
    "blocked": (plans.document(plans.deleted(blocked=plans.BLOCK), plans.adopted() | {"blocked": plans.FOREIGN}), {}),
    "no-change": (plans.document(*(plans.unchanged(f"job_queue.q{n}") for n in range(14))), {}),
    "nothing": (plans.document(), {}),
    "everything": (plans.everything(), {}),
    "everything-summary": (plans.everything(), {"summary": True}),
    "everything-full": (plans.everything(), {"full": True}),
    "guards": (GUARDED, {}),
    "hostile": (plans.hostile(), {"full": True}),
}


def compare(name, shown):
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("REFRESH_GOLDEN"):
        path.write_text(shown, "utf-8")
    assert shown == path.read_text("utf-8")


def printed(lines, stream, **environ):
    console.write(lines, stream, environ)
    return stream.getvalue()


@pytest.mark.parametrize("name", CASES)
def test_a_plan_reads_as_its_golden_file(name):
    document, options = CASES[name]
    compare(name, printed(text.lines(document, **options), io.StringIO()))


def test_on_a_terminal_of_80_columns_no_line_is_longer_and_none_that_goes_on_stands_in_the_first_column():
    shown = printed(text.lines(plans.everything()), Terminal(), COLUMNS="80", NO_COLOR="1")
    compare("everything-80-columns", shown)
    assert max(map(len, shown.splitlines())) <= 80


def test_colours_only_colour_what_stands_there_without_them():
    shown = printed(text.lines(plans.everything()), Terminal(), COLUMNS="80")
    compare("everything-colours", shown.replace("\x1b", "␛"))
    plain = printed(text.lines(plans.everything()), Terminal(), COLUMNS="80", NO_COLOR="1")
    assert re.sub("\x1b\\[[0-9;]*m", "", shown) == plain


def test_no_hostile_value_reaches_the_terminal_or_the_build_log_as_an_order():
    shown = printed(text.lines(plans.hostile(), full=True), io.StringIO())
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert not [line for line in shown.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    assert "[red]bold[/red]" in shown


def test_no_hostile_value_begins_a_line_on_a_narrow_terminal():
    honest = {"", "Plan", "Blocked", "Warnings", "Destroyed"}
    for columns in range(40, 90, 7):
        shown = printed(text.lines(plans.hostile(), full=True), Terminal(), COLUMNS=str(columns), NO_COLOR="1")
        begun = {re.match("[A-Za-z]*", line)[0] for line in shown.splitlines() if not line.startswith(" ")}
        assert begun <= honest


def test_the_verdict_is_the_first_line_and_the_last():
    lines = printed(text.lines(plans.document(plans.created(), plans.adopted())), io.StringIO()).splitlines()
    assert lines[0] == lines[-1] == "Plan: 1 to adopt, 1 to create, 0 to change, 0 to replace, 0 to destroy."


def test_a_plan_that_is_blocked_says_so_first_and_counts_what_is_refused_as_nothing_else():
    blocked = plans.document(plans.created(), plans.adopted() | {"blocked": plans.FOREIGN})
    lines = printed(text.lines(blocked), io.StringIO()).splitlines()

    assert (
        lines[:2]
        == lines[-2:]
        == [
            "Blocked: nothing can be applied until the guard on 1 step is lifted",
            "Plan: 0 to adopt, 1 to create, 0 to change, 0 to replace, 0 to destroy, 1 blocked.",
        ]
    )


def test_a_tag_that_is_called_unknown_is_shown():
    shown = printed(text.lines(plans.document(plans.updated()), full=True), io.StringIO())
    assert '+ tags.unknown: "x"' in shown
    assert "(known after apply)" in shown


def test_what_is_destroyed_stands_before_the_rest_and_again_at_the_end():
    shown = printed(text.lines(plans.everything()), io.StringIO())
    first, last = shown.index("log_group.old will be destroyed"), shown.rindex("log_group.old will be destroyed")
    assert first < shown.index("will be created") < last


def test_an_action_that_this_version_does_not_know_is_shown_by_its_words():
    odd = plans.unchanged()
    odd["change"]["actions"] = ["update", "teleport"]
    shown = printed(text.lines({**plans.document(), "resource_changes": [odd]}), io.StringIO())
    assert "? job_queue.default update, teleport" in shown
