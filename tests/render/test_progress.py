import io
import re
import time

import pytest
from render import plans
from render.streams import Terminal
from rich.console import Console

from mfinfra.errors import AwsError, UserError
from mfinfra.model import Action, Address, Call, Called, Done, Failed, Skipped, Started, Waiting
from mfinfra.render import console, progress, report
from mfinfra.render.board import Board

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


class Heard(io.StringIO):
    """A log that can be waited for; seconds that have passed in it are `0 s`, however busy the machine is."""

    def waits_for(self, text, times=1):
        end = time.monotonic() + 60
        while self.lines().count(text) < times:
            assert time.monotonic() < end, self.getvalue()
            time.sleep(0.005)

    def lines(self):
        return re.sub(r"\b\d+ s", "0 s", self.getvalue()).splitlines()


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

    said = "still creating compute_environment.cpu, 0 s: Batch is creating the compute environment (0 done)"
    out = Heard()

    def slow():
        yield from EVENTS[3:5]
        out.waits_for(said, times=2)  # they go on after the first

    list(progress.follow(slow(), out))
    assert out.lines()[0] == "creating compute_environment.cpu"
    assert out.lines()[-1] == said


def test_the_board_knows_how_long_each_step_runs_and_forgets_a_wait_once_aws_answered():
    now = [100.0]
    board = Board(clock=lambda: now[0])
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


def test_a_heartbeat_names_the_oldest_steps_counts_the_rest_and_says_how_far_the_run_is():
    now = [0.0]
    board = Board(total=24, clock=lambda: now[0])
    for number in range(5):
        board.take(Started(Address("role", f"r{number}"), Action.CREATE))
        now[0] += 10
    for event in EVENTS[:3]:
        board.take(event)
    board.take(EVENTS[6])
    assert board.heartbeat() == (
        "creating role.r0, 50 s; creating role.r1, 40 s; creating role.r2, 30 s; 2 more (1 of 24 done, 1 skipped)"
    )


def test_a_heartbeat_is_silent_while_no_step_runs():
    assert Board().heartbeat() == ""


def test_the_total_of_a_board_is_what_the_plan_changes_and_never_less_than_what_was_seen():
    board = Board.of(plans.everything())
    assert board.totals() == "0 of 6 done"
    for number in range(9):
        board.take(Done(Address("role", f"r{number}"), Action.NOOP, 0.0))
    assert board.totals() == "9 of 9 done"


def drawn(board, columns, rows=24, encoding="utf-8"):
    out = Terminal()
    out.__class__ = type("Encoded", (Terminal,), {"encoding": encoding})
    Console(file=out, width=columns, height=rows, color_system=None, force_terminal=True).print(board)
    return out.getvalue().splitlines()


def busy(count):
    now = [0.0]
    board = Board(total=24, clock=lambda: now[0])
    for number in range(count):
        board.take(Started(Address("compute_environment", f"with-quite-a-name-{number}"), Action.CREATE))
    board.take(Waiting(Address("compute_environment", "with-quite-a-name-0"), "Batch is creating it\n" + "x" * 90, 0.0))
    now[0] = 84.0
    return board


def test_the_table_says_sign_address_what_since_when_and_why():
    board = Board.of(plans.document(plans.replaced(["create", "delete"]), plans.created()))
    board.take(Started(ENVIRONMENT, Action.REPLACE))
    board.take(Started(ROLE, Action.ADOPT_UPDATE))
    board.take(Waiting(ENVIRONMENT, "Batch is creating the compute environment", 0.0))
    assert drawn(board, 100) == [
        "  +/- compute_environment.cpu  replacing              0 s  Batch is creating the compute environment",
        "    = role.instance            adopting and updating  0 s",
        "  0 of 2 done",
    ]


@pytest.mark.parametrize("columns", [40, 59, 60, 80, 200])
def test_no_line_of_the_table_is_wider_than_the_terminal(columns):
    lines = drawn(busy(3), columns)
    assert len(lines) == 4
    assert max(map(len, lines)) <= columns
    assert all("1 min 24 s" in line for line in lines[:3])
    assert any("creating" in line for line in lines[1:3]) is (columns >= 60)


@pytest.mark.parametrize("rows", [5, 8, 24])
def test_the_table_is_no_higher_than_the_terminal_and_counts_what_it_leaves_out(rows):
    lines = drawn(busy(40), 80, rows)
    assert len(lines) < rows
    assert f"{40 - len(lines) + 1} more are running" in lines[-1]


def test_a_terminal_without_unicode_is_drawn_without_it():
    assert all(line.isascii() for line in drawn(busy(3), 60, encoding="ascii"))


def test_a_notice_stands_above_the_table_and_is_no_order():
    board = busy(1)
    board.notice = "stopping\x1b[2J"
    assert drawn(board, 80)[0] == "  ! stopping\\u001b[2J"


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
    out = Heard()
    with progress.doing("reading 123456789012", out):
        out.waits_for("still reading 123456789012, 0 s")


def test_what_is_said_of_work_may_change_while_it_goes_on(monkeypatch):
    monkeypatch.setattr(progress, "HEARTBEAT", 0.02)
    out, said = Heard(), ["waiting for the lock"]
    with progress.doing(lambda: said[-1], out):
        out.waits_for("still waiting for the lock, 0 s")
        said.append("waiting for ann\x1b[2J")
        out.waits_for("still waiting for ann\\u001b[2J, 0 s")


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


def test_of_what_failed_the_report_says_what_had_been_done_to_it():
    made = [
        Called(ENVIRONMENT, Call("batch", name), "r") for name in ("CreateComputeEnvironment", *["TagResource"] * 2)
    ]
    assert shown(report.lines(tally([EVENTS[1], *made, EVENTS[5]]), 2.0)).splitlines()[-3:-1] == [
        "    hint: mend it",
        "    done before that: `batch:CreateComputeEnvironment`, `batch:TagResource`",
    ]


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
