"""One operation that a client asks for, and the error it may end in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Params = dict[str, Any]
Answer = dict[str, Any]
Forward = Callable[[], Answer]
Asking = Callable[[str, str, str, Params], Answer]


class ServiceError(Exception):
    """What AWS answers instead: a code, a message and a status of HTTP."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


@dataclass(slots=True)
class Call:
    """One operation with its parameters, which a correction may change before it forwards the call."""

    service: str
    operation: str
    region: str
    account: str
    params: Params
    asking: Asking

    def ask(self, service: str, operation: str, /, **params: Any) -> Answer:
        """Ask moto itself, past the corrections, in the same region."""
        return self.asking(service, operation, self.region, params)

    def asks(self, absent: str, service: str, operation: str, /, **params: Any) -> Answer | None:
        """The same, with `None` where the answer is an error whose code begins with `absent`."""
        try:
            return self.ask(service, operation, **params)
        except ServiceError as error:
            if error.code.startswith(absent):
                return None
            raise

    def arn(self, resource: str, *, service: str | None = None, regional: bool = True) -> str:
        """The ARN of `resource` in the caller's account."""
        region = self.region if regional else ""
        return f"arn:{self.partition}:{service or self.service}:{region}:{self.account}:{resource}"

    @property
    def partition(self) -> str:
        """The partition of the caller's region."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"
