"""What one resource says of another, as a reference again: AWS answers with ids and ARNs, and files are wished in them.

Only what stands before a resource is linked to, so that no two ever refer to each other, whatever policies say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mfinfra import schemas
from mfinfra.document import interpolate
from mfinfra.model import Address, Outputs, Ref, Template, fill

INVENTED = re.compile(r"arn:.+|(?:sg|vpce|lt)-[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}")
"""What is one thing wherever it stands: an ARN, or an id. A name may be anybody's."""
OPAQUE = frozenset({"user_data"})
"""Fields that are compared byte for byte."""
ALONE = r"(?<![\w.:/+=,@-]){}(?![\w.+=,@-])"


@dataclass(slots=True)
class Known:
    """The attributes of all that came before: `texts` by reference, for a target that cannot say one of them."""

    texts: dict[Ref, str] = field(default_factory=dict)
    _invented: dict[str, Ref] = field(default_factory=dict)

    def add(self, address: Address, outputs: Outputs) -> None:
        """From here on the resource at `address` may be linked to."""
        for attribute, text in outputs.items():
            self.texts[Ref(address, attribute)] = text
            if INVENTED.fullmatch(text):
                self._invented.setdefault(text, Ref(address, attribute))

    def linked(self, kind: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """The spec of a resource of `kind`, with its references back in their places."""
        places = schemas.traits(kind).refers_to
        pieces = sorted(self._invented, key=lambda text: (-len(text), text))
        pattern = re.compile(ALONE.format(f"({'|'.join(map(re.escape, pieces))})")) if pieces else None
        return {
            name: value if name in OPAQUE else self._link(value, (name,), places, pattern)
            for name, value in spec.items()
        }

    def _link(
        self,
        value: Any,
        path: tuple[str, ...],
        places: Mapping[Any, Mapping[str, str]],
        pattern: re.Pattern[str] | None,
    ) -> Any:
        match value:
            case str():
                return self._named(value, path, places) or self._within(value, pattern)
            case Mapping():
                return {key: self._link(item, (*path, str(key)), places, pattern) for key, item in value.items()}
            case list() | tuple():
                return [self._link(item, (*path, "*"), places, pattern) for item in value]
            case _:
                return value

    def _named(self, text: str, path: tuple[str, ...], places: Mapping[Any, Mapping[str, str]]) -> Ref | None:
        """The reference that a field means which takes addresses."""
        wanted = places.get(path, {})
        return next(
            (ref for ref, said in self.texts.items() if said == text and wanted.get(ref.address.kind) == ref.attribute),
            None,
        )

    def _within(self, text: str, pattern: re.Pattern[str] | None) -> str | Ref | Template:
        """Text with the ids and ARNs that are known taken for references."""
        if pattern is None:
            return text
        pieces = [self._invented.get(piece, piece) for piece in pattern.split(text) if piece]
        return interpolate.joined(pieces)


def said(value: Any, texts: Mapping[Ref, str], sayable: Callable[[Ref], bool]) -> Any:
    """`value` with every reference that the target cannot say as the text that it stands for."""
    return fill(value, lambda ref: None if sayable(ref) else texts.get(ref))
