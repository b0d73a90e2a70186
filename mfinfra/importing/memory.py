"""What was asked once is not asked again: the same answers are read as often as there are ways to read them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mfinfra.coalesce import fingerprint
from mfinfra.errors import AwsError, UserError
from mfinfra.model import Answers, Asking, Call, Document, Questions
from mfinfra.observe import Reader, Rounds


@dataclass(frozen=True, slots=True)
class Unfit:
    """What a driver says of something that stands and that its kind cannot describe, in a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer that came once."""

    document: Document | None


@dataclass(slots=True)
class Memory:
    """Drives askers, and keeps every answer by its question."""

    reader: Reader
    answers: dict[str, Document | None] = field(default_factory=dict)
    parallelism: int = field(init=False)

    def __post_init__(self) -> None:
        self.parallelism = self.reader.parallelism

    def ask(self, call: Call) -> Any:
        """The answer to `call`, from memory where it was asked before."""
        key = fingerprint(call)
        if key not in self.answers:
            self.answers[key] = self.reader.ask(call).document
        return Remembered(self.answers[key])

    def run(self, askers: Mapping[Any, Asking]) -> dict[Any, Any]:
        """Drive `askers` to their ends; one whose driver cannot read what is there ends in `Unfit`."""
        return Rounds(self.reader).run({key: self._recalled(asker) for key, asker in askers.items()})

    def _recalled(self, asker: Asking) -> Generator[Questions, Answers, Any]:
        reply: Answers | None = None
        while True:
            try:
                questions = next(asker) if reply is None else asker.send(reply)
            except StopIteration as done:
                return done.value
            except AwsError:
                raise
            except UserError as error:
                return Unfit(str(error).partition(": ")[2] or str(error))
            missing = tuple(call for call in questions if fingerprint(call) not in self.answers)
            if missing:
                answers = yield missing
                self.answers.update(zip(map(fingerprint, missing), answers, strict=True))
            reply = tuple(self.answers[fingerprint(call)] for call in questions)
