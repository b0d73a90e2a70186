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

from mfinfra.aws import linked
from mfinfra.errors import AccessDenied, AwsError, Refused, UserError
from mfinfra.evaluate import Decision, Judgement, simulated
from mfinfra.grants.grant import Statement
from mfinfra.model import Call

NARROWER: Final = ("route53:AssociateVPCWithHostedZone",)
"""Actions that are declared on everything, and that a policy may allow on less."""
EXAMPLES: Final[Mapping[str, str]] = {
    "launch-template": "lt-00000000000000000",
    "security-group": "sg-00000000000000000",
    "vpc-endpoint": "vpce-00000000000000000",
}
"""Ids as AWS invents them, by the type of the resource."""
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
    """Simulate every statement for whoever `aws` is; sends a request for each of them and each value of its condition.

    What is denied for want of something that is only known later (an id, a condition's key) is not called denied.
    """
    try:
        principal = _principal(aws)
        if principal is None:
            return Preflight()
        asked = [_Question(item, context) for item in statements for context in _contexts(item)]
        with ThreadPoolExecutor(max_workers=max(1, aws.parallelism)) as pool:
            answers = list(pool.map(lambda one: _results(aws, principal, one), asked))
    except AwsError as error:
        return Preflight(unsure=str(error))
    except UserError as error:
        return Preflight(unsure=error.message)
    said: dict[tuple[int, str, str], list[_Said]] = {}
    for question, answer in zip(asked, answers, strict=True):
        for key, one in question.said(answer):
            said.setdefault((id(question.item), *key), []).append(one)
    return _summed(said)


def refuse(found: Preflight, caller: str) -> None:
    """Raise `Refused` with what is denied."""
    if not found.denied:
        return
    lines = [f"`{one.action}` on `{one.resource}`" for one in islice(found.denied, SHOWN)]
    more = len(found.denied) - len(lines)
    lines += [f"and {more} more"] if more else []
    owners = (linked.service(f"{one.action} on {one.resource}") for one in found.denied)
    if owner := next((owner for owner in owners if owner), None):
        lines.append(
            f"`aws iam create-service-linked-role --aws-service-name {owner}`, run once by somebody who may, makes "
            f"`{linked.CREATION}` unnecessary: then add `--no-preflight`"
        )
    listed = "\n".join(lines)
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


@dataclass(frozen=True, slots=True)
class _Said:
    """What IAM says of one request: whether it is `allowed`, and why that is not to be believed."""

    allowed: bool
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class _Question:
    """One statement in one context."""

    item: Statement
    context: Mapping[str, Sequence[str]]

    def call(self, principal: str) -> Call:
        resources = dict.fromkeys(_example(one) for one in _listed(self.item["Resource"]))
        asked = simulated.asked(_listed(self.item["Action"]), resources, self.context)
        return Call("iam", "SimulatePrincipalPolicy", {"PolicySourceArn": principal, **asked}, paginate=True)

    def said(self, answer: Sequence[Mapping[str, Any]] | AwsError) -> Iterator[tuple[tuple[str, str], _Said]]:
        for action in _listed(self.item["Action"]):
            for resource in _listed(self.item["Resource"]):
                if isinstance(answer, AwsError):
                    one = _Said(False, str(answer))
                else:
                    one = self._judged(simulated.judgement(answer, action, _example(resource)), action, resource)
                # A log group has two ARNs, and which of them counts is a matter of the action.
                yield (action, _log_group(resource)), one

    def _judged(self, found: Judgement | None, action: str, resource: str) -> _Said:
        if found is None:
            return _Said(False, f"IAM does not answer for `{action}` on `{resource}`")
        if found.allowed:
            return _Said(True)
        if found.missing:
            keys = ", ".join(f"`{key}`" for key in found.missing)
            return _Said(False, f"conditions on {keys} cannot be simulated")
        if found.decision is Decision.IMPLICIT_DENY and self._open(action, resource):
            return _Said(False, f"`{action}` may be denied: no policy allows it on all of `{resource}`")
        return _Said(False)

    def _open(self, action: str, resource: str) -> bool:
        """Whether a policy may allow what is really sent, although it does not allow what is asked for here."""
        if resource == "*":
            return action in NARROWER
        if _invented(resource):
            # Of what is there already, a policy may name the very id.
            return not any(key.startswith("aws:RequestTag/") for key in self.context)
        # The ARN of a log group ends in a star itself.
        return "*" in _example(resource).removesuffix(":*")


def _contexts(item: Statement) -> Iterator[Mapping[str, Sequence[str]]]:
    """The condition's keys with a value each, in every way that the condition allows; with one key of several values.

    A request carries one of them, so that IAM is asked about each.
    """
    tests = {key: _listed(values) for block in item.get("Condition", {}).values() for key, values in block.items()}
    longest = max(map(len, tests.values()), default=1)
    for number in range(longest):
        yield {key: [values[min(number, len(values) - 1)]] for key, values in tests.items()}


def _results(aws: Reader, principal: str, question: _Question) -> Sequence[Mapping[str, Any]] | AwsError:
    """The answer, or why IAM gives none to this question: it may still answer others."""
    try:
        return (aws.ask(question.call(principal)).document or {}).get("EvaluationResults") or ()
    except AccessDenied:
        raise
    except AwsError as error:
        return error


def _summed(said: Mapping[tuple[int, str, str], Iterable[_Said]]) -> Preflight:
    denied: set[Denied] = set()
    doubts: dict[str, None] = {}
    for (_, action, resource), every in said.items():
        rows = list(every)
        refused = [one for one in rows if not one.allowed]
        # To which service a role is handed over, and which ARN of a log group counts, is AWS's to say.
        one_is_enough = action == "iam:PassRole" or action.startswith("logs:")
        if not refused or (one_is_enough and len(refused) < len(rows)):
            continue
        doubtful = [one.doubt for one in refused if one.doubt]
        if doubtful and (one_is_enough or len(doubtful) == len(refused)):
            doubts.update(dict.fromkeys(doubtful))
        else:
            denied.add(Denied(action, resource))
    more = len(doubts) - SHOWN
    told = [*islice(doubts, SHOWN), *([f"and {more} more"] if more > 0 else ())]
    return Preflight(tuple(sorted(denied)), "; ".join(told))


def _example(resource: str) -> str:
    """A resource as it will be: what stands for a part that is known later is filled in, where its form is known."""
    if _invented(resource):
        return resource.removesuffix("*") + EXAMPLES[_type(resource)]
    if resource.endswith("-??????"):  # how Secrets Manager ends the ARN of a secret
        return resource.removesuffix("??????") + "AbCdEf"
    # A name and a star: what is replaced stands beside its successor, which has a number.
    named = resource.endswith("*") and resource[-2:-1].isalnum()
    return resource.removesuffix("*") if named else resource


def _invented(resource: str) -> bool:
    return resource.endswith("/*") and _type(resource) in EXAMPLES


def _type(arn: str) -> str:
    return arn.split(":", 5)[-1].partition("/")[0]


def _log_group(arn: str) -> str:
    return arn.removesuffix(":*")


def _listed(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
