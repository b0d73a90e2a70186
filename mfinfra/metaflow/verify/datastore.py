"""The datastore, as Metaflow uses it: one object is put, looked at, read, listed and deleted.

Nothing is written before it is known that it may be deleted again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from mfinfra.errors import AccessDenied, AwsError
from mfinfra.metaflow.places import SCHEME, Root
from mfinfra.metaflow.verify.subject import Asking, Subject, failed, left_out, name_of, passed, warned
from mfinfra.model import Call, Check, Document, Finding, Stage, Touch

GROUP = "Datastore"
FOLDER = "mfinfra-verify"
ENCRYPTION = "METAFLOW_S3_SERVER_SIDE_ENCRYPTION"
LONGEST = 200
_TOKEN = re.compile(r"[0-9a-f]{12}(?=-(?:object|flow|foreach|job)(?:/|$))")
AT_WORK = timedelta(days=2)
"""How long a run may take at most, with a day for its job."""
MOST = 1000
"""Objects that S3 deletes in one request."""
# The version that an object has in a bucket without versions; to delete it leaves no marker, whatever is there.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
UNVERSIONED = "null"
DENIED = (
    "these credentials may not delete it again",
    "allow `s3:DeleteObject`, `s3:DeleteObjectVersion` and `s3:ListBucketVersions` to who verifies",
)
LOCKED = (
    "the bucket locks every new object, and nobody could delete it again",
    "verify a file with another bucket, or run a flow by hand",
)


def checks(subject: Subject) -> tuple[Check, ...]:
    """The checks of this group; none without a datastore."""
    if subject.parts.root is None:
        return ()
    return (
        Check("datastore.bucket", GROUP, "the bucket", lambda: _bucket(subject)),
        Check(
            "datastore.object",
            GROUP,
            "one object: put, read, list, delete",
            lambda: _object(subject),
            ("datastore.bucket",),
        ),
    )


def place(subject: Subject, name: str) -> Root:
    """The folder below the root that a check may write to: what allows the root allows it too."""
    root = subject.parts.root
    if root is None:
        raise AssertionError("there is no datastore to write to")
    return root.below(f"{FOLDER}-{subject.token}-{name}")


def undeletable(where: Root) -> Asking[tuple[str, str] | None]:
    """Why what is made here cannot be taken away again, and what to do; `None` where it can.

    To see it, what is not there is deleted, which changes nothing.
    """
    versioned = yield from _versioned(where)
    target = {"Bucket": where.bucket, "Key": where.prefix}
    # Without versions it is another permission, and no marker can be left.
    version = {"VersionId": UNVERSIONED} if versioned else {}
    try:
        yield Call("s3", "DeleteObject", {**target, **version}, fine=("NoSuchVersion", "NoSuchKey"))
        if versioned:
            # Who sees no versions can only hide an object behind a marker.
            yield Call("s3", "ListObjectVersions", {"Bucket": where.bucket, "Prefix": where.prefix, "MaxKeys": 1})
    except AccessDenied:
        return DENIED
    return LOCKED if versioned and (yield from _locks(where)) else None


def _versioned(where: Root) -> Asking[bool]:
    """Whether the bucket has, or had, versions; also where nobody says."""
    try:
        answer = yield Call("s3", "GetBucketVersioning", {"Bucket": where.bucket})
    except AccessDenied:
        return True
    return bool((answer or {}).get("Status"))


def _locks(where: Root) -> Asking[bool]:
    """Whether the bucket locks each new object for a time: that one could not be deleted, by nobody.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    """
    absent = ("ObjectLockConfigurationNotFoundError",)
    try:
        answer = yield Call("s3", "GetObjectLockConfiguration", {"Bucket": where.bucket}, absent=absent)
    except AwsError:
        return False  # who may not see it, and what is no S3 of AWS's: what stays then is named
    return bool(((answer or {}).get("ObjectLockConfiguration") or {}).get("Rule"))


def clear(where: Root) -> Asking[None]:
    """Delete everything under `where`, all its versions too."""
    prefix = {"Bucket": where.bucket, "Prefix": where.prefix}
    try:
        answer = yield Call("s3", "ListObjectVersions", prefix, paginate=True)
    except AccessDenied:
        answer = yield Call("s3", "ListObjectsV2", prefix, paginate=True)
    rows = _rows(answer or {})
    # In a bucket without versions to name one takes another permission; in a suspended one not to leaves a marker.
    unversioned = all(row.get("VersionId", UNVERSIONED) == UNVERSIONED for row in rows)
    if rows and unversioned and not (yield from _versioned(where)):
        rows = [{"Key": row["Key"]} for row in rows]
    for first in range(0, len(rows), MOST):
        delete = {"Objects": rows[first : first + MOST], "Quiet": True}
        yield Call("s3", "DeleteObjects", {"Bucket": where.bucket, "Delete": delete}, failures="Errors")


def _rows(answer: Document) -> list[Mapping[str, str]]:
    """What is to be deleted."""
    found = [row for member in ("Versions", "DeleteMarkers", "Contents") for row in answer.get(member) or ()]
    return [{name: row[name] for name in ("Key", "VersionId") if name in row} for row in found]


def _bucket(subject: Subject) -> Asking[tuple[Finding, ...]]:
    root, bucket = subject.parts.root, subject.parts.datastore
    if root is None or bucket is None:
        raise AssertionError("there is no datastore to look at")
    answer = yield Call("s3", "HeadBucket", {"Bucket": root.bucket}, absent=("404", "NoSuchBucket"))
    if answer is None:
        return (
            failed(
                name_of(bucket), f"there is no bucket `{root.bucket}`", "MF5120", fix=f"mfinfra apply {subject.file}"
            ),
        )
    region = answer.get("BucketRegion") or subject.parts.scope.region
    if region != subject.parts.scope.region:
        said = f"the bucket is in `{region}`, and everything else in `{subject.parts.scope.region}`"
        return (failed(name_of(bucket), said, "MF5121", fix="use a bucket in the region of the environment"),)
    return (passed(name_of(bucket), f"found {root.bucket}"),)


def _object(subject: Subject) -> Asking[tuple[Finding, ...]]:
    where = place(subject, "object")
    what = f"{SCHEME}{where.bucket}/{where.prefix}"
    hindrance = yield from undeletable(where)
    if hindrance:
        why, fix = hindrance
        return (left_out(what, f"nothing was written: {why}", fix),)
    yield Touch(what)
    try:
        found = yield from _tried(subject, where)
    finally:
        yield Touch(what, Stage.REMOVING)
        yield from clear(where)
        yield Touch(what, Stage.REMOVED)
    return found or (passed(what, "put, read, listed and deleted"),)


def _tried(subject: Subject, where: Root) -> Asking[tuple[Finding, ...]]:
    """Put one object and look at it, as Metaflow does: `HeadObject` comes before every first write."""
    target = {"Bucket": where.bucket, "Key": where.prefix}
    body = f"`mfinfra verify` wrote this to see that Metaflow can, and deletes it: {subject.token}\n".encode()
    encryption = subject.values.get(ENCRYPTION)
    steps: tuple[tuple[Call, str], ...] = (
        (Call("s3", "HeadObject", target, absent=("404", "NoSuchKey")), "look for what is not there yet"),
        (
            Call(
                "s3",
                "PutObject",
                {**target, "Body": body, **({"ServerSideEncryption": encryption} if encryption else {})},
            ),
            "write",
        ),
        (Call("s3", "HeadObject", target), "look at"),
        (Call("s3", "GetObject", target), "read"),
        (Call("s3", "ListObjectsV2", {"Bucket": where.bucket, "Prefix": _any(subject)}, paginate=True), "list"),
    )
    answers: list[Document | None] = []
    for call, verb in steps:
        try:
            answers.append((yield call))
        except AwsError as error:
            return (_refused(subject, where, call, verb, error),)
    found = _compared(where, body, answers[3] or {}, answers[4] or {})
    return (*found, *_of_others(subject, where, (answers[4] or {}).get("Contents") or ()))


def _any(subject: Subject) -> str:
    """How the key of everything begins that a run writes, whichever it is."""
    return place(subject, "").prefix.removesuffix(f"{subject.token}-")


def _of_others(subject: Subject, where: Root, rows: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """What runs left that were killed: so long ago that none of them can be at work any more."""
    now = next((row["LastModified"] for row in rows if row["Key"] == where.prefix and "LastModified" in row), None)
    old = [row["Key"].removeprefix(_any(subject)) for row in rows if now and now - row["LastModified"] > AT_WORK]
    # Whoever may write there chooses keys: only what a run of ours calls itself gets into a command.
    for token in dict.fromkeys(known[0] for name in old if (known := _TOKEN.match(name))):
        url = f"{SCHEME}{where.bucket}/{_any(subject)}{token}"
        remove = f'aws s3 rm --recursive {SCHEME}{where.bucket}/ --exclude "*" --include "{_any(subject)}{token}*"'
        yield warned(url, "a run that was killed left this behind", "MF5125", fix=remove)


def _refused(subject: Subject, where: Root, call: Call, verb: str, error: AwsError) -> Finding:
    denied = isinstance(error, AccessDenied)
    said = (
        f"an object could not be put there: {verb} failed" if verb == "write" else f"could not {verb} an object there"
    )
    fix = (
        f"let these credentials do what the error names; look at the bucket's policy, and at its key's: {error.hint}"
        if denied
        else subject.fix("what S3 says is the reason")
    )
    code = "MF5122" if denied else "MF5123"
    return failed(where.url, said, code, f"{call.operation}: {error}", fix=fix)


def _compared(where: Root, body: bytes, got: Mapping[str, Any], listed: Mapping[str, Any]) -> tuple[Finding, ...]:
    found = []
    fix = "look at what stands between: a gateway, a cache, another endpoint"
    # Text of AWS was made inert where it was read, and ours is.
    read = got.get("Body")
    if (read if isinstance(read, bytes) else str(read).encode()) != body:
        said = "what was read is not what was written"
        found.append(failed(where.url, said, "MF5124", f"read: {read!r}"[:LONGEST], fix=fix))
    if where.prefix not in [row["Key"] for row in listed.get("Contents") or ()]:
        found.append(failed(where.url, "the object is there, and the list does not have it", "MF5124", fix=fix))
    return tuple(found)
