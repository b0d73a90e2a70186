"""What `mfinfra --version --json` tells: what a report of a bug needs, and the versions that programs rely on."""

from __future__ import annotations

import json
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from mfinfra import __version__

PACKAGE = "mfinfra"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def text() -> str:
    """The JSON document, ending in a newline."""
    return json.dumps(document(), indent=2, sort_keys=True) + "\n"


def document() -> dict[str, Any]:
    """`formats` are those that this mfinfra writes, see docs/versioning.md; `commit` is null where nothing tells it."""
    return {
        "mfinfra": __version__,
        "commit": commit(),
        "formats": formats(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages(),
    }


def formats() -> dict[str, str]:
    """The version of each format that a program may read or write."""
    from mfinfra import receipts
    from mfinfra.document import bundle
    from mfinfra.planning import document as plan
    from mfinfra.render import checks, events, history
    from mfinfra.render import json as problems

    return {
        "environment": str(bundle.source()["properties"]["version"]["const"]),
        "plan": plan.FORMAT_VERSION,
        "events": events.FORMAT_VERSION,
        "receipt": receipts.FORMAT_VERSION,
        "checks": checks.FORMAT_VERSION,
        "history": history.FORMAT_VERSION,
        "problems": problems.FORMAT_VERSION,
    }


def packages() -> dict[str, str]:
    """The version of each package that mfinfra declares, as far as it is installed: those of an extra may not be."""
    here = _installed()
    declared = (_NAME.match(requirement) for requirement in (here.requires if here else None) or ())
    names = sorted({"botocore", *(found[0].lower() for found in declared if found)})
    return {name: version for name in names if (version := _version(name))}


def commit() -> str | None:
    """The commit that this mfinfra was installed from, or that is checked out where it runs from a checkout.

    pip writes down where it got a package from, unless that was an index:
    https://packaging.python.org/en/latest/specifications/direct-url/
    """
    here = _installed()
    said = json.loads((here.read_text("direct_url.json") if here else None) or "{}")
    found = said.get("vcs_info", {}).get("commit_id")
    if here is None or said.get("dir_info", {}).get("editable"):
        from mfinfra import provenance

        found, _ = provenance.commit_of([str(Path(__file__).parents[1])])
    return found if isinstance(found, str) and _COMMIT.fullmatch(found) else None


def _installed() -> metadata.Distribution | None:
    """`None` where mfinfra runs from files that nobody installed."""
    try:
        return metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        return None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
