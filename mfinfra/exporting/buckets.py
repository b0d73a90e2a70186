"""What both targets say of a bucket, which the file says in its own words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra import policy as policies
from mfinfra.drivers import _bucket_facets, _bucket_lifecycle, _bucket_policy
from mfinfra.exporting.subjects import Subject
from mfinfra.model import Template

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
ACCESS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
TRANSITIONS = ("transitions", "noncurrent_transitions")


def access(value: Any) -> dict[str, bool]:
    """The four settings of the block of public access; empty where nothing is known of it, or where all are off."""
    named = {name: value.get(name, True) if isinstance(value, Mapping) else bool(value) for name in ACCESS}
    return named if any(named.values()) else {}


def blocked(subject: Subject) -> list[str]:
    """The sorts of encryption that requests may not ask for: a setting beside our fields, in the same rule."""
    found: list[str] = (subject.facts.get(_bucket_facets.BLOCKED) or {}).get("EncryptionType", [])
    return found


def smallest(subject: Subject) -> str:
    """What S3 does with small objects: a setting beside our fields, among the rules of the lifecycle."""
    return str(subject.facts.get(_bucket_lifecycle.SMALLEST) or "")


def policy(subject: Subject) -> dict[str, Any]:
    """The bucket's policy: what the file says, and behind it the refusal of requests in clear text."""
    written = dict(subject.spec.get("policy") or {})
    if not subject.spec.get("tls_only"):
        return written
    arn = subject.own("arn")
    refusal = {**_bucket_policy.tls_statement(""), "Resource": [arn, Template((arn, "/*"))]}
    statements = written.get("Statement", [])
    others = statements if isinstance(statements, list) else [statements]
    return {**policies.document([]), **written, "Statement": [*others, refusal]}


def untold(subject: Subject, tool: str) -> Iterator[str]:
    """What is off: not told apart from what was never switched on, so that no target says it."""
    if subject.spec.get("versioning") is False:
        yield f"versioning is not on, and {tool} is told nothing of it"
    public = subject.spec.get("block_public_access")
    if public is not None and not access(public):
        yield f"public access is not blocked, and {tool} is told nothing of it"


def midnight(value: Any) -> Any:
    """A day as S3's API has it; anything else as it is."""
    return f"{value}T00:00:00Z" if isinstance(value, str) and DAY.fullmatch(value) else value
