"""What is said of endpoints that only the shell's environment names."""

from __future__ import annotations

import sys

from mfinfra.aws import session
from mfinfra.render import console, problems


def warn(hint: str) -> None:
    """Tell of each of them on stderr: what is read then is not AWS's."""
    for name, url in session.foreign_endpoints().items():
        said = f"`{name}` is set: what is read here comes from `{url}`, not from AWS"
        console.write(problems.warning(said, hint), sys.stderr)
