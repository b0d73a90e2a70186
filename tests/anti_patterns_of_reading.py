"""Anti-patterns of reading and comparing: errors that are swallowed, lists that are taken literally."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, unquote

from anti_patterns import ACCOUNT, INSTANCES, Scenario, Wrong, answered, watched
from stack import Stack, changed, environment

from mfinfra import catalogue, compare, policy
from mfinfra.drivers import _compute_resources, job_queue
from mfinfra.errors import AccessDenied
from mfinfra.model import Action
from mfinfra.observe import Rounds
from mfinfra.sandbox.faults import DENIED, Rule
from mfinfra.sandbox.network import PRIVATE_SUBNETS, VPC_ID


def policy_for(action, *roles, **more):
    principals = [f"{ACCOUNT}:role/{name}" for name in roles]
    statement = {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": action, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def expiring(priority, status):
    selection = {"tagStatus": status, "countType": "imageCountMoreThan", "countNumber": priority}
    more = {"tagPrefixList": ["a", "b"]} if status == "tagged" else {}
    return {"rulePriority": priority, "selection": {**selection, **more}, "action": {"type": "expire"}}


GROUP = {"vpc": VPC_ID, "ingress": [{"protocol": "tcp", "port": port, "cidr": "10.20.0.0/16"} for port in (443, 80)]}
READS = ["s3:GetObject", "s3:ListBucket"]
WITH_EVERY_KIND = {
    "role": {
        "instance": {"name": "instance", "preset": "ecs_instance"},
        "reader": {
            "name": "reader",
            "trust": {"services": ["lambda.amazonaws.com", "ec2.amazonaws.com"]},
            "managed_policies": ["ReadOnlyAccess", "AmazonS3ReadOnlyAccess"],
            "policies": {
                "read": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": READS, "Resource": "*"}],
                }
            },
        },
    },
    "bucket": {
        "data": {
            "name": "mf-anti-patterns",
            "policy": policy_for("s3:GetObject", "reader", "instance", Resource="arn:aws:s3:::mf-anti-patterns/*"),
            "lifecycle_rules": [{"id": name, "prefix": name, "expiration_days": 9} for name in ("b", "a")],
            "depends_on": ["role.reader", "role.instance"],
        }
    },
    "table": {"splits": {"name": "splits", "hash_key": "a", "range_key": "b"}},
    "log_group": {"jobs": {"name": "/jobs", "retention_days": 30}},
    "repository": {
        "images": {
            "name": "images",
            "policy": policy_for(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "reader", "instance"),
            "lifecycle_policy": {"rules": [expiring(2, "untagged"), expiring(1, "tagged")]},
            "depends_on": ["role.reader", "role.instance"],
        }
    },
    "security_group": {name: {"name": name, **GROUP} for name in ("a", "b")},
    "endpoint": {
        "ecr": {
            "vpc": VPC_ID,
            "service": "ecr.api",
            "subnets": [*PRIVATE_SUBNETS],
            "security_groups": ["security_group.b", "security_group.a"],
        }
    },
    "launch_template": {"disk": {"name": "disk", "root_volume_gib": 50}},
    "scheduling_policy": {"fair": {"name": "fair", "shares": {"b": 2, "a": 1}}},
    "key": {"data": {"alias": "alias/data"}},
    "secret": {"database": {"name": "database"}},
    "compute_environment": {name: {"name": name, **INSTANCES} for name in ("cpu", "more")},
    "job_queue": {
        "line": {"name": "line", "compute_environments": ["compute_environment.more", "compute_environment.cpu"]}
    },
}
EXISTENCE = {
    "bucket": "s3.HeadBucket",
    "compute_environment": "batch.DescribeComputeEnvironments",
    "endpoint": "ec2.DescribeVpcEndpoints",
    "job_queue": "batch.DescribeJobQueues",
    "key": "kms.DescribeKey",
    "launch_template": "ec2.DescribeLaunchTemplateVersions",
    "log_group": "logs.DescribeLogGroups",
    "repository": "ecr.DescribeRepositories",
    "role": "iam.GetAccountAuthorizationDetails",
    "scheduling_policy": "batch.DescribeSchedulingPolicies",
    "secret": "secretsmanager.DescribeSecret",
    "security_group": "ec2.DescribeSecurityGroups",
    "table": "dynamodb.DescribeTable",
}


def denied_reads(stack: Stack) -> None:
    """Ansible's `batch_compute_environment` and `batch_job_queue`: `except ClientError: return None`.

    https://github.com/ansible-collections/community.aws/tree/main/plugins/modules
    """
    assert EXISTENCE.keys() == {*catalogue.kinds()}
    file = environment(WITH_EVERY_KIND)
    stack.apply(file)
    watched(stack, Rule(" ".join(EXISTENCE.values()), DENIED, times=None))
    try:
        steps = stack.plan(file).plan.steps
    except AccessDenied as error:
        told = f"{error} {error.hint}"
        swallowed = [read for read in EXISTENCE.values() if f"`{read.replace('.', ':')}`" not in told]
        assert not swallowed, f"nothing was said of {swallowed}"
    else:
        created = {step.address.kind for step in steps if step.action is Action.CREATE}
        raise AssertionError(f"AccessDenied became a create: {' '.join(sorted(created))}")


def swallow_errors(monkeypatch):
    """Each reader says that there is nothing."""
    ours = Rounds.run

    def run(rounds, askers):
        results = {}
        for key, asker in askers.items():
            try:
                results |= ours(rounds, {key: asker})
            except AccessDenied:
                results[key] = [] if key == "census" else None
        return results

    monkeypatch.setattr(Rounds, "run", run)


def answers_in_another_order(stack: Stack) -> None:
    """What AWS keeps as a set comes back in any order; the numbers of a queue's order count, and not its rows.

    https://github.com/hashicorp/terraform-provider-aws/issues/8083 , for principals
    https://github.com/aws-controllers-k8s/community/issues/2875
    """
    file = environment(WITH_EVERY_KIND)
    stack.apply(file)
    watched(stack, Rule("*.Describe* *.Get* *.List*", answered(backwards), times=None))
    reviewed = stack.plan(file)
    assert changed(reviewed) == {}, f"false differences: {changed(reviewed)}"


def backwards(said: Any) -> Any:
    """Every list turned round, those in policy documents too."""
    match said:
        case dict():
            return {name: backwards(value) for name, value in said.items()}
        case list():
            return [backwards(value) for value in reversed(said)]
        case str() if said.startswith("{"):
            return json.dumps(backwards(json.loads(said)))
        case str() if said.startswith("%7B"):
            return quote(backwards(unquote(said)))
        case _:
            return said


SCENARIOS = (
    Scenario(
        1,
        "a reader that swallows errors: what may not be read is taken for missing",
        denied_reads,
        {"except ClientError: return None": Wrong(swallow_errors, f"became a create: {' '.join(EXISTENCE)}$")},
    ),
    Scenario(
        2,
        "lists that the server orders compared literally",
        answers_in_another_order,
        {
            "subnets and groups": Wrong(
                lambda monkeypatch: monkeypatch.setattr(compare, "_distinct", lambda rows: rows),
                r"'compute_environment.cpu': \['security_groups', 'subnets'\]",
            ),
            "instance types": Wrong(
                lambda monkeypatch: monkeypatch.setattr(_compute_resources, "_types", lambda types, resource: types),
                r"'compute_environment.cpu': \['instance_types'\]",
            ),
            "environments of a queue": Wrong(
                lambda monkeypatch: monkeypatch.setattr(job_queue, "sorted", lambda rows, key: [*rows], raising=False),
                r"'job_queue.line': \['compute_environments'\]",
            ),
            "principals": Wrong(
                lambda monkeypatch: monkeypatch.setattr(policy, "canonical", lambda document, partition: document),
                r"'role.reader': \['policies', 'trust'\], 'bucket.data': \['policy'",
            ),
        },
    ),
)
