"""The profiles of the AWS configuration: opened, with their region; what is wrong with one is told as ours."""

from __future__ import annotations

import os
from typing import Any

import boto3
import botocore.session
from botocore.exceptions import BotoCoreError, NoRegionError, ProfileNotFound

from mfinfra.aws import entry, mfa
from mfinfra.aws.calls import unreachable
from mfinfra.errors import UserError
from mfinfra.model import Access


def opened(profile: str | None, region: str | None) -> Any:
    """A session by a profile or without one; raises `UserError` for one that cannot be used."""
    try:
        return mfa.attended(boto3.Session(profile_name=profile, region_name=region))
    except ProfileNotFound as error:
        raise entry.no_profile(profile or entry.profile(), names()) from error
    except BotoCoreError as error:
        raise unreachable("sts", error) from error


def names() -> list[str]:
    """The profiles that are set up, whichever the environment chooses; none where the files cannot be read."""
    core = botocore.session.Session()
    core.set_config_variable("profile", None)
    try:
        return sorted(core.full_config.get("profiles", {}))
    except BotoCoreError:  # whoever opens a session by them is told
        return []


def region(access: Access) -> str | None:
    """The region where none is named: that of a variable or the profile, an emulator's; `None` where nothing tells."""
    from mfinfra.sandbox import network  # noqa: PLC0415 - nobody else pays for the sandbox

    if access.endpoint == "sandbox":
        return network.REGION
    # The other tools of AWS read `AWS_REGION`; boto3 does not.
    said = os.environ.get("AWS_REGION") or opened(access.profile, None).region_name
    return said or (network.REGION if access.endpoint else None)


def no_region(access: Access) -> UserError:
    """The error for a region that nothing tells."""
    with entry.by(opened(access.profile, None)):
        missing = entry.shut_out(NoRegionError(), "")
    assert missing is not None
    return missing
