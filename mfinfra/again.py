"""Where nobody knows whether a write took effect: look again, and carry out what is left of the step.

The answer of a write may be lost although AWS did what it was asked, or a run that was killed did what a read does not
show yet. Whoever repeats it then hears that the thing is there already, or gone, or in use. What is right then stands
in no error text but in AWS itself: the step is computed anew from what is there. What is there and not ours stays an
error.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from mfinfra import catalogue, observe, ownership
from mfinfra.aws.there import exists
from mfinfra.carry import Carrier
from mfinfra.errors import AccessDenied, AwsError, NotConverged, Unreachable
from mfinfra.model import Action, Effects, Observed, Resource
from mfinfra.planning import beside, forgetting, found
from mfinfra.planning.plan import Planned, filled

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each further look: reads may lag behind the write that nobody knows of."""
REFUSED = "MF3000"
CHANGES = frozenset({Action.UPDATE, Action.ADOPT_UPDATE})
ADOPTIONS = frozenset({Action.ADOPT, Action.ADOPT_UPDATE})


class Remainder(Protocol):
    """What knows how to compute a step anew."""

    @property
    def forgets(self) -> bool:
        """Whether it takes our tags off: a right that goes by tags is gone once that has happened."""
        ...

    def effects(self) -> Effects | None:
        """What is left to do, by what is there now; `None` where it is not ours to do."""
        ...


def carried_out(effects: Effects, carrier: Carrier, left: Remainder) -> None:
    """Carry out `effects`; after an error that leaves a doubt, what is `left`. Raises the error that remains."""
    began, doubt = carrier.aws.clock.now(), False
    for pause in (*PAUSES, None):
        try:
            carrier.run(effects)
        except (AwsError, Unreachable) as error:
            doubt = doubt or _doubtful(error)
            if not doubt or pause is None or not _clarifiable(error, left):
                raise
            carrier.wait(_why(error), carrier.aws.clock.now() - began, pause)
            rest = left.effects()
            if rest is None:
                raise
            effects = rest
        else:
            return


def repeated(carrier: Carrier, left: Remainder) -> None:
    """Carry out what is `left` of a step that was carried out."""
    carried_out(left.effects() or (), carrier, left)


def by_now(planned: Planned, carrier: Carrier) -> Effects:
    """The planned effects; where they put whole documents, the same change of what is there now.

    Others may have written their part since; what they changed beside the planned fields is left to the next plan.
    Raises `NotConverged` where nothing is there any more.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
    """
    driver, forgets = catalogue.driver(planned.resource.kind), planned.step.action is Action.FORGET
    if not (planned.step.action in CHANGES or forgets) or not driver.whole:
        return planned.step.effects
    resource = filled(planned.resource, carrier.outputs)
    observed = observe.look_again(carrier.aws, resource)
    if forgets:
        return forgetting.step(resource, observed).effects if observed else ()
    if observed is None or observed.leaving:
        raise NotConverged(str(resource.address), ["existence"])
    approved = {str(item.path[0]) for item in planned.step.changes}
    differing = {str(item.path[0]) for item in driver.step(resource, observed).changes}
    strange = (differing & resource.spec.keys()) - approved
    return driver.step(replace(resource, spec={**resource.spec, **dict.fromkeys(strange)}), observed).effects


@dataclass(slots=True)
class Bringing:
    """The rest of a step that makes, changes, replaces in its place or deletes the planned resource.

    `_going` counts the effects that delete what is replaced: as long as one of them failed, it is the old one that is
    there, and afterwards never.
    """

    planned: Planned
    carrier: Carrier
    _going: int = field(init=False)

    def __post_init__(self) -> None:
        planned = self.planned
        in_place = planned.step.action is Action.REPLACE and planned.retired is None and not planned.step.retire
        self._going = self._teardown(planned.resource, planned.observed) if in_place and planned.observed else 0

    @property
    def forgets(self) -> bool:
        """Whether the step gives its resource up."""
        return self.planned.step.action is Action.FORGET

    def effects(self) -> Effects | None:
        """What is left to do, by what is there now; `None` where it is not ours to do."""
        if self.carrier.reached >= self._going:
            self._going = 0
        resource = filled(self.planned.resource, self.carrier.outputs)
        observed = observe.look_again(self.carrier.aws, resource)
        driver = catalogue.driver(resource.kind)
        if self.planned.step.action is Action.DELETE:
            return _deletion(resource, observed)
        if self.forgets:
            return forgetting.step(resource, observed).effects if observed else ()
        if observed is None or observed.leaving:
            self._going = 0
            return driver.step(resource, observed).effects
        if not self._ours(observed):
            return None
        if self._going:
            self._going = self._teardown(resource, observed)
            return driver.replacement(resource, observed).effects
        self.carrier.outputs[resource.address] = {**self.planned.step.outputs, **observed.outputs}
        step = driver.step(resource, observed)
        return None if step.blocks or step.action is Action.REPLACE else step.effects

    def _ours(self, observed: Observed) -> bool:
        standing = ownership.of(observed, self.planned.resource.scope).standing
        adopted = self.planned.step.action in ADOPTIONS and standing is ownership.Standing.NOBODYS
        return standing is ownership.Standing.OURS or adopted

    @staticmethod
    def _teardown(resource: Resource, observed: Observed) -> int:
        return len(catalogue.driver(resource.kind).teardown(resource, observed).effects)


@dataclass(slots=True)
class Retiring:
    """The rest of the end of what a step has replaced under another identity."""

    planned: Planned
    carrier: Carrier

    @property
    def forgets(self) -> bool:
        """Never: it deletes."""
        return False

    def effects(self) -> Effects | None:
        """What is left to do, by what is there now; `None` where it is not ours to do."""
        retired = self.planned.retired
        if retired is None:
            return None
        resource = beside.with_local(retired.resource, self.planned.resource)
        return _deletion(resource, observe.look_again(self.carrier.aws, retired.resource))


def _deletion(resource: Resource, observed: Observed | None) -> Effects | None:
    """What deletes what is left; nothing that is not ours."""
    if observed is None or observed.scheduled:
        return ()
    if not (observed.leaving or found.ours(observed, resource.scope)):
        return None
    return catalogue.driver(resource.kind).teardown(resource, observed).effects


def _doubtful(error: AwsError | Unreachable) -> bool:
    """Whether a write may have taken effect that nobody knows of: of this run, or of one that was killed."""
    if isinstance(error, Unreachable):
        return True
    return error.doubtful or exists(error.service, error.operation, error.aws_code, error.message)


def _clarifiable(error: AwsError | Unreachable, left: Remainder) -> bool:
    """Whether a look at what is there can tell more: of a bad status or of what is denied it cannot."""
    if isinstance(error, AccessDenied):
        return error.doubtful and left.forgets  # who took the tags off before may not do so once more
    return isinstance(error, Unreachable) or error.code == REFUSED


def _why(error: AwsError | Unreachable) -> str:
    said = f"`{error.service}:{error.operation}` (`{error.aws_code}`)" if isinstance(error, AwsError) else "a call"
    return f"whether {said} took effect is not known: looking at what is there"
