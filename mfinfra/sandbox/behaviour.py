"""How a sandbox behaves: kind, or as late and as severe as AWS; and how much of what it is asked goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from mfinfra.errors import UserError

STRICT_RATE: Final = 0.02
"""The share of requests that go wrong in a strict sandbox where nobody says another."""

STRICT: Final = "MFINFRA_SANDBOX_STRICT"
FAULTS: Final = "MFINFRA_SANDBOX_FAULTS"
SEED: Final = "MFINFRA_SANDBOX_SEED"
VARIABLES: Final = {"strict": STRICT, "rate": FAULTS, "seed": SEED}
WORDS: Final = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off"), False),
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`rate` is the share of requests that are throttled, refused with a 500, cut, or lose their answer, 0 to 1.

    The same ones for the same `seed`.
    """

    strict: bool = False
    rate: float = 0.0
    seed: int = 0

    @classmethod
    def chosen(cls, *, strict: bool = False, rate: float | None = None, seed: int = 0) -> Self:
        """What was chosen, with a rate for whoever chose none; raises `UserError` for one that is no share."""
        if rate is None:
            rate = STRICT_RATE if strict else 0.0
        if not 0 <= rate <= 1:
            raise UserError(f"`{rate:g}` is no share of the requests", hint="at 0 none of them goes wrong, at 1 all")
        return cls(strict, rate, seed)

    @classmethod
    def read(cls, said: Any) -> Self:
        """What a record tells; raises `TypeError` or `ValueError` for what it cannot have told."""
        known = dict(said)
        return cls(known.get("strict") is True, float(known.get("rate", 0)), int(known.get("seed", 0)))

    def __str__(self) -> str:
        strictness = "strict" if self.strict else "not strict"
        return f"{strictness}, {self.rate * 100:g} % faults by seed {self.seed}" if self.rate else strictness


def asked_for(environ: Mapping[str, str]) -> dict[str, Any]:
    """What the environment asks for, as the fields of a behaviour that it names."""
    asked = {
        field: _read(variable, environ[variable]) for field, variable in VARIABLES.items() if environ.get(variable)
    }
    Behaviour.chosen(**asked)
    return asked


def _read(variable: str, said: str) -> Any:
    read, takes = READERS[variable]
    try:
        return read(said)
    except (KeyError, ValueError) as error:
        raise UserError(f"`{variable}` is `{said}`", hint=f"it takes {takes}") from error


def _word(said: str) -> bool:
    return WORDS[said.lower()]


READERS: Final[Mapping[str, tuple[Callable[[str], Any], str]]] = {
    STRICT: (_word, "`1` or `0`"),
    FAULTS: (float, "a number from 0 to 1"),
    SEED: (int, "a whole number"),
}
