"""Why a reference cannot be followed, in a sentence and a hint."""

from __future__ import annotations

from collections.abc import Iterable

from mfinfra import schemas
from mfinfra.document import interpolate
from mfinfra.document.interpolate import Piece, Unreadable
from mfinfra.document.nearest import did_you_mean
from mfinfra.document.tree import shown
from mfinfra.model import Address, Ref

LISTED = 5


def wrong_kind(address: Address, allowed: Iterable[str], declared: Iterable[Address]) -> tuple[str, str | None]:
    """An address of a kind that a field does not take."""
    kinds = " or ".join(f"a `{kind}`" for kind in sorted(allowed))
    fitting = [str(other) for other in declared if other.kind in set(allowed)]
    message = f"`{shown(address)}` is a `{address.kind}`, and only {kinds} can stand here"
    return message, did_you_mean(str(address), fitting) or _there_is(fitting)


def missing(address: Address, declared: Iterable[Address]) -> tuple[str, str | None]:
    """An address that is not in the file."""
    names = [str(other) for other in declared]
    same = [name for name in names if name.startswith(f"{address.kind}.")]
    hint = did_you_mean(str(address), same) or _there_is(same) or did_you_mean(str(address), names)
    return f"there is no `{shown(address)}` in this file", hint


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
            near = did_you_mean(text.strip("${}"), interpolate.VARIABLES)
            hint = near or f"write `${shown(text)}` if it is meant as text, such as a variable of IAM or of a shell"
            return f"`{shown(text)}` is neither {known} nor `${{kind.name.attribute}}`", hint


def _there_is(addresses: list[str]) -> str | None:
    listed = ", ".join(f"`{address}`" for address in sorted(addresses)[:LISTED])
    return f"there is {listed}" if listed else None
