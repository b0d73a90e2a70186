"""Lifecycle rules of a bucket, in the file's flat words and in S3's nested ones. S3 replaces all rules at once.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mfinfra.drivers._bucket_facets import put
from mfinfra.drivers._parts import Change
from mfinfra.model import Document, Effects, Resource, Spec

# Where a word of ours stands in S3's rule, and how it is called there.
NESTED = {
    "expiration_days": ("Expiration", "Days"),
    "expiration_date": ("Expiration", "Date"),
    "expired_object_delete_marker": ("Expiration", "ExpiredObjectDeleteMarker"),
    "noncurrent_days": ("NoncurrentVersionExpiration", "NoncurrentDays"),
    "newer_noncurrent_versions": ("NoncurrentVersionExpiration", "NewerNoncurrentVersions"),
    "abort_upload_days": ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
}
TRANSITION = {
    "days": "Days",
    "date": "Date",
    "noncurrent_days": "NoncurrentDays",
    "newer_noncurrent_versions": "NewerNoncurrentVersions",
    "storage_class": "StorageClass",
}
TRANSITIONS = {"transitions": "Transitions", "noncurrent_transitions": "NoncurrentVersionTransitions"}
FILTER = {
    "prefix": "Prefix",
    "object_size_greater_than": "ObjectSizeGreaterThan",
    "object_size_less_than": "ObjectSizeLessThan",
}
SMALLEST = "TransitionDefaultMinimumObjectSize"
UNSET: tuple[Any, ...] = (None, "", [], {})


def canonical(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rules with `enabled` and without what is not set, by id."""
    return sorted((_canonical_rule(rule) for rule in rules), key=lambda rule: str(rule.get("id")))


def _canonical_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in rule.items() if value not in UNSET}
    if not kept.get("expired_object_delete_marker"):
        kept.pop("expired_object_delete_marker", None)
    return {**kept, "enabled": rule.get("enabled", True)}


def parse(answer: Document | None, resource: Resource) -> Spec:
    found = answer or {}
    return {
        "lifecycle_rules": canonical(from_aws(row) for row in found.get("Rules", ())),
        SMALLEST: found.get(SMALLEST),
    }


def write(change: Change) -> Effects:
    """Put every rule.

    The smallest object that moves goes along as S3 has it: without it today's default would quietly be set, and a
    bucket from before September 2024 would stop archiving its small objects.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
    """
    rules = change.want["lifecycle_rules"]
    if not rules:
        return put(change, "DeleteBucketLifecycle")
    smallest = change.fact(SMALLEST)
    more = {SMALLEST: smallest} if smallest else {}
    configuration = {"Rules": [to_aws(rule) for rule in rules]}
    return put(change, "PutBucketLifecycleConfiguration", LifecycleConfiguration=configuration, **more)


def from_aws(row: Mapping[str, Any]) -> dict[str, Any]:
    """S3's rule in our words; the old `Prefix` beside the filter means the same as one in it."""
    narrow = row.get("Filter") or {}
    narrow = narrow.get("And", narrow)
    tags = narrow.get("Tags") or ([narrow["Tag"]] if "Tag" in narrow else [])
    rule: dict[str, Any] = {"id": row.get("ID", ""), "enabled": row["Status"] == "Enabled"}
    rule |= {name: narrow.get(member) for name, member in FILTER.items()}
    rule["prefix"] = rule["prefix"] or row.get("Prefix")
    rule["tags"] = {tag["Key"]: tag["Value"] for tag in tags}
    for name, (block, member) in NESTED.items():
        rule[name] = _dated(member, row.get(block, {}).get(member))
    for name, member in TRANSITIONS.items():
        rule[name] = [
            {ours: _dated(theirs, move[theirs]) for ours, theirs in TRANSITION.items() if theirs in move}
            for move in row.get(member, ())
        ]
    return rule


def to_aws(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Our rule in S3's words."""
    row: dict[str, Any] = {"ID": rule["id"]} if "id" in rule else {}
    row |= {"Status": "Enabled" if rule["enabled"] else "Disabled", "Filter": _filter(rule)}
    for name, (block, member) in NESTED.items():
        if name in rule:
            row.setdefault(block, {})[member] = _midnight(member, rule[name])
    for name, member in TRANSITIONS.items():
        if name in rule:
            row[member] = [
                {TRANSITION[ours]: _midnight(TRANSITION[ours], value) for ours, value in move.items()}
                for move in rule[name]
            ]
    return row


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    """One condition stands alone, several stand in an `And`, none is the empty prefix."""
    found = {member: rule[name] for name, member in FILTER.items() if name in rule}
    tags = [{"Key": key, "Value": value} for key, value in sorted(rule.get("tags", {}).items())]
    if len(found) + len(tags) > 1:
        return {"And": {**found, **({"Tags": tags} if tags else {})}}
    return {"Tag": tags[0]} if tags else found or {"Prefix": ""}


def _dated(member: str, value: Any) -> Any:
    """A day is enough: S3 takes midnight UTC only."""
    return str(value)[:10] if member == "Date" and value is not None else value


def _midnight(member: str, value: Any) -> Any:
    return f"{value}T00:00:00Z" if member == "Date" else value
