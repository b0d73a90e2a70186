"""What of Metaflow's configuration is a secret, and how a file names one in place of writing it down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SECRET = frozenset({"METAFLOW_SERVICE_HEADERS", "METAFLOW_SERVICE_AUTH_KEY", "METAFLOW_AWS_SANDBOX_API_KEY"})
"""Keys whose value is a secret."""
ARGUMENTS = frozenset({"METAFLOW_DATATOOLS_CLIENT_PARAMS", "METAFLOW_DATATOOLS_SESSION_VARS"})
"""Arguments of boto3's clients and sessions: a secret if there is a credential among them."""
CREDENTIALS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
REFERENCE = "secret"
"""`{secret: ARN}` stands where a secret would: it is read when the configuration is written, and not before."""
LOGIN = re.compile(r"(?<=://)[^/?#\s]*@")
"""Name and password in a URL."""
HIDDEN = "(not shown)"


def is_secret(key: str, value: Any) -> bool:
    """Whether what `key` is set to must not be shown; a reference to a secret is one in its place."""
    if key in ARGUMENTS:
        return reference(value) is not None or any(name in str(value).lower() for name in CREDENTIALS)
    return key in SECRET


def reference(value: Any) -> str | None:
    """What `{secret: …}` names, an ARN or an address; `None` for anything else."""
    named = value.get(REFERENCE) if isinstance(value, Mapping) and set(value) == {REFERENCE} else None
    return named if isinstance(named, str) else None


def masked(text: str) -> str:
    """`text` without the logins of its URLs."""
    return LOGIN.sub(f"{HIDDEN}@", text)
