"""Why a reference cannot be followed, in a sentence and a hint."""

from __future__ import annotations

from collections.abc import Iterable

from mfinfra import schemas
from mfinfra.document import interpolate
from mfinfra.document.interpolate import Piece, Unreadable
from mfinfra.document.nearest import did_you_mean, nearest
from mfinfra.document.tree import shown
from mfinfra.model import Address, Ref

LISTED = 5


def wrong_kind(address: Address, allowed: Iterable[str], declared: Iterable[Address]) -> tuple[str, str | None]:
    """An address of a kind that a field does not take."""
    kinds = " or ".join(f"a `{kind}`" for kind in sorted(allowed))
    fitting = [other for other in declared if other.kind in set(allowed)]
    message = f"`{shown(address)}` is a `{address.kind}`, and only {kinds} can stand here"
    return message, _one_of(address, fitting)


def missing(address: Address, declared: Iterable[Address]) -> tuple[str, str | None]:
    """An address that is not in the file."""
    same = [other for other in declared if other.kind == address.kind]
    return f"there is no `{shown(address)}` in this file", _one_of(address, same) or _namesake(address, declared)


def unreadable(piece: Piece) -> tuple[str, str | None]:
    """A `${` that asks for nothing that there is."""
    match piece:
        case Unreadable(text, closed=False):
            return "a `${` is never closed", f"write `${shown(text)}` if it is meant as text"
        case Ref(address, attribute):
            text = f"${{{address}.{attribute}}}"
            hint = did_you_mean(address.kind, schemas.kinds()) or f"write `${shown(text)}` if it is meant as text"
            return f"`{shown(address.kind)}` in `{shown(text)}` is not a kind", hint
        case _:
            text = piece.text if isinstance(piece, Unreadable) else "${self…}"
            known = ", ".join(f"`${{{name}}}`" for name in interpolate.VARIABLES)
            near = nearest(text.strip("${}"), interpolate.VARIABLES)
            hint = (
                f"did you mean `${{{near}}}`?"
                if near
                else f"write `${shown(text)}` if it is meant as text, such as a variable of IAM or of a shell"
            )
            return f"`{shown(text)}` is neither {known} nor `${{kind.name.attribute}}`", hint


def _one_of(address: Address, fitting: list[Address]) -> str | None:
    near = nearest(address.name, [other.name for other in fitting])
    if near:
        return next(f"did you mean `{other}`?" for other in fitting if other.name == near)
    listed = ", ".join(f"`{other}`" for other in sorted(fitting)[:LISTED])
    return f"there is {listed}" if listed else None


def _namesake(address: Address, declared: Iterable[Address]) -> str | None:
    return next((f"did you mean `{other}`?" for other in sorted(declared) if other.name == address.name), None)
