"""Whether a bill of materials is whole, read as an auditor would: `python bill.py BILL CONSTRAINTS`."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def main(bill: Path, constraints: Path) -> str:
    """What is wrong with it, `""` if nothing is."""
    found = json.loads(bill.read_text("utf-8"))
    pins = {}
    for line in constraints.read_text("utf-8").splitlines():
        pinned = Requirement(line) if line and not line.startswith((" ", "#")) else None
        if pinned and (pinned.marker is None or pinned.marker.evaluate()):
            pins[canonicalize_name(pinned.name)] = str(pinned.specifier).removeprefix("==")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {
        canonicalize_name(Requirement(one).name)
        for one in (*project["dependencies"], *project["optional-dependencies"]["sandbox"])
    }
    parts = {canonicalize_name(part["name"]): part for part in found["components"]}
    itself = parts.pop("mfinfra", found["metadata"].get("component", {}))
    if (found["bomFormat"], found["specVersion"]) != ("CycloneDX", "1.6"):
        return "it is no CycloneDX 1.6"
    if (itself.get("name"), itself.get("version")) != ("mfinfra", project["version"]):
        return f"it is not of mfinfra {project['version']}"
    if missing := sorted(wanted - parts.keys()):
        return f"it lacks {', '.join(missing)}"
    if other := sorted(name for name, part in parts.items() if pins.get(name) != part["version"]):
        return f"these are not in the versions of the lock: {', '.join(other)}"
    if plain := sorted(name for name, part in parts.items() if not part.get("purl", "").startswith("pkg:pypi/")):
        return f"these have no package URL: {', '.join(plain)}"
    return ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])) or None)
