"""The credentials of a role that the file names: assumed anew before they expire, so that a run may take hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import boto3
import botocore.session
from botocore.credentials import RefreshableCredentials

from mfinfra.aws.transport import permitted
from mfinfra.model import Call, Scope

LONGEST_SESSION_NAME = 64


class Source(Protocol):
    """The way into AWS by which the role is assumed."""

    @property
    def scope(self) -> Scope:
        """The account and the region."""
        ...

    def ask(self, call: Call) -> Any:
        """Ask, and again while AWS cannot be reached."""
        ...

    def first(self, call: Call) -> Any:
        """Ask, and again while AWS takes no more requests."""
        ...


def session(source: Source, role: Mapping[str, str]) -> Any:
    """A session as `role`. Its name is the same in every run: the caller is part of the plan document."""
    params = {
        "RoleArn": role["arn"],
        "RoleSessionName": role.get("session_name") or f"mfinfra-{source.scope.environment}"[:LONGEST_SESSION_NAME],
    }
    if role.get("external_id"):
        params["ExternalId"] = role["external_id"]
    call = Call("sts", "AssumeRole", params)

    def again() -> dict[str, str]:
        with permitted(None):  # a permit may need these very credentials to find out
            return _metadata(source.ask(call))

    core: Any = botocore.session.Session()
    credentials = RefreshableCredentials.create_from_metadata(_metadata(source.first(call)), again, "assume-role")
    core._credentials = credentials  # noqa: SLF001 - botocore takes them so and in no other way
    return boto3.Session(botocore_session=core, region_name=source.scope.region)


def _metadata(answer: Any) -> dict[str, str]:
    found = (answer.document or {})["Credentials"]
    expires: datetime = found["Expiration"]
    return {
        "access_key": found["AccessKeyId"],
        "secret_key": found["SecretAccessKey"],
        "token": found["SessionToken"],
        "expiry_time": expires.isoformat(),
    }
