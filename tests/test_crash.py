"""Promise 3, a crash loses nothing: killed after any writing call and run again, mfinfra converges.

The processes are real and die of SIGKILL, see `killing`; with one step at a time, so that each writing call of a run is
the last one once, and with many side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import killing
import pytest
from stack import Stack, environment, unprotected
from standing import World, settled, unowned, world
from test_replacement import REPLACEMENTS, wished
from zygote import Job

from mfinfra import desired, history, reconcile, records
from mfinfra.model import Failed, Skipped
from mfinfra.operation import Operation
from mfinfra.planning.gate import Allowed
from mfinfra.planning.plan import Options, Plan

pytestmark = pytest.mark.slow
SANDBOX = Path(__file__).parent.parent / "environments" / "sandbox.yaml"
UP, DOWN = 30, 25
"""How many writing calls that take effect bring the guide's stack up, and down; a test holds them to the truth."""
REFUSED = 2
"""How many calls that bring it up take no effect, as what they revoke is not there."""
AGAIN = 2
"""How many calls a second run may send that the first one sent already: what was under way."""


@pytest.fixture(scope="module")
def runs(embedded, tmp_path_factory):
    with killing.runs(embedded, tmp_path_factory.mktemp("runs")) as found:
        yield found


@dataclass(frozen=True)
class Undisturbed:
    """What nobody has killed: the worlds before and behind, the plan that leads there, and the calls of both ways."""

    empty: World
    whole: World
    up: Plan
    made: list[str]
    destroyed: list[str]


@cache
def guide():
    """The guide's file, read once."""
    return desired.read(SANDBOX)


def making(stack):
    """The guide's stack, reviewed."""
    return reconcile.compare(stack.connect(guide()), guide())


def destroying(stack):
    """The same for its end, with every guard lifted."""
    reviewed = reconcile.compare(stack.connect(guide()), guide(), Options(destroy=True))
    everything = Allowed(destroy=frozenset(map(str, guide().environment.resources)))
    return replace(reviewed, plan=reviewed.plan.lifted(everything))


@pytest.fixture(scope="module")
def undisturbed(embedded, runs, tmp_path_factory):
    embedded.reset(transition_polls=1)
    stack = Stack(embedded, tmp_path_factory.mktemp("undisturbed"))
    empty, up = world(stack), making(stack).plan
    made = runs.lived(Job(SANDBOX, up))
    whole = world(stack)
    destroyed = runs.lived(Job(SANDBOX, destroying(stack).plan))
    assert world(stack) == empty
    return Undisturbed(empty, whole, up, made, destroyed)


def test_these_are_all_the_writing_calls_of_the_guides_stack_and_nothing_that_they_make_is_untagged(undisturbed):
    assert (len(undisturbed.made), len(undisturbed.destroyed)) == (UP, DOWN)
    assert unowned(undisturbed.whole, undisturbed.empty) == []


def sent(stack, act):
    """How many writing calls `act` sends."""
    before = len(stack.writes())
    act()
    return len(stack.writes()) - before


def made_again(stack, undisturbed, fatal):
    """Run again after so many calls, and see that all is as if nobody had been killed."""
    assert sent(stack, lambda: stack.carry_out(making(stack))) <= UP + REFUSED - fatal + AGAIN
    assert not making(stack).plan.work
    assert world(stack) == undisturbed.whole


def destroyed_again(stack, undisturbed, fatal):
    assert sent(stack, lambda: stack.carry_out(destroying(stack))) <= DOWN - fatal + AGAIN
    assert world(stack) == undisturbed.empty


@pytest.mark.parametrize("fatal", range(1, max(UP, DOWN) + 1))
def test_promise_3_killed_after_a_write_and_run_again_nothing_is_lost_or_doubled(stack, runs, undisturbed, fatal):
    stack.server.reset(transition_polls=1)  # what was begun may still be CREATING when the next run comes
    if fatal <= UP:
        runs.killed(Job(SANDBOX, undisturbed.up), fatal)
    made_again(stack, undisturbed, fatal)
    if fatal <= DOWN:
        runs.killed(Job(SANDBOX, destroying(stack).plan), fatal)
        destroyed_again(stack, undisturbed, fatal)


@pytest.mark.parametrize("fatal", [12, 24])
def test_promise_3_killed_in_the_midst_of_many_steps_nothing_is_lost_or_doubled(stack, runs, undisturbed, fatal):
    stack.server.reset(transition_polls=1)
    runs.killed(Job(SANDBOX, undisturbed.up, parallelism=16), fatal)
    made_again(stack, undisturbed, fatal)
    runs.killed(Job(SANDBOX, destroying(stack).plan, parallelism=16), min(fatal, DOWN))
    destroyed_again(stack, undisturbed, min(fatal, DOWN))


RECORDED = environment(
    unprotected({
        "bucket": {"data": {"name": "data-123456789012"}},
        "role": {"instance": {"name": "instance", "preset": "ecs_instance"}},
        "log_group": {"flows": {"name": "/flows", "retention_days": 7}},
    }),
    metaflow={"datastore": "bucket.data"},
)  # fmt: skip
RECORDED_WRITES = 15
LOCK = "mfinfra/test/lock.json"


def objects(stack):
    return [row["Key"] for row in stack.client("s3").list_objects_v2(Bucket="data-123456789012").get("Contents", ())]


def operated(stack, file, folder):
    """What `mfinfra apply FILE --yes` does: nothing where there is nothing to do. Everything that was told."""
    reviewed, told = stack.plan(file), []
    if reviewed.plan.work:
        events = list(Operation(reviewed, tell=told.append, folder=folder).events())
        assert not [event for event in events if isinstance(event, (Failed, Skipped))]
    return reviewed, told


@pytest.fixture(scope="module")
def recorded(embedded, runs, tmp_path_factory):
    """A file, all that an operation over it writes that nobody kills, and the world behind it."""
    embedded.reset(transition_polls=1)
    stack = Stack(embedded, tmp_path_factory.mktemp("recorded"))
    file = stack.write(RECORDED)
    made = runs.lived(Job(file))
    after = world(stack)
    assert records_of(objects(stack)) == (False, 1)
    return file, made, without_records(after)


def records_of(keys):
    """Whether there is a lock, and how many receipts there are."""
    return LOCK in keys, len([key for key in keys if key.startswith("mfinfra/test/history/")])


def without_records(found):
    """The world without what the bucket holds."""
    return {**found, "bucket": {name: {**shown, "objects": []} for name, shown in found["bucket"].items()}}


def test_these_are_all_the_writing_calls_of_an_apply_with_lock_and_receipt(recorded):
    assert len(recorded[1]) == RECORDED_WRITES


@pytest.mark.parametrize("fatal", range(1, RECORDED_WRITES + 1))
def test_promise_3_and_10_the_lock_of_a_run_that_was_killed_is_taken_over_and_its_receipt_says_how_it_ended(
    stack, runs, recorded, tmp_path, fatal
):
    file, made, after = recorded
    stack.server.reset(transition_polls=1)
    runs.killed(Job(file), fatal)
    locked, begun = records_of(objects(stack))

    before = len(stack.writes())
    reviewed, told = operated(stack, file, tmp_path)
    left = reviewed.plan.work
    assert len(stack.writes()) - before <= len(made) - fatal + begun + locked + AGAIN
    assert any("took over the lock" in line for line in told) == (locked and left)
    assert not stack.plan(file).plan.work
    # A lock that nobody needed to take over stays, and hinders nobody.
    assert records_of(objects(stack)) == (locked and not left, begun + left)
    assert without_records(world(stack)) == after
    finished = fatal >= len(made) - 1  # the last call gives the lock back, the one before ends the receipt
    ends = ["done"] * left + ["done" if finished else "did not finish"] * begun
    place = records.place(reviewed.reading.environment)
    assert [receipt["result"] for receipt in history.newest(reviewed.aws, place, 9)] == ends


GROUPS = {"security_groups": ["sg-00000000000000001"]}
"""One that is the same in every world: the name of green follows from what AWS cannot change."""
KIND, STRICT = {"transition_polls": 1}, {"transition_polls": 2, "late_by": 2}
SUBJECTS = {
    # Green is made, two queues are pointed to it, blue is disabled and deleted.
    "Fargate": (KIND, 5),
    "another instance type with BEST_FIT": (KIND, 5),
    "another name": (KIND, 5),
    # Batch does not know the role yet, and is asked twice to look at green again.
    "a role of our own": (STRICT, 7),
}


def replaced(stack, run, subject):
    """The world after an environment was replaced under its queues: at first by `run`, if it does it all."""
    stack.server.reset(**SUBJECTS[subject][0])
    stack.apply(wished(**GROUPS))
    change = {name: value for name, value in REPLACEMENTS[subject].items() if name not in GROUPS}
    wish = wished(**GROUPS, **change)
    run(Job(stack.folder / "environment.yaml", stack.plan(wish).plan))
    stack.apply(wish)
    assert not stack.plan(wish).plan.work
    return settled(stack)


@pytest.fixture(scope="module")
def undisturbed_replacement(embedded, runs, tmp_path_factory):
    """The world behind a replacement that nobody killed."""
    stack = Stack(embedded, tmp_path_factory.mktemp("replaced"))
    made = []
    found = {subject: replaced(stack, lambda job: made.append(runs.lived(job)), subject) for subject in SUBJECTS}
    assert [len(names) for names in made] == [writes for _, writes in SUBJECTS.values()]
    return found


@pytest.mark.parametrize(
    ("subject", "fatal"),
    [(subject, fatal) for subject, (_, writes) in SUBJECTS.items() for fatal in range(1, writes + 1)],
)
def test_promise_3_a_replacement_that_is_killed_after_a_write_goes_on_from_there(
    stack, runs, undisturbed_replacement, subject, fatal
):
    after = replaced(stack, lambda job: runs.killed(job, fatal), subject)
    assert after == undisturbed_replacement[subject]


@pytest.mark.parametrize("fatal", [8, 15, 22])
def test_promise_3_holds_where_everything_is_late_too(stack, runs, undisturbed, fatal):
    stack.server.reset(**STRICT)
    runs.killed(Job(SANDBOX, undisturbed.up), fatal)
    stack.carry_out(making(stack))
    assert not making(stack).plan.work
    assert settled(stack) == undisturbed.whole
    runs.killed(Job(SANDBOX, destroying(stack).plan), min(fatal, DOWN))
    stack.carry_out(destroying(stack))
    assert settled(stack) == undisturbed.empty
