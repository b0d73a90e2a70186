"""What is verified: the facts of an environment, the configuration that was produced of it, and the client at hand."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from mfinfra.metaflow.parts import Part, Parts
from mfinfra.model import Document, Finding, Question, Verdict

T = TypeVar("T")
Asking: TypeAlias = Generator[Question, Document | None, T]
"""Part of a check: questions, and what follows from their answers."""


@dataclass(frozen=True, slots=True)
class Client:
    """A Python that has Metaflow: its path, and the version of Metaflow."""

    python: str
    version: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that the checks of one run start from.

    `values` is the configuration with the types of its file, `waiting` are keys whose value only AWS can tell. `token`
    is in the names of all that is made, so that nothing collides. `local` is what was found about the user's own
    profile. `run` says that a job shall be run, for at most `patience` seconds.
    """

    parts: Parts
    values: Mapping[str, Any]
    token: str
    waiting: tuple[str, ...] = ()
    client: Client | None = None
    local: tuple[Finding, ...] | None = None
    run: bool = False
    patience: float = 900.0

    @property
    def file(self) -> str:
        """The environment file, as the user named it."""
        return self.parts.environment.source.path

    def fix(self, what: str = "") -> str:
        """How what is not as the file says becomes so."""
        return f"{what}{'; ' if what else ''}`mfinfra plan {self.file}` shows what differs"


def name_of(part: Part) -> str:
    """The address of a managed resource, the name of another."""
    return str(part.resource.address) if part.resource else part.name


def failed(subject: str, message: str, code: str, *evidence: str, fix: str | None = None) -> Finding:
    """A finding that fails its check."""
    return Finding(Verdict.FAILED, subject, message, code, evidence, fix)


def warned(subject: str, message: str, code: str, *evidence: str, fix: str | None = None) -> Finding:
    """A finding that warns."""
    return Finding(Verdict.WARNING, subject, message, code, evidence, fix)


def passed(subject: str, message: str, *evidence: str) -> Finding:
    """A finding that is told of what is well."""
    return Finding(Verdict.PASSED, subject, message, "", evidence)


def left_out(subject: str, message: str, fix: str | None = None) -> Finding:
    """A finding that says why something was not looked at."""
    return Finding(Verdict.SKIPPED, subject, message, fix=fix)
