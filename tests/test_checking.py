"""The engine of checks: order, needs, errors, limits, and that what was made is taken away however a check ends."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from mfinfra import checking
from mfinfra.errors import AccessDenied, AwsError
from mfinfra.model import Call, Check, Command, Finding, Pause, Stage, Touch, Verdict

PUT, DELETE, HEAD = (Call("s3", name) for name in ("PutObject", "DeleteObject", "HeadObject"))
WHAT = "s3://bucket/key"


@dataclass
class Fake:
    """Answers every call with `{}`, or raises what `says` has for its operation; `does` is called first."""

    says: dict = field(default_factory=dict)
    does: dict = field(default_factory=dict)
    parallelism: int = 4
    asked: list = field(default_factory=list)

    def ask(self, call):
        self.asked.append(call.operation)
        self.does.get(call.operation, lambda: None)()
        found = self.says.get(call.operation, {})
        if isinstance(found, BaseException):
            raise found
        return SimpleNamespace(document=found)


def finding(verdict, message="it is so"):
    return Finding(verdict, "subject", message)


def check(id_, ask=None, *needs, **more):
    return Check(id_, "Group", "a title", ask or saying(), needs, **more)


def saying(*findings):
    def ask():
        yield from ()
        return findings

    return ask


def probe():
    """Put and look, and delete whatever happens."""
    yield Touch(WHAT)
    try:
        yield PUT
        yield HEAD
    finally:
        yield Touch(WHAT, Stage.REMOVING)
        yield DELETE
        yield Touch(WHAT, Stage.REMOVED)
    return ()


def run(checks, reader=None, **more):
    reader = reader or Fake()
    return {one.check.id: one for one in checking.run(reader, checks, **more)}


def aws(type_=AwsError):
    return type_("no", service="s3", operation="HeadObject", aws_code="Bad", hint="mend it")


def test_the_worst_finding_is_the_verdict_and_to_say_nothing_is_to_pass():
    found = run([check("a", saying(finding(Verdict.PASSED), finding(Verdict.WARNING))), check("b")])
    assert (found["a"].verdict, found["b"].verdict) == (Verdict.WARNING, Verdict.PASSED)


def test_a_check_is_skipped_if_what_it_needs_did_not_pass_and_so_on():
    bad = check("a", saying(finding(Verdict.FAILED)))
    found = run([bad, check("b", None, "a"), check("c", None, "b"), check("d")])
    assert [found[id_].verdict for id_ in "bcd"] == [Verdict.SKIPPED, Verdict.SKIPPED, Verdict.PASSED]
    assert "`b`" in found["c"].findings[0].message


def test_a_warning_is_good_enough_to_go_on():
    found = run([check("a", saying(finding(Verdict.WARNING))), check("b", None, "a")])
    assert found["b"].verdict is Verdict.PASSED


def test_a_check_that_needs_what_is_not_there_is_a_mistake_and_no_endless_wait():
    with pytest.raises(AssertionError, match="needs what does not stand before it"):
        run([check("a", None, "nobody")])


def test_the_report_is_in_the_order_of_the_checks_whenever_they_end():
    checks = [check("b", None, "a"), check("a")]
    found = list(run([checks[1], checks[0]]).values())
    assert [one.check.id for one in checking.ordered(checks, found)] == ["b", "a"]


@pytest.mark.parametrize(("type_", "code"), [(AwsError, "MF5005"), (AccessDenied, "MF5004")])
def test_what_aws_refuses_and_the_check_did_not_expect_is_a_finding(type_, code):
    found = run([check("a", probe)], Fake({"HeadObject": aws(type_)}))["a"]
    assert [(one.code, one.fix) for one in found.findings] == [(code, "mend it")]
    assert found.touched == (f"made and removed {WHAT}",)


def test_a_bug_in_one_check_loses_nothing_of_the_others_and_is_kept_to_be_raised():
    reader = Fake({"HeadObject": ValueError("a bug")})
    checks = [check("a", probe), check("b", saying(finding(Verdict.WARNING))), check("c", probe, "a")]
    whole = checking.Run(reader, checks)
    found = {one.check.id: one for one in whole.results()}
    assert reader.asked[-1] == "DeleteObject"
    assert [(one.verdict, one.code) for one in found["a"].findings] == [(Verdict.FAILED, "MF5006")]
    assert (found["b"].verdict, found["c"].verdict) == (Verdict.WARNING, Verdict.SKIPPED)
    assert [repr(bug) for bug in whole.bugs] == ["ValueError('a bug')"]


def test_what_cannot_be_removed_is_named():
    found = run([check("a", probe)], Fake({"DeleteObject": aws()}))["a"]
    assert [one.code for one in found.findings] == ["MF5005", "MF5102"]
    assert found.findings[1].subject == WHAT
    assert found.touched == (f"made {WHAT}, which may still be there",)


def test_a_check_that_does_not_say_what_it_touches_is_known_by_its_writing_calls():
    def writes():
        yield HEAD
        yield PUT
        yield PUT
        return ()

    assert run([check("a", writes)])["a"].touched == ("s3:PutObject",)


@pytest.mark.parametrize("at", ["PutObject", "HeadObject"])
def test_a_run_that_is_stopped_cleans_up_and_begins_nothing_new(at):
    stopped = threading.Event()
    reader = Fake(does={at: stopped.set})
    found = run([check("a", probe), check("b", probe, "a")], reader, stopped=stopped)
    assert reader.asked[-1] == "DeleteObject"
    assert reader.asked.count("PutObject") == 1
    assert found["a"].touched == (f"made and removed {WHAT}",)
    assert (found["a"].verdict, found["b"].verdict) == (Verdict.STOPPED, Verdict.SKIPPED)


def test_what_a_command_that_finishes_has_made_is_removed_though_the_run_is_stopped():
    stopped = threading.Event()

    def registers():
        made = ""
        yield Touch(WHAT)
        try:
            answer = yield Command(("it",), finishes=True)
            made = answer["stdout"]
        finally:
            yield Touch(WHAT, Stage.REMOVING)
            if made:
                yield Call("batch", "DeregisterJobDefinition", {"jobDefinition": made})
            yield Touch(WHAT, Stage.REMOVED)
        return ()

    def execute(_, stopped):
        stopped.set()
        return {"code": 0, "stdout": "name:1", "stderr": ""}

    reader = Fake()
    run([check("a", registers)], reader, execute=execute, stopped=stopped)
    assert reader.asked == ["DeregisterJobDefinition"]


def test_to_stop_does_not_interrupt_the_cleaning_up():
    stopped = threading.Event()
    found = run([check("a", probe)], Fake(does={"DeleteObject": stopped.set}), stopped=stopped)["a"]
    assert (found.verdict, found.touched) == (Verdict.PASSED, (f"made and removed {WHAT}",))


def test_whoever_stops_reading_stops_the_run():
    reader = Fake()
    results = checking.run(reader, [check("a"), check("b", probe, "a")])
    next(results)
    results.close()
    assert reader.asked.count("PutObject") == reader.asked.count("DeleteObject")


def test_a_check_that_takes_too_long_is_given_up_and_cleans_up():
    reader = Fake()
    found = run([check("a", probe, limit=0.0)], reader)["a"]
    assert [one.code for one in found.findings] == ["MF5101"]
    assert reader.asked == ["PutObject", "DeleteObject"]


def test_a_pause_ends_when_the_run_is_stopped():
    stopped = threading.Event()

    def pauses():
        stopped.set()
        yield Pause(3600.0)
        return ()

    assert run([check("a", pauses)], stopped=stopped)["a"].verdict is Verdict.STOPPED


def test_a_pause_while_things_are_removed_is_a_pause_though_the_run_is_stopped(monkeypatch):
    slept, stopped = [], threading.Event()
    monkeypatch.setattr(checking.time, "sleep", slept.append)

    def waits():
        stopped.set()
        yield Touch(WHAT, Stage.REMOVING)
        yield Pause(3.0)
        yield Touch(WHAT, Stage.REMOVED)
        return ()

    run([check("a", waits)], stopped=stopped)
    assert slept == [3.0]


def test_a_command_is_run_by_what_runs_commands():
    def asks():
        answer = yield Command(("it",))
        return (finding(Verdict.PASSED, answer["stdout"]),)

    found = run([check("a", asks)], execute=lambda command, _: {"code": 0, "stdout": str(command), "stderr": ""})
    assert found["a"].findings[0].message == "it"


CHECKS = [check("a.x"), check("a.y", None, "a.x"), check("b.x", None, "a.y"), check("b.y"), check("ab.x")]


@pytest.mark.parametrize(
    ("only", "skip", "kept"),
    [
        ((), (), "a.x a.y b.x b.y ab.x"),
        (("b.x",), (), "a.x a.y b.x"),
        (("a",), (), "a.x a.y"),
        ((), ("a",), "b.y ab.x"),
        ((), ("a.y",), "a.x b.y ab.x"),
        (("b",), ("a.x",), "b.y"),
    ],
)
def test_a_choice_takes_along_what_is_needed_and_leaves_out_what_lacks_something(only, skip, kept):
    assert " ".join(one.id for one in checking.wanted(CHECKS, only, skip)) == kept


def test_a_name_that_no_check_has_is_told():
    assert checking.unknown(CHECKS, ["a", "b.x", "a.", "c"]) == ["a.", "c"]


def test_how_it_stands_is_told_while_it_runs():
    one = checking.Run(Fake(), [check("a"), check("b")])
    told = [one.standing() for _ in one.results()]
    assert told[-1] == "2 of 2 checks done"
