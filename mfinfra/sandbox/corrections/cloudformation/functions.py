"""The intrinsic functions and conditions of a template, given the values of what it refers to.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mfinfra.sandbox.corrections.call import ServiceError

SUBSTITUTE: Final = re.compile(r"\$\{(!?)([^}]*)\}")
NO_VALUE: Final = object()
"""What `AWS::NoValue` refers to: whatever has it is left out."""


def invalid(text: str) -> ServiceError:
    """The error of a template, or of a request, that CloudFormation does not take."""
    return ServiceError("ValidationError", text)


@dataclass(frozen=True, slots=True)
class Values:
    """What a template's functions can see: `refs` by name, `attribute(logical, name)`, conditions and mappings."""

    refs: Mapping[str, Any]
    attribute: Callable[[str, str], Any]
    conditions: Mapping[str, Any]
    mappings: Mapping[str, Any]
    zones: tuple[str, ...] = ()


def resolved(value: Any, values: Values) -> Any:
    """`value` with every function in it carried out."""
    match value:
        case {"Ref": str(name), **rest} if not rest:
            return _ref(name, values)
        case {"Condition": str(name), **rest} if not rest:
            return holds(name, values)
        case dict() if len(value) == 1 and (function := _FUNCTIONS.get(next(iter(value)))):
            return function(next(iter(value.values())), values)
        case dict():
            found = {key: resolved(item, values) for key, item in value.items()}
            return {key: item for key, item in found.items() if item is not NO_VALUE}
        case list():
            return [item for item in (resolved(item, values) for item in value) if item is not NO_VALUE]
        case _:
            return value


def holds(condition: str, values: Values) -> bool:
    """Whether the condition of that name is true."""
    if condition not in values.conditions:
        raise invalid(f"Template format error: Unresolved condition dependency {condition} in the template")
    return bool(resolved(values.conditions[condition], values))


def referred(value: Any) -> Iterator[str]:
    """The names of everything that `value` refers to, parameters included."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": written}:
            text, own = (written, {}) if isinstance(written, str) else (written[0], written[1])
            yield from referred(own)
            for literal, name in SUBSTITUTE.findall(text):
                if not literal and name not in own:
                    yield name.split(".")[0].strip()
        case dict():
            for item in value.values():
                yield from referred(item)
        case list():
            for item in value:
                yield from referred(item)


def _ref(name: str, values: Values) -> Any:
    if name == "AWS::NoValue":
        return NO_VALUE
    if name not in values.refs:
        raise invalid(f"Template format error: Unresolved resource dependencies [{name}] in the template")
    return values.refs[name]


def _sub(written: Any, values: Values) -> str:
    text, own = (written, {}) if isinstance(written, str) else written
    own = {name: resolved(value, values) for name, value in own.items()}

    def filled(found: re.Match[str]) -> str:
        literal, name = found.groups()
        if literal:
            return f"${{{name}}}"
        if name in own:
            return str(own[name])
        logical, dot, attribute = name.strip().partition(".")
        return str(values.attribute(logical, attribute) if dot else _ref(logical, values))

    return SUBSTITUTE.sub(filled, text)


def _join(written: Any, values: Values) -> str:
    glue, items = written
    return str(glue).join(str(item) for item in resolved(items, values))


def _select(written: Any, values: Values) -> Any:
    index, items = written
    return resolved(items, values)[int(resolved(index, values))]


def _find(written: Any, values: Values) -> Any:
    found: Any = values.mappings
    for step in resolved(written, values):
        found = found[step]
    return found


def _if(written: Any, values: Values) -> Any:
    condition, then, otherwise = written
    return resolved(then if holds(condition, values) else otherwise, values)


_FUNCTIONS: Final[Mapping[str, Callable[[Any, Values], Any]]] = {
    "Fn::GetAtt": lambda written, values: values.attribute(written[0], resolved(written[1], values)),
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": lambda written, values: str(resolved(written[1], values)).split(written[0]),
    "Fn::Select": _select,
    "Fn::FindInMap": _find,
    "Fn::If": _if,
    "Fn::GetAZs": lambda _written, values: list(values.zones),
    "Fn::Base64": lambda written, values: base64.b64encode(str(resolved(written, values)).encode()).decode(),
    "Fn::ToJsonString": lambda written, values: json.dumps(resolved(written, values)),
    "Fn::Equals": lambda written, values: str(resolved(written[0], values)) == str(resolved(written[1], values)),
    "Fn::Not": lambda written, values: not resolved(written[0], values),
    "Fn::And": lambda written, values: all(resolved(written, values)),
    "Fn::Or": lambda written, values: any(resolved(written, values)),
}
