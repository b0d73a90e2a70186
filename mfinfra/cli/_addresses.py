"""Addresses in flags: one that can mean nothing is an error, not passed over in silence."""

from __future__ import annotations

from collections.abc import Collection

from mfinfra import schemas
from mfinfra.document import Reading
from mfinfra.document.nearest import did_you_mean
from mfinfra.errors import UserError
from mfinfra.planning.gate import Allowed
from mfinfra.planning.plan import Options


def check(reading: Reading, options: Options, allowed: Allowed | None = None) -> None:
    """Raise `UserError` for an address that cannot mean anything.

    What is adopted or made anew stands in the file. What goes, is chosen or left out may have left it already: of that
    only the form is known.
    """
    environment = reading.environment
    known = {str(address) for address in (*environment.resources, *environment.disabled)}
    _check_known("--adopt", options.adopt - {"all"}, known)
    _check_known("--replace", options.replace, known)
    _check_form("--target", options.target, known)
    _check_form("--exclude", options.exclude, known)
    _check_form("forget", options.forget - {"all"}, known)
    if allowed is not None:
        _check_form("--allow-destroy", allowed.destroy, known)
        _check_form("--allow-replace", allowed.replace, known)
    if both := sorted(options.target & options.exclude):
        raise UserError(f"`{both[0]}` is both a `--target` and an `--exclude`", hint="choose one of the two")


def _check_known(flag: str, addresses: Collection[str], known: Collection[str]) -> None:
    for address in sorted(addresses):
        if address not in known:
            raise UserError(f"`{flag}`: there is no `{address}` in the file", hint=did_you_mean(address, known))


def _check_form(flag: str, addresses: Collection[str], known: Collection[str]) -> None:
    for address in sorted(addresses):
        kind, _, name = address.partition(".")
        if kind not in schemas.kinds() or not name:
            hint = did_you_mean(address, known) or "an address is a kind and a name, such as `bucket.datastore`"
            raise UserError(f"`{flag}`: `{address}` is no address", hint=hint)
