"""Places in S3."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SCHEME = "s3://"


@dataclass(frozen=True, slots=True)
class Root:
    """What lies under `prefix` in a bucket. The prefix has no slash at its ends; an empty one is the whole bucket."""

    bucket: str
    prefix: str
    partition: str = "aws"

    @classmethod
    def parse(cls, value: Any, partition: str) -> Root | None:
        """`"s3://bucket/prefix"` → `Root`; `None` for anything else."""
        if not isinstance(value, str) or not value.startswith(SCHEME):
            return None
        bucket, _, prefix = value.removeprefix(SCHEME).partition("/")
        return cls(bucket, prefix.strip("/"), partition)

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`, without a slash at the end."""
        return SCHEME + "/".join(filter(None, (self.bucket, self.prefix)))

    @property
    def bucket_arn(self) -> str:
        """The ARN of the bucket."""
        return f"arn:{self.partition}:s3:::{self.bucket}"

    @property
    def objects(self) -> str:
        """The ARN pattern of all objects here."""
        return "/".join(filter(None, (self.bucket_arn, self.prefix, "*")))

    def below(self, folder: str) -> Root:
        """A folder inside this place."""
        return Root(self.bucket, "/".join(filter(None, (self.prefix, folder))), self.partition)

    def holds(self, other: Root) -> bool:
        """Whether `other` is this place or lies inside it."""
        inside = not self.prefix or f"{other.prefix}/".startswith(f"{self.prefix}/")
        return self.bucket == other.bucket and inside


def outermost(roots: Iterable[Root]) -> tuple[Root, ...]:
    """The places, each once, without those that lie inside another."""
    every = list(dict.fromkeys(roots))
    return tuple(root for root in every if not any(other.holds(root) for other in every if other != root))
