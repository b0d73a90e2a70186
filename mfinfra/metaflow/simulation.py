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
                "ContextKeyType": "string" if len(values) == 1 else "stringList",
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
        found = {str(item[_ACTION]).lower(): item for item in results}
        return tuple(_outcome(need, found.get(need.action.lower())) for need in self.needs)


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


def _outcome(need: Need, result: Mapping[str, Any] | None) -> Outcome:
    if result is None:
        return Outcome(need, None, unknown="the simulator did not answer for this action")
    # The answer for one resource stands in its own list, when there is one; the outer one sums all up.
    specific = [
        item for item in result.get("ResourceSpecificResults") or () if item["EvalResourceName"] == need.resource
    ]
    decision = specific[0]["EvalResourceDecision"] if specific else result["EvalDecision"]
    missing = [*(result.get(_MISSING) or ()), *(key for item in specific for key in item.get(_MISSING) or ())]
    return Outcome(need, Decision(decision), tuple(dict.fromkeys(missing)))
