"""The condition operators of IAM, as data: how each compares one value of a policy with one of a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import Any

from mfinfra.evaluate import patterns
from mfinfra.evaluate.patterns import Piece, UnfilledError
from mfinfra.evaluate.requests import Request, UnjudgedError

Wanted = tuple[Piece, ...]
Compare = Callable[[Wanted, str], bool]
_IF_EXISTS = "IfExists"


@dataclass(frozen=True, slots=True)
class Operator:
    """How values compare. A `negated` operator is true when none of the policy's values compares, or there is none."""

    compare: Compare
    negated: bool = False
    variables: bool = False


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise UnjudgedError(f"`{text}` is not a number") from error


def _date(text: str) -> float:
    """Seconds; the two forms that AWS takes are ISO 8601 and seconds since 1970."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnjudgedError(f"`{text}` is not a date") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise UnjudgedError(f"`{text}` is neither true nor false")
    return text.lower() == "true"


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise UnjudgedError(f"`{text}` is not in base64") from error


def _inside(wanted: Wanted, actual: str) -> bool:
    text = patterns.literal(wanted)
    try:
        network, address = ip_network(text, strict=False), ip_address(actual)
    except ValueError as error:
        raise UnjudgedError(str(error)) from error
    return address.version == network.version and address in network


def _typed(read: Callable[[str], Any], test: Callable[[Any, Any], bool]) -> Compare:
    return lambda wanted, actual: test(read(actual), read(patterns.literal(wanted)))


def _pair(name: str, compare: Compare, *, variables: bool = False) -> dict[str, Operator]:
    family = next(family for family in ("String", "Numeric", "Date", "Arn", "IpAddress") if name.startswith(family))
    rest = name.removeprefix(family)
    negated = f"{family}Not{rest}" if rest else f"Not{family}"
    return {name: Operator(compare, variables=variables), negated: Operator(compare, True, variables)}


_ORDERS = {"LessThan": lt, "LessThanEquals": le, "GreaterThan": gt, "GreaterThanEquals": ge}
OPERATORS: Mapping[str, Operator] = {
    **_pair("StringEquals", lambda wanted, actual: patterns.literal(wanted) == actual, variables=True),
    **_pair(
        "StringEqualsIgnoreCase",
        lambda wanted, actual: patterns.literal(wanted).lower() == actual.lower(),
        variables=True,
    ),
    **_pair("StringLike", patterns.like, variables=True),
    **_pair("ArnEquals", patterns.arn_matches, variables=True),
    **_pair("ArnLike", patterns.arn_matches, variables=True),
    **_pair("NumericEquals", _typed(_number, eq)),
    **_pair("DateEquals", _typed(_date, eq)),
    **{f"Numeric{name}": Operator(_typed(_number, test)) for name, test in _ORDERS.items()},
    **{f"Date{name}": Operator(_typed(_date, test)) for name, test in _ORDERS.items()},
    "Bool": Operator(_typed(_truth, eq)),
    "BinaryEquals": Operator(_typed(_bytes, eq)),
    **_pair("IpAddress", _inside),
}
"""Every operator but `Null`, which asks for the key itself."""


def holds(block: Mapping[str, Any], request: Request, *, variables: bool) -> bool:
    """Whether every operator and every key of a `Condition` holds; raises `UnjudgedError` for an operator not known."""
    tests = [
        _holds(operator, key, _words(values), request, variables)
        for operator, named in block.items()
        for key, values in named.items()
    ]
    return all(tests)


def keys(block: Mapping[str, Any]) -> tuple[str, ...]:
    """The condition keys that a `Condition` asks for."""
    return tuple(key for named in block.values() for key in named)


def _holds(written: str, key: str, wanted: Sequence[str], request: Request, variables: bool) -> bool:
    quantifier, name, lenient = _parts(written)
    actual = request.values(key)
    if name == "Null" and not (quantifier or lenient):
        return any(_truth(value) is (not actual) for value in wanted)
    operator = OPERATORS.get(name)
    if operator is None:
        raise UnjudgedError(f"`{written}` is not an operator known here")
    if not actual:
        return _absent(written, operator, quantifier, lenient)
    if len(actual) > 1 and not quantifier:
        raise UnjudgedError(f"`{key}` has several values, and `{written}` does not say how many of them count")
    known = _filled(operator, wanted, request, variables)
    true = (any(operator.compare(value, one) for value in known) is not operator.negated for one in actual)
    return any(list(true)) if quantifier == "ForAnyValue" else all(list(true))


def _parts(written: str) -> tuple[str, str, bool]:
    quantifier, colon, rest = written.partition(":")
    if not colon:
        quantifier, rest = "", written
    if quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise UnjudgedError(f"`{written}` is not an operator known here")
    return quantifier, rest.removesuffix(_IF_EXISTS), rest.endswith(_IF_EXISTS)


def _absent(written: str, operator: Operator, quantifier: str, lenient: bool) -> bool:
    """What holds of a key that the request does not carry.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """
    if quantifier == "ForAnyValue" and lenient:
        raise UnjudgedError(f"AWS does not say what `{written}` means of a key that is not there")
    if quantifier:
        return quantifier == "ForAllValues"
    return lenient or operator.negated


def _filled(operator: Operator, wanted: Sequence[str], request: Request, variables: bool) -> list[Wanted]:
    found = []
    for value in wanted:
        try:
            found.append(patterns.pieces(value, request, variables=variables and operator.variables))
        except UnfilledError:
            if operator.negated:
                raise UnjudgedError(f"the request has no value for a variable in `{value}`") from None
    return found


def _words(values: Any) -> list[str]:
    """Values as IAM reads them: Booleans and numbers may stand without quotes."""
    several = values if isinstance(values, list | tuple) else [values]
    return [json.dumps(value) if isinstance(value, bool | int | float) else patterns.known(value) for value in several]
