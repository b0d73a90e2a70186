"""The rules of `lint` for buckets: what S3 refuses of a lifecycle rule, and encryption that others cannot share.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra.document.tree import shown
from mfinfra.model import Environment, Resource

EXPIRATION = ("expiration_days", "expiration_date", "expired_object_delete_marker")
ACTIONS = (*EXPIRATION, "noncurrent_days", "abort_upload_days", "transitions", "noncurrent_transitions")
NARROWING = ("tags", "object_size_greater_than", "object_size_less_than")
FOR_ALL = ("abort_upload_days", "expired_object_delete_marker")

Finding = tuple[tuple[str | int, ...], str, str, str | None]


def encryption(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """`aws:kms` without a key."""
    said = resource.spec.get("encryption")
    if isinstance(said, Mapping) and said.get("algorithm") == "aws:kms" and not said.get("key"):
        message = "without `key` the bucket uses the key `aws/s3`, which no other account can be given access to"
        yield ("encryption",), "MF2103", message, "name a `key` of your own, or use `algorithm: AES256`"


def lifecycle(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """Rules that S3 refuses, all of them together, when they are put."""
    names: dict[Any, int] = {}
    for index, rule in enumerate(resource.spec.get("lifecycle_rules") or ()):
        place = ("lifecycle_rules", index)
        if names.setdefault(rule["id"], index) != index:
            yield (*place, "id"), "MF1112", f"the rule `{shown(rule['id'])}` stands twice", None
        for path, message, hint in _rule(rule):
            yield (*place, *path), "MF1112", message, hint


def _rule(rule: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str, str | None]]:
    said = [name for name in ACTIONS if rule.get(name)]
    if not said:
        hint = "write one of `expiration_days`, `noncurrent_days`, `abort_upload_days`, `transitions`"
        yield (), f"the rule `{shown(rule['id'])}` has no action, and S3 refuses it", hint
    first, *more = [name for name in EXPIRATION if name in said] or [""]
    for other in more:
        yield (other,), f"one rule cannot have both `{first}` and `{other}`", "make a rule for each"
    narrowed = next((name for name in NARROWING if rule.get(name) or rule.get(name) == 0), None)
    for name in FOR_ALL if narrowed else ():
        if name in said:
            hint = f"make a rule for it without `{narrowed}`; a `prefix` may stay"
            yield (name,), f"S3 takes no `{name}` in a rule with `{narrowed}`", hint
    for index, move in enumerate(rule.get("transitions") or ()):
        given = [name for name in ("days", "date") if move.get(name) is not None]
        if len(given) != 1:
            message = "a transition has either `days` or `date`, not both" if given else "a transition has no time"
            yield ("transitions", index), message, None if given else "write `days` or `date`"
