"""What a person should know before something is given up: what the file, its users and the bucket make of it. Pure.

MF5730 still in the file     MF5731 in the file to be adopted     MF5732 others refer to it
MF5733 the lock and the receipts stay     MF5734 AWS deletes it
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from mfinfra import records
from mfinfra.errors import Problem
from mfinfra.model import Action, Address, Environment, Observed, refs
from mfinfra.observe import Survey
from mfinfra.planning import forgetting
from mfinfra.planning.forgetting import Forgotten

NAMED = 3
"""How many addresses a sentence names before it counts the rest."""


def notes(
    made: Sequence[Forgotten], environment: Environment, survey: Survey, wanted: Collection[str]
) -> tuple[Problem, ...]:
    """The warnings of a plan that gives up `made`."""
    given = {one.step.address: one.observed for one in made if one.step.action is Action.FORGET and one.step.effects}
    return (
        *_in_the_file(given, environment),
        *(() if forgetting.ALL in wanted else _referred(given, environment)),
        *_lock(made, environment, wanted),
        *(_going(survey, environment) if forgetting.ALL in wanted else ()),
    )


def _in_the_file(given: Collection[Address], environment: Environment) -> Iterator[Problem]:
    """What the next plan of this very file makes of it."""
    there = [address for address in given if address in environment.resources]
    adopted = [address for address in there if environment.resources[address].adopt]
    stopped = [address for address in there if address not in adopted]
    if stopped:
        one = len(stopped) == 1
        yield _note(
            "MF5730",
            f"{_listed(stopped)} {'is' if one else 'are'} still in the file: the next plan finds what nobody owns "
            f"there and stops (MF4101), until {'it is' if one else 'they are'} taken out of the file",
            f"to own {'it' if one else 'them'} again: `--adopt {stopped[0] if one else 'all'}`",
        )
    if adopted:
        one = len(adopted) == 1
        yield _note(
            "MF5731",
            f"{_listed(adopted)} {'has' if one else 'have'} `adopt: true` in the file: the next apply takes "
            f"{'it' if one else 'them'} over again, unless {'it is' if one else 'they are'} taken out of the file",
            "take the whole block out, and not `adopt` alone",
        )


def _referred(given: Mapping[Address, Observed], environment: Environment) -> Iterator[Problem]:
    """What has to be written where others refer to it, once it has left the file."""
    for address, observed in given.items():
        users = [
            user
            for user, resource in environment.resources.items()
            if address in resource.depends_on and user not in given
        ]
        places = [f"`{user}`" for user in sorted(users)]
        places += ["the `metaflow` block"] if _mentions(environment.metaflow, address) else []
        places += ["`lock`"] if environment.lock == str(address) else []
        if places:
            attributes = {
                ref.attribute
                for user in users
                for ref in refs(environment.resources[user].spec)
                if ref.address == address
            }
            literals = sorted({observed.outputs[name] for name in attributes if name in observed.outputs})
            written = " or ".join(f"`{text}`" for text in literals or [_name(observed)])
            yield _note(
                "MF5732",
                f"{_some(places)} {'refers' if len(places) == 1 else 'refer'} to it: once it is out of the file, "
                f"{written} has to stand there in its place",
                f"write {written} where `{address}` is now",
                str(address),
            )


def _lock(made: Sequence[Forgotten], environment: Environment, wanted: Collection[str]) -> Iterator[Problem]:
    """What stays in the bucket: whoever forgets everything has no more use for it."""
    place = records.place(environment)
    held = place is not None and any(forgetting.holds(one, place) for one in made)
    if place is not None and made and (held or forgetting.ALL in wanted):
        yield _note(
            "MF5733",
            f"the lock and the receipts of this environment stay in `{place}`: nothing there is deleted",
            f"once nobody needs them: `aws s3 rm --recursive {place}/`",
        )


def _going(survey: Survey, environment: Environment) -> Iterator[Problem]:
    for address in forgetting.going(environment, survey):
        yield _note(
            "MF5734",
            "it is left out: AWS deletes it, and its tags go with it",
            "to keep a key or a secret that waits for its deletion, take it back first: apply a file that has it",
            str(address),
        )


def _note(code: str, message: str, hint: str, subject: str = "") -> Problem:
    return Problem(message, code=code, severity="warning", hint=hint, subject=subject)


def _listed(addresses: Sequence[Address]) -> str:
    return _some([f"`{address}`" for address in addresses])


def _some(texts: Sequence[str]) -> str:
    """`a`, `b` and `c`; of many, the first ones and how many more."""
    named = list(texts) if len(texts) <= NAMED else [*texts[: NAMED - 1], f"{len(texts) - NAMED + 1} more"]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def _mentions(value: Any, address: Address) -> bool:
    match value:
        case str():
            return value == str(address)
        case Mapping():
            return any(_mentions(item, address) for item in value.values())
        case list() | tuple():
            return any(_mentions(item, address) for item in value)
        case _:
            return False


def _name(observed: Observed) -> str:
    return observed.outputs.get("name") or observed.physical_id
