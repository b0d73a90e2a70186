import io
import re
import time

import pytest
from render.streams import Terminal

from mfinfra.errors import AwsError, UserError
from mfinfra.model import Action, Address, Call, Called, Done, Failed, Skipped, Started, Waiting
from mfinfra.render import console, progress, report

ROLE, ENVIRONMENT, QUEUE = Address("role", "instance"), Address("compute_environment", "cpu"), Address("job_queue", "q")
DENIED = AwsError(
    "no\n::error::way",
    service="batch",
    operation="CreateComputeEnvironment",
    aws_code="ClientException",
    request_id="r-1",
    hint="mend it",
)
EVENTS = (
    Started(ROLE, Action.CREATE),
    Called(ROLE, Call("iam", "CreateRole"), "r-0"),
    Done(ROLE, Action.CREATE, 12.3),
    Started(ENVIRONMENT, Action.CREATE),
    Waiting(ENVIRONMENT, "Batch is creating the compute environment", 0.0),
    Failed(ENVIRONMENT, Action.CREATE, DENIED),
    Skipped(QUEUE, Action.UPDATE, "`compute_environment.cpu` was not finished"),
)


def shown(lines):
    out = io.StringIO()
    console.write(lines, out, {})
    return out.getvalue()


def tally(events):
    found = report.Tally()
    for event in events:
        found.take(event)
    return found


def test_off_a_terminal_each_step_has_a_line_when_it_begins_and_when_it_ends():
    out = io.StringIO()
    assert list(progress.follow(EVENTS, out)) == list(EVENTS)
    assert out.getvalue() == (
        "creating role.instance\n"
        "done     role.instance created, 12 s\n"
        "creating compute_environment.cpu\n"
        "failed   compute_environment.cpu: `batch:CreateComputeEnvironment` failed with `ClientException`: "
        "no\\n::error::way (request r-1)\n"
        "skipped  job_queue.q: `compute_environment.cpu` was not finished\n"
    )


def test_off_a_terminal_a_heartbeat_says_what_each_step_waits_for(monkeypatch):
    monkeypatch.setattr(progress, "HEARTBEAT", 0.02)

    def slow():
        yield from EVENTS[3:5]
        time.sleep(0.2)

    out = io.StringIO()
    list(progress.follow(slow(), out))
    assert "still creating compute_environment.cpu, 0 s: Batch is creating the compute environment\n" in out.getvalue()


def test_the_board_knows_how_long_each_step_runs_and_forgets_a_wait_once_aws_answered():
    now = [100.0]
    board = progress.Board(clock=lambda: now[0])
    for event in EVENTS[3:5]:
        board.take(event)
    now[0] = 182.0
    assert board.standing() == [
        "creating compute_environment.cpu, 1 min 22 s: Batch is creating the compute environment"
    ]
    board.take(Called(ENVIRONMENT, Call("batch", "CreateComputeEnvironment"), "r"))
    assert board.standing() == ["creating compute_environment.cpu, 1 min 22 s"]
    board.take(EVENTS[5])
    assert board.standing() == []


def test_on_a_terminal_what_ended_stays_and_the_table_goes(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    list(progress.follow(EVENTS, out))
    text = re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", out.getvalue())
    assert "done     role.instance created, 12 s" in text
    assert "failed   compute_environment.cpu" in text
    assert out.getvalue().rstrip().endswith("\x1b[?25h") or "\x1b[?25h" in out.getvalue()


def test_work_without_events_has_a_heartbeat_too(monkeypatch):
    monkeypatch.setattr(progress, "HEARTBEAT", 0.02)
    out = io.StringIO()
    with progress.doing("reading 123456789012", out):
        time.sleep(0.1)
    assert out.getvalue().startswith("still reading 123456789012, 0 s\n")


def test_short_work_says_nothing_off_a_terminal():
    out = io.StringIO()
    with progress.doing("reading", out):
        pass
    assert out.getvalue() == ""


def test_the_report_says_what_was_done_failed_and_skipped():
    assert shown(report.lines(tally(EVENTS), 75.0)) == (
        "Done\n"
        "  role.instance created\n"
        "Failed\n"
        "  compute_environment.cpu: `batch:CreateComputeEnvironment` failed with `ClientException`: "
        "no\\n::error::way (request r-1) [MF3000]\n"
        "    hint: mend it\n"
        "Skipped\n"
        "  job_queue.q: not updated, because `compute_environment.cpu` was not finished\n"
        "Apply stopped part-way: 1 done, 1 failed, 1 skipped, in 1 min 15 s; the same command goes on from here\n"
    )


@pytest.mark.parametrize(
    ("events", "interrupted", "verdict"),
    [
        (EVENTS[:3], False, "Apply complete: 1 created, in 2 s"),
        ((), False, "Apply complete: nothing was to be done, in 2 s"),
        (EVENTS[5:], False, "Apply failed: 0 done, 1 failed, 1 skipped, in 2 s; the same command goes on from here"),
        (
            EVENTS[6:],
            True,
            "Apply interrupted: 0 done, 0 failed, 1 skipped, in 2 s; the same command goes on from here",
        ),
    ],
)
def test_the_last_line_of_the_report_is_the_verdict(events, interrupted, verdict):
    assert shown(report.lines(tally(events), 2.0, interrupted=interrupted)).splitlines()[-1] == verdict


def test_an_error_that_is_a_bug_is_called_one():
    found = tally([Failed(ROLE, Action.CREATE, KeyError("x")), Failed(QUEUE, Action.CREATE, UserError("y"))])
    assert "role.instance: KeyError: 'x' [a bug in mfinfra]" in shown(report.lines(found, 0.0))
    assert [type(bug) for bug in found.bugs] == [KeyError]
