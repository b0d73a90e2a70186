"""From what is live to a file: a source says where to begin, references are walked, and the least file is written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from mfinfra.document import lint_metaflow
from mfinfra.document.nearest import did_you_mean
from mfinfra.errors import InvalidDocument, Problem, UserError
from mfinfra.importing import addresses, check, draft, owners, roles, sources, unseen
from mfinfra.importing.draft import Draft
from mfinfra.importing.memory import Memory
from mfinfra.importing.sources import Asked
from mfinfra.importing.start import Seed, Start, Unmodelled
from mfinfra.importing.walk import Found, Walk, told, words
from mfinfra.model import Access, Address, Scope
from mfinfra.observe import Reader

MISSING = "MF5652"
NOTHING = "MF5650"
_OURS = re.compile(r"belongs to the mfinfra environment")
_KEY = re.compile(r"\((METAFLOW_\w+)\)$")


@dataclass(frozen=True, slots=True)
class Imported:
    """A file, and all that is to be said about it.

    `found` are its resources in the order of the walk. `unmodelled` stays as it is. `handover` are the steps before
    anything can be adopted. `differences` are what a plan would do beside adopting: there should be none.
    `mended` says what is wrong with settings, and right in the file. `withheld` are keys of secrets, which stand in no
    file. `files` are those that the handover names.
    """

    text: str
    scope: Scope
    found: Mapping[Address, Found]
    unmodelled: tuple[Unmodelled, ...] = ()
    handover: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


def importing(
    aws: Reader, scope: Scope, starts: Iterable[Start], *, access: Access | None = None, exclude: Collection[str] = ()
) -> Imported:
    """The file of all that `starts` lead to; writes nothing.

    `exclude` holds kinds and addresses. Raises `InvalidDocument` with all that is named and not there, `UserError`
    where nothing is left to write.
    """
    start, memory = sources.joined(starts), Memory(aws)
    walk = Walk(memory, scope, frozenset(exclude))
    walked = walk.run(start.seeds)
    _refuse_missing(walked.missing, scope)
    named = addresses.of(walked.found)
    _refuse_idle({*exclude} - walk.left_out, map(str, named.values()))
    found = {named[one.key]: one for one in walked.found if str(named[one.key]) not in exclude}
    if not found:
        raise UserError("there is nothing to import", hint=_why_nothing(walked.left), code=NOTHING)
    writing = Draft(memory, scope, access or Access(), found, start.settings, walked.aws_keys)
    reading = roles.settle(writing, writing.settle())
    plan, block = check.planned(memory, reading.environment), writing.block()
    known = lint_metaflow.settings()["known"]
    return Imported(
        writing.text(),
        scope,
        writing.found,
        (
            *start.unmodelled,
            *walked.left,
            *writing.left,
            *(one for address in writing.found for one in draft.unmodelled(address, writing.words[address])),
            *unseen.of(writing.found, memory),
            *(Unmodelled(f"`{key}`", "it is no setting for a file") for key in block.strange),
        ),
        (*start.handover, *owners.handover(writing.found, scope, start.stacks)),
        (*check.differences(plan), *check.misread(reading.environment, start.settings, block.withheld, plan, known)),
        check.mended(start.settings),
        block.withheld,
        start.files,
    )


def starts(aws: Reader, scope: Scope, wanted: Mapping[str, Asked]) -> tuple[Start, ...]:
    """The starts of `wanted`: by flag of `sources.TABLE`, what stands behind it."""
    askers = {flag: sources.TABLE[flag](asked, scope) for flag, asked in wanted.items()}
    found = sources.ask(aws, askers)
    return tuple(found[flag] for flag in askers)


def _why_nothing(left: Iterable[Unmodelled]) -> str:
    said = [f"{one.what}: {one.why}" for one in left]
    if any(_OURS.search(one) for one in said):
        said.append("`--environment NAME` with that name imports what is its own, where its file was lost")
    return "\n".join(said) or "name more with `--resource`"


def _refuse_idle(excluded: Iterable[str], named: Iterable[str]) -> None:
    """A kind may be left out where there is none of it; an address is one that was read off an earlier report."""
    known = list(named)
    for one in sorted(excluded):
        if "." in one and one not in known:
            raise UserError(f"`--exclude {one}` leaves nothing out", hint=did_you_mean(one, known))


def _refuse_missing(missing: Iterable[Seed], scope: Scope) -> None:
    where = f"is not in account {scope.account}, region {scope.region}"
    problems = []
    for seed in missing:
        key = _KEY.search(seed.why)
        said = (
            f"{key[1]} names `{told(seed)}`, which {where}" if key else f"the {words(seed.kind)} `{told(seed)}` {where}"
        )
        hint = f"mend the setting, or leave it out with `--exclude {seed.kind}`" if key else "mend the name"
        problems.append(Problem(said, hint=hint, code=MISSING))
    if problems:
        raise InvalidDocument(problems)
