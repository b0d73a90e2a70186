"""Names that AWS has already: found by cheap reads, so that another one is proposed before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mfinfra.errors import AccessDenied
from mfinfra.model import Call, Environment
from mfinfra.observe import Reader, Rounds, observe, survey
from mfinfra.plural import counted
from mfinfra.starting.answers import BUCKET, Answers

MISSING = ("404", "NoSuchBucket", "NotFound")
BUCKETS = 5
"""How many names of a bucket are tried."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What there is already, in words: an environment of this name, or resources as `address (name)`.

    `unread` says what may not be asked.
    """

    there: tuple[str, ...] = ()
    unread: str = ""


def literal(bucket: str, answers: Answers) -> str:
    """The name of a bucket with its references filled in."""
    return bucket.replace("${environment}", answers.environment).replace("${account}", answers.account)


def bucket_is_free(reader: Reader, name: str) -> bool:
    """Whether nobody has a bucket of this name: one that may not be looked at is somebody's, too.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    try:
        return reader.ask(Call("s3", "HeadBucket", {"Bucket": name}, absent=MISSING)).document is None
    except AccessDenied:
        return False


def free_bucket(reader: Reader, answers: Answers) -> str | None:
    """The first of a few names of which nobody has a bucket, as it stands in the file; `None` where there is none."""
    return next((one for one in _buckets() if bucket_is_free(reader, literal(one, answers))), None)


def taken(reader: Reader, environment: Environment) -> Taken:
    """What there is already of the file's resources, the bucket apart, and of another file of the same name.

    What carries the tags of an environment would be destroyed by the first apply of a new file that does not name it.
    """
    asked = {address: resource for address, resource in environment.resources.items() if address.kind != "bucket"}
    try:
        owned = survey(reader, replace(environment, resources={}, disabled={})).leftovers
        if owned:
            return Taken((f"an environment `{environment.scope.environment}` of {counted(len(owned), 'resource')}",))
        found = Rounds(reader).run({address: observe(resource) for address, resource in asked.items()})
    except AccessDenied as denied:
        return Taken(
            unread=f"these credentials may not ask whether names are taken (`{denied.service}:{denied.operation}`)"
        )
    return Taken(
        tuple(
            f"`{address}` ({asked[address].spec.get('name') or asked[address].spec.get('service')})"
            for address, there in found.items()
            if there is not None
        )
    )


def _buckets() -> Iterator[str]:
    yield BUCKET
    yield from (f"{BUCKET}-{number}" for number in range(2, BUCKETS + 1))
