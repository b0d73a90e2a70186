"""Policy documents as hypothesis draws them, each a valid one for where it stands, and the same in other words."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import strategies as some

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
OTHER = "210987654321"
ACTIONS = ["s3:GetObject", "s3:Put*", "batch:SubmitJob", "dynamodb:*", "logs:PutLogEvents", "ecr:GetAuthorizationToken"]
RESOURCES = [
    "*",
    "arn:aws:s3:::some-bucket/*",
    "arn:aws:dynamodb:us-east-1:123456789012:table/t",
    "arn:aws:s3:::a/$${aws:username}/*",
]
REPOSITORY_ACTIONS = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
BUCKET_ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
VERSIONS = some.sampled_from(["2012-10-17", "2008-10-17"])
CONDITIONS = some.dictionaries(
    some.sampled_from(["StringEquals", "StringLike", "ForAnyValue:StringEquals", "StringNotEqualsIfExists"]),
    some.dictionaries(
        some.sampled_from(["aws:PrincipalOrgID", "aws:RequestedRegion", "aws:PrincipalTag/Team"]),
        some.lists(some.sampled_from(["o-abc123", "us-east-1", "eu-*", "x y"]), min_size=1, max_size=3, unique=True),
        min_size=1,
    ),
    max_size=2,
) | some.sampled_from(
    [
        {"Bool": {"aws:SecureTransport": "true"}},
        {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
        {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}},
        {"Null": {"aws:TokenIssueTime": "false"}},
    ]
)


def some_of(values):
    return some.lists(some.sampled_from(values), min_size=1, max_size=3, unique=True)


def principals(roles):
    """`Principal`: accounts in both spellings, services, and roles of the same file."""
    accounts = some_of([ACCOUNT, ROOT, OTHER, f"arn:aws:iam::{OTHER}:root", *(f"${{{role}.arn}}" for role in roles)])
    services = some_of(["batch.amazonaws.com", "ec2.amazonaws.com", "states.amazonaws.com"])
    return some.fixed_dictionaries({"AWS": accounts}, optional={"Service": services})


@some.composite
def documents(draw, kind: str, roles: list[str] = [], own: str = "") -> dict[str, Any]:  # noqa: B006 -- never changed
    """A document for a role (`identity`), an `endpoint`, a `repository`, or a `bucket` whose ARN is `own`."""
    actions = {"bucket": BUCKET_ACTIONS, "repository": REPOSITORY_ACTIONS}.get(kind, ACTIONS)
    statements = []
    for index in range(draw(some.integers(1, 3))):
        statement = {"Effect": draw(some.sampled_from(["Allow", "Deny"]))}
        if draw(some.booleans()):
            statement["Sid"] = f"Statement{index}"
        if kind != "identity":
            statement["Principal"] = draw(principals(roles))
        negated = "Not" if kind == "identity" and draw(some.integers(0, 4)) == 0 else ""
        statement[f"{negated}Action"] = draw(some_of(actions))
        if kind != "repository":
            statement["Resource"] = draw(some_of([own, f"{own}/*", f"{own}/a/*"] if own else RESOURCES))
        if own and statement["Resource"] == [own]:
            statement["Resource"] = [f"{own}/*"]  # actions on objects want objects
        if condition := draw(CONDITIONS):
            statement["Condition"] = deepcopy(condition)
        statements.append(statement)
    document: dict[str, Any] = {"Statement": statements}
    if kind == "identity":  # IAM takes the older version, and none, for nobody's own policies any more
        document["Version"] = "2012-10-17"
    elif draw(some.booleans()):
        document["Version"] = draw(VERSIONS)
    return document


@some.composite
def trusts(draw, roles: list[str]) -> dict[str, Any]:
    """Who may assume a role, in the short form or as a document."""
    services = draw(some_of(["ec2.amazonaws.com", "batch.amazonaws.com", "ecs-tasks.amazonaws.com"]))
    accounts = draw(some_of([ACCOUNT, OTHER, ROOT, f"arn:aws:iam::{OTHER}:role/x"]))
    if draw(some.booleans()):
        return draw(
            some.sampled_from(
                [{"services": services}, {"services": services, "accounts": accounts}, {"accounts": accounts}]
            )
        )
    statement = {"Effect": "Allow", "Principal": draw(principals(roles)), "Action": ["sts:AssumeRole"]}
    if condition := draw(CONDITIONS):
        statement["Condition"] = deepcopy(condition)
    return {"Version": draw(VERSIONS), "Statement": [statement]}


def respelt(document, random):
    """The same document as somebody else would have written it."""
    statements = [_statement(item, random) for item in document["Statement"]]
    random.shuffle(statements)
    return _shuffled({**document, "Statement": _bare(statements, random)}, random)


def _statement(statement, random):
    found = {}
    for key, value in statement.items():
        if key in ("Action", "NotAction", "Resource", "NotResource"):
            found[key] = _set(value, random)
        elif key == "Principal":
            found[key] = {
                kind: _set([_account(name, random) for name in names], random) for kind, names in value.items()
            }
        elif key == "Condition":
            found[key] = {
                operator: {
                    random.choice([name, name.lower()]): _set(_listed(item), random) for name, item in block.items()
                }
                for operator, block in value.items()
            }
        else:
            found[key] = value
    return _shuffled(found, random)


def _account(name, random):
    for account in (ACCOUNT, OTHER):
        spellings = [account, f"arn:aws:iam::{account}:root"]
        if name in spellings:
            return random.choice(spellings)
    return name


def _listed(value):
    """Condition values; Booleans and numbers stand there without quotes as well."""
    bare = {"true": True, "false": False, "3600": 3600}
    return value if isinstance(value, list) else [bare.get(value, value)]


def _set(values, random):
    values = [*values, *random.choices(values, k=random.randint(0, 1))]
    values = random.sample(values, len(values))
    return _bare(values, random)


def _bare(values, random):
    return values[0] if len(values) == 1 and random.random() < 0.5 else values


def _shuffled(mapping, random):
    return dict(random.sample(list(mapping.items()), len(mapping)))
