"""The HTTP listener of the sandbox: 127.0.0.1 only, a thread a connection, connections kept.

Werkzeug's server, which moto comes with, closes the connection after every answer and waits for a straggling body
before it does; most of a call's time went there.
"""

from __future__ import annotations

import io
import os
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any, Final, Self, cast
from urllib.parse import unquote_to_bytes

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

HOST: Final = "127.0.0.1"
BODILESS: Final = frozenset({204, 304})
OWN_HEADERS: Final = frozenset({"content-length", "connection", "transfer-encoding"})
METADATA: Final = "x-amz-meta-"


class Hangup(ConnectionError):
    """Raised by an application to have the connection cut; what it has answered so far leaves before."""


class Listener(ThreadingHTTPServer):
    """Serves a WSGI application on `port` of 127.0.0.1; 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, application: Application) -> None:
        self.application = application
        self._connections: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__((HOST, port), Connection)

    @property
    def endpoint(self) -> str:
        """The URL to give to a client."""
        return f"http://{HOST}:{self.server_port}"

    def server_bind(self) -> None:
        """Bind, also where a server that has just ended was, and ask no name server what 127.0.0.1 is called."""
        if os.name == "posix":  # elsewhere it would let two servers have one port
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection, to end it with the server."""
        with self._lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._connections.discard(connection)

    def server_close(self) -> None:
        """Close the port and every connection that is kept."""
        super().server_close()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self) -> Self:
        return self


class Connection(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "mfinfra-sandbox", ""
    # One packet an answer: a header that waits for its body's acknowledgement would cost 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Begin."""
        super().setup()
        self._listener.opened(self.connection)

    def finish(self) -> None:
        """End."""
        self._listener.closed(self.connection)
        with suppress(ConnectionError):
            super().finish()

    def handle_expect_100(self) -> bool:
        """Ask for the body at once."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name that the base class gives it
        """Nothing: what was asked is the client's to tell."""

    def serve(self) -> None:
        """Answer one request."""
        said: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], None]:
            said["status"], said["headers"] = int(status.split(None, 1)[0]), headers
            return lambda _data: None

        body = bytearray()
        try:
            for part in self._listener.application(self._environ(self._body()), start):
                body += part
        except Hangup:
            if body:
                self._send_part(said, body)
            raise
        self._send_head(said, len(body))
        if self.command != "HEAD" and said["status"] not in BODILESS:
            self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = serve  # noqa: N815  the base's names

    def _send_head(self, said: dict[str, Any], length: int) -> None:
        self.send_response(said["status"])
        for name, value in said["headers"]:
            if name.lower() not in OWN_HEADERS and name.lower() != "date":
                self.send_header(name, value)
        if said["status"] not in BODILESS:
            told = {name.lower(): value for name, value in said["headers"]}.get("content-length", "0")
            self.send_header("Content-Length", told if self.command == "HEAD" else str(length))
        self.end_headers()

    def _send_part(self, said: dict[str, Any], part: bytearray) -> None:
        told = {name.lower(): value for name, value in said["headers"]}["content-length"]
        self._send_head(said, int(told))
        self.wfile.write(part)
        self.wfile.flush()

    @property
    def _listener(self) -> Listener:
        return cast("Listener", self.server)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            continue
        return b"".join(parts)

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            # WSGI wants the decoded bytes as latin-1 text.
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "RAW_URI": self.path,
            "REQUEST_URI": self.path,
            "QUERY_STRING": query,
            "SERVER_NAME": HOST,
            "SERVER_PORT": str(self._listener.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        environ |= self._header_variables()
        return environ | {"CONTENT_LENGTH": str(len(body))}

    def _header_variables(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        spelled: dict[str, str] = {}
        for name, value in self.headers.items():
            variable = name.upper().replace("-", "_")
            key = variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{variable}"
            if "_" in name:
                # `a_b` and `a-b` are one variable; only S3's metadata may have the former, and moto is told of it.
                if not name.lower().startswith(METADATA):
                    continue
                spelled[key] = name
            found[key] = f"{found[key]},{value}" if key in found else value
        found.pop("HTTP_TRANSFER_ENCODING", None)
        return found | {"moto.preserved_header_names": spelled}
