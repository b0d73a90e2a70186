"""A stack's template, changed so that the stack lets go of resources, and of nothing else. Pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from mfinfra.importing.cloudformation_parts import PARTS

Template = Mapping[str, Any]
Literal = Callable[[str, str], str | None]
"""The text that stands for an attribute of a resource (`""` for what `Ref` gives), `None` where nobody knows it."""

KEPT: Final = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
NOTE: Final = {"mfinfra": "handed over"}
"""CloudFormation takes no update of deletion policies alone, and takes one with metadata."""
_SUBSTITUTE: Final = re.compile(r"\$\{(!?)([^}]*)\}")
_ESCAPED: Final = re.compile(r"\\u[0-9a-f]{4}|\\U[0-9a-f]{8}")


def parts(template: Template, chosen: Collection[str]) -> frozenset[str]:
    """The logical ids of all that is a part of one of `chosen`: a policy of a role, a rule of a group."""
    found = set()
    for logical, row in template["Resources"].items():
        of = PARTS.get(row["Type"])
        if of and set(referred(row.get("Properties", {}).get(of))) & {*chosen}:
            found.add(logical)
    return frozenset(found)


def retaining(template: Template, chosen: Collection[str]) -> dict[str, Any]:
    """The template with `chosen` kept whatever happens to the stack."""
    changed = {
        logical: {**row, **KEPT, "Metadata": {**row.get("Metadata", {}), **NOTE}} if logical in chosen else row
        for logical, row in template["Resources"].items()
    }
    return {**template, "Resources": changed}


def without(template: Template, chosen: Collection[str], literal: Literal) -> dict[str, Any]:
    """The template without `chosen`, and what referred to them naming them as they are.

    Raises `ValueError`, with the reference, where `literal` does not know what would stand there.
    """
    rest = {name: row for name, row in template["Resources"].items() if name not in chosen}
    freed = {name: _undepended(_filled(row, chosen, literal), chosen) for name, row in rest.items()}
    blocks = {name: _filled(block, chosen, literal) for name, block in template.items() if name == "Outputs"}
    return {**template, **blocks, "Resources": freed}


def attributes(template: Template, chosen: Collection[str]) -> frozenset[tuple[str, str]]:
    """What the rest of the template asks of `chosen`, as logical ids and attributes; `""` is what `Ref` gives."""
    asked: set[tuple[str, str]] = set()

    def note(logical: str, attribute: str) -> str:
        asked.add((logical, attribute))
        return ""

    without(template, chosen, note)
    return frozenset(asked)


def unseen(value: Any) -> bool:
    """Whether some text has an escape: what nobody sees is escaped where AWS is read, and would be written so."""
    match value:
        case str():
            return bool(_ESCAPED.search(value))
        case Mapping():
            return any(unseen(key) or unseen(item) for key, item in value.items())
        case list():
            return any(unseen(item) for item in value)
        case _:
            return False


def referred(value: Any) -> Iterator[str]:
    """The logical ids that `value` refers to, parameters among them."""
    match value:
        case {"Ref": str(name), **rest} if not rest:
            yield name
        case {"Fn::GetAtt": [str(name), *_], **rest} if not rest:
            yield name
        case {"Fn::Sub": written, **rest} if not rest:
            text, own = (written, {}) if isinstance(written, str) else (written[0], written[1])
            yield from referred(own)
            names = (name for literal, name in _SUBSTITUTE.findall(text) if not literal and name not in own)
            yield from (name.partition(".")[0].strip() for name in names)
        case Mapping():
            for item in value.values():
                yield from referred(item)
        case list():
            for item in value:
                yield from referred(item)


def _filled(value: Any, chosen: Collection[str], literal: Literal) -> Any:
    match value:
        case {"Ref": str(name), **rest} if not rest:
            return _known(name, "", literal) if name in chosen else value
        case {"Fn::GetAtt": [str(name), str(attribute)], **rest} if not rest:
            return _known(name, attribute, literal) if name in chosen else value
        case {"Fn::GetAtt": [str(name), _], **rest} if not rest and name in chosen:
            raise ValueError(f"`Fn::GetAtt` of `{name}` with an attribute that is computed")
        case {"Fn::Sub": written, **rest} if not rest:
            return {"Fn::Sub": _substituted(written, chosen, literal)}
        case Mapping():
            return {key: _filled(item, chosen, literal) for key, item in value.items()}
        case list():
            return [_filled(item, chosen, literal) for item in value]
        case _:
            return value


def _substituted(written: Any, chosen: Collection[str], literal: Literal) -> Any:
    text, own = (written, None) if isinstance(written, str) else (written[0], _filled(written[1], chosen, literal))

    def known(found: re.Match[str]) -> str:
        logical, _, attribute = found[2].strip().partition(".")
        if found[1] or logical not in chosen or found[2] in (own or {}):
            return found[0]
        return _known(logical, attribute, literal)

    text = _SUBSTITUTE.sub(known, text)
    return text if own is None else [text, own]


def _known(logical: str, attribute: str, literal: Literal) -> str:
    found = literal(logical, attribute)
    if found is None:
        raise ValueError(f"`{logical}.{attribute}`, whose value CloudFormation tells nobody else")
    return found


def _undepended(row: dict[str, Any], chosen: Collection[str]) -> dict[str, Any]:
    """The resource without `DependsOn` of what is gone."""
    needed = row.get("DependsOn", [])
    left = [name for name in ([needed] if isinstance(needed, str) else needed) if name not in chosen]
    rest = {name: value for name, value in row.items() if name != "DependsOn"}
    return {**rest, "DependsOn": left} if left else rest
