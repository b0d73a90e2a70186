"""`--strict`: what a plan only warns of, or what a guard is going to refuse, ends the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mfinfra.errors import Refused, UserError


def refuse(document: Mapping[str, Any]) -> None:
    """Raise `Refused` for a plan that a guard blocks, `UserError` for one with warnings."""
    refused, warned = (
        [check for check in document["checks"] if check["status"] == status] for status in ("fail", "warn")
    )
    if refused:
        raise Refused(f"{_counted(refused, 'guard refuses', 'guards refuse')} this plan", hint=_told(refused))
    if warned:
        said = _counted(warned, "warning fails", "warnings fail")
        raise UserError(f"{said} this plan, as `--strict` wants it", hint=_told(warned))


def _counted(checks: Sequence[Any], one: str, many: str) -> str:
    return f"{len(checks)} {one if len(checks) == 1 else many}"


def _told(checks: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(f"[{check['code']}] {check['address'] or 'the plan'}: {check['message']}" for check in checks)
