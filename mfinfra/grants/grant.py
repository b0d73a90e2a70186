"""One permission, and how many of them become the statements of a policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from mfinfra.policy import statement

Test: TypeAlias = tuple[str, str, tuple[str, ...]]
"""One test of a condition: operator, key, values."""
Statement: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Grant:
    """One IAM action on `resources`, where all `tests` hold; `cause` is what it is for, in words without spaces."""

    cause: str
    action: str
    resources: tuple[str, ...] = ("*",)
    tests: tuple[Test, ...] = ()


def statements(grants: Iterable[Grant]) -> list[Statement]:
    """As few statements as say the same: what is allowed on the same things stands together.

    Every `Sid` names a cause; where several statements have one cause, a number tells them apart.
    """
    places: dict[tuple[tuple[str, ...], tuple[Test, ...]], list[Grant]] = {}
    for grant in grants:
        places.setdefault((tuple(sorted(set(grant.resources))), tuple(sorted(set(grant.tests)))), []).append(grant)
    made: dict[tuple[tuple[str, ...], tuple[Test, ...]], tuple[set[str], set[str]]] = {}
    for (resources, tests), found in places.items():
        actions = tuple(sorted({grant.action for grant in found}))
        causes, reached = made.setdefault((actions, tests), (set(), set()))
        causes.update(grant.cause for grant in found)
        reached.update(resources)
    rows = [(min(causes), actions, tests, sorted(reached)) for (actions, tests), (causes, reached) in made.items()]
    return list(_named(sorted(rows)))


def _named(rows: Iterable[tuple[str, tuple[str, ...], tuple[Test, ...], list[str]]]) -> Iterator[Statement]:
    seen: dict[str, int] = {}
    for cause, actions, tests, resources in rows:
        seen[cause] = seen.get(cause, 0) + 1
        sid = cause if seen[cause] == 1 else f"{cause}{seen[cause]}"
        yield statement(actions, resources, sid=sid, condition=condition(tests))


def condition(tests: Iterable[Test]) -> dict[str, dict[str, tuple[str, ...]]]:
    """The tests as a policy has them."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for operator, key, values in tests:
        found.setdefault(operator, {})[key] = values
    return found
