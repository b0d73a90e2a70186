"""What is there: the drivers' questions, asked of AWS in rounds, together and side by side.

A round is every question that can be asked now; its answers make the next round. The account's own questions (what else
carries our tags) go out in the first one. An error of a read fails the survey: it is never "absent".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mfinfra import catalogue, coalesce, ownership, schemas, stacks
from mfinfra.errors import MfinfraError, UserError
from mfinfra.model import Address, Asking, Call, Document, Environment, Observed, Resource, Scope, Spec, Work


class Reader(Protocol):
    """What a survey needs of AWS."""

    parallelism: int

    def ask(self, call: Call) -> Any:
        """Send a reading call; the answer has a `document`."""
        ...


@dataclass(frozen=True, slots=True)
class Leftover:
    """A resource that carries our tags and that the file no longer has under this name."""

    resource: Resource
    observed: Observed


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything that was found: by address what the file speaks of, and what is left over. `rounds` counts trips."""

    observed: Mapping[Address, Observed | None]
    leftovers: tuple[Leftover, ...] = ()
    rounds: int = 0
    requests: int = 0


@dataclass(slots=True)
class Rounds:
    """The engine of a survey: drives askers until each has its result."""

    reader: Reader
    count: int = 0
    requests: int = 0

    def run(self, askers: Mapping[Any, Asking]) -> dict[Any, Any]:
        """Drive `askers` to their ends; returns their results by key."""
        results: dict[Any, Any] = {}
        waiting: dict[Any, tuple[Call, ...]] = {}
        for key, asker in askers.items():
            self._advance(key, asker, None, waiting, results)
        while waiting:
            self.count += 1
            answers = self._ask([call for calls in waiting.values() for call in calls])
            asked, waiting = waiting, {}
            for key, calls in asked.items():
                reply = tuple(answers[coalesce.fingerprint(call)] for call in calls)
                self._advance(key, askers[key], reply, waiting, results)
        return results

    @staticmethod
    def _advance(
        key: Any, asker: Asking, reply: Any, waiting: dict[Any, tuple[Call, ...]], results: dict[Any, Any]
    ) -> None:
        try:
            waiting[key] = next(asker) if reply is None else asker.send(reply)
        except StopIteration as done:
            results[key] = done.value

    def _ask(self, questions: Sequence[Call]) -> dict[str, Document | None]:
        batches = coalesce.batches(questions)
        with ThreadPoolExecutor(max_workers=max(1, min(self.reader.parallelism, len(batches)))) as pool:
            outcomes = list(pool.map(self._outcome, batches))
        self.requests += len(batches)
        failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        if failures:
            raise _joined(failures)
        return {key: answer for outcome in outcomes if isinstance(outcome, dict) for key, answer in outcome.items()}

    def _outcome(self, batch: coalesce.Batch) -> dict[str, Document | None] | Exception:
        try:
            answer = self.reader.ask(batch.call).document
            if answer is None and batch.alone:
                return {coalesce.fingerprint(call): self.reader.ask(call).document for call in batch.alone}
            return coalesce.share(batch, answer)
        except MfinfraError as error:
            return error


def survey(reader: Reader, environment: Environment) -> Survey:
    """Observe every resource of the file, and find what carries this environment's tags besides."""
    rounds = Rounds(reader)
    declared = {**environment.resources, **environment.disabled}
    askers: dict[Any, Asking] = {address: observe(resource) for address, resource in declared.items()}
    found = rounds.run({**askers, "census": _census(environment.scope)})
    arns: Iterable[str] = found.pop("census")
    strangers = [
        (address, resource)
        for address, resource in _stubs(arns, environment.scope)
        if not _declared_already(resource, declared, found)
    ]
    confirmed = rounds.run({(address, index): observe(stub) for index, (address, stub) in enumerate(strangers)})
    leftovers = []
    for index, (address, stub) in enumerate(strangers):
        observed: Observed | None = confirmed[address, index]
        if observed is None:
            continue  # the tagging service lists what is deleted for hours
        owner = ownership.of(observed, environment.scope)
        if owner.address is not None and owner.address.kind == stub.kind:
            leftovers.append(Leftover(replace(stub, address=owner.address), observed))
    return Survey(found, tuple(leftovers), rounds.count, rounds.requests)


def observe(resource: Resource) -> Asking:
    """The questions of the resource's driver, and where it carries a stack's tags, the one whether that holds it still.

    An error of that answer fails the survey: who may not ask does not learn that nobody owns it.
    """
    observed: Observed | None = yield from catalogue.driver(resource.kind).observe(resource)
    stack = stacks.maker(observed.tags, resource.scope) if observed else None
    if observed is None or stack is None:
        return observed
    (answer,) = yield (stacks.question(stack, resource.scope),)
    return replace(observed, released=not stacks.holds(answer, resource.kind, observed))


def work(reader: Reader, askers: Mapping[Address, Asking]) -> dict[Address, Work]:
    """What runs, by the address whose step would stop it; no questions, no request."""
    return Rounds(reader).run(askers)


def look_again(reader: Reader, resource: Resource) -> Observed | None:
    """Observe one resource."""
    found: Observed | None = Rounds(reader).run({resource.address: observe(resource)})[resource.address]
    return found


def _census(scope: Scope) -> Asking:
    """Ask for the ARNs of everything that carries this environment's tags; a hint only, each is looked at after."""
    filters = [{"Key": ownership.ENVIRONMENT, "Values": [scope.environment]}]
    tagged = Call(
        "resourcegroupstaggingapi", "GetResources", {"TagFilters": filters, "ResourcesPerPage": 100}, paginate=True
    )
    extra = [catalogue.driver(kind).census for kind in catalogue.kinds()]
    asked = [census for census in extra if census is not None]
    first, *rest = yield (tagged, *(census.question for census in asked))
    arns = {row["ResourceARN"] for row in (first or {}).get("ResourceTagMappingList", ())}
    for census, answer in zip(asked, rest, strict=True):
        arns.update(census.arns(answer or {}, ownership.ENVIRONMENT, scope.environment))
    return sorted(arns)


def _stubs(arns: Iterable[str], scope: Scope) -> list[tuple[Address, Resource]]:
    stubs = []
    for arn in arns:
        for kind in catalogue.kinds():
            identity = catalogue.driver(kind).locate(arn)
            if identity is not None:
                spec: Spec = {**dict.fromkeys(schemas.traits(kind).fields), **identity}
                address = Address(kind, arn.rpartition(":")[2])
                stubs.append((address, Resource(address, spec, scope, leftover=True)))
    return stubs


def _declared_already(
    stub: Resource, declared: Mapping[Address, Resource], found: Mapping[Any, Observed | None]
) -> bool:
    """Whether this is one of the file's own, by what was observed, or, where nothing was yet, by what the file says."""
    identity = {name: value for name, value in stub.spec.items() if value is not None}
    for address, resource in declared.items():
        observed = found.get(address)
        if address.kind != stub.kind:
            continue
        known = {**resource.spec, **observed.spec, **observed.outputs} if observed else resource.spec
        if all(known.get(name) == value for name, value in identity.items()):
            return True
    return False


def _joined(failures: Sequence[Exception]) -> Exception:
    """The first failure, with the others named in its hint."""
    first = failures[0]
    others = sorted({_told(failure) for failure in failures[1:]} - {_told(first)})
    if isinstance(first, UserError) and others:
        first.hint = "\n".join(filter(None, [first.hint, *(f"also: {other}" for other in others)]))
    return first


def _told(failure: Exception) -> str:
    hint = getattr(failure, "hint", None)
    return f"{failure} ({hint})" if hint else str(failure)
