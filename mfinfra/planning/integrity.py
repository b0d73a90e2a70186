"""The hashes of a plan: what was wished, what was found, what will be done, and the document as it was written. Pure.

`plan_sha256` is what a review approves: two plans with the same one do the same to the same world. Who looked, from
which commit, and what passes by itself (running jobs, health) are no part of it. `document_sha256` covers every word
of the document but the moment it was made, so that a changed file is noticed. Neither proves who wrote it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from mfinfra.model import plain

PASSING = ("MF4108",)
"""Codes of the guards that say something of this moment only: running jobs come and go without a change."""
ROW = (
    "address",
    "physical_id",
    "action_reason",
    "calls",
    "depends_on",
    "protected",
    "observed_sha256",
)
CHANGE = ("actions", "before", "after", "after_unknown")


def digest(value: Any) -> str:
    """SHA-256 of `value` in canonical JSON."""
    canonical = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def seal(document: Mapping[str, Any], desired: str) -> dict[str, str]:
    """The `integrity` of a document that has none yet; `desired` is the hash of what the file wishes."""
    seals = {"desired_sha256": desired, "observed_sha256": _observed(document)}
    seals["plan_sha256"] = _plan({**document, "integrity": seals})
    return {**seals, "document_sha256": _document({**document, "integrity": seals})}


def intact(document: Mapping[str, Any]) -> bool:
    """Whether every hash of the document fits what stands in it."""
    seals = document["integrity"]
    return bool(
        seals["observed_sha256"] == _observed(document)
        and seals["plan_sha256"] == _plan(document)
        and seals["document_sha256"] == _document(document)
    )


def major(version: str) -> str:
    """`"1.2.3"` → `"1"`."""
    return version.partition(".")[0]


def readable(version: str, own: str) -> bool:
    """Whether whoever writes the format `own` knows all that may stand in `version`: `1.2` of `1.2` and older `1.x`."""
    (first, _, second), (ours, _, most) = version.partition("."), own.partition(".")
    return first == ours and second.isdecimal() and int(second) <= int(most)


def _observed(document: Mapping[str, Any]) -> str:
    return digest([[row["address"], row["observed_sha256"]] for row in document["resource_changes"]])


def _plan(document: Mapping[str, Any]) -> str:
    seals = document["integrity"]
    return digest(
        {
            "version": [major(document["format_version"]), major(document["mfinfra_version"])],
            "environment": {name: value for name, value in document["environment"].items() if name != "caller"},
            "source": document["source"]["sha256"],
            "rows": [reviewed(row) for row in document["resource_changes"]],
            **{name: document[name] for name in ("complete", "options", "metaflow_changes", "required_actions")},
            **{name: seals[name] for name in ("desired_sha256", "observed_sha256")},
        }
    )


def reviewed(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a review of one resource approves."""
    blocked = row["blocked"]
    return {
        **{name: row[name] for name in ROW},
        **{name: row["change"][name] for name in CHANGE},
        "blocked": None if blocked is None or blocked["code"] in PASSING else blocked["code"],
    }


def _document(document: Mapping[str, Any]) -> str:
    seals = {name: value for name, value in document["integrity"].items() if name != "document_sha256"}
    return digest({**{name: value for name, value in document.items() if name != "created"}, "integrity": seals})
