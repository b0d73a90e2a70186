"""How a request is put to IAM's own simulator, and what its answer says.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mfinfra.evaluate.decisions import Judgement
from mfinfra.evaluate.requests import Decision

# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases
SEVERAL = ("kms:ResourceAliases",)
"""Condition keys that have several values by nature."""
STRICTEST = (Decision.EXPLICIT_DENY, Decision.IMPLICIT_DENY, Decision.ALLOWED)


def asked(actions: Iterable[str], resources: Iterable[str], context: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The parameters of a question, but whom it is about."""
    entries = [
        {
            "ContextKeyName": key,
            "ContextKeyValues": list(values),
            "ContextKeyType": "stringList" if key in SEVERAL else "string",
        }
        for key, values in context.items()
    ]
    more = {"ContextEntries": entries} if entries else {}
    return {"ActionNames": sorted(set(actions)), "ResourceArns": list(resources), **more}


def judgement(results: Sequence[Mapping[str, Any]], action: str, resource: str) -> Judgement | None:
    """What the `EvaluationResults` of all pages say of one action on one resource; `None` where they say nothing.

    AWS gives a result for each type of resource that the action knows, with the decision on a resource in a list inside
    it; the outer decision is about the type. It used to give one result for each resource, and others still do.
    """
    own = [item for item in results if str(item["EvalActionName"]).lower() == action.lower()]
    inner = [item for result in own for item in result.get("ResourceSpecificResults") or ()]
    decisions = [
        *(item for item in inner if item["EvalResourceName"] == resource),
        *(item for item in own if not inner and item.get("EvalResourceName", "*") in ("*", resource)),
    ]
    found = {Decision(item.get("EvalResourceDecision") or item["EvalDecision"]) for item in decisions}
    if not found:
        return None
    missing = dict.fromkeys(key for item in decisions for key in item.get("MissingContextValues") or ())
    return Judgement(next(one for one in STRICTEST if one in found), missing=tuple(missing))
