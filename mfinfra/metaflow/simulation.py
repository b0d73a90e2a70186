"""Which needs a principal's policies do not meet, by the local evaluator or by IAM's own simulator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mfinfra.evaluate import Decision, UnjudgedError, judge
from mfinfra.evaluate.decisions import Policy
from mfinfra.metaflow.needs import Need

# https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
_ACTION = "EvalActionName"
_MISSING = "MissingContextValues"
# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases
_SEVERAL = ("kms:ResourceAliases",)
"""Condition keys that have several values by nature."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a need. `decision` is `None` when it cannot be told, and `unknown` says why.

    `missing` are condition keys that a policy asks for and the need does not name: a real request may carry them.
    """

    need: Need
    decision: Decision | None
    missing: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def allowed(self) -> bool:
        """Whether it is known to be met."""
        return self.decision is Decision.ALLOWED


@dataclass(frozen=True, slots=True)
class Simulation:
    """One call of `SimulatePrincipalPolicy` about several needs: they share resource and context."""

    needs: tuple[Need, ...]

    def params(self, principal: str) -> Mapping[str, Any]:
        """The call's parameters for the principal with this ARN."""
        request = self.needs[0].request
        entries = [
            {
                "ContextKeyName": key,
                "ContextKeyValues": list(values),
                "ContextKeyType": "stringList" if key in _SEVERAL else "string",
            }
            for key, values in request.context.items()
        ]
        return {
            "PolicySourceArn": principal,
            "ActionNames": sorted({need.action for need in self.needs}),
            "ResourceArns": [request.resource],
            **({"ContextEntries": entries} if entries else {}),
        }

    def outcomes(self, results: Iterable[Mapping[str, Any]]) -> tuple[Outcome, ...]:
        """What came of it, from the `EvaluationResults` of all pages; an action without a result is not known."""
        by_action: dict[str, list[Mapping[str, Any]]] = {}
        for item in results:
            by_action.setdefault(str(item[_ACTION]).lower(), []).append(item)
        return tuple(_outcome(need, by_action.get(need.action.lower(), [])) for need in self.needs)


def outcomes(
    needs: Iterable[Need], policies: Sequence[Policy], *, boundary: Policy | None = None
) -> tuple[Outcome, ...]:
    """What becomes of each need of a principal with these identity policies."""
    return tuple(_judged(need, policies, boundary) for need in needs)


def denied(needs: Iterable[Need], policies: Sequence[Policy], *, boundary: Policy | None = None) -> tuple[Outcome, ...]:
    """The outcomes of those needs that are not known to be met."""
    return tuple(item for item in outcomes(needs, policies, boundary=boundary) if not item.allowed)


def simulations(needs: Iterable[Need]) -> Iterator[Simulation]:
    """As few calls of the simulator as ask for all of `needs`; it takes one context for a whole call."""
    groups: dict[tuple[Any, ...], list[Need]] = {}
    for need in needs:
        request = need.request
        groups.setdefault((request.resource, *sorted(request.context.items())), []).append(need)
    return (Simulation(tuple(group)) for group in groups.values())


def _judged(need: Need, policies: Sequence[Policy], boundary: Policy | None) -> Outcome:
    try:
        found = judge(need.request, policies, boundary=boundary)
    except UnjudgedError as error:
        return Outcome(need, None, unknown=str(error))
    return Outcome(need, found.decision, found.missing)


def _outcome(need: Need, results: Sequence[Mapping[str, Any]]) -> Outcome:
    """What the results for one action say of one resource.

    AWS gives a result for each type of resource that the action knows, with the decision on a resource in a list inside
    it; the outer decision is about the type. It used to give one result for each resource, and others still do.
    """
    inner = [item for result in results for item in result.get("ResourceSpecificResults") or ()]
    decisions = [
        *(item for item in inner if item["EvalResourceName"] == need.resource),
        *(item for item in results if not inner and item.get("EvalResourceName", "*") in ("*", need.resource)),
    ]
    if not decisions:
        return Outcome(need, None, unknown="the simulator did not answer for this action and resource")
    found = {Decision(item.get("EvalResourceDecision") or item["EvalDecision"]) for item in decisions}
    strictest = next(one for one in (Decision.EXPLICIT_DENY, Decision.IMPLICIT_DENY, Decision.ALLOWED) if one in found)
    missing = (key for item in decisions for key in item.get(_MISSING) or ())
    return Outcome(need, strictest, tuple(dict.fromkeys(missing)))
