"""Calls that a service of the sandbox makes itself: through the corrections, as a client's are."""

from __future__ import annotations

from typing import Any, Final

from mfinfra.sandbox.corrections import apply, corrected
from mfinfra.sandbox.corrections.alone import lock
from mfinfra.sandbox.corrections.call import Answer, Call

SIGNED_AS: Final = {"stepfunctions": "states", "resourcegroupstaggingapi": "tagging"}


def ask(call: Call, service: str, operation: str, /, **params: Any) -> Answer:
    """Ask as a client of the same account and region. Raises `ServiceError`."""
    signed = SIGNED_AS.get(service, service)
    asked = Call(signed, operation, call.region, call.account, params, call.asking)
    with lock:
        acts = corrected(signed, operation)
        return apply(acts, asked, lambda: call.asking(service, operation, call.region, asked.params))
