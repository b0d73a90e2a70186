"""The WSGI application of the sandbox: its own control routes, then corrections, then moto."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any, Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from mfinfra.sandbox.corrections import SERVICES, apply, corrected, reset, seed, wire
from mfinfra.sandbox.corrections.alone import lock
from mfinfra.sandbox.corrections.batch import metadata
from mfinfra.sandbox.corrections.call import Answer, Call, Params, ServiceError
from mfinfra.sandbox.corrections.s3 import policy as bucket_policy
from mfinfra.sandbox.network import ACCOUNT_ID

StartResponse = Callable[..., Any]

SCOPE: Final = re.compile(r"Credential=[^/]*/\d*/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
NAMES: Final = {"tagging": "resourcegroupstaggingapi", "states": "stepfunctions"}
SIGNED_AS: Final = {"stepfunctions": "states"}
CORRECTED: Final = frozenset(SIGNED_AS.get(service, service) for service in SERVICES)
NETWORKED: Final = frozenset({"ec2", "batch", "cloudformation"})
CONDITIONS: Final = frozenset({"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"})
PHRASES: Final = {200: "OK", 201: "Created", 204: "No Content", 206: "Partial Content", 404: "Not Found"}

log = logging.getLogger(__name__)


class Gateway:
    """Answers as AWS does, by asking moto and correcting it. `identity` is what the health route tells."""

    def __init__(self, identity: dict[str, Any] | None = None) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._identity = identity or {}

    def __call__(self, environ: wire.Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if metadata.asked_for(environ):
            status, kind, body = metadata.answer(environ)
            return _send(wire.Reply(status, (("Content-Type", kind),), body), start_response)
        if environ["PATH_INFO"].startswith("/_mfinfra/"):
            return _send(self._control(environ), start_response)
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        service, region = (scope["service"].lower(), scope["region"]) if scope else ("s3", "us-east-1")
        try:
            reply = self._corrected(service, region, environ) if service in CORRECTED else None
            return self._passed_on(service, environ, start_response) if reply is None else _send(reply, start_response)
        except Exception:
            log.exception("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            error = ServiceError("InternalFailure", "the sandbox failed; its log says how", 500)
            return _send(wire.failure(service, _protocol(service, environ), error), start_response)

    def ask(self, service: str, operation: str, region: str, params: Params) -> Answer:
        """Ask moto itself, past every correction."""
        return wire.answer(service, operation, self._run(wire.request(service, operation, region, params)))

    def reset(self) -> None:
        """Drop all state; the network is there again with the next request that needs it."""
        with lock:
            reset.drop()

    def _corrected(self, signing: str, region: str, environ: wire.Environ) -> wire.Reply | None:
        if signing in NETWORKED:
            with lock:
                seed.network(ACCOUNT_ID, region)
        service = NAMES.get(signing, signing)
        known = wire.recognise(service, environ)
        if known is None:
            return None
        try:
            if service == "s3":
                bucket_policy.enforce(known.operation, known.uri, environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER"))
            acts = corrected(signing, known.operation)
            if not acts:
                return None
            with lock:
                call = Call(signing, known.operation, region, ACCOUNT_ID, wire.parameters(known, environ), self.ask)
                said = apply(acts, call, lambda: self.ask(service, known.operation, region, call.params))
            return wire.reply(known, said)
        except ServiceError as error:
            return wire.failure(service, known.protocol, error)

    def _passed_on(self, service: str, environ: wire.Environ, start_response: StartResponse) -> Iterable[bytes]:
        protocol = _protocol(service, environ)
        # moto looks and writes in two steps: of two conditional writes at once both could find nothing there.
        alone = lock if environ["REQUEST_METHOD"] != "GET" and CONDITIONS & environ.keys() else nullcontext()
        try:
            with alone:
                return _whole(self._moto(environ, start_response))
        except NotImplementedError as missing:
            error = ServiceError("NotImplemented", str(missing) or "The sandbox has no such operation", 501)
            return _send(wire.failure(service, protocol, error), start_response)

    def _run(self, environ: wire.Environ) -> wire.Reply:
        said: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], _exc: object = None) -> Callable[[bytes], None]:
            said["status"], said["headers"] = int(status.split(maxsplit=1)[0]), tuple(headers)
            return lambda _data: None

        try:
            body = b"".join(_whole(self._moto(environ, start)))
        except NotImplementedError as missing:
            raise ServiceError("NotImplemented", str(missing), 501) from missing
        return wire.Reply(said["status"], said["headers"], body)

    def _control(self, environ: wire.Environ) -> wire.Reply:
        route = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if route == ("GET", "/_mfinfra/health"):
            body = self._identity | {"pid": os.getpid()}
        elif route == ("POST", "/_mfinfra/reset"):
            self.reset()
            body = {"reset": True}
        else:
            return wire.Reply(404, (("Content-Type", "application/json"),), b"{}")
        return wire.Reply(200, (("Content-Type", "application/json"),), json.dumps(body).encode())


def _protocol(service: str, environ: wire.Environ) -> str:
    if environ.get("HTTP_X_AMZ_TARGET") or "json" in environ.get("CONTENT_TYPE", ""):
        return "json"
    return "rest-json" if service == "batch" else "xml"


def _whole(answered: Iterable[bytes]) -> list[bytes]:
    try:
        return list(answered)
    finally:
        if close := getattr(answered, "close", None):
            close()


def _send(reply: wire.Reply, start_response: StartResponse) -> Iterable[bytes]:
    headers = [(name, value) for name, value in reply.headers if name.lower() != "content-length"]
    headers.append(("Content-Length", str(len(reply.body))))
    start_response(f"{reply.status} {PHRASES.get(reply.status, 'Answer')}", headers)
    return [reply.body]
