"""The handler of HTTP connections that keeps its mouth shut."""

from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler


class QuietRequest(MotoRequestHandler):
    """Serves without a line per request."""

    def log_request(self, *_args: Any) -> None:
        """Nothing: what was asked is the client's to tell."""
