"""A terminal of 80 columns, on which somebody answers what they are asked."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

import pyte

COLUMNS, LINES = 80, 200
LIMIT = 20.0  # seconds without a sign of life


def at_80_columns(argv, environ, folder, answers):
    """Run a command; each of `answers` is typed once its prompt is there. Returns the exit code and the screen."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-m", "mfinfra", *argv], environ)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    screen = pyte.Screen(COLUMNS, LINES)
    stream, waiting, fresh = pyte.ByteStream(screen), list(answers), b""
    while True:
        if not select.select([terminal], [], [], LIMIT)[0]:
            os.kill(process, signal.SIGKILL)
            break
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        stream.feed(part)
        fresh += part
        if waiting and waiting[0][0].encode() in fresh:
            fresh = b""
            os.write(terminal, waiting.pop(0)[1].encode())
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    lines = [line.rstrip() for line in screen.display]
    while lines and not lines[-1]:
        lines.pop()
    return os.waitstatus_to_exitcode(status), lines
