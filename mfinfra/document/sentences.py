"""What a broken rule of the schema means, in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mfinfra import schemas
from mfinfra.document import phrases
from mfinfra.document.nearest import did_you_mean
from mfinfra.document.scalars import BOOLEANS
from mfinfra.document.tree import RESOURCE_DEPTH, Path, Tree, shown
from mfinfra.errors import Problem

LONGEST_SEARCHED = 2400
UNKNOWN, MISSING, WRONG = "MF1010", "MF1011", "MF1012"

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "null": "`null`",
}
_RANGES = {
    "minimum": "too small: the minimum is",
    "exclusiveMinimum": "too small: it must be more than",
    "maximum": "too large: the maximum is",
    "exclusiveMaximum": "too large: it must be less than",
}
_SIZES = {
    "minLength": ("minimum", "characters"),
    "maxLength": ("maximum", "characters"),
    "minItems": ("minimum", "entries"),
    "maxItems": ("maximum", "entries"),
    "minProperties": ("minimum", "entries"),
    "maxProperties": ("maximum", "entries"),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One broken rule: its keyword, what it wants, the value and its path, the schema that it stands in.

    `of_name` says that the value is a key of the mapping at `path`. `at` is the rule's own place, `under` the failures
    of the branches that were tried.
    """

    rule: str
    wanted: Any
    value: Any
    path: Path
    schema: Mapping[str, Any]
    of_name: bool
    at: tuple[str | int, ...]
    under: tuple[Failure, ...] = ()


def said(failure: Failure, tree: Tree, data: Any) -> Iterator[Problem]:
    """The problems that a failure of `data`, read from `tree`, amounts to."""
    match failure.rule:
        case "additionalProperties":
            yield from _unknown(failure, tree)
        case "required":
            yield from _missing(failure, tree)
        case "anyOf" | "oneOf":
            yield from _branches(failure, tree, data)
        case _:
            message, hint = _wrong(failure)
            path = (*failure.path, str(failure.value)) if failure.of_name else failure.path
            if failure.rule == "uniqueItems":
                path = (*path, _twice(failure.value))
            yield tree.problem(path, message, code=WRONG, hint=hint, key=failure.of_name)


def _unknown(failure: Failure, tree: Tree) -> Iterator[Problem]:
    known = [name for name in failure.schema.get("properties", {}) if name not in failure.value]
    for key in failure.value:
        if key in failure.schema.get("properties", {}):
            continue
        message = f"`{shown(key)}` is not a {_noun(failure.path)}"
        hint: str | None
        if failure.path == ("resources",):
            hint = did_you_mean(key, known) or f"the kinds are {phrases.listed(failure.schema['properties'])}"
        else:
            hint = did_you_mean(key, known) or _elsewhere(key, failure.path)
        yield tree.problem((*failure.path, key), message, code=UNKNOWN, hint=hint, key=True)


def _elsewhere(key: str, path: Path) -> str | None:
    if not path and key in schemas.kinds():
        return f"a `{key}` stands under `resources`"
    return None


def _noun(path: Path) -> str:
    if not path:
        return "field of an environment file"
    if path == ("resources",):
        return "kind of resource"
    if path[0] == "resources" and len(path) == RESOURCE_DEPTH:
        return f"field of a `{path[1]}`"
    inner = next((step for step in reversed(path) if isinstance(step, str)), "")
    return f"field of `{shown(inner)}`"


def _missing(failure: Failure, tree: Tree) -> Iterator[Problem]:
    for name in failure.wanted:
        what = f"the field `{name}` is missing"
        description = _properties(failure).get(name, {}).get("description")
        told = f"`{name}`: {phrases.first(description)}" if description else None
        yield tree.problem(failure.path, what, code=MISSING, hint=told, key=True)


def _properties(failure: Failure) -> Mapping[str, Any]:
    """The fields that can stand where something is missing; a condition's schema does not describe them again."""
    of_resource = failure.path[:1] == ("resources",) and len(failure.path) == RESOURCE_DEPTH
    schema = schemas.load(str(failure.path[1])) if of_resource else failure.schema
    found: Mapping[str, Any] = schema.get("properties", {})
    return found


def _branches(failure: Failure, tree: Tree, data: Any) -> Iterator[Problem]:
    """The branch that was meant, if one has the right type; else the types of all in one sentence."""
    tried: dict[Any, list[Failure]] = {}
    for below in failure.under:
        tried.setdefault(below.at[0], []).append(below)
    right_type = [
        below for below in tried.values() if not any(one.rule == "type" and one.path == failure.path for one in below)
    ]
    if not tried:
        yield tree.problem(failure.path, "this fits more than one of the allowed forms", code=WRONG)
        return
    if not right_type:
        wanted = [name for below in tried.values() for one in below if one.rule == "type" for name in _all(one.wanted)]
        message, hint = _type(failure, list(dict.fromkeys(wanted)))
        yield tree.problem(failure.path, message, code=WRONG, hint=hint)
        return
    fields = [below for below in right_type if all(one.path != failure.path for one in below)]
    if len(right_type) == 1 or len(fields) == 1:
        for one in (fields or right_type)[0]:
            yield from said(one, tree, data)
        return
    message, hint = _none_fits(failure, right_type)
    yield tree.problem(failure.path, message, code=WRONG, hint=hint)


def _none_fits(failure: Failure, branches: list[list[Failure]]) -> tuple[str, str | None]:
    if all(len(below) == 1 and below[0].rule in ("enum", "const") for below in branches):
        return _choice(failure.value, [value for below in branches for value in _all(below[0].wanted)])
    needed = [name for below in branches for one in below if one.rule == "required" for name in one.wanted]
    if needed:
        return f"one of {phrases.listed(dict.fromkeys(needed))} is missing", None
    explained = next((one.schema["description"] for one in _flat(failure) if "description" in one.schema), None)
    what = f"`{shown(failure.value)}`" if isinstance(failure.value, str | int | float) else "this"
    return f"{what} has none of the allowed forms", phrases.first(explained) if explained else None


def _flat(failure: Failure) -> Iterator[Failure]:
    yield failure
    for below in failure.under:
        yield from _flat(below)


def _wrong(failure: Failure) -> tuple[str, str | None]:
    value, wanted = failure.value, failure.wanted
    match failure.rule:
        case "type":
            return _type(failure, _all(wanted))
        case "enum":
            return _choice(value, wanted)
        case "const":
            return f"`{shown(value)}` must be `{shown(wanted)}`", None
        case "pattern":
            return _pattern(failure)
        case str(rule) if rule in _RANGES:
            return f"`{shown(value)}` is {_RANGES[rule]} {phrases.amount(wanted, failure.path)}", None
        case str(rule) if rule in _SIZES:
            return _size(failure), _explained(failure)
        case "uniqueItems":
            return f"`{shown(value[_twice(value)])}` stands twice in the list", None
        case "dependentRequired":
            return _dependent(wanted, value)
        case "multipleOf":
            return f"`{shown(value)}` is not a multiple of {wanted}", None
        case _:
            return "this does not go together", _explained(failure)


def _size(failure: Failure) -> str:
    edge, unit = _SIZES[failure.rule]
    if failure.rule == "minLength" and not failure.value:
        return "the text must not be empty"
    if failure.wanted == 0:
        return "this must be empty"
    if len(failure.value) == 1:
        unit = {"characters": "character", "entries": "entry"}[unit]
    what = "the text" if unit.startswith("character") else "this"
    return f"{what} has {len(failure.value)} {unit}, and the {edge} is {failure.wanted}"


def _type(failure: Failure, wanted: list[str]) -> tuple[str, str | None]:
    names = [_TYPES[name] for name in wanted]
    value = failure.value
    hint: str | None = None
    if isinstance(value, str) and "boolean" in wanted and value.lower() in BOOLEANS:
        hint = f"did you mean `{BOOLEANS[value.lower()]}`?"
    elif isinstance(value, str) and {"integer", "number"} & set(wanted) and (number := _number(value)):
        hint = f"did you mean `{number}`?"
    elif isinstance(value, bool | int | float) and "string" in wanted:
        raw = shown(value)
        hint = f'write `"{raw}"` for text'
    elif wanted == ["array"] and isinstance(value, str | int):
        hint = f"write `[{shown(value)}]`"
    elif value is None and len(failure.path) == RESOURCE_DEPTH and failure.path[0] == "resources":
        hint = "write `enabled: false` to drop an inherited resource"
    found = f"the text `{shown(value)}`" if isinstance(value, str) else _found(value)
    return f"this must be {phrases.or_(names)}, not {found}", hint


def _found(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list) else f"`{shown(value)}`"


def _number(text: str) -> str | None:
    digits = text.replace("_", "").lstrip("+")
    return str(int(digits)) if re.fullmatch(r"[0-9]{1,18}", digits) else None


def _choice(value: Any, choices: list[Any]) -> tuple[str, str | None]:
    if isinstance(value, Mapping | list):
        return f"this must be one of {phrases.listed(choices)}", None
    hint = None
    numbers = [choice for choice in choices if isinstance(choice, int) and not isinstance(choice, bool)]
    if isinstance(value, str):
        hint = did_you_mean(value, [choice for choice in choices if isinstance(choice, str)])
    elif numbers and isinstance(value, int | float) and not isinstance(value, bool):
        hint = f"did you mean `{min(numbers, key=lambda choice: (abs(choice - value), choice))}`?"
    return f"`{shown(value)}` is not one of {phrases.listed(choices)}", hint


def _pattern(failure: Failure) -> tuple[str, str | None]:
    text, pattern = str(failure.value), str(failure.wanted)
    hint = _explained(failure)
    if not text:
        return "the text must not be empty", hint
    if "A-Z" not in pattern and re.search(pattern, text.lower()):
        return f"`{shown(text)}` must be in lower case", f"did you mean `{shown(text.lower())}`?"
    if len(text) < LONGEST_SEARCHED:
        for letter in sorted(set(text)):
            rest = text.replace(letter, "")
            if rest and not letter.isalnum() and letter not in pattern and re.search(pattern, rest):
                return f"`{shown(text)}` contains `{shown(letter)}`, which cannot stand here", hint
    return f"`{shown(text)}` does not have the right form", hint


def _explained(failure: Failure) -> str | None:
    description = failure.schema.get("description")
    return phrases.first(description) if description else None


def _twice(values: list[Any]) -> int:
    return next((index for index, value in enumerate(values) if value in values[:index]), 0)


def _dependent(wanted: Mapping[str, list[str]], value: Mapping[str, Any]) -> tuple[str, str | None]:
    for name, needed in wanted.items():
        for other in needed:
            if name in value and other not in value:
                return f"`{name}` needs `{other}` beside it", None
    return "a field is missing beside another", None


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
