"""Many questions made few: equal ones are asked once, those that can be merged are asked together. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mfinfra.model import Call, Document, Merge, plain


@dataclass(frozen=True, slots=True)
class Batch:
    """One request, and the questions that its answer answers. `alone` are its parts, where a batch may fail whole."""

    call: Call
    questions: tuple[Call, ...]
    alone: tuple[Call, ...] = ()


def fingerprint(call: Call) -> str:
    """Equal for calls that ask the same, and that take the same errors for an answer."""
    asked = [plain(call.params), call.absent, call.fine, call.paginate, call.failures, call.region]
    return f"{call.service}:{call.operation}:{json.dumps(asked, sort_keys=True, default=str)}"


def batches(questions: Iterable[Call]) -> tuple[Batch, ...]:
    """The fewest requests that answer `questions`, in the order of the first question of each."""
    distinct = {fingerprint(call): call for call in questions}
    groups: dict[str, list[Call]] = {}
    for key, call in distinct.items():
        groups.setdefault(_group(call) if call.merge else key, []).append(call)
    return tuple(batch for calls in groups.values() for batch in _chunks(calls))


def share(batch: Batch, answer: Document | None) -> dict[str, Document | None]:
    """What each of the batch's questions is answered, by fingerprint."""
    shares: dict[str, Document | None] = {}
    for call in batch.questions:
        if call.merge is None or answer is None or len(batch.questions) == 1:
            shares[fingerprint(call)] = answer
        else:
            shares[fingerprint(call)] = _share(call, call.merge, answer)
    return shares


def _share(call: Call, merge: Merge, answer: Document) -> Document:
    names = set(_names(call, merge))
    rows = [row for row in answer.get(merge.items, ()) if any(row.get(key) in names for key in merge.keys)]
    return {**answer, merge.items: rows}


def _chunks(calls: Sequence[Call]) -> list[Batch]:
    merge = calls[0].merge
    if merge is None or len(calls) == 1:
        return [Batch(call, (call,)) for call in calls]
    found: list[Batch] = []
    pending: list[Call] = []
    names: list[Any] = []
    for call in calls:
        fresh = [name for name in _names(call, merge) if name not in names]
        if pending and len(names) + len(fresh) > merge.limit:
            found.append(_batch(pending, names, merge))
            pending, names = [], []
            fresh = _names(call, merge)
        pending.append(call)
        names.extend(fresh)
    found.append(_batch(pending, names, merge))
    return found


def _batch(calls: Sequence[Call], names: Sequence[Any], merge: Merge) -> Batch:
    if len(calls) == 1:
        return Batch(calls[0], (calls[0],))
    whole = calls[0].with_params(_with(calls[0].params, merge.parameter.split("."), list(names)))
    return Batch(whole, tuple(calls), tuple(calls) if merge.brittle else ())


def _group(call: Call) -> str:
    assert call.merge is not None
    return fingerprint(call.with_params(_with(call.params, call.merge.parameter.split("."), ["*"])))


def _names(call: Call, merge: Merge) -> list[Any]:
    place: Any = call.params
    for part in merge.parameter.split("."):
        place = place[int(part)] if isinstance(place, (list, tuple)) else place[part]
    return list(place)


def _with(place: Any, path: Sequence[str], value: list[Any]) -> Any:
    """`place` with the value at `path` replaced; nothing is changed in place."""
    if not path:
        return value
    head, *rest = path
    if isinstance(place, Mapping):
        return {**place, head: _with(place[head], rest, value)}
    return [_with(item, rest, value) if index == int(head) else item for index, item in enumerate(place)]
