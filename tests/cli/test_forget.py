"""`mfinfra forget`, and `mfinfra plan --forget`: what the command line makes of them."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import jsonschema
import pytest
from render import plans

from mfinfra import operation, schemas
from mfinfra.model import Action, Address, Call, Called, Done, Started
from mfinfra.planning.gate import Allowed
from mfinfra.planning.plan import Options

ARCHIVE = Address("bucket", "archive")
CALL = Call("s3", "DeleteBucketTagging")
WHOLE = (Started(ARCHIVE, Action.FORGET), Called(ARCHIVE, CALL, "r-0"), Done(ARCHIVE, Action.FORGET, 1.0))
GIVEN = {"destroy": False, "adopt": [], "target": [], "exclude": [], "replace": [], "forget": ["bucket.archive"]}
NOTE = {
    "code": "MF5730",
    "status": "warn",
    "message": "`bucket.archive` is still in the file",
    "address": None,
    "hint": None,
    "lifted_by": None,
}


@pytest.fixture
def given(live):
    """A live state from which one thing is given up."""
    live.document = plans.document(plans.forgotten(), checks=[NOTE], options=GIVEN)
    live.happens = WHOLE
    return live


def test_with_yes_the_plan_goes_to_stderr_and_the_report_to_stdout(run, given, file):
    shown = run("forget", file, "bucket.archive", "--yes")
    assert (shown.code, shown.out) == (0, "Forget complete: 1 forgotten, in 0 s\n")
    assert "bucket.archive will be forgotten (tags removed, settings as they are)" in shown.err
    assert "[MF5730] `bucket.archive` is still in the file" in shown.err
    assert given.binding is False


def test_addresses_become_the_options_of_the_plan_and_no_guard_is_lifted(run, given, file):
    run("forget", file, "bucket.archive", "table.old", "--yes", "--parallelism", "3", "--lock-timeout", "5")
    assert given.asked == [(Options(forget=frozenset({"bucket.archive", "table.old"})), 3)]
    assert given.allowed == [Allowed()]
    assert given.locking.timeout == 5


@pytest.mark.parametrize(("answer", "runs"), [("yes\n", True), ("y\n", False), ("", False)])
def test_at_a_terminal_it_asks_and_takes_the_exact_yes_only(  # noqa: PLR0913, PLR0917 - fixtures
    run, given, file, terminal, answer, runs
):
    terminal(answer)
    shown = run("forget", file, "all")
    assert (given.ran, shown.code) == (runs, 0 if runs else 1)
    assert "Give this up in `prod` in account 123456789012, us-east-1?" in shown.err


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_without_a_terminal_and_without_yes_it_fails_before_it_reads_anything(run, given, file, more):
    shown = run("forget", file, "all", *more)
    assert (shown.code, given.asked) == (1, [])
    assert "`--yes`" in shown.err


def test_the_run_is_named_after_the_command(run, given, file, monkeypatch):
    named = []

    def made(reviewed, allowed, locking, name, *_, **__):
        named.append(name)
        return SimpleNamespace(events=lambda: iter(WHOLE), stop=lambda: None)

    monkeypatch.setattr(operation, "Operation", made)
    assert run("forget", file, "all", "--yes").code == 0
    assert named == ["forget"]


def test_with_nothing_to_forget_it_says_so_and_exits_0(run, live, file):
    live.document = plans.document(plans.unchanged("bucket.archive"), options=GIVEN)
    shown = run("forget", file, "bucket.archive", "--yes")
    said = "No changes: nothing of it carries tags of this environment, so that there is nothing to forget\n"
    assert (shown.code, shown.out, live.ran) == (0, said, False)


def test_what_another_owns_exits_3_and_nothing_is_asked(run, live, file, terminal):
    terminal("yes\n")
    live.document = plans.document(plans.forgotten(blocked=plans.FOREIGN), options=GIVEN)
    shown = run("forget", file, "bucket.archive")
    assert (shown.code, live.ran) == (3, False)
    assert "Give this up" not in shown.err


def test_what_is_no_address_and_what_is_missing_are_told_before_anything_is_read(run, given, file):
    shown = run("forget", file, "archive", "--yes")
    assert (shown.code, given.asked) == (1, [])
    assert shown.err.startswith("error: `forget`: `archive` is no address\n  hint: ")
    assert run("forget", file, "--yes").code == 1
    near = run("forget", file, "log_grup.flows", "--yes")
    assert "did you mean `log_group.flows`?" in near.err


def test_its_events_keep_to_the_schema(run, given, file):
    given.document |= {"environment": {**plans.ENVIRONMENT, "caller": "arn:c"}}
    shown = run("forget", file, "all", "--yes", "--json")
    lines = [json.loads(line) for line in shown.out.splitlines()]
    for line in lines:
        jsonschema.Draft202012Validator(schemas.load("events")).validate(line)
    assert (lines[0]["type"], lines[0]["command"]) == ("version", "forget")
    assert (lines[-1]["result"], lines[-1]["changes"]["forget"]) == ("complete", 1)
    assert {line["action"] for line in lines if "action" in line} == {"forget"}


@pytest.mark.parametrize(
    "flags", [("--adopt", "all"), ("--destroy",), ("--target", "log_group.flows")], ids=lambda flags: flags[0]
)
def test_a_plan_takes_no_other_wish_beside_it(run, file, flags, monkeypatch):
    """The real planner refuses, over an account in which nothing was found."""
    from mfinfra import reconcile
    from mfinfra.observe import Survey
    from mfinfra.planning.plan import make

    def review(reading, options, **_):
        empty = Survey(dict.fromkeys(reading.environment.resources))
        return SimpleNamespace(plan=make(reading.environment, empty, options))

    monkeypatch.setattr(reconcile, "review", review)
    shown = run("plan", file, "--forget", "log_group.flows", *flags)
    assert shown.code == 1
    assert f"`--forget` and `{flags[0]}` do not go together" in shown.err


def test_the_help_says_what_stays_and_reads_at_80_columns(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("forget", "--help")
    assert "settings," in shown.out
    assert "all other tags stay" in " ".join(shown.out.split())
    assert max(map(len, shown.out.splitlines())) <= 80
    assert sys.modules["mfinfra.cli.forget"].CODES == (0, 1, 3, 4, 5, 6, 70, 130)
