"""Runs checks against AWS, side by side, each as soon as those that it needs are through."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Protocol

from mfinfra.errors import AccessDenied, AwsError, MfinfraError
from mfinfra.model import Call, Check, Checked, Finding, Verdict

PASSABLE = frozenset({Verdict.PASSED, Verdict.WARNING})
# Every other operation leaves something behind, or takes it away.
READING = ("Describe", "Get", "List", "Head", "BatchGet", "Simulate", "Lookup")


class Reader(Protocol):
    """What checks need of AWS."""

    parallelism: int

    def ask(self, call: Call) -> Any:
        """Send a call; the answer has a `document`."""
        ...


def run(reader: Reader, checks: Sequence[Check]) -> Iterator[Checked]:
    """Every check with its findings, as they come; a check may only need those that stand before it."""
    done: dict[str, Checked] = {}
    waiting, running = list(checks), dict[Future[Checked], Check]()
    with ThreadPoolExecutor(max_workers=max(1, reader.parallelism)) as pool:
        while waiting or running:
            for check in [each for each in waiting if set(each.needs) <= done.keys()]:
                waiting.remove(check)
                missing = [need for need in check.needs if done[need].verdict not in PASSABLE]
                if missing:
                    done[check.id] = skipped(check, missing)
                    yield done[check.id]
                else:
                    running[pool.submit(one, reader, check)] = check
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                check = running.pop(future)
                done[check.id] = future.result()
                yield done[check.id]


def skipped(check: Check, missing: Sequence[str]) -> Checked:
    """A check that has nothing to go on."""
    named = " and ".join(f"`{need}`" for need in missing)
    return Checked(check, (Finding(Verdict.SKIPPED, check.id, f"not checked: {named} did not pass"),))


def one(reader: Reader, check: Check) -> Checked:
    """Run one check to its end; what AWS refuses and the check does not expect is a finding of its own."""
    began, touched = time.monotonic(), list[str]()
    try:
        findings = _ask(reader, check, touched)
    except MfinfraError as error:
        findings = (refused(check, error),)
    return Checked(check, findings, time.monotonic() - began, tuple(touched))


def _ask(reader: Reader, check: Check, touched: list[str]) -> tuple[Finding, ...]:
    asker = check.ask()
    try:
        call = next(asker)
        while True:
            if not call.operation.startswith(READING):
                touched.append(str(call))
            try:
                answer = reader.ask(call).document
            except AwsError as error:
                call = asker.throw(error)
            else:
                call = asker.send(answer)
    except StopIteration as ended:
        found: tuple[Finding, ...] = ended.value
        return found


def refused(check: Check, error: MfinfraError) -> Finding:
    """What AWS said no to, as a finding."""
    code = "MF5004" if isinstance(error, AccessDenied) else "MF5005"
    return Finding(Verdict.FAILED, check.id, str(error), code, fix=error.hint)
