"""Asking, so that what AWS denies is said and never taken for "it is not there"."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from mfinfra.errors import AccessDenied, AwsError
from mfinfra.model import Call, Document, Finding, Question, Verdict

Asking: TypeAlias = Generator[Question, Document | None, "Answer"]
Rows: TypeAlias = Sequence[Document] | None
"""Rows of an answer; `None` where they could not be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What AWS said: `known` is false where it refused to; `document` is `None` where there is none."""

    known: bool
    document: Document | None = None

    def rows(self, member: str) -> Rows:
        """The rows of a list in the answer."""
        return tuple((self.document or {}).get(member, ())) if self.known else None


@dataclass(slots=True)
class Asked:
    """The questions of one check; `unread` tells of those that AWS did not answer."""

    unread: list[Finding] = field(default_factory=list)

    def __call__(self, call: Call) -> Asking:
        """Ask; what AWS refuses is remembered."""
        try:
            document = yield call
        except AwsError as error:
            self.unread.append(_unread(call, error))
            return Answer(known=False)
        return Answer(known=True, document=document)


def _unread(call: Call, error: AwsError) -> Finding:
    denied = isinstance(error, AccessDenied)
    said = "these credentials may not ask" if denied else f"AWS answered `{error.aws_code}`"
    return Finding(
        Verdict.WARNING,
        str(call),
        f"{said}, so what it would have told is not known",
        "MF5400",
        (str(error),),
        error.hint or (f"allow `{call}`" if denied else "run the same command again"),
    )
