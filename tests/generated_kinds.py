"""The kinds one by one: which values AWS takes together, drawn for a skeleton of an environment."""

from __future__ import annotations

from typing import Any

from generated import KEY, MANAGED, body, fixed, lines, named
from generated_policies import documents, some_of, trusts
from hypothesis import strategies as some

COLD = ["GLACIER_IR", "GLACIER", "DEEP_ARCHIVE", "INTELLIGENT_TIERING", "STANDARD_IA"]


@fixed("bucket")
def _(draw, skeleton):
    return skeleton.add("bucket", **named(draw, skeleton, "bucket"))


@body("bucket")
def _(draw, skeleton, name, fields):
    own, roles = f"arn:aws:s3:::{fields['name']}", skeleton.all_of("role")
    encryptions = [{"algorithm": "AES256"}, *({"algorithm": f"aws:kms{more}"} for more in ("", ":dsse"))]
    encryptions += [
        {"algorithm": "aws:kms", "bucket_key": False},
        *({**item, "key": key} for item in encryptions[1:] for key in keys(skeleton)),
    ]
    by_hand = {
        "encryption": some.sampled_from(encryptions),
        "policy": documents("bucket", roles, own) | some.just({}),
        "lifecycle_rules": some.lists(rules_of_life(), max_size=3, unique_by=lambda rule: rule["id"]),
    }
    return lines(draw, "bucket", frozenset({"name"}), by_hand)


@some.composite
def rules_of_life(draw):
    """One lifecycle rule with the actions that go together."""
    rule: dict[str, Any] = {"id": draw(some.sampled_from(["a", "b", "drafts", "old versions"]))}
    rule |= draw(
        some.fixed_dictionaries({}, optional={"enabled": some.booleans(), "prefix": some.sampled_from(["", "drafts/"])})
    )
    tagged = draw(some.sampled_from([{}, {"keep": "no"}, {"keep": "no", "team": "ml"}]))
    sizes = draw(
        some.sampled_from(
            [{}, {"object_size_greater_than": 0}, {"object_size_greater_than": 10, "object_size_less_than": 999}]
        )
    )
    actions = {
        "expiration": some.sampled_from([{"expiration_days": 400}, {"expiration_date": "2030-01-31"}]),
        "noncurrent": some.sampled_from(
            [{"noncurrent_days": 90}, {"noncurrent_days": 90, "newer_noncurrent_versions": 3}]
        ),
        "transitions": some.sampled_from(COLD).map(lambda cold: {"transitions": [{"days": 60, "storage_class": cold}]}),
        "warm": some.just(
            {"transitions": [{"days": 90, "storage_class": "GLACIER_IR"}, {"days": 30, "storage_class": "STANDARD_IA"}]}
        ),
        "late": some.just(
            {
                "noncurrent_transitions": [
                    {"noncurrent_days": 30, "storage_class": "STANDARD_IA", "newer_noncurrent_versions": 2}
                ]
            }
        ),
    }
    if not tagged and not sizes:
        actions["abort"] = some.sampled_from([{"abort_upload_days": 1}, {"abort_upload_days": 7, "transitions": []}])
        actions["marker"] = some.just({"expired_object_delete_marker": True})
    chosen = draw(some_of(sorted(actions)))
    if "marker" in chosen:
        chosen = [name for name in chosen if name != "expiration"]
    for name in chosen:
        rule |= draw(actions[name])
    return {**rule, **sizes, **({"tags": tagged} if tagged else {})}


@fixed("table")
def _(draw, skeleton):
    keys = draw(
        some.fixed_dictionaries(
            {},
            optional={
                "hash_key": some.sampled_from(["pathspec", "a b", "k"]),
                "range_key": some.sampled_from(["", "r"]),
            },
        )
    )
    types = {
        key: draw(some.sampled_from("SNB")) for key in (keys.get("hash_key", "pathspec"), keys.get("range_key")) if key
    }
    attributes = draw(some.sampled_from([{}, {"attributes": types}, {"attributes": None}]))
    return skeleton.add("table", **named(draw, skeleton, "table"), **keys, **attributes)


@body("table")
def _(draw, skeleton, name, fields):
    by_hand = {
        "encryption_key": some.sampled_from(["", *keys(skeleton)]),
        "ttl_attribute": some.sampled_from(["", "ttl", "expires at"]),
        "read_capacity": some.integers(1, 40),
        "write_capacity": some.integers(1, 40),
    }
    spec = lines(draw, "table", frozenset({"name", "hash_key", "range_key", "attributes"}), by_hand)
    if spec.get("billing_mode") != "PROVISIONED":
        spec = {key: value for key, value in spec.items() if not key.endswith("_capacity")}
    return spec


@fixed("log_group")
def _(draw, skeleton):
    fields = draw(some.sampled_from([{}, {"class": "STANDARD"}, {"class": "INFREQUENT_ACCESS"}, {"class": None}]))
    return skeleton.add("log_group", **named(draw, skeleton, "log_group"), **fields)


@body("log_group")
def _(draw, skeleton, name, fields):
    return lines(draw, "log_group", frozenset({"name", "class"}), {"key": some.sampled_from(["", *keys(skeleton)])})


def keys(skeleton):
    """What may stand where a key is wanted: somebody else's, and those of the file."""
    return [KEY, *skeleton.all_of("key")]


@fixed("key")
def _(draw, skeleton):
    return skeleton.add("key")


@body("key")
def _(draw, skeleton, name, fields):
    allow = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"}
    policies = [
        {},
        {"Version": "2012-10-17", "Statement": []},
        {"Statement": {**allow, "Principal": {"AWS": "123456789012"}}},
        {
            "Version": "2012-10-17",
            "Id": "mine",
            "Statement": [{**allow, "Principal": {"Service": "backup.amazonaws.com"}}],
        },
    ]
    by_hand = {"description": some.sampled_from(["", "é", "what 'x' & <y>"]), "policy": some.sampled_from(policies)}
    spec = lines(draw, "key", frozenset({"alias"}), by_hand)
    if spec.get("policy", {}) is None:
        del spec["policy"]  # nothing would let a log group in
    return {**spec, "alias": f"alias/{name}{draw(some.sampled_from(['', '-a', '/b_c']))}"}


@fixed("secret")
def _(draw, skeleton):
    return skeleton.add("secret", **named(draw, skeleton, "secret"))


@body("secret")
def _(draw, skeleton, name, fields):
    by_hand = {
        "description": some.sampled_from(["", "the password: é, 'x' & <y>"]),
        "key": some.sampled_from(["", *keys(skeleton)]),
    }
    return lines(draw, "secret", frozenset({"name"}), by_hand)


@fixed("role")
def _(draw, skeleton):
    path = draw(some.sampled_from([{}, {"path": "/"}, {"path": "/metaflow/x-y_z/"}, {"path": None}]))
    return skeleton.add("role", **named(draw, skeleton, "role"), **path)


@body("role")
def _(draw, skeleton, name, fields):
    trust = trusts(skeleton.before("role", name))
    by_hand = {
        "description": some.sampled_from(["", "For Metaflow: é, 'x' & <y>", "a\tb"]),
        "trust": trust,
        "preset": some.sampled_from(["", "ecs_instance", "batch_service", "spot_fleet", "fargate_execution"]),
        "policies": some.dictionaries(
            some.sampled_from(["one", "a+b=c,d.e@f-_"]), documents("identity") | some.just({}), max_size=2
        ),
        "managed_policies": some.lists(some.sampled_from(MANAGED), unique=True),
        "permissions_boundary": some.sampled_from(["", "arn:aws:iam::aws:policy/ReadOnlyAccess"]),
    }
    spec = lines(draw, "role", frozenset({"name", "path"}), by_hand)
    if not spec.get("trust") and not (spec.get("preset") and "trust" not in spec):
        spec["trust"] = draw(trust)
    return spec


@fixed("repository")
def _(draw, skeleton):
    kinds = [
        {"type": "AES256"},
        *({"type": f"KMS{more}", **key} for more in ("", "_DSSE") for key in ({}, {"key": KEY})),
    ]
    encryption = draw(some.just({}) | some.sampled_from([*kinds, None]).map(lambda kind: {"encryption": kind}))
    return skeleton.add("repository", **named(draw, skeleton, "repository"), **encryption)


@body("repository")
def _(draw, skeleton, name, fields):
    patterns = some_of(["latest*", "v*", "dev-*"])
    by_hand = {
        "immutable_tags": some.booleans()
        | some.fixed_dictionaries({"except": patterns})
        | some.fixed_dictionaries({"only": patterns}),
        "policy": documents("repository", skeleton.all_of("role")) | some.just({}),
        "lifecycle_policy": image_rules(),
    }
    return lines(draw, "repository", frozenset({"name", "encryption"}), by_hand)


@some.composite
def image_rules(draw):
    """A lifecycle policy of ECR."""
    selections = [
        {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
        {"tagStatus": "tagged", "tagPrefixList": ["v", "dev"], "countType": "imageCountMoreThan", "countNumber": 9},
        {
            "tagStatus": "tagged",
            "tagPatternList": ["prod*", "x*y"],
            "countType": "imageCountMoreThan",
            "countNumber": 1,
        },
        {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 500},
    ]
    chosen = [selection for selection in selections if draw(some.booleans())]
    rules = [
        {
            "rulePriority": 10 * index + 1,
            "selection": selection,
            "action": {"type": "expire"},
            **draw(some.sampled_from([{}, {"description": "why"}])),
        }
        for index, selection in enumerate(chosen)
    ]
    return draw(some.sampled_from([{"rules": rules}, {"rules": rules}, {}]))
