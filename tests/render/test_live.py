"""The live table at a real terminal: what a person sees on the screen, kept by a terminal emulator."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time

import pyte
import pytest

pytestmark = pytest.mark.slow
RUN = """
import os, sys, time
from mfinfra.model import Action, Address, Done, Failed, Started, Waiting
from mfinfra.errors import UserError
from mfinfra.render import progress
from mfinfra.render.board import Board

def run():
    roles = [Address("role", f"r{n}") for n in range(STEPS)]
    for role in roles:
        yield Started(role, Action.CREATE)
    yield Waiting(roles[0], "IAM is making the new role known to other services, which takes as long as it takes", 0.0)
    os.read(GO, 1)
    for role in roles[:-1]:
        yield Done(role, Action.CREATE, 6.0)
        time.sleep(0.1)
    yield Failed(roles[-1], Action.CREATE, UserError("no " + "word " * 30))

for event in progress.follow(run(), sys.stderr, Board(total=STEPS)):
    pass
print("the report")
"""


ROLES_WAIT = r"(?s)role\.r0.*[1-9] s"


class Person:
    """Somebody who watches a process at a terminal of so many columns and lines; it ends when it is told to go on."""

    def __init__(self, steps, columns=80, lines=24):
        self.screen = pyte.HistoryScreen(columns, lines, history=1000)
        self.shown = pyte.ByteStream(self.screen)
        self.terminal, inner = pty.openpty()
        self._sized(columns, lines)
        waits, self.go = os.pipe()
        code = RUN.replace("STEPS", str(steps)).replace("GO", str(waits))
        # readline, where anything imports it, leaves its own idea of the terminal in the environment
        sized = {"COLUMNS", "LINES"}
        environ = {name: value for name, value in os.environ.items() if name not in sized} | {"TERM": "xterm"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=environ,
            start_new_session=True,
            pass_fds=[waits],
        )
        os.close(inner)
        os.close(waits)

    def _sized(self, columns, lines):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def narrows(self, columns):
        self.screen.resize(columns=columns)
        self._sized(columns, self.screen.lines)
        os.kill(self.process.pid, signal.SIGWINCH)

    def goes_on(self):
        os.close(self.go)

    def watches(self, until, limit=60.0):
        """Read on until `until` is on the screen; without it, until the process has ended."""
        end = time.monotonic() + limit
        while until is None or not re.search(until, "\n".join(self.sees)):
            assert time.monotonic() < end, f"never seen: {until}\n" + "\n".join(self.sees)
            try:
                part = os.read(self.terminal, 65536)
            except OSError:
                break
            if not part:
                break
            self.shown.feed(part)
        return self.sees

    @property
    def sees(self):
        above = ["".join(row[n].data for n in range(self.screen.columns)) for row in self.screen.history.top]
        return [line.rstrip() for line in (*above, *self.screen.display) if line.strip()]

    def leaves(self):
        os.close(self.terminal)  # what still writes there is hung up
        return self.process.wait(30)


@pytest.fixture
def watching():
    there = []

    def begin(*args, **kwargs):
        there.append(Person(*args, **kwargs))
        return there[-1]

    yield begin
    assert [person.leaves() for person in there] == [0]


def test_the_table_is_redrawn_in_place_and_leaves_nothing_but_what_ended(watching):
    person = watching(3)
    middle = person.watches(ROLES_WAIT)
    assert [line.split()[1] for line in middle[:3]] == ["role.r0", "role.r1", "role.r2"]
    assert "IAM is making the new role known" in middle[0]
    assert middle[-1] == "  0 of 3 done"
    assert len(middle) == 4
    person.goes_on()
    end = person.watches(None)
    assert end[:2] == ["done     role.r0 created, 6 s", "done     role.r1 created, 6 s"]
    assert end[2].startswith("failed   role.r2: no word")
    assert end[-1] == "the report"
    assert not [line for line in end if "of 3 done" in line or "IAM" in line]
    assert not person.screen.cursor.hidden


def test_more_steps_than_the_terminal_has_lines_are_counted(watching):
    person = watching(40, lines=10)
    middle = person.watches(ROLES_WAIT)
    assert len(middle) <= 10
    assert middle[-1] == "  0 of 40 done, 35 more are running"
    person.goes_on()
    end = person.watches(None)
    assert [line for line in end if line.startswith("done")] == [f"done     role.r{n} created, 6 s" for n in range(39)]
    assert not [line for line in end if "running" in line]


def test_a_terminal_that_is_made_narrower_is_followed(watching):
    person = watching(3)
    person.watches(ROLES_WAIT)
    person.narrows(50)
    person.watches(r"(?m)^.{1,49}…$")
    person.goes_on()
    end = person.watches(None)
    assert end[-1] == "the report"
    assert "done     role.r1 created, 6 s" in end
