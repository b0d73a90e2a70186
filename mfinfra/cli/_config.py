"""Metaflow's configuration on the command line: printed, compared with the profile's file, written into it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.text import Text

from mfinfra import configure, desired, profile, saved
from mfinfra.aws import shell
from mfinfra.cli import _saved
from mfinfra.errors import Problem, UserError
from mfinfra.metaflow import configuration, configuration_warnings
from mfinfra.metaflow.configuration import Produced, Row
from mfinfra.model import Environment
from mfinfra.render import config, console, inert, problems, streams

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


@dataclass(slots=True)
class Task:
    """One environment, the profile that is meant, and the file where that is."""

    environment: Environment
    name: str
    prune: bool
    produced: Produced
    _live: profile.Profile | None = field(default=None)

    @classmethod
    def of(cls, file: Path | None, chosen: str | None, *, prune: bool) -> Task:
        """Read the file at `file`, or that of the last plan; `chosen` is another profile than its own."""
        path = file if file is not None else _last()
        _saved.refuse(path, "config")
        environment = desired.read(path).environment
        if not environment.metaflow:
            raise UserError(f"`{path}` has no `metaflow` block, from which the configuration follows", code="MF5014")
        name = environment.metaflow.get("profile", "") if chosen is None else chosen
        if name and not NAME.fullmatch(name):
            raise UserError(f"`{name}` is no name of a profile", hint="letters, digits, `.`, `_` and `-`")
        return cls(environment, name, prune, configure.produce(environment))

    @property
    def live(self) -> profile.Profile:
        """The profile as it stands; read once, and only where it matters."""
        if self._live is None:
            self._live = profile.read(profile.path(self.name, os.environ))
        return self._live

    def put(self, format_: str, *, fresh: bool = True) -> bool:
        """Print the configuration on stdout; says whether the profile differs from it, where that was looked at."""
        differs = False
        if format_ == "diff":
            rows = self._rows()
            console.write(config.lines(rows, self.live.path, there=self.live.there), sys.stdout)
            differs = any(row.writes for row in rows)
        elif format_ == "env":
            streams.put(configuration.exports(configure.exported(self.environment, self.produced)), sys.stdout)
        else:
            streams.put(f"{configuration.document(self.produced.values)}\n", sys.stdout)
        if fresh:
            self._tell(exports=format_ == "env")
        if fresh and format_ != "diff":
            self._tell_secrets()
        return differs

    def write(self) -> bool:
        """Write what differs into the profile's file, once it was shown; says whether there was anything."""
        secrets = configure.secrets(self.environment, self.produced)
        live, rows = self.live, self._rows(secrets)
        console.write(config.lines(rows, live.path, there=live.there), sys.stderr)
        changed = any(row.writes for row in rows)
        if changed:
            values = configuration.merged(live.values, rows, {**self.produced.values, **secrets})
            profile.write(live, configuration.document(values))
            console.write([Text(f"written to {inert.line(config.place(live.target))}")], sys.stderr)
        else:
            streams.put("nothing to write: the profile says all of this already\n", sys.stderr)
        self._live = None
        self._tell(exports=False)
        if self.name and os.environ.get("METAFLOW_PROFILE") != self.name:
            streams.put(f"hint: `export METAFLOW_PROFILE={self.name}` makes Metaflow use it\n", sys.stderr)
        return changed

    def _rows(self, secrets: Mapping[str, Any] | None = None) -> tuple[Row, ...]:
        kinds = configure.kinds()
        return configuration.compare(self.produced, self.live.values, kinds, secrets=secrets, prune=self.prune)

    def _tell(self, *, exports: bool) -> None:
        """What hinders Metaflow from reading what is printed or written here, on stderr."""
        around, kinds = self._surroundings(), configure.kinds()
        rules = configuration_warnings.of_exports if exports else configuration_warnings.of_profile
        found = [*self._left_open(), *rules(self.environment, self.produced, around, kinds)]
        for one in found:
            console.write(problems.problem(one), sys.stderr)

    def _left_open(self) -> list[Problem]:
        found = []
        for key, refs in self.produced.waiting.items():
            named = ", ".join(sorted({f"`{ref.address}`" for ref in refs}))
            said, hint = f"`{key}` is left out: only AWS tells it, once {named} is there", "apply the file first"
            found.append(Problem(said, hint=hint, code="MF5012", severity="warning"))
        return found

    def _tell_secrets(self) -> None:
        for key, where in self.produced.secrets.items():
            said = f"{key} is not shown: `--write` reads it from the secret {where}"
            console.write([Text(f"note: {inert.line(said)}")], sys.stderr)

    def _surroundings(self) -> configuration_warnings.Surroundings:
        project, chosen = profile.project(Path.cwd()), os.environ.get("METAFLOW_PROFILE", "")
        named = profile.path(chosen, os.environ)
        return configuration_warnings.Surroundings(
            os.environ,
            self.name,
            config.place(self.live.path),
            self.live.values,
            config.place(project[0]) if project else "",
            project[1] if project else {},
            shell.region(),
            config.place(named) if chosen not in {"", self.name} and not named.exists() else "",
        )


def _last() -> Path:
    try:
        plan = saved.last()
    except UserError as error:
        hint = "`mfinfra config FILE`; after `mfinfra plan FILE` it may be left out in the same folder"
        raise UserError("which environment? no plan of one was saved in this folder", hint=hint) from error
    path = _saved.source(saved.load(plan))
    console.write([Text(f"the environment is that of the last plan: {inert.line(path)}")], sys.stderr)
    return path
