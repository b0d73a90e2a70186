"""Which needs a principal's policies do not meet, by the local evaluator or by IAM's own simulator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mfinfra.evaluate import Decision, UnjudgedError, judge, simulated
from mfinfra.evaluate.decisions import Policy
from mfinfra.metaflow.needs import Need


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
        asked = simulated.asked((need.action for need in self.needs), [request.resource], request.context)
        return {"PolicySourceArn": principal, **asked}

    def outcomes(self, results: Iterable[Mapping[str, Any]]) -> tuple[Outcome, ...]:
        """What came of it, from the `EvaluationResults` of all pages; an action without a result is not known."""
        rows = list(results)
        return tuple(_outcome(need, rows) for need in self.needs)


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
    found = simulated.judgement(results, need.action, str(need.resource))
    if found is None:
        return Outcome(need, None, unknown="the simulator did not answer for this action and resource")
    return Outcome(need, found.decision, found.missing)
