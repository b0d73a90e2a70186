"""The rules of a Choice.

https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from mfinfra.sandbox.machines import paths
from mfinfra.sandbox.machines.failure import RUNTIME, StateError
from mfinfra.sandbox.machines.templates import follow, lookup

Rule = Mapping[str, Any]
COMPARISON: Final = re.compile(
    r"(?P<kind>String|Numeric|Timestamp|Boolean)(?P<how>Equals|LessThan(?:Equals)?|GreaterThan(?:Equals)?)(?P<path>Path)?"
)
HOW: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else None
    except ValueError:
        return None


IS: Final[dict[str, Callable[[Any], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": _number,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: _moment(value) is not None,
}
FITS: Final[dict[str, Callable[[Any], bool]]] = {
    "String": IS["IsString"],
    "Numeric": _number,
    "Boolean": IS["IsBoolean"],
    "Timestamp": IS["IsTimestamp"],
}


def holds(rule: Rule, value: Any, context: Mapping[str, Any]) -> bool:
    """Whether `rule` holds of `value`. Raises `StateError` where its variable is not there."""
    if "And" in rule:
        return all(holds(each, value, context) for each in rule["And"])
    if "Or" in rule:
        return any(holds(each, value, context) for each in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], value, context)
    name = next((key for key in rule if key not in ("Variable", "Next", "Comment")), "")
    if not name or "Variable" not in rule:
        raise StateError(RUNTIME, "a choice rule has a variable and a comparison")
    try:
        variable = follow(rule["Variable"], value, context)
    except (paths.NotThere, paths.PathError) as error:
        if name == "IsPresent":
            return rule[name] is False
        cause = "The choice state's condition path references an invalid value."
        raise StateError(RUNTIME, f"Invalid path '{rule['Variable']}': {cause}") from error
    if name == "IsPresent":
        return rule[name] is True
    if name in IS:
        return IS[name](variable) is rule[name]
    if name == "StringMatches":
        return isinstance(variable, str) and bool(_pattern(rule[name]).fullmatch(variable))
    return _compares(name, variable, rule[name], lambda path: lookup(path, value, context))


def _compares(name: str, variable: Any, other: Any, follow: Callable[[str], Any]) -> bool:
    found = COMPARISON.fullmatch(name)
    if found is None:
        raise StateError(RUNTIME, f"{name} is no comparison")
    other = follow(other) if found["path"] else other
    fits = FITS[found["kind"]]
    if not fits(variable) or not fits(other):
        return False
    if found["kind"] == "Timestamp":
        variable, other = _moment(variable), _moment(other)
    return HOW[found["how"]](variable, other)


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|\*|[^\\*]+", text)
    return re.compile("".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts), re.DOTALL)
