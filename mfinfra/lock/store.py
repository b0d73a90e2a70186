"""The four requests that a lock is made of: S3 decides, by the ETag that each of them names.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mfinfra.aws.calls import Answer
from mfinfra.aws.retry import persist
from mfinfra.aws.session import Aws
from mfinfra.errors import AwsError, UserError
from mfinfra.lock.content import Lock, Seen, parse
from mfinfra.model import Call
from mfinfra.records import Place, asked

ANOTHER = ("PreconditionFailed", "NoSuchKey")
"""Refusals that say: what you speak of is not what is there."""
CONFLICT = "ConditionalRequestConflict"
CONFLICTS = 20
PAUSE = 0.25


@dataclass(frozen=True, slots=True)
class Store:
    """One environment's lock in S3; every method raises what AWS refuses for other reasons."""

    aws: Aws
    place: Place

    def read(self) -> Seen | None:
        """The lock that is there; `None` if there is none."""
        call = Call("s3", "GetObject", self._params, absent=("NoSuchKey", "NoSuchBucket"))
        with asked(self.place):
            answer = self.aws.send(call)  # a heartbeat has no time for a network that is away
        if answer.document is None:
            return None
        found = answer.document
        return Seen(parse(found["Body"], found["ETag"]), found["ETag"], found["LastModified"], answer.at)

    def create(self, lock: Lock, waiting: Callable[[str, float], None] | None = None) -> str | None:
        """Put `lock` where none is; its ETag, or `None` if one is there.

        With `waiting` the bucket was made a moment ago: while S3 does not know it everywhere it is waited for.
        """
        call = self._put(lock, IfNoneMatch="*")

        def attempt() -> Answer:
            return self._sent(call)

        try:
            return _etag(persist(attempt, self.aws.clock, waiting) if waiting else attempt())
        except AwsError as error:
            if error.aws_code != "NoSuchBucket":
                raise
            raise UserError(
                f"the bucket `{self.place.bucket}`, in which the lock is kept, does not exist",
                hint="mend `lock:` in the file, or make the bucket first",
                code="MF4301",
            ) from error

    def replace(self, lock: Lock, etag: str) -> str | None:
        """Put `lock` in the place of the one with `etag`; its own ETag, or `None` if that one is not there."""
        return _etag(self._sent(self._put(lock, IfMatch=etag)))

    def remove(self, etag: str) -> bool:
        """Delete the lock with `etag`; false if that one is not there."""
        call = Call("s3", "DeleteObject", {**self._params, "IfMatch": etag}, absent=ANOTHER)
        return self._sent(call).document is not None

    def discard(self, id_: str) -> Seen | None:
        """Delete the lock whose id is `id_`, renewed meanwhile or not.

        Returns it, or what is there and has another id; `None` if there is none.
        """
        seen = self.read()
        for _ in range(CONFLICTS):
            if seen is None or seen.lock.id != id_ or self.remove(seen.etag):
                break
            seen = self.read()
        return seen

    @property
    def _params(self) -> dict[str, Any]:
        return {"Bucket": self.place.bucket, "Key": self.place.lock, "ExpectedBucketOwner": self.aws.scope.account}

    def _put(self, lock: Lock, **condition: str) -> Call:
        params = {**self._params, "Body": lock.body, "ContentType": "application/json", **condition}
        return Call("s3", "PutObject", params, absent=ANOTHER)

    def _sent(self, call: Call) -> Answer:
        """Send it, and again while another conditional request of the same moment is in its way."""
        for attempt in range(CONFLICTS):
            try:
                with asked(self.place):
                    return self.aws.send(call)
            except AwsError as error:
                if error.aws_code != CONFLICT or attempt == CONFLICTS - 1:
                    raise
            time.sleep(PAUSE)
        raise AssertionError("unreachable")


def _etag(answer: Answer) -> str | None:
    return None if answer.document is None else str(answer.document["ETag"])
