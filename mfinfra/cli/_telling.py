"""What a command that writes says while it runs, to people and to programs: a report, or a stream of events."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.text import Text

from mfinfra.cli import _failure
from mfinfra.errors import UserError
from mfinfra.model import Event
from mfinfra.render import console, events, inert, problems, report, sink, streams


@dataclass(slots=True)
class Telling:
    """Hears of everything that happens, and hands it to the stream; `json` says that stdout is the stream's."""

    stream: events.Stream
    json: bool
    tally: report.Tally = field(default_factory=report.Tally)
    began: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    def plan(self, document: Mapping[str, Any]) -> None:
        """What is going to be carried out."""
        self.stream.plan(document)

    def take(self, event: Event) -> None:
        """What happens."""
        self.tally.take(event)
        self.stream.take(event)

    def report(self, lines: Iterable[Text]) -> None:
        """Print on stdout what people read there; what stdout does not take changes nothing of what was done."""
        if self.json:
            return
        try:
            console.write(lines, sys.stdout)
        except UserError as error:
            _complain(f"the report cannot be shown: {error}")


@contextmanager
def of(command: str, path: Path | None, *, json: bool, into: Path | None) -> Iterator[Telling]:
    """The telling of one command over the file at `path`; whatever ends the command is told as well."""
    if into is not None and path is not None and into.resolve() == path.resolve():
        raise UserError(f"`--json-into` would write over `{path}`", hint="name another file")
    with ExitStack() as open_:
        sinks = [sink.standard(sys.stdout, _complain)] if json else []
        if into is not None:
            sinks.append(open_.enter_context(sink.into(into, _complain)))
        telling = Telling(events.Stream([one.write for one in sinks], command), json)
        try:
            yield telling
        except BaseException as raised:
            telling.stream.error(raised)
            telling.stream.end(_failure.code(raised), telling.tally, telling.elapsed)
            raise


def _complain(said: str) -> None:
    console.write(problems.warning(inert.line(said), None), sys.stderr)


def stderr(said: str) -> None:
    """One line for people who read a log."""
    if not streams.interactive(sys.stderr):
        streams.put(f"{inert.line(said)}\n", sys.stderr)
