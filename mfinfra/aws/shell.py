"""What boto3 goes by in this shell, where nobody tells it anything."""

from __future__ import annotations

import botocore.session
from botocore.exceptions import BotoCoreError


def region() -> str | None:
    """The region of `AWS_DEFAULT_REGION` or of the AWS profile; `None` if there is none, or no such profile."""
    try:
        found: str | None = botocore.session.Session().get_config_variable("region")
    except BotoCoreError:
        return None
    return found or None
