"""Plan documents for the renderers, built by hand so that they depend on no kind and no guard."""

OWNERSHIP = {"mfinfra:address": "a.b", "mfinfra:environment": "prod", "mfinfra:owner": "00d1"}
ENVIRONMENT = {
    "name": "prod",
    "account": "123456789012",
    "region": "us-east-1",
    "partition": "aws",
    "caller": "arn:aws:sts::123456789012:assumed-role/deploy/ci",
    "endpoint": None,
}
SOURCE = {"path": "environments/prod.yaml", "sha256": "00", "git_commit": "4fb2c76d1b0e9a", "git_dirty": False}


def field(path, before, after, *, replaces=False, unknown=None):
    row = {"path": list(path), "before": before, "after": after, "replaces": replaces}
    return row if unknown is None else {**row, "after_unknown": unknown}


def change(  # noqa: PLR0913 - what a resource's row in the document holds
    address, actions, *fields, before=None, after=None, because=None, blocked=None, physical_id=None
):
    kind, _, name = address.partition(".")
    return {
        "address": address,
        "kind": kind,
        "name": name,
        "physical_id": physical_id,
        "action_reason": because,
        "change": {"actions": list(actions), "before": before, "after": after, "fields": list(fields)},
        "blocked": blocked,
    }


def document(*changes, checks=(), **parts):
    counted = {
        ("no-op",): "unchanged",
        ("create",): "create",
        ("update",): "update",
        ("delete",): "delete",
        ("create", "delete"): "replace",
        ("delete", "create"): "replace",
        ("adopt",): "adopt",
        ("adopt", "update"): "adopt",
    }
    summary = dict.fromkeys((*counted.values(), "blocked"), 0)
    for one in changes:
        word = counted.get(tuple(one["change"]["actions"]), "forget")
        summary[word] = summary.get(word, 0) + 1
        summary["blocked"] += bool(one["blocked"])
    refused = [*(one for one in changes if one["blocked"]), *(one for one in checks if one["status"] == "fail")]
    return {
        "applyable": summary["unchanged"] < len(changes) and not refused,
        "environment": {**ENVIRONMENT},
        "source": {**SOURCE},
        "resource_changes": list(changes),
        "checks": list(checks),
        "metaflow_changes": {},
        "summary": summary,
        **parts,
    }


def created():
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::data/*"]},
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::data"]},
        ],
    }
    return change(
        "role.batch-job",
        ["create"],
        field(["name"], None, "MetaflowBatchRole"),
        field(["max_session_seconds"], None, 3600),
        field(["managed_policies"], None, ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]),
        field(["policies"], None, {"datastore": policy}),
        field(["description"], None, "first line\nsecond line"),
        field(["security_groups"], None, [{"unknown": "security_group.batch.id"}], unknown=[True]),
        field(["launch_template"], None, {"unknown": "launch_template.gpu.id"}, unknown=True),
        after={"name": "MetaflowBatchRole", "path": "/", "tags": OWNERSHIP},
    )


def updated():
    return change(
        "bucket.datastore",
        ["update"],
        field(["policy", "Statement", "Read", "Action", 1], None, "s3:PutObject"),
        field(["policy", "Statement", "Read", "Action", 1], "s3:GetObjekt", None),
        field(["policy", "Statement", 1], None, {"Effect": "Deny", "Action": ["s3:*"], "Resource": ["*"]}),
        field(["lifecycle_rules", "abort", "abort_upload_days"], 7, 3),
        field(["tags", "unknown"], None, "x"),
        field(["options", "key"], {"of": "mine"}, {"unknown": "key.own.arn"}, unknown=True),
        field(["versioning"], False, True),
        field(["rule"], '{"a": 1, "b": [1, 2]}', '{"a": 2, "b": [1, 2, 3]}'),
        field(["same"], '{"a": 1, "b": 2}', '{"b": 2, "a": 1}'),
        field(["queues"], ["one", "two", "three"], ["two", "one", "three"]),
        field(["user_data"], "#!/bin/sh\na\nb\nc\necho old\nexit", "#!/bin/sh\na\nb\nc\necho new\nexit"),
        field(["tags", "cost.center"], "one", "two"),
        field(["tags", "mfinfra:owner"], None, "00d1"),
        before={"name": "data", "policy": {}, "versioning": False, "tags": {}},
        after={"name": "data", "policy": {}, "versioning": True, "tags": {}, "object_ownership": "BucketOwnerEnforced"},
        physical_id="data",
    )


def replaced(order, address="compute_environment.cpu"):
    return change(
        address,
        order,
        field(["type"], "EC2", "FARGATE", replaces=True),
        field(["subnets", 1], None, "subnet-2", replaces=True),
        field(["max_vcpus"], 256, 512),
        because="`type` cannot be changed in place",
        before={"name": "cpu", "type": "EC2"},
        after={"name": "cpu", "type": "FARGATE"},
        physical_id="arn:aws:batch:us-east-1:123456789012:compute-environment/cpu",
    )


def deleted(**parts):
    return change(
        "log_group.old",
        ["delete"],
        before={"name": "/aws/old", "retention_days": 30, "tags": OWNERSHIP},
        because="it is not in the file",
        physical_id="arn:aws:logs:us-east-1:123456789012:log-group:/aws/old",
        **parts,
    )


def forgotten(address="bucket.archive", **parts):
    tags = {"team": "ml", **OWNERSHIP, "mfinfra:spec": "1.."}
    return change(
        address,
        ["forget"],
        *(field(["tags", key], value, None) for key, value in sorted(tags.items()) if key != "team"),
        before={"name": "archive", "versioning": True, "tags": tags},
        physical_id="archive",
        **parts,
    )


def left():
    """A plan that gives two up, one of them not ours, with what comes of it."""
    note = {"status": "warn", "hint": "take it out", "lifted_by": None}
    return document(
        forgotten(),
        forgotten("table.old", blocked=FOREIGN),
        checks=[
            {**note, "code": "MF5730", "message": "`bucket.archive` is still in the file", "address": None},
            {**note, "code": "MF5732", "message": "the `metaflow` block refers to it", "address": "bucket.archive"},
        ],
        options={"destroy": False, "adopt": [], "target": [], "exclude": [], "replace": [], "forget": ["all"]},
    )


def adopted():
    return change(
        "bucket.archive",
        ["adopt"],
        *(field(["tags", key], None, value) for key, value in OWNERSHIP.items()),
        before={"name": "archive", "tags": {}},
        after={"name": "archive", "tags": OWNERSHIP},
        physical_id="archive",
    )


def unchanged(address="job_queue.default"):
    return change(
        address,
        ["no-op"],
        before={"name": "queue", "priority": 1},
        after={"name": "queue", "priority": 1},
        physical_id="arn:aws:batch:us-east-1:123456789012:job-queue/queue",
    )


BLOCK = {
    "code": "MF4103",
    "message": "`log_group.old` holds data and is not in the file",
    "hint": "if that is meant, it takes `--allow-destroy log_group.old`",
}
FOREIGN = {
    "code": "MF4101",
    "message": "`archive` exists already and nobody's tags are on it",
    "hint": "to take it over write `adopt: true` at `bucket.archive`, or pass `--adopt bucket.archive`",
}
EVIL = "\x1b[31m[red]bold[/red]\x07\n::error file=x::owned\n##[error]old\u202etxt\u200b\x9b2J"


def hostile():
    """What a stranger who may tag and name things can put in front of whoever reads a plan."""
    return document(
        change(
            f"bucket.{EVIL}",
            ["update"],
            field(["tags", EVIL], EVIL, "fine"),
            field(["description"], "calm\n::warning::x\n", "calm\n\x1b]0;title\x07::error::y\n"),
            field(["policy"], '{"::set-output": "\\u001b[2J"}', '{"::set-output": "::error::z"}'),
            field(["[link=https://evil]"], None, ["::add-mask::a", "-" * 61 + EVIL]),
            before={EVIL: 1},
            after={EVIL: 1},
            because=EVIL,
            blocked={"code": EVIL, "message": EVIL, "hint": EVIL},
        ),
        deleted() | {"physical_id": EVIL},
        checks=[{"code": EVIL, "status": "warn", "message": EVIL, "address": EVIL}],
        environment=ENVIRONMENT | {"name": EVIL, "caller": EVIL, "endpoint": EVIL},
        source=SOURCE | {"path": EVIL, "git_commit": EVIL},
    )


def everything():
    return document(
        created(),
        updated(),
        replaced(["create", "delete"]),
        replaced(["delete", "create"], "log_group.flows"),
        adopted(),
        unchanged(),
        deleted(blocked=BLOCK),
        checks=[
            {"code": "MF2000", "status": "warn", "message": "AWS says INVALID", "address": "compute_environment.cpu"},
            {"code": "MF4103", "status": "fail", "message": "said at its resource", "address": "log_group.old"},
            {"code": "MF1000", "status": "pass", "message": "not shown", "address": None},
        ],
        metaflow_changes={"METAFLOW_BATCH_JOB_QUEUE": {"before": "a", "after": "b"}},
        environment=ENVIRONMENT | {"endpoint": "sandbox"},
        source=SOURCE | {"git_dirty": True},
    )
