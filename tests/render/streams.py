"""Streams for tests: a terminal that is none, and one whose reader has gone."""

import errno
import io


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Closed(io.StringIO):
    def write(self, text):
        raise BrokenPipeError


class Full(io.StringIO):
    """On a disk that is full."""

    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")
