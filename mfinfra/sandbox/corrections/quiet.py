"""The handler of HTTP connections that keeps its mouth shut."""

from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler


class QuietRequest(MotoRequestHandler):  # type: ignore[misc]  # moto has no types
    """Serves without a line per request."""

    # A client keeps its connection: a third of a call's time is saved.
    protocol_version = "HTTP/1.1"

    def log_request(self, *_args: Any) -> None:
        """Nothing: what was asked is the client's to tell."""
