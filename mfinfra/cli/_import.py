"""Carrying an import out: into the account, along the references, and into a file; and what is said about it."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from mfinfra import importing, schemas
from mfinfra.aws import session
from mfinfra.cli import _editor, _endpoints
from mfinfra.document.nearest import did_you_mean
from mfinfra.errors import UserError
from mfinfra.importing import Imported
from mfinfra.importing.sources import Asked
from mfinfra.model import Access, Address
from mfinfra.plural import counted
from mfinfra.render import console, inert, progress, streams
from mfinfra.starting import answers, place, signing_in

STDOUT = "-"
NAMELESS = "metaflow"
"""What an environment is called where nothing else names it."""
_COMMAND = re.compile(r"(?:then `)?((aws|mfinfra) [^`]+)`?")
"""A step that is a command and nothing else, or almost."""
HEADERS = "METAFLOW_SERVICE_HEADERS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the command line says; `wanted` has the values of each source by its flag."""

    file: str
    wanted: Mapping[str, tuple[str, ...]]
    environment: str | None
    account: str | None
    region: str | None
    profile: str | None
    endpoint: str | None
    exclude: Collection[str]
    handover: Path | None
    overwrite: bool
    parallelism: int

    def run(self) -> int:
        """Import; returns the exit code: 1 where a plan of the file would do more than adopt."""
        self._check()
        access = Access(profile=self.profile, endpoint=self.endpoint)
        aws = session.enter(access, self.region, self._name())
        aws.parallelism = self.parallelism
        signing_in.guard_account(self.account, aws.scope)
        found = self._imported(aws, access)
        copied = self._written(found)
        console.write(lines(found, self.file, copied, self.profile), sys.stderr)
        return 1 if found.differences else 0

    def _written(self, found: Imported) -> Sequence[str]:
        """Put everything in its place, the file last; returns what was done for editors, by line."""
        more = {Path(self.handover, name): text for name, text in found.files.items()} if self.handover else {}
        for path in more:
            place.guard(path, overwrite=self.overwrite)
        for path, text in more.items():
            place.write(text, path, overwrite=self.overwrite)
        if self.file == STDOUT:
            streams.put(found.text, sys.stdout)
            return ()
        file = Path(self.file)
        schema = place.schema(file)
        place.write(_editor.with_modelines(found.text, schema), file, overwrite=self.overwrite)
        return () if (file.parent / schema).is_file() else _editor.install(file)[:1]

    def _imported(self, aws: session.Aws, access: Access) -> Imported:
        folder = str(self.handover) if self.handover else ""
        asked = {flag: Asked(values, folder) for flag, values in self.wanted.items()}
        where = f"reading {inert.line(aws.scope.account)} in {inert.line(aws.scope.region)}"
        with progress.doing(where, sys.stderr):
            starts = importing.starts(aws, aws.scope, asked)
            return importing.importing(aws, aws.scope, starts, access=access, exclude=self.exclude)

    def _check(self) -> None:
        """Raise `UserError` for what can be said before AWS is asked."""
        if not self.wanted:
            hint = "name a source: `--from-metaflow-profile default`, `--resource KIND=NAME`, `--tag KEY=VALUE` …"
            raise UserError("there is no place to begin at", hint=hint)
        if self.file != STDOUT:
            place.guard(Path(self.file), overwrite=self.overwrite)
        for one in self.exclude:
            kind = one.partition(".")[0]
            if kind not in schemas.kinds():
                hint = did_you_mean(kind, schemas.kinds()) or f"the kinds are {', '.join(schemas.kinds())}"
                raise UserError(f"`--exclude {one}` names neither a kind nor an address", hint=hint)
        if not self.endpoint:
            _endpoints.warn("unset it, or name it: `--endpoint`")

    def _name(self) -> str:
        """The environment's name; raises `UserError` for one that cannot be."""
        if self.environment is not None:
            if not answers.may_be_environment(self.environment):
                hint = answers.ENVIRONMENT
                raise UserError(f"`--environment {self.environment}` cannot be a name", hint=hint)
            return self.environment
        stem = "" if self.file == STDOUT else Path(self.file).stem
        profile = next(iter(self.wanted.get("--from-metaflow-profile", ())), "")
        return next((name for name in (stem, profile) if answers.may_be_environment(name)), NAMELESS)


def lines(imported: Imported, file: str, copied: Iterable[str] = (), profile: str | None = None) -> Iterator[Text]:
    """The report: what was found and why, what stays, what comes first, and what comes next.

    `copied` says what was done for editors; `profile` is whose credentials were used.
    """
    scope, count = imported.scope, len(imported.found)
    where = f"in account {scope.account}, {scope.region}"
    yield Text.assemble((f"Found {counted(count, 'resource')} ", "bold"), inert.line(where))
    yield from _tree(imported)
    yield from _section("Stays as it is", (f"{one.what}: {one.why}" for one in imported.unmodelled), "bold")
    yield from _section("Mended in the file", imported.mended, "bold")
    yield from _section("Not in the file, for they are secrets", map(_secret, imported.withheld), "bold")
    yield from _steps(imported.handover, profile)
    yield from _section("A plan of this file would do more than adopt", imported.differences, "bold red")
    yield from _next(file, copied, last=bool(imported.handover))


def _tree(imported: Imported) -> Iterator[Text]:
    """The resources, each below what led to it."""
    at = {one.key: address for address, one in imported.found.items()}
    below: dict[str, list[Address]] = {}
    for address, one in imported.found.items():
        below.setdefault(one.via if one.via in at else "", []).append(address)

    def branch(via: str, depth: int) -> Iterator[Text]:
        for address in below.get(via, ()):
            one = imported.found[address]
            owner = f"; {one.owner.owner} has it" if one.owner.owner else ""
            line = Text("  " * (depth + 1)).append(inert.line(address), "cyan")
            yield line.append(f"  {inert.line(one.seed.why)}{inert.line(owner)}", "dim")
            yield from branch(one.key, depth + 1)

    yield from branch("", 0)


def _section(title: str, said: Iterable[str], style: str) -> Iterator[Text]:
    rows = [Text(f"  - {inert.line(one)}") for one in said]
    if rows:
        yield from (Text(), Text(title, style), *rows)


def _steps(handover: Iterable[str], profile: str | None) -> Iterator[Text]:
    """Sentences, and commands by themselves on a line, so that they can be copied: for the account that was read."""
    whose = f" --profile {shlex.quote(profile)}" if profile else ""
    steps = list(handover)
    if steps:
        yield from (Text(), Text("Before anything can be adopted", "bold yellow"))
    for step in steps:
        for part in inert.lines(step):
            command = _COMMAND.fullmatch(part)
            if command is None:
                yield Text(f"  {part}")
            else:
                yield Text(f"    {command[1]}{inert.line(whose) if command[2] == 'aws' else ''}", no_wrap=True)


def _secret(key: str) -> str:
    place = "service.headers" if key == HEADERS else f"settings.{key}"
    said = f"`metaflow.{place}: {{secret: ARN}}`"
    return f"{key}: put it into Secrets Manager, and write {said}"


def _next(file: str, copied: Iterable[str], *, last: bool) -> Iterator[Text]:
    """What comes next; after the steps of a handover it is the `last` one."""
    if file == STDOUT:
        return
    yield from (Text(), Text.assemble(("Wrote ", "bold"), inert.line(file)))
    yield from (Text(inert.line(line)) for line in copied)
    if last:
        yield Text("After the steps above:")
    yield Text(f"  mfinfra plan {inert.line(shlex.quote(file))} --adopt all", no_wrap=True)
