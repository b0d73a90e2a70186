"""Requests of tests handed to the sandbox without a socket: a fifth of a test's time went into HTTP between threads.

What the wire itself does (cut connections, half answers, faults) is tested over the wire: while a sandbox has faults,
nothing is handed over.
"""

from __future__ import annotations

import io
import sys
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from botocore.awsrequest import AWSResponse

from mfinfra.sandbox.embedded import EmbeddedServer

SERVERS: dict[str, EmbeddedServer] = {}
"""The sandboxes that take requests directly, by host and port."""
TITLES = ("CONTENT_TYPE", "CONTENT_LENGTH")


class Body(io.BytesIO):
    """An answer's body, as botocore reads one off urllib3."""

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()

    def read(self, amount: int | None = -1, **_: Any) -> bytes:
        return super().read(amount)


def answer(request: Any, **_: Any) -> AWSResponse | None:
    """What the sandbox that `request` goes to answers; `None` lets botocore send it."""
    server = SERVERS.get(urlsplit(request.url).netloc)
    if server is None or server.faults is not None:
        return None
    said: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> Any:
        said["status"], said["headers"] = int(status.split(None, 1)[0]), headers
        return lambda _data: None

    body = b"".join(server._faulty(environ(request), start))
    shown = b"" if request.method == "HEAD" else body
    # As the listener does: the server's clock is its own.
    headers = {name: value for name, value in said["headers"] if name.lower() != "date"}
    headers["Date"] = formatdate(usegmt=True)
    return AWSResponse(request.url, said["status"], headers, Body(shown))


def environ(request: Any) -> dict[str, Any]:
    """The request as WSGI has it."""
    parts, body = urlsplit(request.url), request.body or b""
    body = body.read() if hasattr(body, "read") else body
    body = body.encode() if isinstance(body, str) else bytes(body)
    found: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
        "RAW_URI": request.url,
        "REQUEST_URI": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": str(parts.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        variable = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        found[variable if variable in TITLES else f"HTTP_{variable}"] = text
    return found | {"CONTENT_LENGTH": str(len(body))}
