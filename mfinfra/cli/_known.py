"""The addresses that somebody who types a command line may mean."""

from __future__ import annotations

import re
from pathlib import Path

from mfinfra import saved, schemas
from mfinfra.document import bundle, merge
from mfinfra.errors import MfinfraError

_NAME = re.compile(bundle.NAME)


def addresses(path: Path | None) -> list[str]:
    """Those of a saved plan, or of an environment file and its last plan; without a path, of the folder's last plan.

    A plan knows what the file does not: what is going to be destroyed has left it. What cannot be read has none, and
    the command itself will say why.
    """
    try:
        if path is None:
            return _of_plan(saved.last())
        path = path.expanduser()
        return _of_plan(path) if saved.looks_like_one(path) else _of_file(path)
    except (MfinfraError, RuntimeError):  # the latter of a `~` without a home
        return []


def _of_file(path: Path) -> list[str]:
    """A file is half-written while somebody works on it: what can be read of it counts, valid or not."""
    data = merge.merged(path).tree.root.data
    resources = data.get("resources") if isinstance(data, dict) else None
    found = {
        f"{kind}.{name}"
        for kind, named in (resources if isinstance(resources, dict) else {}).items()
        if kind in schemas.kinds() and isinstance(named, dict)
        for name in named
        if _NAME.match(name)
    }
    last = saved.FOLDER / f"{data.get('environment')}.plan.json" if found else None
    return sorted(found.union(addresses(last) if last is not None and last.is_file() else ()))


def _of_plan(path: Path) -> list[str]:
    return sorted(change["address"] for change in saved.load(path)["resource_changes"])
