"""Where a KMS key is: under its alias, and where that is missing among the keys that carry its tags.

`CreateKey` takes no client token, and the alias is a call of its own: a run that was killed in between, or never heard
the answer, has left a key that only its tags tell. The tagging service hears of a new key late, so the keys without any
alias are asked too: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Any

from mfinfra.drivers._tags import tag_map
from mfinfra.errors import UserError
from mfinfra.model import Answers, Call, Document, Questions, Resource, Scope

MISSING = ("NotFoundException",)
PENDING = "PendingDeletion"
ENVIRONMENT = "mfinfra:environment"
OWNERSHIP = (ENVIRONMENT, "mfinfra:address", "mfinfra:owner")
# A key whose own policy does not let the account look is not one of ours: that would have made it so.
CLOSED = ("AccessDeniedException: no resource-based policy allows",)

Search = Generator[Questions, Answers, Resource | None]
Found = Generator[Questions, Answers, list[Document]]


def describe(number: Any) -> Call:
    """The question for the key with this id, ARN or alias."""
    return Call("kms", "DescribeKey", {"KeyId": number}, absent=MISSING)


def tags_of(number: Any, fine: tuple[str, ...] = ()) -> Call:
    """The question for the tags of the key with this id."""
    return Call("kms", "ListResourceTags", {"KeyId": number}, absent=MISSING, fine=fine, paginate=True)


def read_tags(answer: Document | None) -> dict[str, str]:
    return tag_map((answer or {}).get("Tags"), "TagKey", "TagValue")


def seek(resource: Resource) -> Search:
    """The resource with the id of its key; `None` where there is none. Raises `UserError` for another key's alias."""
    if resource.leftover:
        return replace(resource, spec={**resource.spec, "alias": ""})
    named, tagged = yield (describe(resource.spec["alias"]), census(resource.scope))
    claimed = _claimed(tagged or {}, resource)
    if named is None:
        return (yield from _by_tags(resource, claimed))
    number = named["KeyMetadata"]["KeyId"]
    if claimed and number not in claimed:
        mine = {row["KeyId"] for row in (yield from _mine(resource, [number, *claimed])) if row["KeyState"] != PENDING}
        if mine and number not in mine:
            raise UserError(
                f"{resource.address}: `{resource.spec['alias']}` is the alias of the key `{number}`, and this "
                f"environment's own key is `{min(mine)}`",
                hint="point the alias back or delete it, or give the key another `alias`; "
                "two keys swap their aliases in two applies",
                code="MF3150",
            )
    return _with_id(resource, number)


def census(scope: Scope) -> Call:
    """The question for all that carries the environment's tags: the survey's own one, so that it is asked once."""
    filters = [{"Key": ENVIRONMENT, "Values": [scope.environment]}]
    params = {"TagFilters": filters, "ResourcesPerPage": 100}
    return Call("resourcegroupstaggingapi", "GetResources", params, paginate=True)


def _by_tags(resource: Resource, claimed: list[str]) -> Search:
    """The key that carries the resource's tags and not its alias: in use before one that is to be deleted, then new."""
    keys, aliases = yield (
        Call("kms", "ListKeys", paginate=True),
        Call("kms", "ListAliases", paginate=True),
    )
    named = {row.get("TargetKeyId") for row in (aliases or {}).get("Aliases", ())}
    nameless = [row["KeyId"] for row in (keys or {}).get("Keys", ()) if row["KeyId"] not in named]
    mine = yield from _mine(resource, dict.fromkeys([*claimed, *nameless]))
    if not mine:
        return None
    best = max(mine, key=lambda row: (row["KeyState"] != PENDING, str(row.get("CreationDate", "")), row["KeyId"]))
    return _with_id(resource, best["KeyId"])


def _mine(resource: Resource, numbers: Iterable[str]) -> Found:
    """Those of the keys that are there and carry the resource's tags."""
    numbers = list(numbers)
    if not numbers:
        return []
    answers = yield tuple(tags_of(number, CLOSED) for number in numbers)
    ours = [number for number, said in zip(numbers, answers, strict=True) if _is_ours(read_tags(said), resource)]
    described = (yield tuple(describe(number) for number in ours)) if ours else ()
    return [said["KeyMetadata"] for said in described if said is not None]


def _claimed(tagged: Document, resource: Resource) -> list[str]:
    """The ids of the keys that carry the resource's tags as far as the tagging service knows."""
    return [
        row["ResourceARN"].rpartition("/")[2]
        for row in tagged.get("ResourceTagMappingList", ())
        if ":kms:" in row["ResourceARN"] and _is_ours(tag_map(row.get("Tags")), resource)
    ]


def _is_ours(tags: dict[str, str], resource: Resource) -> bool:
    return all(key in resource.tags and tags.get(key) == resource.tags[key] for key in OWNERSHIP)


def _with_id(resource: Resource, number: str) -> Resource:
    return replace(resource, spec={**resource.spec, "id": number})
