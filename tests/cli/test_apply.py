import signal
import stat
from pathlib import Path

import pytest
from happening import QUEUE, ROLE, WHOLE, failing
from render import plans
from render.streams import Full
from rich.text import Text

from mfinfra.cli import _signals
from mfinfra.errors import AwsError, Incomplete, Locked, UserError
from mfinfra.model import Action, Skipped
from mfinfra.planning.gate import Allowed
from mfinfra.planning.plan import Options
from mfinfra.render import report

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
DENIED = AwsError("no", service="batch", operation="CreateJobQueue", aws_code="Denied", request_id="r-1")


def test_with_yes_the_plan_and_progress_go_to_stderr_and_the_report_to_stdout(run, live, file):
    shown = run("apply", file, "--yes")
    assert shown.code == 0
    assert shown.out == "Apply complete: 1 created, in 0 s\n"
    assert "role.batch-job will be created" in shown.err
    assert "done     role.batch-job created" in shown.err


@pytest.mark.parametrize(
    ("endpoint", "hint"),
    [
        (None, "`mfinfra config prod.yaml --write` tells Metaflow what is new"),
        ("http://127.0.0.1:5000", "`mfinfra config prod.yaml --write` tells Metaflow what is new"),
        ("sandbox", "`mfinfra sandbox shell prod.yaml` opens a shell in which flows run there"),
    ],
)
def test_another_configuration_of_metaflow_names_the_command_that_passes_it_on(run, live, file, endpoint, hint):
    live.document["environment"]["endpoint"] = endpoint
    live.document["source"]["path"] = "prod.yaml"
    assert "hint: " not in run("apply", file, "--yes").err
    live.document["metaflow_changes"] = {"METAFLOW_BATCH_JOB_QUEUE": {"before": None, "after": "jobs"}}
    assert run("apply", file, "--yes").err.endswith(f"hint: {hint}\n")


def test_flags_become_the_options_of_the_plan(run, live, file):
    argv = ["--adopt", "all", "--adopt", "log_group.flows", "--allow-destroy", "bucket.f", "--allow-replace", "table.h"]
    run("apply", file, "--auto-approve", *argv)
    assert live.asked == [(Options(adopt=frozenset({"all", "log_group.flows"})), 16)]
    assert live.allowed == [Allowed(destroy=frozenset({"bucket.f"}), replace=frozenset({"table.h"}))]


@pytest.mark.parametrize("flag", ["--allow-destroy", "--allow-replace"])
def test_what_is_no_address_cannot_be_allowed_to_go(run, live, file, flag):
    shown = run("apply", file, "--yes", flag, "flows")
    assert (shown.code, live.asked) == (1, [])
    assert shown.err.startswith(f"error: `{flag}`: `flows` is no address\n  hint: ")


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_an_endpoint_that_only_the_environment_names_is_refused_before_anything_is_sent_there(
    run, live, file, monkeypatch, command
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    shown = run(command, file, "--yes")
    assert (shown.code, live.asked) == (3, [])
    assert shown.err.startswith("error: `AWS_ENDPOINT_URL` is set to `http://127.0.0.1:9`")


def test_a_log_that_takes_no_more_stops_no_apply(run, live, file, monkeypatch):
    monkeypatch.setattr("sys.stderr", Full())
    shown = run("apply", file, "--yes")
    assert (shown.code, live.ran) == (0, True)
    assert shown.out.startswith("Apply complete: 1 created")


def test_with_nothing_to_do_it_says_so_and_exits_0(run, live, file):
    live.document = plans.document(plans.unchanged())
    shown = run("apply", file, "-y")
    assert (shown.code, shown.out) == (0, "No changes: 1 resource was compared with AWS and matches\n")
    assert not live.ran


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_without_a_terminal_and_without_yes_it_fails_before_it_reads_anything(run, live, file, command):
    shown = run(command, file)
    assert shown.code == 1
    assert "`--yes`" in shown.err
    assert live.asked == []


@pytest.mark.parametrize(("answer", "runs"), [("yes\n", True), ("y\n", False), ("YES\n", False), ("", False)])
def test_only_the_exact_yes_is_accepted(  # noqa: PLR0913, PLR0917 - fixtures
    run, live, file, terminal, answer, runs
):
    terminal(answer)
    shown = run("apply", file)
    assert live.ran is runs
    assert shown.code == (0 if runs else 1)
    assert "Apply this plan to `prod` in account 123456789012, us-east-1?" in shown.err
    assert ("not confirmed; nothing was changed" in shown.err) is not runs


def test_what_a_guard_blocks_exits_3_before_the_question_and_before_any_write(run, live, file, terminal):
    terminal("yes\n")
    live.document = plans.document(plans.created(), plans.deleted(blocked=plans.BLOCK))
    shown = run("apply", file)
    assert shown.code == 3
    assert "--allow-destroy log_group.old" in shown.err
    assert "Apply this plan to" not in shown.err
    assert not live.ran


def test_many_blocked_steps_end_in_one_line_each_behind_the_plan_that_explains_them(run, live, file):
    live.document = plans.document(
        plans.deleted(blocked=plans.BLOCK), plans.adopted() | {"blocked": plans.FOREIGN}, plans.created()
    )
    shown = run("apply", file, "--yes")
    assert shown.code == 3
    takes_over = "to take it over write `adopt: true` at `bucket.archive`, or pass `--adopt bucket.archive`"
    assert shown.err.splitlines()[-4:] == [
        "Plan: 0 to adopt, 1 to create, 0 to change, 0 to replace, 0 to destroy, 2 blocked.",
        "error: 2 guards refuse this plan; nothing was changed [MF4100]",
        "  hint: log_group.old: if that is meant, it takes `--allow-destroy log_group.old`",
        f"        bucket.archive: {takes_over}",
    ]
    assert not live.ran


def test_a_failure_after_a_write_exits_6_and_the_report_says_what_was_done(run, live, file):
    live.happens = failing(DENIED, *WHOLE)
    shown = run("apply", file, "--yes")
    assert shown.code == 6
    assert "role.batch-job created" in shown.out
    assert "`batch:CreateJobQueue` failed with `Denied`: no (request r-1)" in shown.out
    assert shown.out.splitlines()[-1].startswith("Apply stopped part-way: 1 done, 1 failed, 1 skipped")


def test_a_failure_before_any_write_exits_1(run, live, file):
    live.happens = failing(DENIED)
    assert run("apply", file, "--yes").code == 1


@pytest.mark.parametrize(("before", "code"), [((), 70), (WHOLE, 6)])
def test_a_bug_in_a_step_is_logged_and_exits_70_unless_something_was_written(run, live, file, before, code):
    live.happens = failing(KeyError("x"), *before)
    shown = run("apply", file, "--yes")
    assert shown.code == code
    assert "this is a bug in mfinfra: KeyError" in shown.err
    assert "[a bug in mfinfra]" in shown.out


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_during_apply_stops_the_run_and_is_reported(run, live, file, number, code):
    live.happens = (*WHOLE, number, Skipped(ROLE, Action.CREATE, "the run was interrupted"))
    shown = run("apply", file, "--yes")
    assert (shown.code, live.stopped) == (code, True)
    assert "stopping: calls in flight finish" in shown.err
    assert shown.out.splitlines()[-1].startswith("Apply interrupted: 1 done, 0 failed, 1 skipped")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_while_the_lock_is_waited_for_is_an_interruption_and_no_lock(run, live, file, number, code):
    live.happens = (number, Locked("somebody has it"))
    shown = run("apply", file, "--yes")
    assert (shown.code, shown.out) == (code, "")
    assert shown.err.endswith("interrupted: nothing was changed\n")
    live.happens = (Locked("somebody has it"),)
    assert run("apply", file, "--yes").code == 5


def test_a_signal_while_the_report_is_written_does_not_say_that_nothing_was_changed(run, live, file, monkeypatch):
    def lines(*_, **__):
        signal.raise_signal(signal.SIGINT)
        return [Text("Apply complete")]

    monkeypatch.setattr(report, "lines", lines)
    shown = run("apply", file, "--yes")
    assert (shown.code, shown.out) == (130, "Apply complete\n")
    assert "nothing was changed" not in shown.err


def test_what_was_done_before_something_refused_the_rest_is_reported(run, live, file):
    live.happens = (*WHOLE, Skipped(QUEUE, Action.CREATE, "no lock"), Incomplete("no lock", hint="mend it"))
    shown = run("apply", file, "--yes")
    assert shown.code == 6
    assert shown.out.splitlines()[-1].startswith("Apply stopped part-way: 1 done, 0 failed, 1 skipped")
    assert shown.err.endswith("error: no lock\n  hint: mend it\n")


@pytest.fixture
def exits(monkeypatch):
    """The codes with which the process would have ended at once."""
    found = []

    def at_once(code):
        found.append(code)
        raise SystemExit(code)

    monkeypatch.setattr("os._exit", at_once)
    return found


def test_a_second_signal_ends_the_process_at_once(run, live, file, monkeypatch, exits):
    monkeypatch.setattr(_signals, "SAME_WISH", 0.0)
    live.happens = (signal.SIGINT, signal.SIGINT, *WHOLE)
    assert run("apply", file, "--yes").code == 130
    assert exits == [130]


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_follows_at_once_is_the_same_wish(run, live, file, monkeypatch, exits, second):  # noqa: PLR0913, PLR0917 - fixtures
    monkeypatch.setattr(_signals, "SAME_WISH", 1000.0)
    live.happens = (signal.SIGTERM, second, *WHOLE)
    assert run("apply", file, "--yes").code == 143
    assert exits == []


def test_a_hangup_is_never_impatience(run, live, file, monkeypatch, exits):
    monkeypatch.setattr(_signals, "SAME_WISH", 0.0)
    live.happens = (signal.SIGHUP, signal.SIGHUP, *WHOLE)
    assert run("apply", file, "--yes").code == 129
    assert exits == []


def test_who_was_started_to_outlive_its_terminal_does(run, live, file):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        live.happens = (signal.SIGHUP, *WHOLE)
        assert (run("apply", file, "--yes").code, live.stopped) == (0, False)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_report_that_nobody_takes_changes_nothing_of_what_was_done(run, live, file, monkeypatch):
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        monkeypatch.setattr("sys.stdout", full)
        shown = run("apply", file, "--yes")
        monkeypatch.undo()
    assert shown.code == 0
    assert "the report cannot be shown: stdout cannot be written: no space left on device" in shown.err


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_while_reading_ends_the_command(  # noqa: PLR0913, PLR0917 - fixtures
    run, live, file, monkeypatch, number, code
):
    monkeypatch.setattr("mfinfra.reconcile.review", lambda *_, **__: signal.raise_signal(number))
    shown = run("plan", file)
    assert (shown.code, shown.out, shown.err) == (code, "", "interrupted: nothing was changed\n")


def test_destroy_asks_for_the_name_of_the_environment(run, live, file, terminal):
    live.document = plans.document(plans.deleted())
    terminal("prod\n")
    shown = run("destroy", file)
    assert (shown.code, live.ran) == (0, True)
    assert "Destroy all of `prod` in account 123456789012, us-east-1?\n  Only `prod` is accepted: " in shown.err
    assert shown.out.startswith("Destroy complete")


def test_destroy_does_not_take_a_yes_for_the_name(run, live, file, terminal):
    live.document = plans.document(plans.deleted())
    terminal("yes\n")
    assert run("destroy", file).code == 1
    assert not live.ran


@pytest.mark.parametrize("flags", [("--yes",), ("--confirm", "prod")])
def test_destroy_runs_unattended_with_yes_or_the_name(run, live, file, flags):
    live.document = plans.document(plans.deleted())
    assert run("destroy", file, *flags, "--allow-destroy", "log_group.old").code == 0
    assert live.asked[0][0] == Options(destroy=True)
    assert live.allowed == [Allowed(destroy=frozenset({"log_group.old"}))]


def test_destroy_with_the_name_of_another_environment_stops_before_it_reads_anything(run, live, file):
    shown = run("destroy", file, "--confirm", "staging", "--yes")
    assert shown.code == 1
    assert "the file is of `prod`" in shown.err
    assert live.asked == []


def test_a_bug_leaves_a_log_that_only_its_user_reads_and_that_holds_no_secret(run, live, file, tmp_path):
    live.document = RuntimeError("Authorization: AKIAABCDEFGHIJKLMNOP\x1b[2J")
    shown = run("plan", file)
    assert (shown.code, shown.out) == (70, "")
    assert shown.err.startswith(
        "error: this is a bug in mfinfra: RuntimeError\n  hint: please report it together with `"
    )
    (log,) = (tmp_path / "state" / "mfinfra").glob("bug-*.log")
    assert str(log) in shown.err
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    text = log.read_text()
    assert "RuntimeError: Authorization: [redacted]" in text
    assert "AKIAABCDEFGHIJKLMNOP" not in text
    assert "\x1b" not in text


def test_a_bug_whose_log_cannot_be_written_shows_its_traceback(run, live, file, tmp_path):
    (tmp_path / "state").write_text("in the way")
    live.document = RuntimeError("x")
    shown = run("plan", file)
    assert shown.code == 70
    assert "RuntimeError: x" in shown.err


def test_other_commands_see_errors_of_the_user_as_errors(run, live, file):
    live.document = UserError("no AWS credentials were found", hint="run `aws sso login`")
    assert run("apply", file, "--yes").code == 1


@pytest.mark.parametrize("flags", [["--yes"], []])
def test_only_what_somebody_has_seen_binds_the_run_to_this_very_plan(run, live, file, terminal, flags):
    terminal("yes\n")
    assert run("apply", file, *flags).code == 0
    assert live.binding is (not flags)
