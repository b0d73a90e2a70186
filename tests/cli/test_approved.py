"""What was approved and what there is now, told apart by the command itself; AWS is a document here."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from planning.test_document import LOGS, PAIRS, of, seen
from render import plans

from mfinfra.cli._formats import Format
from mfinfra.errors import UserError
from mfinfra.planning import document, integrity, select

NOW = [(LOGS, seen(LOGS, retention_days=3)), *PAIRS[1:]]
DONE = [(LOGS, seen(LOGS))]


def plan_of(pairs):
    """A plan of the file at hand, as the command makes it."""
    made = of(pairs)
    environment = made["environment"] | {"name": "prod", "account": "123456789012", "region": "us-east-1"}
    source = made["source"] | {
        "path": "prod.yaml",
        "sha256": hashlib.sha256(Path("prod.yaml").read_bytes()).hexdigest(),
    }
    created = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    made |= {"environment": environment, "source": source, "created": created}
    return made | {"integrity": integrity.seal(made, made["integrity"]["desired_sha256"])}


@pytest.fixture
def approved(live, file, run):
    """A saved plan; AWS is as it was then until a test says otherwise."""
    live.document = plan_of(PAIRS)
    assert run("plan", file, "-o", "some.plan.json").code == 0
    return live


def test_an_approved_plan_is_carried_out_and_nobody_is_asked(approved, run):
    shown = run("apply", "some.plan.json")
    assert (shown.code, approved.ran) == (0, True), shown.err
    assert shown.err.startswith(f"applying the plan of {approved.document['created']}, ")


def test_what_differs_now_is_shown_and_nothing_is_begun(approved, run):
    approved.document = plan_of(NOW)
    shown = run("apply", "some.plan.json")
    assert (shown.code, shown.out, approved.ran) == (4, "", False)
    assert "Not as reviewed\n  log_group.l\n    `retention_days` in AWS: 1 -> 3" in shown.err
    assert "error: 1 thing is not as reviewed; nothing was changed [MF4207]\n  hint: review a new plan: " in shown.err


@pytest.mark.parametrize("by_hash", [False, True])
def test_a_plan_of_which_nothing_is_left_says_so(approved, run, by_hash, file):
    digest = approved.document["integrity"]["plan_sha256"]
    approved.document = plan_of(DONE)
    shown = run("apply", *([file, "--checksum", digest] if by_hash else ["some.plan.json"]))
    assert (shown.code, approved.ran) == (4, False)
    assert "[MF4208]" in shown.err


def test_what_the_world_cannot_fit_any_more_is_stale(approved, run):
    approved.document = UserError("`--target` needs what is excluded", code=select.UNFIT)
    shown = run("apply", "some.plan.json")
    assert (shown.code, approved.ran) == (4, False)
    assert "`--target` needs what is excluded; nothing was changed [MF4207]" in shown.err


def test_a_hash_approves_the_plan_that_has_it_and_no_other(approved, run, file):
    digest = approved.document["integrity"]["plan_sha256"]
    assert run("apply", file, "--checksum", digest).code == 0
    assert approved.ran
    approved.ran, approved.document = False, plan_of(NOW)
    shown = run("apply", file, "--checksum", digest)
    assert (shown.code, approved.ran) == (4, False)
    assert f"and `{digest}` was approved; nothing was changed [MF4209]" in shown.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["prod.yaml", "--checksum", "abc"], "takes the 64 hexadecimal digits"),
        (["some.plan.json", "--checksum", "0" * 64], "is of another plan than this one"),
        (["some.plan.json", "--adopt", "all"], "a saved plan takes no `--adopt`"),
    ],
)
def test_a_flag_that_contradicts_what_was_approved_is_an_error(approved, run, argv, said):
    asked = list(approved.asked)
    shown = run("apply", *argv)
    assert (shown.code, approved.ran, approved.asked) == (1, False, asked)
    assert said in shown.err


def test_a_plan_goes_with_its_file(approved, run):
    with Path("prod.yaml").open("a") as file:
        file.write("# another word\n")
    changed = run("apply", "some.plan.json")
    Path("prod.yaml").unlink()
    gone = run("apply", "some.plan.json")
    assert (changed.code, gone.code, approved.ran) == (4, 1, False)
    assert "is not as it was when the plan was made" in changed.err
    assert "there is no such file here" in gone.err


def check(status):
    return {"code": "MF2000", "status": status, "message": "odd", "address": None, "hint": None, "lifted_by": None}


@pytest.mark.parametrize(
    ("statuses", "ends"),
    [
        (["pass"], (0, "")),
        (["warn"], (1, "1 warning fails this plan, as `--strict` wants it\n  hint: [MF2000] the plan: odd")),
        (["warn", "fail", "fail"], (3, "2 guards refuse this plan")),
    ],
)
def test_strict_takes_no_warning_and_no_guard(live, file, run, statuses, ends):
    live.document = plans.document(plans.created(), checks=[*map(check, statuses)])
    shown = run("plan", file, "--strict", "--no-save")
    assert shown.code == ends[0]
    assert ends[1] in shown.err


BEGINS = {"text": "Plan: ", "json": "{", "markdown": "<!-- mfinfra:plan", "html": "<!DOCTYPE html>", "github": "::",
          "sarif": "{", "junit": "<?xml"}  # fmt: skip


@pytest.mark.parametrize("format_", Format)
def test_a_saved_plan_is_shown_in_every_format_as_it_was_when_it_was_made(approved, run, file, format_):
    made, later = (
        run("plan", file, "--format", format_, "--no-save"),
        run("show", "some.plan.json", "--format", format_),
    )
    assert (later.code, later.err) == (0, "")
    assert later.out == made.out
    assert later.out.startswith(BEGINS[format_])


def test_one_resource_of_a_plan_is_shown_and_one_that_it_has_not_is_an_error(approved, run):
    found = json.loads(run("show", "some.plan.json", "log_group.l", "--format", "json").out)
    assert [row["address"] for row in found["resource_changes"]] == ["log_group.l"]
    shown = run("show", "some.plan.json", "log_group.x")
    assert (shown.code, shown.out) == (1, "")
    assert "there is no `log_group.x` in the plan" in shown.err


def test_a_graph_is_of_the_saved_plan_or_of_one_that_is_made_now(approved, run, file):
    saved, made = run("graph", "some.plan.json"), run("graph", file)
    assert (saved.code, made.code) == (0, 0)
    assert saved.out == made.out
    assert "log_group.l" in saved.out


def test_the_plan_that_is_saved_is_the_one_that_is_approved(approved):
    assert json.loads(Path("some.plan.json").read_text()) == json.loads(document.text(approved.document))
