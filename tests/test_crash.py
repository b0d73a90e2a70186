"""Promise 3, a crash loses nothing: killed after any writing call and run again, apply converges."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from stack import Stack, changed, inventory

from mfinfra import desired, reconcile
from mfinfra.aws.session import Aws

pytestmark = pytest.mark.slow
SANDBOX = Path(__file__).parent.parent / "environments" / "sandbox.yaml"
WRITES = 32
"""How many writing calls bring the guide's stack up; a test holds this number to the truth."""


class Killed(BaseException):
    """Ends the process as far as the engine can tell: nothing catches it, nothing is sent after it."""


def dying_after(aws, fatal):
    """`aws`, which answers `fatal` writing calls and is gone with the last answer undelivered."""
    lock, sent = threading.Lock(), []

    class Dying(Aws):
        def ask(self, call):
            if len(sent) >= fatal:
                raise Killed
            return Aws.ask(self, call)

        def write(self, call, waiting, *more):
            with lock:
                if len(sent) >= fatal:
                    raise Killed
                answer = Aws.write(self, call, waiting, *more)
                sent.append(call)
                if len(sent) >= fatal:
                    raise Killed
                return answer

    fields = {name: getattr(aws, name) for name in Aws.__dataclass_fields__}
    return Dying(**fields)


@pytest.fixture(scope="module")
def whole(embedded, tmp_path_factory):
    """What the stack looks like when nobody kills anything, and how many writes that takes."""
    embedded.reset(transition_polls=0)
    stack = Stack(embedded, tmp_path_factory.mktemp("whole"))
    stack.apply(SANDBOX)
    return inventory(stack), len(stack.writes())


def test_the_number_of_writes_is_the_one_that_this_file_goes_through(whole):
    assert whole[1] == WRITES


@pytest.mark.parametrize("fatal", range(1, WRITES))
def test_promise_3_killed_after_a_write_and_run_again_nothing_is_lost_or_doubled(stack, whole, fatal):
    stack.server.reset(transition_polls=1)  # what was begun may still be CREATING when the next run comes
    reviewed = stack.plan(SANDBOX)
    run = reviewed.apply()
    run.aws = dying_after(reviewed.aws, fatal)
    list(run.events())
    assert len(stack.writes()) == fatal

    stack.apply(SANDBOX)
    assert changed(stack.plan(SANDBOX)) == {}
    assert inventory(stack) == whole[0]
    assert len(stack.writes()) <= WRITES + 2  # at most what was under way is written again


KILL = """
import os, signal, sys
sys.path[:0] = [{tests!r}]
from pathlib import Path
from types import SimpleNamespace
from stack import Stack
from test_crash import SANDBOX, dying_after
import test_crash

class Dead(BaseException):
    def __init__(self):
        os.kill(os.getpid(), signal.SIGKILL)

test_crash.Killed = Dead
stack = Stack(SimpleNamespace(endpoint={endpoint!r}), Path({folder!r}))
run = stack.plan(SANDBOX).apply()
run.aws = dying_after(run.aws, {fatal})
list(run.events())
"""


@pytest.mark.parametrize("fatal", [2, 11, 20, 29])
def test_promise_3_a_process_that_is_really_killed_leaves_what_the_next_one_finishes(stack, whole, tmp_path, fatal):
    tests = str(Path(__file__).parent)
    program = KILL.format(tests=tests, endpoint=stack.server.endpoint, folder=str(tmp_path), fatal=fatal)
    killed = subprocess.run([sys.executable, "-c", program], cwd=SANDBOX.parent.parent, env={**os.environ}, check=False)
    assert killed.returncode == -signal.SIGKILL

    stack.apply(SANDBOX)
    assert changed(stack.plan(SANDBOX)) == {}
    assert inventory(stack) == whole[0]


def test_promise_3_a_deletion_that_is_killed_at_any_moment_is_finished_by_the_next_one(stack):
    stack.server.reset(transition_polls=1)
    file = SANDBOX
    allowed = frozenset(str(address) for address in desired.read(file).environment.resources)
    stack.apply(file)
    for fatal in (1, 4, 9, 15, 22):
        reading = desired.read(file)
        reviewed = reconcile.compare(stack.connect(reading), reading, reconcile.Options(destroy=True))
        run = reviewed.apply(reconcile.Allowed(destroy=allowed))
        run.aws = dying_after(reviewed.aws, fatal)
        list(run.events())
    stack.apply(file, destroy=True, allow_destroy=allowed)
    assert stack.plan(file, destroy=True).plan.steps == ()
