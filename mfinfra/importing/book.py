"""Who is who: the addresses of what was found, by what AWS knows each of them as. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mfinfra.document import interpolate
from mfinfra.importing import references
from mfinfra.importing.walk import Found
from mfinfra.model import Address, Spec


@dataclass(frozen=True, slots=True)
class Book:
    """`outputs` are the attributes of each address, `addresses` the same the other way round.

    `aws_keys` are the ids of keys that AWS manages.
    """

    outputs: Mapping[Address, Mapping[str, str]]
    addresses: Mapping[tuple[str, str, str], Address] = field(default_factory=dict)
    aws_keys: frozenset[str] = frozenset()

    @classmethod
    def written(cls, found: Mapping[Address, Found], aws_keys: frozenset[str] = frozenset()) -> Book:
        """The book of all that was found."""
        outputs = {address: dict(one.observed.outputs) for address, one in found.items()}
        return cls(
            outputs,
            {
                (address.kind, attribute, value): address
                for address, known in reversed(outputs.items())
                for attribute, value in known.items()
            },
            aws_keys,
        )

    def of(self, kind: str, attribute: str, value: str) -> Address | None:
        """The address of the one whose `attribute` this is."""
        return self.addresses.get((kind, attribute, value))

    def said(self, kinds: Mapping[str, str], text: str, otherwise: str = "") -> str:
        """`text` as an address, where it is what one of `kinds` is referred to by; else `otherwise`, or as it is."""
        for kind, attribute in kinds.items():
            if (address := self.of(kind, attribute, text)) is not None:
                return str(address)
        return otherwise or text

    def without(self, kind: str) -> Book:
        """The same, in which nothing of `kind` is called by its address."""
        left = {known: address for known, address in self.addresses.items() if known[0] != kind}
        return replace(self, addresses=left)

    def meant(self, kind: str, spec: Spec) -> dict[str, Any]:
        """A spec in a file's words with every address in it filled in, as the document's reader does it."""

        def filled(kinds: Mapping[str, str], text: str) -> str:
            address = interpolate.address(text)
            known = self.outputs.get(address) if address else None
            return text if known is None or address is None else known.get(kinds.get(address.kind, ""), text)

        return {name: references.replaced(kind, name, value, filled) for name, value in spec.items()}
