"""The code of an MFA device that a profile wants: asked for only where a person sees the question and can answer.

botocore asks with `getpass`, which reads the terminal or stdin, and so waits for ever where nobody is.
"""

from __future__ import annotations

import getpass
import sys
from typing import Any

from mfinfra.errors import UserError


def attended(session: Any) -> Any:
    """`session`, which asks for a code at a terminal and nowhere else."""
    providers = session._session.get_component("credential_provider")  # noqa: SLF001 - boto3 has no other way to it
    providers.get_provider("assume-role")._prompter = ask  # noqa: SLF001 - a default of its constructor otherwise
    return session


def ask(prompt: str) -> str:
    """Ask; raises `UserError` where nobody could answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UserError(
            "the AWS profile wants the code of an MFA device, and there is no terminal to ask on",
            hint="use credentials that need no code: a role of the pipeline's own, or those of a session that is open "
            "already (`aws sts get-session-token`)",
            code="MF3003",
        )
    return getpass.getpass(prompt)
