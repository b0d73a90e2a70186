"""Policies that fit into IAM's limits: as few as hold all statements.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from mfinfra import policy
from mfinfra.errors import UserError
from mfinfra.grants.grant import Statement

MANAGED_SIZE: Final = 6_144
"""Characters of a managed policy; IAM does not count white space."""
ATTACHMENTS: Final = 20
"""Managed policies on one role, where AWS was asked for the highest quota; without asking it is ten."""


def documents(statements: Sequence[Statement], size: int = MANAGED_SIZE) -> list[dict[str, Any]]:
    """The statements as policies of at most `size` characters each, in their order.

    A statement that is larger alone is cut into several that say the same together.
    """
    packed: list[list[Statement]] = []
    for item in (part for whole in statements for part in _parts(whole, size)):
        if packed and policy.size(policy.document([*packed[-1], item])) <= size:
            packed[-1].append(item)
        else:
            packed.append([item])
    if len(packed) > ATTACHMENTS:
        raise UserError(
            f"these permissions take {len(packed)} managed policies, and a role takes {ATTACHMENTS} at most",
            hint="split the environment into several files, each with a role of its own",
            code="MF5502",
        )
    return [policy.document(items) for items in packed]


def _parts(item: Statement, size: int) -> Iterator[Statement]:
    if policy.size(policy.document([item])) <= size:
        yield item
        return
    name = "Resource" if len(_listed(item["Resource"])) >= len(_listed(item["Action"])) else "Action"
    values = _listed(item[name])
    if len(values) == 1:
        raise AssertionError(f"a statement of one action on one resource is larger than {size} characters: {item}")
    half = len(values) // 2
    for number, part in enumerate((values[:half], values[half:]), start=1):
        yield from _parts({**item, "Sid": f"{item['Sid']}x{number}", name: part}, size)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
