"""From the statements that match a request to what IAM decides.

An explicit deny beats every allow, and without an allow everything is denied.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from mfinfra import policy
from mfinfra.evaluate import conditions, patterns
from mfinfra.evaluate.patterns import UnfilledError
from mfinfra.evaluate.requests import Caller, Decision, Request, UnjudgedError

Policy: TypeAlias = str | Mapping[str, Any]
Statement: TypeAlias = Mapping[str, Any]
_EFFECTS = ("Allow", "Deny")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ROOT = re.compile(r"arn:[^:]+:iam::([0-9]{12}):root")
_OF_ACCOUNT = re.compile(r"arn:[^:]+:(?:iam|sts)::([0-9]{12}):.+")


@dataclass(frozen=True, slots=True)
class Matched:
    """A statement that matches: which policy it stands in, which of its statements it is, both counted from 0."""

    policy: int
    statement: int
    effect: str
    sid: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision with what led to it.

    `missing` are condition keys that statements about this action and resource ask for and the request does not carry.
    `bounded` says whether the permissions boundary allows it, `None` without one.
    """

    decision: Decision
    matched: tuple[Matched, ...] = ()
    missing: tuple[str, ...] = ()
    bounded: bool | None = None

    @property
    def allowed(self) -> bool:
        """Whether the request goes through."""
        return self.decision is Decision.ALLOWED


def decide(request: Request, policies: Sequence[Policy], *, boundary: Policy | None = None) -> Decision:
    """What the identity policies of a principal, within its permissions `boundary`, say of `request`.

    Raises `UnjudgedError` for what has no rule here, and `ValueError` for what is no policy.
    """
    return judge(request, policies, boundary=boundary).decision


def judge(request: Request, policies: Sequence[Policy], *, boundary: Policy | None = None) -> Judgement:
    """As `decide`, with the statements that matched and the condition keys that were missing.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    found = _Search(request)
    matched = tuple(item for number, one in enumerate(policies) for item in found.matches(one, number))
    limits = None if boundary is None else tuple(found.matches(boundary, len(policies)))
    bounded = None if limits is None else _allows(limits)
    decision = _decision((*matched, *(limits or ())), allowed=_allows(matched) and bounded is not False)
    return Judgement(decision, matched, tuple(dict.fromkeys(found.missing)), bounded)


def grants(document: Policy, caller: Caller, request: Request) -> Decision:
    """What a resource's own policy says of `request` by `caller`.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html
    """
    matched = tuple(_Search(request, caller).matches(document, 0))
    return _decision(matched, allowed=_allows(matched))


def trusts(
    document: Policy,
    caller: Caller,
    context: Mapping[str, Sequence[str]] | None = None,
    *,
    action: str = "sts:AssumeRole",
) -> bool:
    """Whether a role's trust policy lets `caller` assume it, in a request with this `context`.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html
    """
    return grants(document, caller, Request(action, "*", context or {})) is Decision.ALLOWED


def _decision(matched: Iterable[Matched], *, allowed: bool) -> Decision:
    if any(item.effect == "Deny" for item in matched):
        return Decision.EXPLICIT_DENY
    return Decision.ALLOWED if allowed else Decision.IMPLICIT_DENY


def _allows(matched: Iterable[Matched]) -> bool:
    return any(item.effect == "Allow" for item in matched)


class _Search:
    """Looks for the statements that match one request; with a `caller`, in policies of resources."""

    def __init__(self, request: Request, caller: Caller | None = None) -> None:
        self.request = request
        self.caller = caller
        self.missing: list[str] = []

    def matches(self, document: Policy, number: int) -> Iterator[Matched]:
        plain = policy.parse(document) if isinstance(document, str) else document
        variables = plain.get("Version", policy.VERSION_IF_MISSING) == policy.VERSION
        for place, item in enumerate(_listed(plain.get("Statement"))):
            if item.get("Effect") not in _EFFECTS:
                raise UnjudgedError(f"`{item.get('Effect')}` is no effect of a statement")
            if self._matches(item, variables):
                yield Matched(number, place, item["Effect"], item.get("Sid", ""))

    def _matches(self, item: Statement, variables: bool) -> bool:
        if self.caller is not None and not _either(item, "Principal", self._is_caller):
            return False
        if not _either(item, "Action", self._has_action):
            return False
        # The policy of a resource may leave the resource out: it is the one that the policy is of.
        whole = self.caller is not None and not {"Resource", "NotResource"} & item.keys()
        negated = "NotResource" in item
        if not whole and not _either(
            item, "Resource", lambda values: self._has_resource(values, variables, negated=negated)
        ):
            return False
        block = item.get("Condition") or {}
        self.missing += (key for key in conditions.keys(block) if self.request.values(key) is None)
        return conditions.holds(block, self.request, variables=variables)

    def _has_action(self, values: Any) -> bool:
        return _any(patterns.action_matches(value, self.request.action) for value in _listed(values))

    def _has_resource(self, values: Any, variables: bool, *, negated: bool) -> bool:
        return _any(self._is_resource(value, variables, negated) for value in _listed(values))

    def _is_resource(self, value: Any, variables: bool, negated: bool) -> bool:
        try:
            pattern = patterns.pieces(value, self.request, variables=variables)
        except UnfilledError:
            if negated:
                raise UnjudgedError(f"the request has no value for a variable in `{value}`") from None
            return False
        return patterns.resource_matches(pattern, self.request.resource)

    def _is_caller(self, value: Any) -> bool:
        if value == "*":
            return True
        if not isinstance(value, Mapping) or self.caller is None:
            raise UnjudgedError(f"`{value}` is no principal")
        return _any(_names(name, self.caller) for name in _listed(value.get(self.caller.kind)))


def _names(name: Any, caller: Caller) -> bool:
    """Whether a principal of a policy is `caller`; an account stands for everybody in it whom it lets.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    text = patterns.known(name)
    if text in ("*", caller.name):
        return True
    account = text if _ACCOUNT.fullmatch(text) else _first(_ROOT.fullmatch(text))
    theirs = caller.name if _ACCOUNT.fullmatch(caller.name) else _first(_OF_ACCOUNT.fullmatch(caller.name))
    return caller.kind == "AWS" and account is not None and account == theirs


def _any(judged: Iterable[bool]) -> bool:
    # All are judged: whether an error is raised must not depend on the order in which somebody wrote the values.
    return True in list(judged)


def _first(match: re.Match[str] | None) -> str | None:
    return match[1] if match else None


def _either(item: Statement, element: str, test: Callable[[Any], bool]) -> bool:
    """Whether an element, or the opposite of its `Not…` twin, is met; exactly one of the two stands in a statement."""
    twin = f"Not{element}"
    if (element in item) is (twin in item):
        raise UnjudgedError(f"a statement needs `{element}` or `{twin}`, and not both")
    return test(item[element]) if element in item else not test(item[twin])


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)
