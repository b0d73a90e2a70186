"""Which CloudFormation stack made a resource, and whether that stack still holds it. Pure.

CloudFormation puts its tags on what it makes, and nobody can take them off again: they stay on a resource that was
retained when it left its stack, or when the stack was deleted. So the tags say who to ask, and the stack says what is.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-add-tags.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mfinfra.model import Call, Document, Observed, Scope

TAGS: Final = "aws:cloudformation:"
NAME: Final = f"{TAGS}stack-name"
ID: Final = f"{TAGS}stack-id"
GONE: Final = ("ValidationError: does not exist",)
"""What is answered for a stack that there is not, and for one that was deleted more than 90 days ago."""
LET_GO: Final = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})
"""The statuses of a resource that its stack has nothing to do with any more; the second one is a retained one's.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
"""
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class StackId:
    """The ARN of a stack, taken apart: `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID`."""

    arn: str
    region: str
    account: str
    name: str

    @classmethod
    def parse(cls, text: str) -> StackId | None:
        """The parts of `text`, `None` where it is no stack's ARN."""
        parts = text.split(":", 5)
        match parts:
            case ["arn", _, "cloudformation", region, account, rest] if rest.startswith("stack/"):
                return cls(text, region, account, rest.split("/")[1])
            case _:
                return None


def maker(tags: Mapping[str, str], scope: Scope) -> StackId | None:
    """The stack that the tags name, where it can be asked: it is of this account and partition."""
    found = StackId.parse(tags.get(ID, ""))
    same = found is not None and (found.account, found.arn.split(":")[1]) == (scope.account, scope.partition)
    return found if same else None


def question(stack: StackId, scope: Scope) -> Call:
    """Ask for all that the stack holds, by its id: so that one of the same name, made since, does not answer.

    A deleted stack answers for 90 days. A role may be of a stack in another region: only there is it known.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html
    """
    region = "" if stack.region == scope.region else stack.region
    params = {"StackName": stack.arn}
    return Call("cloudformation", "ListStackResources", params, absent=GONE, paginate=True, region=region)


def of(kind: str, type_: str) -> bool:
    """Whether `kind` may be what CloudFormation calls `type_`: `AWS::EC2::VPCEndpoint` is an endpoint by its name.

    More than one type may be: a stack that seems to hold too much is asked to let go once more, and nothing is lost.
    """
    return _HUMP.sub("_", type_.rpartition("::")[2]).lower().endswith(kind)


def holds(answer: Document | None, kind: str, observed: Observed) -> bool:
    """Whether `observed` is among what the stack holds. Ids are unique within a type, not among all."""
    ids = frozenset({observed.physical_id, *observed.outputs.values()})
    rows: Any = (answer or {}).get("StackResourceSummaries", ())
    return any(
        of(kind, row["ResourceType"]) and row.get("PhysicalResourceId") in ids and row["ResourceStatus"] not in LET_GO
        for row in rows
    )
