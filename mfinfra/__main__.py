"""The program, as the shell and `python -m mfinfra` start it: here the process is ours."""

from __future__ import annotations

import sys
from typing import Any, cast

# jsonschema imports every checker of formats that is installed, and some are in many environments: Jupyter brings one
# that takes 1.5 s. No schema of ours asks for a format to be checked. A program that imports mfinfra keeps its own.
FORMATS = (
    "fqdn",
    "isoduration",
    "rfc3339_validator",
    "rfc3986_validator",
    "rfc3987",
    "rfc3987_syntax",
    "uri_template",
    "webcolors",
)


def main() -> int:
    """Run the command line; returns its exit code."""
    modules = cast("dict[str, Any]", sys.modules)
    for name in FORMATS:
        modules.setdefault(name, None)  # whoever imports it is told that it is not there
    from mfinfra.cli import app  # noqa: PLC0415 - after the line above

    return app.main()


if __name__ == "__main__":
    sys.exit(main())
