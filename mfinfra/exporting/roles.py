"""What both targets say of a role: only what the file has a say in."""

from __future__ import annotations

from typing import Any

from mfinfra.exporting.subjects import Subject


def inline(subject: Subject) -> dict[str, Any]:
    """Its inline policies by name; without those of others, where the file leaves them alone."""
    policies = {} if "policies" in subject.free else subject.spec.get("policies") or {}
    kept = (
        policies.keys() if subject.spec["exclusive"] else policies.keys() & (subject.wish.get("policies") or {}).keys()
    )
    return {name: document for name, document in policies.items() if document and name in kept}


def attached(subject: Subject) -> list[str]:
    """The ARNs of its attached policies, by the same rule."""
    arns = [] if "managed_policies" in subject.free else subject.spec.get("managed_policies") or []
    kept = arns if subject.spec["exclusive"] else subject.wish.get("managed_policies") or []
    return [arn for arn in arns if arn in kept]


def exclusive(subject: Subject, field: str) -> bool:
    """Whether what others add to this field shall go."""
    return bool(subject.spec["exclusive"]) and subject.spec.get(field) is not None and field not in subject.free


def with_profile(subject: Subject) -> bool:
    """Whether its instance profile goes along."""
    return subject.says("instance_profile") and "instance_profile" not in subject.free


def profiles_path(subject: Subject) -> str:
    """Where the profile stands, which somebody else may have made; empty at the top. It follows from the ARN alone."""
    inside = subject.outputs["instance_profile_arn"].partition(":instance-profile/")[2].split("/")[:-1]
    return f"/{'/'.join(inside)}/" if inside else ""
