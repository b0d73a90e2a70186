"""A run as a stream of events for programs: one JSON object a line, as `schemas/events.json` describes them.

The first line is always the version, the last of a run that came to an end is always its summary. A line tells what
happened in words too, under `@message`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mfinfra import __version__
from mfinfra.errors import AwsError, InvalidDocument, MfinfraError, Problem
from mfinfra.model import Action, Address, Called, Done, Event, Failed, Skipped, Started, Waiting
from mfinfra.render import inert, looks, problems, report
from mfinfra.render.board import DOING, DONE, seconds
from mfinfra.render.looks import Document
from mfinfra.render.report import Tally

FORMAT_VERSION = "1.0"
INFO, WARN, ERROR = "info", "warn", "error"
LEVELS = {"warning": WARN, "error": ERROR}
WORDS: Mapping[Action, str] = {action: action.value.replace(" and ", "_") for action in Action}
RESULTS = {
    0: "complete",
    3: "refused",
    4: "stale",
    5: "locked",
    6: "incomplete",
    129: "interrupted",
    130: "interrupted",
    143: "interrupted",
}
Line = dict[str, Any]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Stream:
    """The events of one run, each line handed whole to all of `writers` while nobody else writes.

    `command` is `apply` or `destroy`, `clock` tells the time in UTC. Threads may share it.
    """

    writers: Sequence[Callable[[str], None]]
    command: str = "apply"
    clock: Callable[[], datetime] = _now
    _begun: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, document: Document) -> None:
        """What is planned: a line for each change, one for each check that is worth a look, and the counts."""
        for change in document["resource_changes"]:
            if not looks.same(change) or change.get("blocked"):
                self._tell(_planned(change))
        for check in document["checks"]:
            if check["status"] not in {"pass", "suppressed"}:
                self._tell(_checked(check))
        self._tell(_counted(document))

    def take(self, event: Event) -> None:
        """What happens while the plan is carried out."""
        self._tell({**_happened(event), "address": str(event.address)})

    def lock_wait(self, said: str) -> None:
        """The run waits for another one's lock; `said` is whose, and until when."""
        self._tell(_line("lock_wait", INFO, said))

    def notice(self, said: str) -> None:
        """What is no event of a step and no problem: that a lock was taken over, that the run stops."""
        self._tell(_line("notice", INFO, said))

    def warning(self, said: str, hint: str | None = None) -> None:
        """Something to look at that ends nothing."""
        self._tell(_diagnostic("warning", said, hint=hint))

    def problem(self, found: Problem) -> None:
        """An error or a warning about the environment file."""
        self._tell(_problem(found))

    def error(self, raised: BaseException) -> None:
        """What ends the command; of an environment file, each problem in it."""
        for line in _ending(raised):
            self._tell(line)

    def end(self, code: int, tally: Tally | None = None, elapsed: float = 0.0) -> None:
        """The last line: how it ended, with the exit code and what was done; `elapsed` in seconds."""
        self._tell(_summary(code, tally or Tally(), elapsed))

    def _tell(self, line: Line) -> None:
        with self._lock:
            if not self._begun:
                self._begun = True
                self._write(_version(self.command))
            self._write(line)

    def _write(self, line: Line) -> None:
        moment = self.clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = json.dumps(_inert({**line, "@timestamp": moment}), sort_keys=True) + "\n"
        for write in self.writers:
            write(text)


def result(code: int, tally: Tally) -> str:
    """How a run ended, in one word that follows from its exit code."""
    return "unchanged" if code == 0 and not tally.done else RESULTS.get(code, "failed")


def _version(command: str) -> Line:
    said = {"format_version": FORMAT_VERSION, "mfinfra": __version__, "command": command}
    return _line("version", INFO, f"mfinfra {__version__}", **said)


def _planned(change: Document) -> Line:
    block = change.get("blocked")
    told = {
        "address": change["address"],
        "kind": change["kind"],
        "name": change["name"],
        "actions": list(change["change"]["actions"]),
        "action_reason": change.get("action_reason"),
        "physical_id": change.get("physical_id"),
        "blocked": {name: block.get(name) for name in ("code", "message", "hint", "lifted_by")} if block else None,
    }
    return _line("planned_change", INFO, f"{change['address']} {looks.phrase(change)}", change=told)


def _checked(check: Document) -> Line:
    severity = "error" if check["status"] == "fail" else "warning"
    return _diagnostic(
        severity, check["message"], code=check["code"], address=check.get("address"), hint=check.get("hint")
    )


def _counted(document: Document) -> Line:
    environment = {name: document["environment"][name] for name in ("name", "account", "region")}
    return _line(
        "change_summary",
        INFO,
        looks.unchanged(document) or looks.verdict(document),
        changes=dict(document["summary"]),
        environment=environment,
        plan_sha256=document.get("integrity", {}).get("plan_sha256"),
    )


def _happened(event: Event) -> Line:
    address = event.address
    match event:
        case Started(_, action):
            return _line("apply_start", INFO, f"{DOING[action]} {address}", action=WORDS[action])
        case Waiting(_, why, waited):
            said = f"{address}: {why}, {seconds(waited)}"
            return _line("apply_progress", INFO, said, why=why, seconds=round(waited, 1))
        case Called(_, call, request_id):
            asked = {"service": call.service, "operation": call.operation, "request_id": request_id}
            return _line("apply_call", INFO, f"{address}: {call}", **asked)
        case Done(_, action, took):
            said = f"{address} {DONE[action]}, {seconds(took)}"
            return _line("apply_complete", INFO, said, action=WORDS[action], seconds=round(took, 1))
        case Failed(_, action, error):
            return _errored(address, action, error)
        case Skipped(_, action, because):
            said = f"{address}: not {DONE[action]}, because {because}"
            return _line("apply_skipped", WARN, said, action=WORDS[action], because=because)


def _errored(address: Address, action: Action, error: Exception) -> Line:
    said = f"{address}: {problems.message(error)}"
    return _line("apply_errored", ERROR, said, action=WORDS[action], summary=_sentence(error), **_cause(error))


def _ending(raised: BaseException) -> Iterator[Line]:
    if isinstance(raised, InvalidDocument):
        yield from map(_problem, raised.problems)
        return
    said = problems.message(raised) if isinstance(raised, Exception) else type(raised).__name__
    yield _line(
        "diagnostic",
        ERROR,
        said,
        diagnostic={**EMPTY, **_cause(raised), "severity": "error", "summary": _sentence(raised)},
    )


def _problem(found: Problem) -> Line:
    place = {"line": found.line, "column": found.column}
    return _diagnostic(
        found.severity,
        found.message,
        code=found.code,
        address=found.subject or None,
        hint=found.hint,
        range={"file": found.file, "start": place} if found.line else None,
        snippet=found.source or None,
    )


# What a diagnostic tells where there is nothing to tell: every one has every member.
REQUEST = ("service", "operation", "aws_code", "request_id")
EMPTY: Mapping[str, Any] = dict.fromkeys(("code", "address", "range", "snippet", "hint", *REQUEST))


def _diagnostic(severity: str, summary: str, **told: Any) -> Line:
    return _line(
        "diagnostic", LEVELS[severity], summary, diagnostic={**EMPTY, **told, "severity": severity, "summary": summary}
    )


def _cause(raised: BaseException) -> Line:
    """The code and the hint of an error, and of one of AWS what identifies the request."""
    said = (raised.code, raised.hint) if isinstance(raised, MfinfraError) else (None, None)
    request = dict.fromkeys(REQUEST)
    if isinstance(raised, AwsError):
        request = {name: getattr(raised, name) or None for name in REQUEST}
    return {"code": said[0], "hint": said[1], **request}


def _sentence(raised: BaseException) -> str:
    """What AWS said, without the operation and the request that stand beside it."""
    if isinstance(raised, MfinfraError):
        return raised.message
    return problems.message(raised) if isinstance(raised, Exception) else type(raised).__name__


def _summary(code: int, tally: Tally, elapsed: float) -> Line:
    word = result(code, tally)
    counts = {
        "done": len(tally.done),
        "failed": len(tally.failed),
        "skipped": len(tally.skipped),
        "calls": tally.calls,
    }
    said = f"{word}: {counts['done']} done, {counts['failed']} failed, {counts['skipped']} skipped, {seconds(elapsed)}"
    changes = {WORDS[action]: count for action, count in report.counts(tally).items()}
    level = INFO if code == 0 else ERROR
    told = {"result": word, "exit_code": code, "counts": counts, "changes": changes, "seconds": round(elapsed, 1)}
    return _line("apply_summary", level, said, **told)


def _line(type_: str, level: str, message: str, **told: Any) -> Line:
    return {"type": type_, "@level": level, "@message": inert.line(message), **told}


def _inert(value: Any) -> Any:
    """Every text made harmless, line by line: a hint may have several."""
    match value:
        case str():
            return "\n".join(map(inert.line, value.split("\n")))
        case Mapping():
            return {name: _inert(item) for name, item in value.items()}
        case list() | tuple():
            return [_inert(item) for item in value]
        case _:
            return value
