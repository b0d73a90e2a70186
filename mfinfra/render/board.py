"""Where a run stands: its steps that run, and how many have ended; as sentences, and as a table for a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, OverflowMethod, RenderResult
from rich.text import Text

from mfinfra.model import Action, Address, Called, Done, Event, Failed, Skipped, Started, Waiting
from mfinfra.render import inert, looks
from mfinfra.render.looks import Document

ROOM = 60  # columns, below which the sign alone says what is done
NAMED = 3  # steps in one heartbeat
CHROME = 4  # lines of a terminal that are not for steps: totals, a notice, a line for the rest, one above
DOING: Mapping[Action, str] = {
    Action.CREATE: "creating",
    Action.UPDATE: "updating",
    Action.DELETE: "destroying",
    Action.REPLACE: "replacing",
    Action.ADOPT: "adopting",
    Action.ADOPT_UPDATE: "adopting and updating",
    Action.FORGET: "forgetting",
    Action.NOOP: "checking",
}
DONE: Mapping[Action, str] = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "destroyed",
    Action.REPLACE: "replaced",
    Action.ADOPT: "adopted",
    Action.ADOPT_UPDATE: "adopted and updated",
    Action.FORGET: "forgotten",
    Action.NOOP: "checked",
}
LIKE: Mapping[Action, tuple[str, ...]] = {
    Action.REPLACE: ("delete", "create"),
    Action.ADOPT_UPDATE: ("adopt", "update"),
    Action.NOOP: ("no-op",),
}


@dataclass(slots=True)
class Running:
    """A step that has begun: what it does, since when, and what it waits for."""

    action: Action
    began: float
    why: str = ""

    def said(self, address: Address, now: float) -> str:
        """`creating job_queue.default, 12 s: Batch is creating the queue`."""
        why = f": {inert.line(self.why)}" if self.why else ""
        return f"{DOING[self.action]} {inert.line(address)}, {seconds(now - self.began)}{why}"


@dataclass(slots=True)
class Board:
    """Events come in, and what runs can be looked at any time. `clock` gives seconds; threads may share it.

    `total` is how many steps there are, 0 where that is not known; `signs` is how the plan draws a step that is not
    drawn like every other of its action. `notice` is a line that stays above the table.
    """

    total: int = 0
    signs: Mapping[str, looks.Look] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    running: dict[Address, Running] = field(default_factory=dict)
    done: int = 0
    failed: int = 0
    skipped: int = 0
    notice: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, document: Document) -> Board:
        """A board for the steps of a plan, each with its sign."""
        changes = [change for change in document["resource_changes"] if not looks.same(change)]
        return cls(len(changes), {change["address"]: looks.action(change) for change in changes})

    def replan(self, document: Document) -> None:
        """Another plan is carried out than was thought, before its first step."""
        fresh = Board.of(document)
        with self.lock:
            self.total, self.signs = self.done + fresh.total, fresh.signs

    def take(self, event: Event) -> None:
        """Note what happened."""
        with self.lock:
            step = self.running.get(event.address)
            match event:
                case Started(address, action):
                    self.running[address] = Running(action, self.clock())
                case Waiting(_, why) if step:
                    step.why = why
                case Called() if step:
                    step.why = ""
                case Done():
                    self._end(event.address)
                    self.done += 1
                case Failed():
                    self._end(event.address)
                    self.failed += 1
                case Skipped():
                    self._end(event.address)
                    self.skipped += 1

    def _end(self, address: Address) -> None:
        self.running.pop(address, None)

    def standing(self) -> list[str]:
        """One sentence for each running step, the oldest first."""
        return [step.said(address, self.clock()) for address, step in self._steps()]

    def heartbeat(self) -> str:
        """What goes on in one line: the oldest steps and how many more there are; empty while none runs."""
        said = self.standing()
        more = [f"{len(said) - NAMED} more"] if len(said) > NAMED else []
        return f"{'; '.join([*said[:NAMED], *more])} ({self.totals()})" if said else ""

    def totals(self) -> str:
        """`7 of 24 done, 1 failed, 2 skipped`."""
        with self.lock:
            # What is checked only, without a change of its own, is in no plan's count of changes.
            total = max(self.total, self.done + self.failed + self.skipped + len(self.running)) if self.total else 0
            said = [f"{self.done} of {total} done" if total else f"{self.done} done"]
            said += [f"{count} {word}" for count, word in ((self.failed, "failed"), (self.skipped, "skipped")) if count]
        return ", ".join(said)

    def _steps(self) -> list[tuple[Address, Running]]:
        with self.lock:
            return sorted(self.running.items(), key=lambda item: (item[1].began, item[0]))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table: a line for each step, as many as there is room for, each cut to the terminal's width."""
        steps = self._steps()
        room = max(1, console.size.height - CHROME)
        shown = steps if len(steps) <= room else steps[: room - 1]
        if self.notice:
            yield _cut(Text("  ! ", "yellow").append(inert.line(self.notice)), options)
        yield from (_cut(row, options) for row in self._rows(shown, options))
        rest = len(steps) - len(shown)
        more = f", {rest} more {'is' if rest == 1 else 'are'} running" if rest else ""
        yield _cut(Text(f"  {self.totals()}{more}", "dim"), options)

    def _rows(self, steps: list[tuple[Address, Running]], options: ConsoleOptions) -> list[Text]:
        now, width = self.clock(), options.max_width
        told = [
            (self._look(address, step), inert.line(address), DOING[step.action], seconds(now - step.began), step.why)
            for address, step in steps
        ]
        names = min(max((cell_len(name) for _, name, *_ in told), default=0), max(12, width * 2 // 5))
        doing = max((len(word) for _, _, word, *_ in told), default=0) if width >= ROOM else 0
        since = max((len(spent) for *_, spent, _ in told), default=0)
        rows = []
        for look, name, word, spent, why in told:
            row = Text("  ").append(f"{look.symbol:>3}", look.style).append(" ")
            address = Text(name)
            address.truncate(names, overflow=_overflow(options), pad=True)
            row.append(address)
            row.append(f"  {word:<{doing}}" if doing else "", "dim").append(f"  {spent:>{since}}")
            rows.append(row.append(f"  {inert.line(why)}" if why else ""))
        return rows

    def _look(self, address: Address, step: Running) -> looks.Look:
        return self.signs.get(str(address)) or looks.LOOKS[LIKE.get(step.action, (str(step.action),))]


def seconds(value: float) -> str:
    """`4 s`, `1 min 20 s`."""
    whole = int(value)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"  # noqa: PLR2004 - a minute


def _cut(line: Text, options: ConsoleOptions) -> Text:
    """One line of the terminal, whatever it holds: a table whose lines wrap jumps and leaves pieces behind."""
    line.truncate(options.max_width, overflow=_overflow(options))
    line.no_wrap = True
    return line


def _overflow(options: ConsoleOptions) -> OverflowMethod:
    return "crop" if options.ascii_only else "ellipsis"
