"""Before the first write: does IAM allow what the plan is going to send? AWS is asked to simulate it.

A simulation knows the caller's own policies and its boundary. Of an organisation's policies, of the session's and of
those on resources it knows nothing, so that what it allows may still be denied.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol

from mfinfra.errors import AwsError, Refused, UserError
from mfinfra.grants.grant import Statement
from mfinfra.model import Call

ALLOWED: Final = "allowed"
TYPES: Final[Mapping[str, str]] = {"ArnEquals": "string", "ForAnyValue:StringEquals": "stringList"}
"""The type that the values of a condition's key have in a simulation, where it is not one text."""
SHOWN: Final = 8


class Reader(Protocol):
    """What a check of permissions needs of AWS."""

    parallelism: int
    caller: str

    def ask(self, call: Call) -> Any:
        """Send a reading call; the answer has a `document`."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class Denied:
    """One action on one resource that IAM does not allow."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a simulation said: `denied`, and why nothing, or not everything, is known."""

    denied: tuple[Denied, ...] = ()
    unsure: str = ""


def check(aws: Reader, statements: Sequence[Statement]) -> Preflight:
    """Simulate every statement for whoever `aws` is; sends one request for each of them."""
    try:
        principal = _principal(aws)
        if principal is None:
            return Preflight()
        with ThreadPoolExecutor(max_workers=max(1, aws.parallelism)) as pool:
            answers = list(pool.map(lambda item: aws.ask(_question(principal, item)).document, statements))
    except AwsError as error:
        return Preflight(unsure=str(error))
    except UserError as error:
        return Preflight(unsure=error.message)
    found = [row for answer in answers for row in _rows((answer or {}).get("EvaluationResults", ()))]
    denied = {Denied(action, resource) for action, resource, decision, lacking in found if decision and not lacking}
    lacking = sorted({key for *_, decision, keys in found if decision for key in keys})
    said = f"conditions on {', '.join(f'`{key}`' for key in lacking)} cannot be simulated" if lacking else ""
    return Preflight(tuple(sorted(denied)), said)


def refuse(found: Preflight, caller: str) -> None:
    """Raise `Refused` with what is denied."""
    if not found.denied:
        return
    lines = [f"`{one.action}` on `{one.resource}`" for one in islice(found.denied, SHOWN)]
    more = len(found.denied) - len(lines)
    listed = "\n".join([*lines, *([f"and {more} more"] if more else ())])
    raise Refused(
        f"IAM does not allow `{caller}` all that this plan sends; nothing was changed",
        hint=f"{listed}\n`mfinfra permissions PLAN` prints the whole policy; `--no-preflight` tries it all the same",
        code="MF5501",
    )


def _principal(aws: Reader) -> str | None:
    """The ARN of the user or role whose policies count; `None` for the account itself, which may do everything."""
    resource = aws.caller.split(":", 5)[-1]
    kind, _, name = resource.partition("/")
    match kind:
        case "root":
            return None
        case "user" | "role":
            return aws.caller
        case "assumed-role":
            # The session's ARN has no path, and a simulation wants the role's own.
            role = name.partition("/")[0]
            answer = aws.ask(Call("iam", "GetRole", {"RoleName": role})).document
            arn: str = answer["Role"]["Arn"]
            return arn
        case _:
            raise UserError(f"a `{kind}` has no policies of its own that could be simulated")


def _question(principal: str, item: Statement) -> Call:
    params = {
        "PolicySourceArn": principal,
        "ActionNames": _listed(item["Action"]),
        "ResourceArns": _listed(item["Resource"]),
    }
    context = [
        {
            "ContextKeyName": key,
            "ContextKeyValues": _listed(values)[:1],
            "ContextKeyType": TYPES.get(test, "string"),
        }
        for test, block in item.get("Condition", {}).items()
        for key, values in block.items()
    ]
    more = {"ContextEntries": context} if context else {}
    return Call("iam", "SimulatePrincipalPolicy", {**params, **more}, paginate=True)


def _rows(results: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, bool, Sequence[str]]]:
    """Action, resource, whether it is denied, and the keys of conditions that had no value."""
    for row in results:
        for one in row.get("ResourceSpecificResults") or [row]:
            resource = one.get("EvalResourceName", "*")
            decision = one.get("EvalResourceDecision") or one["EvalDecision"]
            yield row["EvalActionName"], resource, decision != ALLOWED, one.get("MissingContextValues") or ()


def _listed(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
