"""What IAM decides, as cases: each names its rule, and `PAGES` the page of AWS that states it."""

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


EFFECTS = statements(
    "effect",
    ("nothing is denied implicitly", NO, [], GET),
    ("an allow allows", YES, [allow()], GET),
    ("a deny denies", DENY, [deny()], GET),
    ("a deny beats an allow after it", DENY, [deny(), allow()], GET),
    ("a deny beats an allow before it", DENY, [allow(), deny()], GET),
    ("a deny of something else denies nothing", YES, [allow(), deny("s3:PutObject")], GET),
    ("an allow of something else allows nothing", NO, [allow("s3:PutObject")], GET),
    (
        "a deny whose condition does not hold denies nothing",
        YES,
        [allow(), deny(Condition={"Bool": {"x": "true"}})],
        GET,
    ),
)
ACTIONS = statements(
    "action",
    ("every action", YES, [allow("*")], GET),
    ("no case", YES, [allow("S3:getOBJECT")], GET),
    ("a star in the middle", YES, [allow("s3:G*ect")], GET),
    ("one character", YES, [allow("s3:Get?bject")], GET),
    ("one character is not none", NO, [allow("s3:GetO?bject")], GET),
    ("the whole name", NO, [allow("s3:Get")], GET),
    ("a star in the service", YES, [allow("s?:*")], GET),
    ("any of a list", YES, [allow(["ec2:*", "s3:Get*"])], GET),
    ("none of a list", NO, [allow(["ec2:*", "s3:Put*"])], GET),
    ("a dot is a dot", NO, [allow("s3.GetObject")], GET),
)
NOT_ACTIONS = statements(
    "not action",
    ("another", YES, [of(allow(), "Action", NotAction="iam:*")], GET),
    ("the same", NO, [of(allow(), "Action", NotAction="s3:*")], GET),
    ("any of a list", NO, [of(allow(), "Action", NotAction=["iam:*", "s3:*"])], GET),
    ("deny all others", DENY, [allow("*"), of(deny(), "Action", NotAction="ec2:*")], GET),
)
BUCKET = "arn:aws:s3:::b"
RESOURCES = resources(
    "resource",
    ("*", f"{BUCKET}/k", True),
    (f"{BUCKET}/k", f"{BUCKET}/k", True),
    (f"{BUCKET}/k", f"{BUCKET}/K", False),
    (f"{BUCKET}/*", f"{BUCKET}/a/b/c", True),
    (f"{BUCKET}/*", BUCKET, False),
    (f"{BUCKET}*", f"{BUCKET}ucket", True),
    (f"{BUCKET}/*/z", f"{BUCKET}/a/b/z", True),
    (f"{BUCKET}/*.txt", f"{BUCKET}/2020:01.txt", True),
    (f"{BUCKET}/?", f"{BUCKET}/ab", False),
    (f"{BUCKET}/[k]", f"{BUCKET}/k", False),
    (f"{BUCKET}/a.c", f"{BUCKET}/abc", False),
    (f"{BUCKET}/*", f"{BUCKET}/line\nbreak", True),
    ("arn:aws:sqs:*:123456789012:q", "arn:aws:sqs:us-east-1:123456789012:q", True),
    ("arn:aws:sqs:us-*-1:123456789012:q", "arn:aws:sqs:us-east-1:123456789012:q", True),
    ("arn:aws:sqs:us*1:123456789012:q", "arn:aws:sqs:us-x:1:123456789012:q", False),
    ("arn:aws:sqs:us-east-?:123456789012:q", "arn:aws:sqs:us-east-::123456789012:q", False),
    ("arn:aws:sqs:*", "arn:aws:sqs:us-east-1:123456789012:q", True),
    ("arn:aws:states:r:1:execution:prod_*", "arn:aws:states:r:1:execution:prod_F:id", True),
    ("arn:aws:states:r:1:execution:prod_*", "arn:aws:states:r:1:execution:production:id", False),
)
NOT_RESOURCES = statements(
    "not resource",
    ("another", YES, [of(allow(), "Resource", NotResource=f"{BUCKET}/x*")], GET),
    ("the same", NO, [of(allow(), "Resource", NotResource=f"{BUCKET}/*")], GET),
    ("deny all others", DENY, [allow(), of(deny(), "Resource", NotResource=[BUCKET, f"{BUCKET}/x"])], GET),
)
NAMED = {"aws:username": ["k"], "aws:PrincipalTag/team": ["a*b"]}


def variable(name, pattern, decision, *, version="2012-10-17", resource=f"{BUCKET}/k"):
    return Case(
        "variables", name, decision, [allow(resource=pattern)], Request("s3:X", resource, NAMED), version=version
    )


VARIABLES = [
    variable("is the value of the request", f"{BUCKET}/${{aws:username}}", YES),
    variable("has no case in its name", f"{BUCKET}/${{AWS:UserName}}", YES),
    variable("has another value", f"{BUCKET}/${{aws:username}}", NO, resource=f"{BUCKET}/j"),
    variable("matches nothing without a value", f"{BUCKET}/${{aws:userid}}", NO),
    variable("matches nothing without a value, nor itself", "${aws:userid}", NO, resource="${aws:userid}"),
    variable("has a value to stand in", f"{BUCKET}/${{aws:userid, 'k'}}", YES),
    variable("has a value, and none stands in", f"{BUCKET}/${{aws:username, 'j'}}", NO, resource=f"{BUCKET}/j"),
    variable("stands beside a wildcard", f"{BUCKET}/${{aws:username}}/*", YES, resource=f"{BUCKET}/k/x"),
    variable("is no pattern itself", f"{BUCKET}/${{aws:PrincipalTag/team}}", NO, resource=f"{BUCKET}/axb"),
    variable("is text itself", f"{BUCKET}/${{aws:PrincipalTag/team}}", YES, resource=f"{BUCKET}/a*b"),
    variable("is a star", f"{BUCKET}/${{*}}", NO),
    variable("is a star and matches one", f"{BUCKET}/${{*}}", YES, resource=f"{BUCKET}/*"),
    variable("is a question mark", f"{BUCKET}/${{?}}", NO),
    variable("is a dollar", f"{BUCKET}/${{$}}x", YES, resource=f"{BUCKET}/$x"),
    variable("is text in the older version", f"{BUCKET}/${{aws:username}}", NO, version="2008-10-17"),
    variable("is text without a version", f"{BUCKET}/${{aws:username}}", NO, version=None),
    *conditions(
        "variables",
        ({"StringEquals": {"s3:prefix": "${aws:username}"}}, {"s3:prefix": ["k"], **NAMED}, True),
        ({"StringLike": {"s3:prefix": "${aws:username}/*"}}, {"s3:prefix": ["k/x"], **NAMED}, True),
        ({"StringLike": {"s3:prefix": "${aws:userid}/*"}}, {"s3:prefix": ["k/x"], **NAMED}, False),
        ({"StringEquals": {"s3:prefix": ["${aws:userid}", "k"]}}, {"s3:prefix": ["k"], **NAMED}, True),
        (
            {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::${aws:username}"}},
            {"aws:SourceArn": ["arn:aws:s3:::k"], **NAMED},
            True,
        ),
    ),
]
LOGIC = conditions(
    "conditions",
    ({"StringEquals": {"x:a": ["1", "2"]}}, {"x:a": ["2"]}, True),
    ({"StringEquals": {"x:a": ["1", "2"]}}, {"x:a": ["3"]}, False),
    ({"StringNotEquals": {"x:a": ["1", "2"]}}, {"x:a": ["2"]}, False),
    ({"StringNotEquals": {"x:a": ["1", "2"]}}, {"x:a": ["3"]}, True),
    ({"StringEquals": {"x:a": "1", "x:b": "2"}}, {"x:a": ["1"], "x:b": ["2"]}, True),
    ({"StringEquals": {"x:a": "1", "x:b": "2"}}, {"x:a": ["1"], "x:b": ["3"]}, False),
    ({"StringEquals": {"x:a": "1"}, "Bool": {"x:b": "true"}}, {"x:a": ["1"], "x:b": ["true"]}, True),
    ({"StringEquals": {"x:a": "1"}, "Bool": {"x:b": "true"}}, {"x:a": ["1"], "x:b": ["false"]}, False),
    ({"StringEquals": {"x:a": []}}, {"x:a": ["1"]}, False),
    ({}, {}, True),
)
MISSING = conditions(
    "keys",
    ({"StringEquals": {"X:Key": "v"}}, {"x:kEY": ["v"]}, True),
    ({"StringEquals": {"x:key": "v"}}, {}, False),
    ({"StringLike": {"x:key": "*"}}, {}, False),
    ({"NumericLessThan": {"x:key": "1"}}, {}, False),
    ({"Bool": {"x:key": "false"}}, {}, False),
    ({"IpAddress": {"x:key": "0.0.0.0/0"}}, {}, False),
    ({"StringNotEquals": {"x:key": "v"}}, {}, True),
    ({"StringNotLike": {"x:key": "v"}}, {}, True),
    ({"StringNotEqualsIgnoreCase": {"x:key": "v"}}, {}, True),
    ({"ArnNotLike": {"x:key": "arn:aws:s3:::b"}}, {}, True),
    ({"NumericNotEquals": {"x:key": "1"}}, {}, True),
    ({"DateNotEquals": {"x:key": "2020-01-01"}}, {}, True),
    ({"NotIpAddress": {"x:key": "10.0.0.0/8"}}, {}, True),
    ({"StringEquals": {"x:key": "v"}}, {"x:key": []}, False),
)
STRINGS = values(
    "strings",
    ("StringEquals", "v", "v", True),
    ("StringEquals", "v", "V", False),
    ("StringEquals", "*", "v", False),
    ("StringEquals", True, "true", True),
    ("StringEquals", 5, "5", True),
    ("StringNotEquals", "v", "V", True),
    ("StringNotEquals", "v", "v", False),
    ("StringEqualsIgnoreCase", "vALUE", "Value", True),
    ("StringEqualsIgnoreCase", "v", "w", False),
    ("StringNotEqualsIgnoreCase", "v", "V", False),
    ("StringLike", "v*e", "value", True),
    ("StringLike", "v?lue", "value", True),
    ("StringLike", "V*", "value", False),
    ("StringLike", "a*c", "a/b:c", True),
    ("StringLike", "v", "value", False),
    ("StringNotLike", "v*", "value", False),
    ("StringNotLike", "x*", "value", True),
)
NUMBERS = values(
    "numbers",
    ("NumericEquals", "5", "5.0", True),
    ("NumericEquals", 5, "5", True),
    ("NumericEquals", "5", "6", False),
    ("NumericNotEquals", "5", "6", True),
    ("NumericNotEquals", "5", "5", False),
    ("NumericLessThan", "10", "9", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericGreaterThan", "10", "9", False),
    ("NumericGreaterThan", "10", "11", True),
    ("NumericGreaterThanEquals", "10", "10", True),
    ("NumericGreaterThanEquals", "-1", "-2", False),
)
DATES = values(
    "dates",
    ("DateEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", True),
    ("DateEquals", "2020-01-01T00:00:00Z", "1577836800", True),
    ("DateEquals", "2020-01-01", "2020-01-01T01:00:00+01:00", True),
    ("DateNotEquals", "2020-01-01", "2020-01-02", True),
    ("DateLessThan", "2020-01-02T00:00:00Z", "2020-01-01T23:59:59Z", True),
    ("DateLessThan", "2020-01-02T00:00:00Z", "2020-01-02T00:00:00Z", False),
    ("DateLessThanEquals", "2020-01-02T00:00:00Z", "2020-01-02T00:00:00Z", True),
    ("DateGreaterThan", "2020-01-02T00:00:00Z", "2020-01-02T00:00:01Z", True),
    ("DateGreaterThan", "2020-01-02T00:00:00Z", "2020-01-01T00:00:01Z", False),
    ("DateGreaterThanEquals", "2020-01-02T00:00:00Z", "2020-01-02T00:00:00Z", True),
)
BOOLEANS = values(
    "booleans",
    ("Bool", "true", "true", True),
    ("Bool", True, "true", True),
    ("Bool", "true", "false", False),
    ("Bool", "false", "false", True),
)
BINARY = values(
    "binary",
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5", False),
)
ADDRESSES = values(
    "addresses",
    ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
    ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
    ("IpAddress", "203.0.113.7", "203.0.113.7", True),
    ("IpAddress", ["10.0.0.0/8", "203.0.113.0/24"], "203.0.113.7", True),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", True),
    ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
    ("NotIpAddress", "203.0.113.0/24", "203.0.114.7", True),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
)
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
ARNS = values(
    "arns",
    ("ArnEquals", TOPIC, TOPIC, True),
    ("ArnEquals", "arn:aws:sns:*:123456789012:to?ic", TOPIC, True),
    ("ArnLike", "arn:aws:sns:us-east-1:123456789012:*", TOPIC, True),
    ("ArnLike", "arn:aws:sns:us-east-1:123456789012:*", f"{TOPIC}:subscription", True),
    ("ArnLike", "arn:aws:s*:us-east-1:*:topic", TOPIC, True),
    ("ArnLike", "arn:aws:sns:*:topic:x:y", "arn:aws:sns:us-east-1:123456789012:topic:x:y", False),
    ("ArnLike", "arn:aws:sns:us-east-1:999999999999:*", TOPIC, False),
    ("ArnLike", TOPIC.upper(), TOPIC, False),
    ("ArnLike", TOPIC, "no ARN", False),
    ("ArnNotEquals", TOPIC, TOPIC, False),
    ("ArnNotLike", "arn:aws:sns:us-west-2:*:*", TOPIC, True),
)
IF_EXISTS = conditions(
    "if exists",
    ({"StringEqualsIfExists": {"x:key": "v"}}, {}, True),
    ({"StringEqualsIfExists": {"x:key": "v"}}, {"x:key": ["v"]}, True),
    ({"StringEqualsIfExists": {"x:key": "v"}}, {"x:key": ["w"]}, False),
    ({"StringNotEqualsIfExists": {"x:key": "v"}}, {}, True),
    ({"BoolIfExists": {"x:key": "true"}}, {}, True),
    ({"BoolIfExists": {"x:key": "true"}}, {"x:key": ["false"]}, False),
    ({"ArnLikeIfExists": {"x:key": TOPIC}}, {"x:key": [TOPIC]}, True),
    ({"NumericLessThanIfExists": {"x:key": "5"}}, {"x:key": ["6"]}, False),
)
NULL = conditions(
    "null",
    ({"Null": {"x:key": "true"}}, {}, True),
    ({"Null": {"x:key": "true"}}, {"x:key": ["v"]}, False),
    ({"Null": {"x:key": "false"}}, {"x:key": ["v"]}, True),
    ({"Null": {"x:key": "false"}}, {}, False),
    ({"Null": {"x:key": True}}, {}, True),
)
ALL, ANY = "ForAllValues", "ForAnyValue"
SETS = conditions(
    "sets",
    ({f"{ALL}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "b"]}, True),
    ({f"{ALL}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a"]}, True),
    ({f"{ALL}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "c"]}, False),
    ({f"{ALL}:StringEquals": {"x:key": ["a", "b"]}}, {}, True),
    ({f"{ALL}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": []}, True),
    ({f"{ANY}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "c"]}, True),
    ({f"{ANY}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": ["c"]}, False),
    ({f"{ANY}:StringEquals": {"x:key": ["a", "b"]}}, {}, False),
    ({f"{ANY}:StringLike": {"x:key": "a*"}}, {"x:key": ["b", "ab"]}, True),
    ({f"{ALL}:StringNotEquals": {"x:key": ["a", "b"]}}, {"x:key": ["c", "d"]}, True),
    ({f"{ALL}:StringNotEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "d"]}, False),
    ({f"{ANY}:StringNotEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "d"]}, True),
    ({f"{ANY}:StringNotEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "b"]}, False),
    ({f"{ANY}:StringNotEquals": {"x:key": ["a", "b"]}}, {}, False),
    ({f"{ALL}:ArnLike": {"x:key": "arn:aws:sns:*:*:*"}}, {"x:key": [TOPIC, TOPIC]}, True),
)
WITHIN = {"Version": "2012-10-17", "Statement": [allow("s3:Get*")]}
BOUNDARIES = [
    Case("boundary", "both allow", YES, [allow()], GET, WITHIN),
    Case("boundary", "only the policy allows", NO, [allow()], Request("s3:PutObject"), WITHIN),
    Case("boundary", "only the boundary allows", NO, [allow("ec2:*")], GET, WITHIN),
    Case("boundary", "the boundary denies", DENY, [allow()], GET, {"Version": "2012-10-17", "Statement": [deny()]}),
    Case("boundary", "the policy denies", DENY, [deny()], GET, WITHIN),
]
CASES = [
    *EFFECTS,
    *ACTIONS,
    *NOT_ACTIONS,
    *RESOURCES,
    *NOT_RESOURCES,
    *VARIABLES,
    *LOGIC,
    *MISSING,
    *STRINGS,
    *NUMBERS,
    *DATES,
    *BOOLEANS,
    *BINARY,
    *ADDRESSES,
    *ARNS,
    *IF_EXISTS,
    *NULL,
    *SETS,
    *BOUNDARIES,
]


def unjudged(name, message, *items, context=None):
    return Case("effect", name, "", list(items), Request(GET.action, GET.resource, context or {}), message=message)


def asking(condition):
    return allow(Condition=condition)


ONE = {"x:key": ["v"]}
UNJUDGED = [
    unjudged("an operator", "`StringAlmost` is not an operator", asking({"StringAlmost": {"x:key": "v"}}), context=ONE),
    unjudged("in another case", "`stringEquals` is not", asking({"stringEquals": {"x:key": "v"}}), context=ONE),
    unjudged("a quantifier", "`ForSomeValues:StringEquals`", asking({"ForSomeValues:StringEquals": {"x:key": "v"}})),
    unjudged("whether nothing exists", "`NullIfExists` is not", asking({"NullIfExists": {"x:key": "true"}})),
    unjudged(
        "several values of one", "has several values", asking({"StringEquals": {"x:k": "v"}}), context={"x:k": "ab"}
    ),
    unjudged("any value of no key", "AWS does not say", asking({"ForAnyValue:StringEqualsIfExists": {"x:key": "v"}})),
    unjudged("no number", "`v` is not a number", asking({"NumericEquals": {"x:key": "1"}}), context=ONE),
    unjudged("no date", "`v` is not a date", asking({"DateEquals": {"x:key": "2020-01-01"}}), context=ONE),
    unjudged("no boolean", "`v` is neither", asking({"Bool": {"x:key": "true"}}), context=ONE),
    unjudged("no address", "does not appear to be", asking({"IpAddress": {"x:key": "10.0.0.0/8"}}), context=ONE),
    unjudged("no base64", "`v` is not in base64", asking({"BinaryEquals": {"x:key": "QQ=="}}), context=ONE),
    unjudged("no ARN", r"`\*` is not an ARN", asking({"ArnLike": {"x:key": "*"}}), context=ONE),
    unjudged("no value for a variable", "no value for", asking({"StringNotEquals": {"x:key": "${x:y}"}}), context=ONE),
    unjudged("nothing but an unknown", "no value for", of(allow(), "Resource", NotResource="${x:y}")),
    unjudged(
        "several values of a variable", "has several values", allow(resource="${x:k}"), context={"x:k": ["a", "b"]}
    ),
    unjudged("a value that is not known", "is not known as text", allow(resource=[GET.resource, object()])),
    unjudged("another effect", "`Maybe` is no effect", of(allow(), Effect="Maybe")),
    unjudged("no action", "needs `Action` or `NotAction`", of(allow(), "Action")),
    unjudged("both actions", "and not both", of(allow(), NotAction="*")),
    unjudged("no resource", "needs `Resource`", of(allow(), "Resource")),
]
