"""The end of an apply: what was done, what failed and why, what was skipped, and what that comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rich.text import Text

from mfinfra.errors import MfinfraError
from mfinfra.model import Action, Address, Call, Called, Done, Event, Failed, Skipped
from mfinfra.render import inert, problems
from mfinfra.render.board import DONE, seconds


@dataclass(slots=True)
class Tally:
    """What has happened in a run; `calls` counts the writes that AWS answered, `called` has them by address."""

    done: list[Done] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    calls: int = 0
    called: dict[Address, list[Call]] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Note what happened."""
        match event:
            case Done():
                self.done.append(event)
            case Failed():
                self.failed.append(event)
            case Skipped():
                self.skipped.append(event)
            case Called():
                self.calls += 1
                self.called.setdefault(event.address, []).append(event.call)

    @property
    def whole(self) -> bool:
        """Whether everything that was planned was carried out."""
        return not self.failed and not self.skipped

    @property
    def bugs(self) -> tuple[Exception, ...]:
        """What failed for a reason that is nobody's fault but ours."""
        return tuple(event.error for event in self.failed if not isinstance(event.error, MfinfraError))


def counts(tally: Tally) -> dict[Action, int]:
    """How many steps of each action were carried out, always in the same order."""
    done = Counter(event.action for event in tally.done)
    return {action: done[action] for action in Action}


def lines(tally: Tally, elapsed: float, verb: str = "Apply", *, interrupted: bool = False) -> Iterator[Text]:
    """The report; `elapsed` in seconds."""
    if tally.done and not tally.whole:
        yield Text("Done", "bold green")
        yield from (Text(f"  {inert.line(event.address)} {DONE[event.action]}") for event in tally.done)
    if tally.failed:
        yield Text("Failed", "bold red")
        for event in tally.failed:
            yield from _failure(event)
            yield from _before(tally.called.get(event.address, ()))
    if tally.skipped:
        yield Text("Skipped", "bold yellow")
        yield from (
            Text(f"  {inert.line(event.address)}: not {DONE[event.action]}, because {inert.line(event.because)}")
            for event in tally.skipped
        )
    yield verdict(tally, elapsed, verb, interrupted=interrupted)


def verdict(tally: Tally, elapsed: float, verb: str = "Apply", *, interrupted: bool = False) -> Text:
    """The last line: `Apply complete: …` or `Apply stopped part-way: …`."""
    took = f"in {seconds(elapsed)}"
    if tally.whole and not interrupted:
        told = [f"{count} {DONE[action]}" for action, count in counts(tally).items() if count]
        said = ", ".join(told) or "nothing was to be done"
        return Text.assemble((f"{verb} complete: ", "bold green"), f"{said}, {took}")
    word = "interrupted" if interrupted else "stopped part-way" if tally.calls else "failed"
    counted = f"{len(tally.done)} done, {len(tally.failed)} failed, {len(tally.skipped)} skipped"
    said = f"{counted}, {took}; the same command goes on from here"
    return Text.assemble((f"{verb} {word}: ", "bold red"), said)


def _failure(event: Failed) -> Iterator[Text]:
    error = event.error
    line = Text(f"  {inert.line(event.address)}: ").append(inert.line(problems.message(error)))
    code = error.code if isinstance(error, MfinfraError) else "a bug in mfinfra"
    yield line.append(f" [{inert.line(code)}]", "dim") if code else line
    yield from problems.hint(error.hint if isinstance(error, MfinfraError) else None, 4)


def _before(calls: Iterable[Call]) -> Iterator[Text]:
    """What had been done to what failed: the thing may stand although its step was not finished."""
    names = [f"`{inert.line(name)}`" for name in dict.fromkeys(map(str, calls))]
    if names:
        yield Text("    done before that: ").append(", ".join(names))
