"""What IAM decides, as cases."""

from __future__ import annotations

from evaluate_case import DENY, GET, NO, YES, Case, allow, conditions, deny, of, resources, statements
from evaluate_conditions import CONDITIONS

from mfinfra.evaluate import Request

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
WITHIN = {"Version": "2012-10-17", "Statement": [allow("s3:Get*")]}
BOUNDARIES = [
    Case("boundary", "both allow", YES, [allow()], GET, WITHIN),
    Case("boundary", "only the policy allows", NO, [allow()], Request("s3:PutObject"), WITHIN),
    Case("boundary", "only the boundary allows", NO, [allow("ec2:*")], GET, WITHIN),
    Case("boundary", "the boundary denies", DENY, [allow()], GET, {"Version": "2012-10-17", "Statement": [deny()]}),
    Case("boundary", "the policy denies", DENY, [deny()], GET, WITHIN),
]
CASES = [*EFFECTS, *ACTIONS, *NOT_ACTIONS, *RESOURCES, *NOT_RESOURCES, *VARIABLES, *CONDITIONS, *BOUNDARIES]


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
