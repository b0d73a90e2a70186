"""Anti-patterns of believing: what the server fills in, the first page, 200, a status that will yet be good."""

from __future__ import annotations

import json
from dataclasses import replace

import jmespath
import pytest
from anti_patterns import ACCOUNT, INSTANCES, Scenario, Wrong, answered, driver, failures, instead, texts, watched
from stack import Stack, addresses, changed, environment, inventory

from mfinfra import carry, catalogue
from mfinfra.aws import calls, session
from mfinfra.drivers import _batch, bucket, endpoint, role
from mfinfra.model import Settle
from mfinfra.sandbox.faults import Rule
from mfinfra.sandbox.network import PRIVATE_ROUTE_TABLE, PRIVATE_SUBNET_A, VPC_ID

NAME = "mf-anti-patterns"


def defaults_of_the_server(stack: Stack) -> None:
    """A value that the server filled in is no wish: said to it when the thing is made anew, it is refused or binds.

    https://github.com/crossplane-contrib/provider-aws/issues/2324 : capacity 0/0 of a table on demand;
    https://github.com/crossplane-contrib/provider-aws/issues/946 .
    """
    resources = {
        "role": {"instance": {"name": "instance", "preset": "ecs_instance"}},
        "security_group": {name: {"name": name, "vpc": VPC_ID} for name in ("a", "b")},
        "compute_environment": {"cpu": {"name": "cpu", **INSTANCES}},
        "table": {"splits": {"name": "splits", "protect": False, "deletion_protection": False}},
        "repository": {"images": {"name": "images", "protect": False, "encryption": {"type": "KMS"}}},
    }
    file = environment(resources)
    stack.apply(file)
    assert changed(stack.plan(file)) == {}
    batch = stack.client("batch")
    batch.update_compute_environment(computeEnvironment="cpu", state="DISABLED")
    batch.delete_compute_environment(computeEnvironment="cpu")
    stack.client("dynamodb").delete_table(TableName="splits")
    stack.client("ecr").delete_repository(repositoryName="images")

    script = watched(stack)
    stack.apply(file)
    said = "\n".join(
        text
        for name in ("dynamodb.CreateTable", "batch.CreateComputeEnvironment", "ecr.CreateRepository")
        for text in texts(script, name)
    )
    echoed = [word for word in ("ProvisionedThroughput", "ec2Configuration", "kmsKey") if word in said]
    assert not echoed, f"nobody asked for {echoed}"


def echo(kind: str, shown: str, sent: str):
    """What the server shows is taken for wished, and said to it when the thing is made anew."""

    def patch(monkeypatch):
        ours, kept = catalogue.driver(kind), {}

        def parse(answer, resource):
            kept.update({sent: jmespath.search(shown, answer) or kept.get(sent)})
            return ours.parse(answer, resource)

        def create(resource, want):
            first, *rest = ours.create(resource, want)
            params = carry._placed(first.params, sent.split("."), kept[sent]) if kept.get(sent) else first.params
            return (first.with_params(params), *rest)

        driver(monkeypatch, kind, parse=parse, create=create)

    return patch


def refusals_inside_of_success(stack: Stack) -> None:
    """200 says that the request was read: what was not done stands in the answer, in AWS's words.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpoints.html (Unsuccessful),
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html (Errors)
    """
    resources = {
        "endpoint": {"s3": {"vpc": VPC_ID, "service": "s3", "route_tables": [PRIVATE_ROUTE_TABLE]}},
        "bucket": {"data": {"name": NAME, "protect": False, "force_destroy": True}},
    }
    file = environment(resources)
    stack.apply(file)
    stack.client("s3").put_object(Bucket=NAME, Key="kept", Body=b"x")
    reviewed = stack.plan(file, destroy=True, allow_destroy=addresses(resources))
    kept = {"ResourceId": "vpce-1", "Error": {"Code": "OperationNotPermitted", "Message": "not this one"}}
    held = {"Key": "kept", "Code": "AccessDenied", "Message": "object lock"}
    watched(
        stack,
        Rule("ec2.DeleteVpcEndpoints", instead({"Unsuccessful": [kept]}), times=None),
        Rule("s3.DeleteObjects", instead({"Errors": [held]}), times=None),
    )
    said = {address: str(error) for address, error in failures(reviewed).items()}
    assert said.keys() == {"endpoint.s3", "bucket.data"}
    assert "not this one" in said["endpoint.s3"], f"that says nothing: {said}"
    assert "object lock" in said["bucket.data"], f"that says nothing: {said}"
    assert inventory(stack)["buckets"] == [NAME]


def believe_in_200(monkeypatch):
    monkeypatch.setattr(calls, "_check_failures", lambda call, document, metadata: None)
    monkeypatch.setattr(carry, "DRAIN_LIMIT", 3)


def bucket_of_somebody_else(stack: Stack) -> None:
    """In us-east-1 a bucket that is there is "made" once more with 200: it stays theirs, with every setting it has.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html ,
    https://github.com/hashicorp/terraform-provider-aws/pull/26011
    """
    s3 = stack.client("s3")
    reviewed = stack.plan(environment({"bucket": {"data": {"name": NAME, "protect": False}}}))
    s3.create_bucket(Bucket=NAME)
    s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": [{"Key": "owner", "Value": "theirs"}]})
    script = watched(stack)
    assert failures(reviewed).keys() == {"bucket.data"}
    written = [event.name for event in script.log if event.request.writes and event.name != "s3.CreateBucket"]
    assert not written, f"it wrote to somebody else's bucket: {written}"
    assert "Status" not in s3.get_bucket_versioning(Bucket=NAME)


def made_is_ours(monkeypatch):
    driver(monkeypatch, "bucket", create=lambda resource, want: bucket.create(resource, want)[:1])


def longer_than_a_page(stack: Stack) -> None:
    """IAM tells lists in pages: what stands on the second one keeps a role from being deleted.

    https://github.com/hashicorp/terraform-provider-aws/issues/2279 ; Ansible's `iam_role` lists a role's policies
    without pages.
    """
    file = environment({"role": {name: {"name": name, "trust": {"services": ["ec2.amazonaws.com"]}} for name in "abc"}})
    with pytest.MonkeyPatch.context() as small:
        small.setitem(role.DETAILS.params, "MaxItems", 2)
        small.setitem(role.SUMMARIES.params, "MaxItems", 2)
        stack.apply(file)
        assert changed(stack.plan(file)) == {}, "what stands on the second page is there"
        iam = stack.client("iam")
        text = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})
        for number in range(101):
            iam.put_role_policy(RoleName="c", PolicyName=f"foreign-{number}", PolicyDocument=text)
        stack.apply(file, destroy=True, allow_destroy=addresses({"role": dict.fromkeys("abc")}))
        assert inventory(stack)["roles"] == []


def first_page_of_an_account(monkeypatch):
    ours = session.perform
    monkeypatch.setattr(session, "perform", lambda client, call: ours(client, replace(call, paginate=False)))


def first_page_of_a_role(monkeypatch):
    """As many as one answer of ListRolePolicies holds."""
    ours = role.observed
    monkeypatch.setattr(
        role, "observed", lambda row, resource: ours({**row, "RolePolicyList": row["RolePolicyList"][:100]}, resource)
    )


FOREVER = 10
"""More looks than it takes to see a status that does not change any more."""


def ends_that_are_bad(stack: Stack) -> None:
    """INVALID and `failed` do not pass: the run ends there with AWS's reason, and not when its time is up.

    https://github.com/Netflix/metaflow-tools/issues/9 : a role in place of an instance profile, and 20 minutes.
    """
    nobody = f"{ACCOUNT}:instance-profile/nobody"
    resources = {
        "security_group": {name: {"name": name, "vpc": VPC_ID} for name in ("a", "b")},
        "compute_environment": {"cpu": {"name": "cpu", **INSTANCES, "instance_role": nobody}},
        "endpoint": {
            "ecr": {
                "vpc": VPC_ID,
                "service": "ecr.api",
                "subnets": [PRIVATE_SUBNET_A],
                "security_groups": ["security_group.a"],
            }
        },
    }
    reviewed = stack.plan(environment(resources))
    script = watched(stack, Rule("ec2.DescribeVpcEndpoints", answered(broken_down), times=None))
    failed = failures(reviewed)
    assert failed.keys() == {"compute_environment.cpu", "endpoint.ecr"}
    reasons = {address: str(error) for address, error in failed.items()}
    assert f"Invalid IamInstanceProfile: {nobody}" in reasons["compute_environment.cpu"], reasons
    assert "no free address" in reasons["endpoint.ecr"], reasons
    for operation in ("batch.DescribeComputeEnvironments", "ec2.DescribeVpcEndpoints"):
        assert len(texts(script, operation)) < FOREVER, "it waited for what does not come any more"


def broken_down(said):
    error = {"Code": "InsufficientFreeAddresses", "Message": "no free address"}
    return {**said, "VpcEndpoints": [{**row, "State": "failed", "LastError": error} for row in said["VpcEndpoints"]]}


def without_bad_ends(effects):
    return tuple(replace(effect, failed=()) if isinstance(effect, Settle) else effect for effect in effects)


def wait_on(monkeypatch):
    """A wait that knows only the status it waits for."""
    valid, ready = _batch.Stateful.valid, endpoint.ready
    monkeypatch.setattr(_batch.Stateful, "valid", lambda *about, **how: without_bad_ends(valid(*about, **how)))
    monkeypatch.setattr(endpoint, "ready", lambda resource: without_bad_ends(ready(resource)))


SCENARIOS = (
    Scenario(
        3,
        "defaults of the server taken into the desired state",
        defaults_of_the_server,
        {
            "capacity 0/0": Wrong(
                echo(
                    "table",
                    "Table.ProvisionedThroughput.{ReadCapacityUnits: ReadCapacityUnits, "
                    "WriteCapacityUnits: WriteCapacityUnits}",
                    "ProvisionedThroughput",
                ),
                "create table.splits: .*ProvisionedThroughput",
            ),
            "image type": Wrong(
                echo(
                    "compute_environment",
                    "computeEnvironments[0].computeResources.ec2Configuration",
                    "computeResources.ec2Configuration",
                ),
                r"nobody asked for \['ec2Configuration'\]",
            ),
            "key": Wrong(
                echo("repository", "repositories[0].encryptionConfiguration", "encryptionConfiguration"),
                r"nobody asked for \['kmsKey'\]",
            ),
        },
    ),
    Scenario(
        7,
        "200 is taken for success",
        refusals_inside_of_success,
        {"200 is enough": Wrong(believe_in_200, "that says nothing")},
    ),
    Scenario(
        7,
        "200 is taken for success",
        bucket_of_somebody_else,
        {"made is ours": Wrong(made_is_ours, "wrote to somebody else's bucket: .*PutBucketPolicy")},
    ),
    Scenario(
        8,
        "lists of IAM that are read without their further pages",
        longer_than_a_page,
        {
            "of an account": Wrong(first_page_of_an_account, r"role\.[abc]: NotConverged|second page"),
            "of a role": Wrong(first_page_of_a_role, "must delete policies first"),
        },
    ),
    Scenario(
        10,
        "a wait that knows no bad status",
        ends_that_are_bad,
        {"INVALID and failed": Wrong(wait_on, "gave up after 1200 s")},
        strict=True,
    ),
)
