"""One case of what IAM decides: it names its rule, and `PAGES` has the page of AWS that states it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mfinfra.evaluate import Request

GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
OPERATORS = f"{GUIDE}/reference_policies_elements_condition_operators.html"
PAGES = {
    "effect": f"{GUIDE}/reference_policies_evaluation-logic_policy-eval-denyallow.html",
    "action": f"{GUIDE}/reference_policies_elements_action.html",
    "not action": f"{GUIDE}/reference_policies_elements_notaction.html",
    "resource": f"{GUIDE}/reference_policies_elements_resource.html",
    "not resource": f"{GUIDE}/reference_policies_elements_notresource.html",
    "variables": f"{GUIDE}/reference_policies_variables.html",
    "conditions": f"{GUIDE}/reference_policies_condition-logic-multiple-context-keys-or-values.html",
    "keys": f"{GUIDE}/reference_policies_elements_condition.html",
    "strings": f"{OPERATORS}#Conditions_String",
    "numbers": f"{OPERATORS}#Conditions_Numeric",
    "dates": f"{OPERATORS}#Conditions_Date",
    "booleans": f"{OPERATORS}#Conditions_Boolean",
    "binary": f"{OPERATORS}#Conditions_BinaryEquals",
    "addresses": f"{OPERATORS}#Conditions_IPAddress",
    "arns": f"{OPERATORS}#Conditions_ARN",
    "if exists": f"{OPERATORS}#Conditions_IfExists",
    "null": f"{OPERATORS}#Conditions_Null",
    "sets": f"{GUIDE}/reference_policies_condition-single-vs-multi-valued-context-keys.html",
    "boundary": f"{GUIDE}/access_policies_boundaries.html",
}
YES, NO, DENY = "allowed", "implicitDeny", "explicitDeny"


@dataclass(frozen=True)
class Case:
    """`statements` stand in one policy of `version`; `boundary` is a whole policy."""

    rule: str
    name: str
    decision: str
    statements: list[dict[str, Any]]
    request: Request
    boundary: dict[str, Any] | None = None
    version: str | None = "2012-10-17"
    message: str = field(default="")

    def __post_init__(self):
        assert self.rule in PAGES


def policies_of(case):
    version = {"Version": case.version} if case.version else {}
    return [{**version, "Statement": case.statements}]


def allow(action="s3:*", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action="s3:*", resource="*", **more):
    return {**allow(action, resource, **more), "Effect": "Deny"}


def of(statement, *gone, **more):
    return {**{key: value for key, value in statement.items() if key not in gone}, **more}


GET = Request("s3:GetObject", "arn:aws:s3:::b/k")


def statements(rule, *rows):
    return [Case(rule, name, decision, list(items), request) for name, decision, items, request in rows]


def resources(rule, *rows):
    return [
        Case(rule, f"{pattern} ~ {resource}", YES if matches else NO, [allow("*", pattern)], Request("s3:X", resource))
        for pattern, resource, matches in rows
    ]


def conditions(rule, *rows):
    """Rows of a condition, the context of the request, and whether the condition holds."""
    return [
        Case(
            rule,
            f"{condition} ~ {context}",
            YES if holds else NO,
            [allow(Condition=condition)],
            Request(GET.action, GET.resource, context),
        )
        for condition, context, holds in rows
    ]


def values(rule, *rows):
    """Rows of an operator, the policy's value, the request's value, and whether they compare."""
    return conditions(
        rule, *(({operator: {"x:key": ours}}, {"x:key": [theirs]}, holds) for operator, ours, theirs, holds in rows)
    )
