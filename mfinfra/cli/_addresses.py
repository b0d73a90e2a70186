"""Addresses in flags: one that can mean nothing is an error, not passed over in silence."""

from __future__ import annotations

from collections.abc import Iterable

from mfinfra import schemas
from mfinfra.document import Reading
from mfinfra.document.nearest import did_you_mean
from mfinfra.errors import UserError


def check(reading: Reading, adopt: Iterable[str] | None, allowed: Iterable[str] | None = None) -> None:
    """Raise `UserError` for an address that the file does not have.

    What is `allowed` to go may have left the file already: of it only the form is known.
    """
    environment = reading.environment
    known = {str(address) for address in (*environment.resources, *environment.disabled)}
    for address in adopt or ():
        if address not in {*known, "all"}:
            raise UserError(f"`--adopt`: there is no `{address}` in the file", hint=did_you_mean(address, known))
    for address in allowed or ():
        kind, _, name = address.partition(".")
        if kind not in schemas.kinds() or not name:
            hint = did_you_mean(address, known) or "an address is a kind and a name, such as `bucket.datastore`"
            raise UserError(f"`{address}` is no address", hint=hint)
