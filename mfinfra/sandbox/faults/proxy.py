"""The WSGI application in front of another one that does what a script says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, Final

from mfinfra.sandbox.corrections.wire import Environ, Reply
from mfinfra.sandbox.faults.kinds import Fault, Torn
from mfinfra.sandbox.faults.request import recognised
from mfinfra.sandbox.faults.script import Event, Script
from mfinfra.sandbox.listener import Application, Hangup

CONTROL: Final = "/_mfinfra/"


class Faulty:
    """Passes requests on to `upstream`, and does to them what `script` says; without one it is not there."""

    def __init__(self, upstream: Application, script: Script | None = None) -> None:
        self._upstream = upstream
        self.script = script

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request, or raise `Hangup`."""
        script = self.script
        if script is None:
            return self._upstream(environ, start_response)
        if environ["PATH_INFO"].startswith(CONTROL):
            if environ["PATH_INFO"] == f"{CONTROL}reset":
                script.rewind()  # an empty sandbox is a new one: the same seed says the same again
            return self._upstream(environ, start_response)
        return self._struck(script, environ, start_response)

    def _struck(self, script: Script, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = recognised(environ)
        fault = script.fault_for(request) or PASSED_ON
        answered: list[int] = []

        def carry_out() -> Reply:
            reply = _collected(self._upstream, environ)
            answered.append(reply.status)
            return reply

        try:
            said = fault.act(request, carry_out)
        finally:
            script.record(Event(request, fault.name, answered[0] if answered else None))
        if isinstance(said, Reply):
            return _send(said, start_response)
        if not said.sent or environ["REQUEST_METHOD"] == "HEAD":
            raise Hangup
        return _send_part(said, start_response)


PASSED_ON: Final = Fault("", lambda _request, carry_out: carry_out())


def _collected(application: Application, environ: Environ) -> Reply:
    said: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], None]:
        said["status"], said["headers"] = int(status.split(maxsplit=1)[0]), tuple(headers)
        return lambda _data: None

    answer = application(environ, start)
    try:
        body = b"".join(answer)
    finally:
        if close := getattr(answer, "close", None):
            close()
    return Reply(said["status"], said["headers"], body)


def _send(reply: Reply, start_response: Callable[..., Any]) -> Iterable[bytes]:
    named = {name.lower() for name, _ in reply.headers}
    # What the upstream says of the length stays: to a HEAD it is the length of what a GET would bring.
    length = () if "content-length" in named else (("Content-Length", str(len(reply.body))),)
    start_response(f"{reply.status} {_phrase(reply.status)}", [*reply.headers, *length])
    return [reply.body]


def _send_part(torn: Torn, start_response: Callable[..., Any]) -> Iterator[bytes]:
    _send(torn.reply, start_response)
    yield torn.reply.body[: torn.sent]
    raise Hangup


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Answer"
