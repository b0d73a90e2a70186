"""What a receipt says of the world, and one read back: anyone may have written it, so it is given its shape here. Pure.

Whoever may write into the bucket may write receipts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mfinfra.aws import sanitise
from mfinfra.errors import AwsError, MfinfraError
from mfinfra.model import Address

FORMAT_VERSION = "1.0"
LONGEST = 1_000
LONGEST_MESSAGE = 500
MOST = 10_000
RESULTS = ("running", "done", "failed", "interrupted", "lost lock")
UNREADABLE = "unreadable"
ADDRESS = re.compile(r"[a-z_]+\.[^\s.][^\s]*")
CREATE, DELETE, FORGET = ("create",), ("delete",), ("forget",)

Shape = Callable[[Any], Any]


def standing(
    rows: Mapping[str, tuple[str, ...]], steps: Sequence[Mapping[str, Any]], earlier: Collection[str], *, part: bool
) -> list[str]:
    """What applies have brought up and none has taken away, after the `steps` of a plan with the actions `rows`.

    `earlier` is what stood so before. Of what is not among the rows a plan of a `part` says nothing, any other that it
    is none of ours any more. What somebody deleted stays on the list as long as no apply could make it again.
    """
    done = {step["address"] for step in steps if step["result"] == "done"}
    there = {address for address in rows if address in done or rows[address] != CREATE or address in earlier}
    gone = {address for address in done if rows.get(address) in {DELETE, FORGET}}
    return sorted((there | set(earlier if part else ())) - gone)


def ahead(rows: Mapping[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    """The steps that are told before their time: nothing but a receipt remembers what was forgotten."""
    given_up = sorted(address for address, actions in rows.items() if actions == FORGET)
    return [
        {"address": address, "action": FORGET[0], "result": "unfinished", "error": None, "seconds": 0.0}
        for address in given_up
    ]


def forgotten(receipts: Iterable[Mapping[str, Any]], wanted: Collection[str]) -> frozenset[str]:
    """Which of `wanted` a run has given up and none has worked on since; `receipts` are the newest first."""
    told: dict[str, bool] = {}
    for receipt in receipts:
        for step in receipt["steps"]:
            if step["address"] in wanted and step["result"] != "skipped":
                told.setdefault(step["address"], step["action"] == FORGET[0])
    return frozenset(address for address, given_up in told.items() if given_up)


def now() -> str:
    """The moment in UTC, to the millisecond: of two runs of one second the keys tell which began first."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def error(raised: Exception) -> dict[str, Any]:
    """What went wrong, without a secret; of a bug its name only, for nobody knows what its text holds."""
    if not isinstance(raised, MfinfraError):
        return {"code": type(raised).__name__, "message": "a bug in mfinfra"}
    code = raised.aws_code if isinstance(raised, AwsError) else raised.code
    return {"code": code, "message": safe(str(raised))}


def safe(text: str) -> str:
    """A sentence for a receipt: inert, on one line, without a secret, not too long."""
    said = " ".join(sanitise.redacted(sanitise.text(text)).split())
    return said if len(said) <= LONGEST_MESSAGE else f"{said[:LONGEST_MESSAGE]}…"


def parse(raw: bytes, id_: str, began: str) -> dict[str, Any]:
    """The receipt in `raw`, every member there and of its type; `id_` and `began` are what its key says."""
    try:
        found = json.loads(raw)
        receipt = RECEIPT(found) if isinstance(found, dict) and found.get("result") in RESULTS else None
    except (ValueError, RecursionError):
        receipt = None
    if receipt is None:
        receipt = {**RECEIPT({}), "result": UNREADABLE}
    return {**receipt, "id": id_, "began": began}


def addresses(found: Iterable[str]) -> frozenset[Address]:
    """Those texts of a receipt that are addresses."""
    return frozenset(Address.parse(text) for text in found if ADDRESS.fullmatch(text))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    inert = " ".join(sanitise.text(value[:LONGEST]).split())
    return inert if len(value) <= LONGEST else f"{inert}…"


def _or_none(shape: Shape) -> Shape:
    return lambda value: None if value is None else shape(value)


def _number(value: Any) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12  # noqa: PLR2004 - no `NaN`
    return value if usable else 0.0


def _count(value: Any) -> int:
    return int(_number(value))


def _flag(value: Any) -> bool:
    return value is True


def _object(members: Mapping[str, Shape]) -> Shape:
    def shaped(value: Any) -> dict[str, Any]:
        found = value if isinstance(value, dict) else {}
        return {name: shape(found.get(name)) for name, shape in members.items()}

    return shaped


def _list(shape: Shape) -> Shape:
    return lambda value: [shape(item) for item in value[:MOST]] if isinstance(value, list) else []


ERROR = _object({"code": _or_none(_text), "message": _text})
RECEIPT = _object(
    {
        "format_version": _text,
        "id": _text,
        "environment": _text,
        "operation": _text,
        "result": _text,
        "locked": _flag,
        "began": _text,
        "ended": _or_none(_text),
        "duration_seconds": _or_none(_number),
        "who": _text,
        "user": _text,
        "run_url": _or_none(_text),
        "source": _object(
            {"path": _text, "sha256": _text, "commit": _or_none(_text), "dirty": _or_none(_flag)},
        ),
        "plan_sha256": _text,
        "mfinfra_version": _text,
        "summary": _object(
            dict.fromkeys(("adopt", "create", "update", "replace", "delete", "forget", "unchanged", "blocked"), _count)
        ),
        "steps": _list(
            _object(
                {
                    "address": _text,
                    "action": _text,
                    "result": _text,
                    "error": _or_none(ERROR),
                    "seconds": _number,
                }
            )
        ),
        "calls": _list(
            _object({"address": _text, "service": _text, "operation": _text, "request_id": _text}),
        ),
        "calls_omitted": _count,
        "standing": _list(_text),
    }
)
