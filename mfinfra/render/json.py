"""Documents as JSON for programs: the plan as it is, and problems in the shape that Terraform's `validate` has."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mfinfra.errors import Problem
from mfinfra.render import inert

FORMAT_VERSION = "1.0"


def problems(found: Sequence[Problem], files: Sequence[str]) -> str:
    """What `validate --format json` prints: every problem and warning of all `files`, suppressed ones too."""
    counts = Counter(problem.severity for problem in found)
    return text(
        {
            "format_version": FORMAT_VERSION,
            "valid": counts["error"] == 0,
            "error_count": counts["error"],
            "warning_count": counts["warning"],
            "suppressed_count": counts["suppressed"],
            "files": list(files),
            "diagnostics": [_diagnostic(problem) for problem in found],
        }
    )


def text(document: Mapping[str, Any]) -> str:
    """The document as JSON text, keys sorted; what is not ASCII is escaped, so that a terminal cannot obey it.

    So is what a build log would obey: `##[` can only stand inside of a string.
    """
    return inert.OLD_COMMAND.sub(r"\1\\u005b", json.dumps(document, indent=2, sort_keys=True)) + "\n"


def policies(found: Sequence[Mapping[str, Any]]) -> str:
    """One policy as JSON text to paste, in the order of its own words; several as a list."""
    return json.dumps(found[0] if len(found) == 1 else list(found), indent=2) + "\n"


def _diagnostic(problem: Problem) -> dict[str, Any]:
    start = {"line": problem.line, "column": problem.column}
    end = {"line": problem.line, "column": problem.column + problem.length}
    return {
        "severity": problem.severity,
        "code": problem.code,
        "summary": problem.message,
        "address": problem.subject or None,
        "range": {"filename": problem.file, "start": start, "end": end} if problem.line else None,
        "snippet": problem.source or None,
        "hint": problem.hint,
        "reason": problem.reason or None,
    }
