"""A proxy that does to requests what AWS and networks do: refuse them, cut them off, lose their answers.

It stands in front of any WSGI application: the sandbox's, or `Upstream(url)`, which asks any emulator over HTTP. What
it does is data, a `Script`: the first of its parts that strikes a request decides. In tests, on the embedded sandbox:

    stack.server.faults = Script(
        Rule("batch.CreateComputeEnvironment", LOST, skip=1),  # the second one is carried out, its answer is lost
        Rule("iam.* sts.*", THROTTLED, times=3),  # the next three requests to IAM or STS
        Rule("s3.PutObject", DENIED, times=None, about="history/"),  # every one whose URL or body says `history/`
        Rule("writes", after(kill), skip=4),  # `kill(request, status)` once the fifth write took effect
        Chance(0.15, (THROTTLED,), seed=7),  # of all others 15 %
    )
    stack.server.faults.log  # every request since, as `Event`s; `.struck` has those that a fault met
    stack.server.faults = None  # so does `reset()`

A rule counts every request that it fits, from the moment that the script is set, also those that an earlier rule takes:
it strikes the requests number `skip + 1` to `skip + times`; `times=None` is for ever. What to match: `reads`, `writes`,
or patterns as `service.Operation` in botocore's names, `*` for any, several with spaces between them. SDKs repeat what
failed, and every repetition is a request of its own: a throttle that mfinfra is to see needs `times=None`.

A chance is drawn from its seed, the operation and how many requests of that operation there were: how threads
interleave changes nothing.

Another emulator behind the proxy: `Listener(0, Faulty(Upstream("http://127.0.0.1:5000"), script))`.
"""

from __future__ import annotations

from mfinfra.sandbox.faults.kinds import (
    BROKEN,
    CUT,
    DENIED,
    EXPIRED,
    HALF,
    LOST,
    THROTTLED,
    UNAVAILABLE,
    Fault,
    after,
    late,
    refused,
)
from mfinfra.sandbox.faults.proxy import Faulty
from mfinfra.sandbox.faults.request import Request
from mfinfra.sandbox.faults.script import Chance, Event, Rule, Script
from mfinfra.sandbox.faults.upstream import Upstream

__all__ = [
    "BROKEN",
    "CUT",
    "DENIED",
    "EXPIRED",
    "HALF",
    "LOST",
    "THROTTLED",
    "UNAVAILABLE",
    "Chance",
    "Event",
    "Fault",
    "Faulty",
    "Request",
    "Rule",
    "Script",
    "Upstream",
    "after",
    "late",
    "refused",
]
