"""The faults: what happens to a request instead of an answer, or besides one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mfinfra.sandbox.corrections.call import ServiceError
from mfinfra.sandbox.corrections.wire import Reply, failure
from mfinfra.sandbox.faults import words
from mfinfra.sandbox.faults.request import Request
from mfinfra.sandbox.listener import Hangup

CarryOut = Callable[[], Reply]


@dataclass(frozen=True, slots=True)
class Torn:
    """An answer of which only the first `sent` bytes of the body leave."""

    reply: Reply
    sent: int


Act = Callable[[Request, CarryOut], "Reply | Torn"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to a request: `act` is handed it and the way to have it carried out; raises `Hangup` to cut."""

    name: str
    act: Act = field(repr=False)


def refused(code: str, message: str, status: int = 400) -> Fault:
    """Any refusal, with its code as it stands on the wire, in the protocol of the service."""
    return _refusal(code, lambda _request: ServiceError(code, message, status))


def late(seconds: float) -> Fault:
    """The request is carried out after `seconds`."""

    def act(_request: Request, carry_out: CarryOut) -> Reply:
        time.sleep(seconds)
        return carry_out()

    return Fault("late", act)


def after(act: Callable[[Request, int], None]) -> Fault:
    """Carried out; then `act(request, status)` is called, and only then the answer is sent, unless `act` raises."""

    def carried(request: Request, carry_out: CarryOut) -> Reply:
        reply = carry_out()
        act(request, reply.status)
        return reply

    return Fault("after", carried)


def _refusal(name: str, said: Callable[[Request], ServiceError]) -> Fault:
    return Fault(name, lambda request, _carry_out: failure(request.service, request.protocol, said(request)))


def _cut(_request: Request, _carry_out: CarryOut) -> Reply:
    raise Hangup


def _lost(_request: Request, carry_out: CarryOut) -> Reply:
    carry_out()
    raise Hangup


def _half(_request: Request, carry_out: CarryOut) -> Torn:
    reply = carry_out()
    return Torn(reply, len(reply.body) // 2)


THROTTLED = _refusal("throttled", words.throttled)
"""Too many requests, in the service's own words."""
BROKEN = _refusal("broken", words.broken)
"""500."""
UNAVAILABLE = _refusal("unavailable", words.unavailable)
"""503."""
DENIED = _refusal("denied", words.denied)
"""No permission."""
EXPIRED = _refusal("expired", words.expired)
"""The credentials ended."""
CUT = Fault("cut", _cut)
"""The connection ends before the request is carried out."""
LOST = Fault("lost", _lost)
"""Carried out; the connection ends before a byte of the answer."""
HALF = Fault("half", _half)
"""Carried out; the connection ends in the middle of the answer. One without a body is lost whole."""
