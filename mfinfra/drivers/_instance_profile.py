"""The instance profile of a role: what EC2 takes instead of the role itself. It has the role's name and our tags.

A profile holds one role at most. In specs it is the name of the role inside it; empty: none that concerns us.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mfinfra.drivers._parts import Change
from mfinfra.drivers._tags import tag_list, tag_map
from mfinfra.model import Action, Call, Document, Effects, FieldChange, Observed, Resource, Settle, Step

AUTO = "auto"
THERE = "instance_profile"
ARN = "instance_profile_arn"
ROLES_TAGS, PROFILES_TAGS = "tags of the role", "tags of the profile"
WITH_PROFILE = "ecs_instance"
OWNER = "mfinfra:owner"
OWNERSHIP = ("mfinfra:environment", "mfinfra:address", OWNER)
MISSING = ("NoSuchEntity",)
FULL_ALREADY = ("LimitExceeded",)


def wanted(resource: Resource) -> bool | None:
    """Whether there shall be one; `None`: not managed."""
    written = resource.spec["instance_profile"]
    if written == AUTO:
        return bool(resource.spec["preset"] == WITH_PROFILE)
    return None if written is None else bool(written)


def question(name: str) -> Call:
    return Call("iam", "GetInstanceProfile", {"InstanceProfileName": name}, absent=MISSING)


def listed(answer: Document | None, name: str) -> bool:
    """Whether the account has a profile of this name, whose tags the list does not show."""
    rows = (answer or {}).get("InstanceProfiles", ())
    return any(row["InstanceProfileName"].casefold() == name.casefold() for row in rows)


def joined(role: Observed, answer: Document | None, resource: Resource) -> Observed:
    """`role` together with the profile of its name, as far as that is ours or shall be.

    A tag that both shall carry counts only where both do, so that a stranger's profile is never taken for ours.
    """
    if answer is None:
        return replace(role, spec={**role.spec, "instance_profile": ""})
    profile = answer["InstanceProfile"]
    tags = tag_map(profile.get("Tags"))
    if not wanted(resource) and not same_owner(role.tags, tags):
        return replace(role, spec={**role.spec, "instance_profile": ""})
    # Empty and not wished: what a run that was cut short has left still has to go.
    empty = profile["InstanceProfileName"] if wanted(resource) is False else ""
    holder = next((inside["RoleName"] for inside in profile["Roles"]), empty)
    return replace(
        role,
        spec={**role.spec, "instance_profile": holder},
        outputs={**role.outputs, ARN: profile["Arn"]},
        facts={**role.facts, THERE: True, ROLES_TAGS: role.tags, PROFILES_TAGS: tags},
        tags=common(role.tags, tags, resource.tags) if wanted(resource) else role.tags,
        warnings=(*role.warnings, *stranger(role, profile)),
    )


def stranger(role: Observed, profile: Document) -> tuple[str, ...]:
    """Why the gate is going to stop at a role that is ours."""
    if OWNER not in role.tags or same_owner(role.tags, tag_map(profile.get("Tags"))):
        return ()
    return (f"the instance profile `{profile['InstanceProfileName']}` does not carry the tags of its role",)


def same_owner(role: Mapping[str, str], profile: Mapping[str, str]) -> bool:
    ours = {key: role[key] for key in OWNERSHIP if key in role}
    return OWNER in ours and all(profile.get(key) == value for key, value in ours.items())


def common(role: Mapping[str, str], profile: Mapping[str, str], wish: Mapping[str, str]) -> dict[str, str]:
    """The role's tags; of those that we put on, the profile's wherever only the role has what it shall have."""
    told = {key: profile.get(key) if role.get(key) == value else role.get(key) for key, value in wish.items()}
    others = {key: value for tags in (profile, role) for key, value in tags.items() if key not in wish}
    return others | {key: value for key, value in told.items() if value is not None}


def write(change: Change) -> Effects:
    name, want, have = change.want["name"], change.want["instance_profile"], change.have["instance_profile"]
    if not want:
        return (remove(name, have), delete(name))
    return (
        *(() if change.fact(THERE) else create(change.resource, name)),
        *((remove(name, have),) if have else ()),
        # Full means that the role is inside: another one has just been taken out.
        Call(
            "iam",
            "AddRoleToInstanceProfile",
            {"InstanceProfileName": name, "RoleName": want},
            fine=FULL_ALREADY,
        ),
    )


def create(resource: Resource, name: str) -> Effects:
    """Make it. Where one is there already, a look at its tags tells whose it is: it may have outlived its role."""
    return (
        Call("iam", "CreateInstanceProfile", {"InstanceProfileName": name, "Tags": tag_list(resource.tags)}),
        Settle(
            question(name),
            "InstanceProfile && 'known'",
            "IAM is making the instance profile known",
            ready=("known",),
            timeout=120.0,
        ),
    )


def remove(name: str, role: str) -> Call:
    params = {"InstanceProfileName": name, "RoleName": role}
    return Call("iam", "RemoveRoleFromInstanceProfile", params, absent=MISSING)


def delete(name: str) -> Call:
    return Call("iam", "DeleteInstanceProfile", {"InstanceProfileName": name}, absent=MISSING)


def put_tags(name: str, tags: Mapping[str, str]) -> Call:
    return Call("iam", "TagInstanceProfile", {"InstanceProfileName": name, "Tags": tag_list(tags)})


def both(observed: Observed) -> tuple[Mapping[str, str], ...]:
    """The tags of the role and of the profile, each its own; what is `observed` has those that both carry."""
    if THERE not in observed.facts:
        return (observed.tags,)
    return observed.facts[ROLES_TAGS], observed.facts[PROFILES_TAGS]


def forgetting(step: Step, name: str, off: Sequence[Mapping[str, str]]) -> Step:
    """The role's `step` behind the profile's: by the role's tags a run that was cut short finds the rest again."""
    gone = off[1] if len(off) > 1 else {}
    if not gone:
        return step
    untagged = Call("iam", "UntagInstanceProfile", {"InstanceProfileName": name, "TagKeys": sorted(gone)})
    told = {str(change.path[1]): change for change in step.changes}
    also = {key: FieldChange(("tags", key), value, None) for key, value in gone.items()}
    changes = tuple(change for _, change in sorted({**also, **told}.items()))
    return replace(step, action=Action.FORGET, changes=changes, effects=(untagged, *step.effects))
