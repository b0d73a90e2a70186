"""Streams for tests: a terminal that is none, and one whose reader has gone."""

import io


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Closed(io.StringIO):
    def write(self, text):
        raise BrokenPipeError
