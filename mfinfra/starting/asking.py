"""A question and its answer: said by a flag, taken from a default, or asked of somebody at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mfinfra.errors import UserError

MOST = 8
"""How many options an error names."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of several answers; `cells` are what people choose by, shown in columns. `best`: marked as such."""

    value: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be known. `wrong` says what is wrong with an answer, `None` where it is right.

    `default` is `None` where there is none. `several`: the answer is a list. Of `options` the value or the number may
    be typed; `open` says that others are answers too. `hint` is for those whom nobody can ask.
    """

    flag: str
    asks: str
    default: tuple[str, ...] | None = None
    options: tuple[Option, ...] = ()
    several: bool = False
    open: bool = True
    wrong: Callable[[str], str | None] = lambda _: None
    hint: str | None = None


class Person(Protocol):
    """Somebody at a terminal."""

    def ask(self, question: Question) -> str:
        """What they type, without spaces around it; raises `UserError` where they have gone."""
        ...

    def tell(self, said: str) -> None:
        """Say something that is no question."""
        ...


def answered(question: Question, given: Sequence[str] | None, person: Person | None) -> tuple[str, ...]:
    """The answer; raises `UserError` for a flag that is wrong, and where there is no answer and nobody to ask."""
    if given:
        if reason := _wrong(question, given):
            raise UserError(f"`{question.flag}`: {reason}", hint=_choices(question), code="MF5600")
        return tuple(given)
    if person is None:
        if question.default is None:
            raise UserError(
                f"`{question.flag}` is needed: nothing else tells it, and there is nobody to ask",
                hint=question.hint or _choices(question) or f"`mfinfra init {question.flag} …`, or a terminal",
                code="MF5601",
            )
        return question.default
    while True:
        said = _typed(question, person.ask(question))
        if not said and question.default is not None:
            return question.default
        reason = _wrong(question, said) if said else "an answer is needed"
        if reason is None:
            return said
        person.tell(reason)


def _typed(question: Question, text: str) -> tuple[str, ...]:
    """What was typed, with numbers of options as their values."""
    words = text.replace(",", " ").split() if question.several else [text] if text else []
    numbers = {str(number): option.value for number, option in enumerate(question.options, start=1)}
    return tuple(dict.fromkeys(numbers.get(word, word) for word in words))


def _wrong(question: Question, said: Sequence[str]) -> str | None:
    values = [option.value for option in question.options]
    for one in said:
        known = question.open or one in values
        reason = question.wrong(one) if known else f"it is one of {', '.join(values)}"
        if reason:
            return f"`{one}`: {reason}"
    return None


def _choices(question: Question) -> str | None:
    if not question.options:
        return None
    listed = ", ".join(f"`{option.value}`" for option in question.options[:MOST])
    return f"`{question.flag}` takes one of {listed}" + (", …" if len(question.options) > MOST else "")
