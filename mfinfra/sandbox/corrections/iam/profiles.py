"""Instance profiles, and their tags."""

from __future__ import annotations

from typing import Any, Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.iam.roles import backend, check_tag_keys

API: Final = "https://docs.aws.amazon.com/IAM/latest/APIReference"


@correction(
    "iam",
    "TagInstanceProfile",
    restores="tag keys that differ in case only are one key",
    aws=f"{API}/API_TagInstanceProfile.html",
)
def tag_profile(call: Call, _forward: Forward) -> Answer:
    """Add tags, or change their values."""
    check_tag_keys(call.params["Tags"])
    profile = _existing(call)
    added = {tag["Key"].lower() for tag in call.params["Tags"]}
    profile.tags = [tag for tag in profile.tags if tag["Key"].lower() not in added] + call.params["Tags"]
    return {}


@correction(
    "iam",
    "UntagInstanceProfile",
    restores="tag keys that differ in case only are one key",
    aws=f"{API}/API_UntagInstanceProfile.html",
)
def untag_profile(call: Call, _forward: Forward) -> Answer:
    """Take tags away."""
    profile = _existing(call)
    gone = {key.lower() for key in call.params["TagKeys"]}
    profile.tags = [tag for tag in profile.tags if tag["Key"].lower() not in gone]
    return {}


@correction(
    "iam",
    "ListInstanceProfileTags",
    restores="an operation that moto has not",
    aws=f"{API}/API_ListInstanceProfileTags.html",
)
def list_profile_tags(call: Call, _forward: Forward) -> Answer:
    """The tags of a profile."""
    return {"Tags": _existing(call).tags, "IsTruncated": False}


@correction(
    "iam",
    "ListInstanceProfilesForRole",
    restores="NoSuchEntity for a role that is not there",
    aws=f"{API}/API_ListInstanceProfilesForRole.html",
)
def profiles_of_role(call: Call, forward: Forward) -> Answer:
    """List the profiles of a role that is there."""
    call.ask("iam", "GetRole", RoleName=call.params["RoleName"])
    return forward()


@correction(
    "iam",
    "RemoveRoleFromInstanceProfile",
    restores="NoSuchEntity for a role that is not in the profile, where moto breaks down",
    aws=f"{API}/API_RemoveRoleFromInstanceProfile.html",
)
def role_inside(call: Call, forward: Forward) -> Answer:
    """Take a role out of the profile that it is in; what AWS says of another one is from memory."""
    name = call.params["RoleName"]
    call.ask("iam", "GetRole", RoleName=name)
    profile = _existing(call)
    if name not in [role.name for role in profile.roles]:
        text = f"Cannot remove role {name} from Instance Profile {profile.name}. It is not in the instance profile."
        raise ServiceError("NoSuchEntity", text, 404)
    return forward()


def _existing(call: Call) -> Any:
    wanted = call.params["InstanceProfileName"]
    for profile in backend(call).instance_profiles.values():
        if profile.name == wanted:
            return profile
    raise ServiceError("NoSuchEntity", f"Instance Profile {wanted} cannot be found.", 404)
