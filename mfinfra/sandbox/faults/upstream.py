"""Any HTTP emulator as a WSGI application, so that the proxy can stand in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import quote, urlsplit

from mfinfra.sandbox.corrections.wire import Environ, read
from mfinfra.sandbox.listener import Hangup

SECONDS: Final = 60.0
HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)


class Upstream:
    """Forwards each request to `url`, `http://host:port`. Where that does not answer, the connection is cut."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
            raise ValueError(f"an emulator is at `http://host:port`, and not at `{url}`")
        self._host, self._port = parts.hostname, parts.port or 80

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Ask the emulator, and answer what it answers."""
        connection = HTTPConnection(self._host, self._port, timeout=SECONDS)
        try:
            connection.request(environ["REQUEST_METHOD"], _target(environ), read(environ), _headers(environ))
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            raise Hangup(f"{self._host}:{self._port} did not answer") from error
        finally:
            connection.close()
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
        start_response(f"{answer.status} {answer.reason or 'Answer'}", headers)
        return [body]


def _target(environ: Environ) -> str:
    if raw := environ.get("RAW_URI"):
        return str(raw)
    path, query = quote(environ["PATH_INFO"].encode("latin-1")), environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _headers(environ: Environ) -> dict[str, str]:
    spelled: dict[str, str] = environ.get("moto.preserved_header_names") or {}
    headers = {
        spelled.get(key) or key.removeprefix("HTTP_").replace("_", "-").title(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_") or (key == "CONTENT_TYPE" and value)
    }
    # The body was read whole: nobody is to wait for a `100 Continue` that was said already.
    return {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP | {"expect"}}
