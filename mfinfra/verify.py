"""After a step: look again until live state is as wished. AWS's reads may lag behind its writes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from mfinfra import catalogue, observe
from mfinfra.aws import retry
from mfinfra.carry import Carrier
from mfinfra.errors import AwsError, NotConverged
from mfinfra.model import Observed, Resource, Settle
from mfinfra.planning import forgetting
from mfinfra.planning.plan import Planned, filled

TRIES = 12
PAUSE = 5.0
LAGGING = 4  # looks after which it is no read that lags


def made(planned: Planned, carrier: Carrier) -> None:
    """Return once the planned resource needs nothing more; raises `NotConverged` with the fields that still differ.

    One that AWS is still changing is waited for as its own driver says: fields may read right long before they hold.
    """
    resource, postponed = planned.resource, planned.step.postponed

    def lacking() -> list[str]:
        wished = filled(resource, carrier.outputs)
        observed = _look(carrier, wished)
        if observed is None:
            return ["existence"]
        carrier.outputs[resource.address] = observed.outputs
        step = catalogue.driver(resource.kind).step(wished, observed)
        unusable = observed.broken or not observed.settled
        carrier.run(tuple(effect for effect in step.effects if unusable and isinstance(effect, Settle)))
        return [".".join(map(str, item.path)) for item in step.changes if item.path[0] not in postponed]

    _until(lacking, carrier, "AWS is making the change visible", resource)


def gone(resource: Resource, carrier: Carrier, delete: Callable[[], None]) -> None:
    """Return once the resource is not there any more, or AWS is deleting it.

    What stays is deleted again, by `delete`: where AWS does not know everywhere yet what is new, a deletion may have
    found nothing, and that is no error. https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    """
    looks = count(1)

    def lacking() -> list[str]:
        observed = observe.look_again(carrier.aws, resource)
        if observed is None or observed.leaving or observed.scheduled:
            return []
        if next(looks) % LAGGING == 0:
            delete()
        return ["existence"]

    _until(lacking, carrier, "AWS is making the deletion visible", resource, deleted=True)


def forgotten(resource: Resource, carrier: Carrier) -> None:
    """Return once nothing of the resource carries a tag of ours; raises `NotConverged` with those that stay."""

    def lacking() -> list[str]:
        observed = observe.look_again(carrier.aws, resource)
        left = forgetting.step(resource, observed).changes if observed else ()
        return [".".join(map(str, item.path)) for item in left]

    _until(lacking, carrier, "AWS is making the change visible", resource)


def _look(carrier: Carrier, resource: Resource) -> Observed | None:
    """Observe; a refusal that passes by itself, as of a resource that is not known everywhere yet, is "not yet"."""
    try:
        return observe.look_again(carrier.aws, resource)
    except AwsError as error:
        if retry.row_for(error.service, error.operation, error.aws_code, error.message) is None:
            raise
        return None


def _until(
    lacking: Callable[[], list[str]], carrier: Carrier, why: str, resource: Resource, *, deleted: bool = False
) -> None:
    left = lacking()
    for attempt in range(TRIES - 1):
        if not left:
            return
        carrier.wait(why, attempt * PAUSE, PAUSE)
        left = lacking()
    if left:
        raise NotConverged(str(resource.address), left, deleted=deleted)
