"""The intrinsic functions.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import uuid
from collections.abc import Callable
from typing import Any, Final

from mfinfra.sandbox.machines.failure import INTRINSIC, StateError

CALL: Final = re.compile(r"\s*(?P<name>States\.\w+)\s*\(")
LITERAL: Final = re.compile(r"\s*(?:'(?P<text>(?:[^'\\]|\\.)*)'|(?P<json>-?\d+(?:\.\d+)?|true|false|null))\s*(?=[,)])")
PATH: Final = re.compile(r"\s*(?P<path>\$(?:[^,()'\[]|\[[^\]]*\])*)")
HASHES: Final = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
LONGEST_RANGE: Final = 1000

Lookup = Callable[[str], Any]


def evaluate(text: str, lookup: Lookup) -> Any:
    """What the call `text` gives, where `lookup` follows paths. Raises `StateError`."""
    try:
        value, end = _argument(text, 0, lookup)
    except StateError:
        raise
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise StateError(INTRINSIC, f"{text} cannot be evaluated: {error}") from error
    if text[end:].strip():
        raise StateError(INTRINSIC, f"{text} is no call of one intrinsic function")
    return value


def _argument(text: str, at: int, lookup: Lookup) -> tuple[Any, int]:
    if found := CALL.match(text, at):
        return _call(found["name"], text, found.end(), lookup)
    if found := LITERAL.match(text, at):
        if found["json"] is not None:
            return json.loads(found["json"]), found.end()
        return re.sub(r"\\(['{}\\])", r"\1", found["text"]), found.end()
    if found := PATH.match(text, at):
        return lookup(found["path"].strip()), found.end()
    raise StateError(INTRINSIC, f"{text} has no argument at {text[at:]}")


def _call(name: str, text: str, at: int, lookup: Lookup) -> tuple[Any, int]:
    arguments: list[Any] = []
    while not text[at:].lstrip().startswith(")"):
        value, at = _argument(text, at, lookup)
        arguments.append(value)
        rest = text[at:].lstrip()
        if not rest.startswith((",", ")")):
            raise StateError(INTRINSIC, f"{text} does not close {name}")
        at = text.index(rest[0], at) + (rest[0] == ",")
    if name not in FUNCTIONS:
        raise StateError(INTRINSIC, f"{name} is no intrinsic function")
    return FUNCTIONS[name](*arguments), text.index(")", at) + 1


def _format(template: str, *values: Any) -> str:
    rest = iter(values)
    made = re.sub(r"\{\}", lambda _: _text(next(rest, None)), template)
    if next(rest, LONGEST_RANGE) is not LONGEST_RANGE:
        raise ValueError("more values than places")
    return made


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _partition(values: list[Any], size: int) -> list[list[Any]]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def _range(first: int, last: int, step: int) -> list[int]:
    made = list(range(first, last + (1 if step > 0 else -1), step))
    if len(made) > LONGEST_RANGE:
        raise ValueError(f"more than {LONGEST_RANGE} values")
    return made


def _unique(values: list[Any]) -> list[Any]:
    return [value for place, value in enumerate(values) if value not in values[:place]]


def _merge(first: dict[str, Any], second: dict[str, Any], deep: bool) -> dict[str, Any]:
    if deep:
        raise ValueError("Step Functions merges shallowly only")
    return {**first, **second}


def _random(start: int, end: int, seed: int | None = None) -> int:
    return random.Random(seed).randrange(start, end)  # noqa: S311  what the language has is no secret either


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "States.Array": lambda *values: list(values),
    "States.ArrayContains": lambda values, value: value in values,
    "States.ArrayGetItem": lambda values, place: values[place],
    "States.ArrayLength": len,
    "States.ArrayPartition": _partition,
    "States.ArrayRange": _range,
    "States.ArrayUnique": _unique,
    "States.Base64Decode": lambda text: base64.b64decode(text).decode(),
    "States.Base64Encode": lambda text: base64.b64encode(text.encode()).decode(),
    "States.Format": _format,
    "States.Hash": lambda value, name: hashlib.new(HASHES[name], _text(value).encode()).hexdigest(),
    "States.JsonMerge": _merge,
    "States.JsonToString": lambda value: json.dumps(value, separators=(",", ":")),
    "States.MathAdd": lambda first, second: first + second,
    "States.MathRandom": _random,
    "States.StringSplit": lambda text, marks: [part for part in re.split(f"[{re.escape(marks)}]", text) if part],
    "States.StringToJson": json.loads,
    "States.UUID": lambda: str(uuid.uuid4()),
}
