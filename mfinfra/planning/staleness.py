"""What differs between the plan that was reviewed and the plan that AWS and the file make now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mfinfra.planning import integrity

Document = Mapping[str, Any]
MISSING = "nothing"
OPTIONS = ("destroy", "adopt", "target", "exclude", "replace", "forget")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was reviewed; `address` is empty where it is about the plan as a whole."""

    address: str
    subject: str
    reviewed: Any
    now: Any


def differences(reviewed: Document, now: Document, but: Collection[str] = ()) -> tuple[Difference, ...]:
    """Everything in which `now` does other things than `reviewed`, or to another world; rows at `but` are left out.

    Empty if and only if carrying out `now` is what was approved.
    """
    found = (*_heads(reviewed, now), *_rows(reviewed, now, but))
    return found or (() if but else tuple(_whole(reviewed, now)))


def _heads(reviewed: Document, now: Document) -> Iterator[Difference]:
    places = (
        ("the file", ("source", "sha256")),
        *((f"the {name}", ("environment", name)) for name in ("name", "account", "region", "partition", "endpoint")),
        *((f"`--{name}`", ("options", name)) for name in OPTIONS),
    )
    for subject, (block, name) in places:
        was, is_ = reviewed[block].get(name), now[block].get(name)
        if was != is_:
            yield Difference("", subject, was, is_)
    was, made = (integrity.major(document["mfinfra_version"]) for document in (reviewed, now))
    if was != made:
        yield Difference("", "the version of mfinfra", reviewed["mfinfra_version"], now["mfinfra_version"])


def _whole(reviewed: Document, now: Document) -> Iterator[Difference]:
    """What no single row shows: a row that stands twice, other words over the same rows."""
    was, made = (
        {word: count for word, count in plan["summary"].items() if word != "blocked"} for plan in (reviewed, now)
    )
    if was != made:
        yield Difference("", "the summary", was, made)
    was, made = (plan["integrity"]["plan_sha256"] for plan in (reviewed, now))
    if was != made:
        yield Difference("", "`plan_sha256`", was, made)


def _rows(reviewed: Document, now: Document, but: Collection[str]) -> Iterator[Difference]:
    old, new = ({row["address"]: row for row in document["resource_changes"]} for document in (reviewed, now))
    for address in dict.fromkeys((*old, *new)):
        was, is_ = old.get(address), new.get(address)
        if address in but or (was and is_ and _read(was) == _read(is_)):
            continue
        if was is None or is_ is None:
            yield Difference(address, "action", _action(was), _action(is_))
        else:
            yield from _row(address, was, is_)


def _read(row: Document) -> tuple[Any, ...]:
    """What a review of one resource approves, and the words in which it was shown to the eye."""
    fields = [{name: value for name, value in field.items() if name != "drift"} for field in row["change"]["fields"]]
    return integrity.reviewed(row), fields


def _row(address: str, was: Document, now: Document) -> Iterator[Difference]:
    found = [Difference(address, "action", _action(was), _action(now))] if _action(was) != _action(now) else []
    for side, said in (("before", "in AWS"), ("after", "wished")):
        old, new = was["change"][side] or {}, now["change"][side] or {}
        found += [
            Difference(address, f"`{name}` {said}", old.get(name), new.get(name))
            for name in dict.fromkeys((*old, *new))
            if old.get(name) != new.get(name)
        ]
    for name in ("physical_id", "protected", "depends_on"):
        if was[name] != now[name]:
            found.append(Difference(address, f"`{name}`", was[name], now[name]))
    # What no field shows still counts: other calls, other facts behind the same fields.
    yield from found or [Difference(address, "what AWS is asked to do", len(was["calls"]), len(now["calls"]))]


def _action(row: Document | None) -> str:
    if row is None:
        return MISSING
    blocked = f", blocked ({row['blocked']['code']})" if row["blocked"] else ""
    return f"{', then '.join(row['change']['actions'])}{blocked}"
