"""Anti-patterns of writing: what is so already, and whole documents as they were read some time ago."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from anti_patterns import Scenario, Wrong, failures, part, texts, watched
from stack import Stack, changed, environment

from mfinfra.drivers import _declared, _table_facets
from mfinfra.model import Call
from mfinfra.sandbox.faults import DENIED, Rule
from mfinfra.sandbox.network import PRIVATE_SUBNET_A, VPC_ID

OPEN = {"protect": False}
TTL, BACKUPS = "dynamodb.UpdateTimeToLive", "dynamodb.UpdateContinuousBackups"


def state_that_is_so_already(stack: Stack) -> None:
    """UpdateTimeToLive with the state it has is a ValidationException, and takes its only change in an hour.

    https://github.com/cloudposse/terraform-aws-dynamodb/issues/94 ,
    https://github.com/hashicorp/terraform-provider-aws/issues/39195 . A run that is cut short between the two calls
    leaves time to live on its way (ENABLING), and backups off.
    """
    table = {"name": "splits", **OPEN, "ttl_attribute": "expires", "point_in_time_recovery": True}
    file = environment({"table": {"splits": table}})
    script = watched(stack, Rule(BACKUPS, DENIED))
    assert failures(stack.plan(file)).keys() == {"table.splits"}
    assert (len(texts(script, TTL)), len(texts(script, BACKUPS))) == (1, 1)

    script = watched(stack)
    stack.apply(file)
    assert not texts(script, TTL), "time to live was written again"
    assert texts(script, BACKUPS)
    script = watched(stack)
    stack.apply(environment({"table": {"splits": {**table, "tags": {"team": "ml"}}}}))
    assert not texts(script, TTL), "time to live was written along with something else"
    assert not texts(script, BACKUPS), "backups were written along with something else"
    assert changed(stack.plan(environment({"table": {"splits": {**table, "tags": {"team": "ml"}}}}))) == {}


def enabling_is_not_enabled(monkeypatch):
    """terraform-provider-aws compares with ENABLED alone."""

    def parse(answer, resource):
        said = (answer or {}).get("TimeToLiveDescription", {})
        on = said.get("TimeToLiveStatus") == "ENABLED"
        return {"ttl_attribute": said["AttributeName"] if on else "", _table_facets.TTL_STATUS: None}

    part(monkeypatch, "table", "ttl_attribute", parse=parse)


def along(operation: str, **said: Any):
    """A call that goes along with whatever changes."""

    def patch(monkeypatch):
        ours = _declared.Kind._writes

        def writes(kind, change):
            more = Call("dynamodb", operation, {"TableName": change.want["name"], **said})
            found = ours(kind, change)
            return found if more in found else (*found, more)

        monkeypatch.setattr(_declared.Kind, "_writes", writes)

    return patch


NAME = "mf-anti-patterns"


def tags_and_policies_of_others(stack: Stack) -> None:
    """PutBucketTagging and PutBucketPolicy replace all there is: what others wrote since the plan goes along.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html ,
    https://github.com/cloud-custodian/cloud-custodian/issues/2834
    """
    s3 = stack.client("s3")
    data = {"name": NAME, **OPEN, "tls_only": False, "policy": None}
    stack.apply(environment({"bucket": {"data": data}}))
    reviewed = stack.plan(environment({"bucket": {"data": {**data, "tls_only": True, "tags": {"team": "ml"}}}}))
    rows = s3.get_bucket_tagging(Bucket=NAME)["TagSet"]
    s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": [*rows, {"Key": "cost", "Value": "42"}]})
    s3.put_bucket_policy(Bucket=NAME, Policy=THEIRS)
    stack.carry_out(reviewed)
    tags = {row["Key"]: row["Value"] for row in s3.get_bucket_tagging(Bucket=NAME)["TagSet"]}
    assert tags["team"] == "ml"
    lost = [] if tags.get("cost") == "42" else ["a tag"]
    lost += [] if "TheirsAlone" in s3.get_bucket_policy(Bucket=NAME)["Policy"] else ["a statement"]
    assert not lost, f"it wrote over {lost} of others"


def as_the_plan_read_it(monkeypatch):
    """What is written follows from the first reading, though there may be a later one."""
    tag, writes, first = _declared.Kind._tag, _declared.Kind._writes, {}

    def tag_first(kind, resource, observed):
        return tag(kind, resource, first.setdefault((resource.address, *sorted(resource.tags)), observed))

    def write_first(kind, change):
        return writes(kind, first.setdefault((change.resource.address, change.fields), change))

    monkeypatch.setattr(_declared.Kind, "_tag", tag_first)
    monkeypatch.setattr(_declared.Kind, "_writes", write_first)


THEIRS = (
    '{"Version": "2012-10-17", "Statement": {"Sid": "TheirsAlone", "Effect": "Deny", "Principal": "*", '
    f'"Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::{NAME}"}}}}'
)


def lists_of_others(stack: Stack) -> None:
    """A list that differed in nothing when it was read is not written: others may have changed it since.

    Where the list is in the file, the run says that it is not as wished, and the next plan shows what others did.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateJobQueue.html ,
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
    """
    s3, batch = stack.client("s3"), stack.client("batch")
    cluster = {
        "type": "FARGATE",
        "max_vcpus": 4,
        "subnets": [PRIVATE_SUBNET_A],
        "security_groups": ["security_group.a"],
    }
    queue = {"name": "line", "compute_environments": ["compute_environment.cpu"]}
    base = {
        "security_group": {"a": {"name": "a", "vpc": VPC_ID}},
        "compute_environment": {name: {"name": name, **cluster} for name in ("cpu", "more")},
    }
    data = {"name": NAME, **OPEN}
    stack.apply(environment({**base, "bucket": {"data": data}, "job_queue": {"line": queue}}))
    file = environment(
        {
            **base,
            "bucket": {"data": {**data, "versioning": False}},
            "job_queue": {"line": {**queue, "priority": 5}},
        }
    )
    reviewed = stack.plan(file)
    entries = [{"order": place, "computeEnvironment": name} for place, name in enumerate(("more", "cpu"), 1)]
    batch.update_job_queue(jobQueue="line", computeEnvironmentOrder=entries)
    rules = s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
    rules.append({"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 3}})
    s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration={"Rules": rules})
    failed = failures(reviewed)
    (row,) = batch.describe_job_queues(jobQueues=["line"])["jobQueues"]
    assert row["priority"] == 5
    found = [entry["computeEnvironment"].rpartition("/")[2] for entry in row["computeEnvironmentOrder"]]
    lost = [] if found == ["more", "cpu"] else ["an environment"]
    kept = [rule["ID"] for rule in s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]]
    lost += [] if "theirs" in kept else ["a rule"]
    assert not lost, f"it wrote over {lost} of others"
    seen = {"bucket.data": ["lifecycle_rules"], "job_queue.line": ["compute_environments"]}
    assert failed.keys() == seen.keys()
    assert changed(stack.plan(file)) == seen


def all_that_was_read(kind: str, field: str):
    """The part that has `field` is written whole with any change, as the plan read it."""

    def patch(monkeypatch):
        ours, first = _declared.Kind._writes, {}

        def writes(driver, change):
            if driver.kind != kind or change.observed is None or not change.fields:
                return ours(driver, change)
            read = first.setdefault(change.fields, change)
            return ours(driver, replace(read, fields=read.fields | {field}))

        monkeypatch.setattr(_declared.Kind, "_writes", writes)

    return patch


SCENARIOS = (
    Scenario(
        4,
        "a setting is written that is so already",
        state_that_is_so_already,
        {
            "ENABLING is not ENABLED": Wrong(enabling_is_not_enabled, "modified multiple times|written again"),
            "time to live with every change": Wrong(
                along("UpdateTimeToLive", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}),
                "modified multiple times",
            ),
            "backups with every change": Wrong(
                along("UpdateContinuousBackups", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}),
                "backups were written along with something else",
            ),
        },
        strict=True,
    ),
    Scenario(
        6,
        "a document is put as it was read some time ago",
        lists_of_others,
        {
            "environments of a queue": Wrong(
                all_that_was_read("job_queue", "compute_environments"), r"wrote over \['an environment'\]"
            ),
            "rules of a bucket": Wrong(all_that_was_read("bucket", "lifecycle_rules"), r"wrote over \['a rule'\]"),
        },
    ),
    Scenario(
        6,
        "a document is put as it was read some time ago",
        tags_and_policies_of_others,
        {"tags and policy": Wrong(as_the_plan_read_it, r"wrote over \['a tag', 'a statement'\]")},
    ),
)
