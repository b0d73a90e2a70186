"""How botocore sends: few tries with short pauses, within limits that end; and what is asked before each of them.

What outlasts botocore's own tries is `retry`'s: there a pause is told and ends when the run is stopped. botocore's
pauses are neither, so they stay within seconds.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import IncompleteReadError
from botocore.parsers import ResponseParserError

from mfinfra import __version__

TRIES = 3
CONNECT = 10.0
READ = 60.0
# Who cannot be reached when asked who we are will not be reached at all: a machine without a network is told so soon.
FIRST = "sts"
FIRST_TRIES = 2
FIRST_CONNECT = 5.0
FIRST_READ = 15.0
REFUSED = 300
BROKEN = 500
SHOWN = 80
WHOLE = re.compile(rb"\s*(?:\{.*\}|\[.*\])\s*", re.DOTALL)


def config(service: str, *, emulated: bool, parallelism: int) -> Config:
    """The limits of a client of `service`: at most three tries, seconds to connect, a minute to answer."""
    first = service == FIRST
    more: dict[str, Any] = {"proxies": {}, "s3": {"addressing_style": "path"}} if emulated else {}
    return Config(
        user_agent_extra=f"mfinfra/{__version__}",
        retries={"mode": "standard", "total_max_attempts": FIRST_TRIES if first else TRIES},
        max_pool_connections=max(10, parallelism),
        connect_timeout=FIRST_CONNECT if first else CONNECT,
        read_timeout=FIRST_READ if first else READ,
        ignore_configured_endpoint_urls=emulated,  # type: ignore[call-arg] # the stubs lack it
        **more,
    )


def watch(client: Any) -> None:
    """Ask for a permit before everything that `client` sends, take no torn answer, and try no quota again."""
    client.meta.events.register("before-send", _ask_permit)
    client.meta.events.register("before-parse", _refuse_torn)
    client.meta.events.register_first(f"needs-retry.{client.meta.service_model.service_id.hyphenize()}", _final)


class _Sending(threading.local):
    """What this thread asks before it sends anything."""

    permit: Callable[[], None] | None = None
    once: bool = False


_sending = _Sending()


@contextmanager
def permitted(permit: Callable[[], None] | None) -> Iterator[None]:
    """Ask `permit` now and before each request that this thread sends meanwhile."""
    if permit is not None:
        permit()
    before, _sending.permit = _sending.permit, permit
    try:
        yield
    finally:
        _sending.permit = before


@contextmanager
def tried_once(*, once: bool) -> Iterator[None]:
    """Let botocore repeat nothing that this thread sends meanwhile and that may have taken effect, if it is `once`."""
    before, _sending.once = _sending.once, once
    try:
        yield
    finally:
        _sending.once = before


def _ask_permit(**_: Any) -> None:
    """Called by botocore before each attempt: between two of them it may pause longer than a lock lasts."""
    permit = _sending.permit
    if permit is not None:
        with permitted(None):  # to find out, a permit may send requests of its own
            permit()


def _final(response: tuple[Any, Mapping[str, Any]] | None = None, **_: Any) -> bool | None:
    """Called by botocore after each try: false ends the tries.

    What may be sent only once ends without an answer, and with one of a breakdown. And botocore takes every
    `LimitExceededException` for a throttle, but a quota does not grow while one waits, as that of changes of a table's
    billing mode in a day. https://github.com/aws-amplify/amplify-cli/issues/1054
    """
    if _sending.once and (response is None or response[0].status_code >= BROKEN):
        return False
    error = response[1].get("Error", {}) if response else {}
    quota = error.get("Code") == "LimitExceededException" and "simultaneously" not in str(error.get("Message", ""))
    return False if quota else None


def _refuse_torn(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    """Called by botocore before it reads an answer, which takes half a document for one that says nothing.

    It lets urllib3 compare no lengths, and what is no JSON is an empty answer to it: "there is none", and no error.
    """
    body, headers = response_dict["body"], response_dict["headers"]
    if not isinstance(body, bytes) or operation_model.http.get("method") == "HEAD":
        return  # what streams is measured where it is read
    said = str(headers.get("content-length", ""))
    if said.isdecimal() and int(said) != len(body):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=int(said))
    as_json = str(operation_model.service_model.resolved_protocol).endswith("json")
    if as_json and response_dict["status_code"] < REFUSED and body.strip() and not WHOLE.fullmatch(body):
        raise ResponseParserError(f"an answer that is no JSON: {body[:SHOWN]!r}")
