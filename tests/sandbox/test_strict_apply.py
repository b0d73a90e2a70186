"""Apply against a sandbox that is as late as AWS: what is done is usable, and what is destroyed is gone."""

import pytest
from looks import LATE
from stack import addresses, changed, environment, inventory, unprotected

from mfinfra.sandbox.network import PRIVATE_ROUTE_TABLE, PRIVATE_SUBNET_A, VPC_ID

pytestmark = pytest.mark.slow
POLLS = 2
ROLE = "arn:aws:iam::123456789012:role/metaflow-reader"
LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 3},
            "action": {"type": "expire"},
        }
    ]
}


def policy(action, **more):
    statement = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": action, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


OBJECTS = policy("s3:GetObject", Resource="arn:aws:s3:::mf-strict-data/*")
STORES = {
    "role": {"reader": {"name": "metaflow-reader", "trust": {"services": ["ec2.amazonaws.com"]}}},
    "bucket": {"data": {"name": "mf-strict-data", "policy": OBJECTS, "depends_on": ["role.reader"]}},
    "table": {"splits": {"name": "metaflow-splits", "point_in_time_recovery": True, "deletion_protection": True}},
    "log_group": {"jobs": {"name": "/metaflow/jobs", "retention_days": 30}},
    "repository": {
        "images": {
            "name": "metaflow/images",
            "lifecycle_policy": LIFECYCLE,
            "policy": policy("ecr:BatchGetImage"),
            "depends_on": ["role.reader"],
        }
    },
    "security_group": {
        "jobs": {
            "name": "metaflow-jobs",
            "vpc": VPC_ID,
            "ingress": [{"security_group": "self"}, {"protocol": "tcp", "port": 443, "cidr": "10.20.0.0/16"}],
            "egress": [{"cidr": "10.20.0.0/16"}],
        }
    },
    "endpoint": {
        "s3": {"vpc": VPC_ID, "service": "s3", "route_tables": [PRIVATE_ROUTE_TABLE]},
        "ecr": {
            "vpc": VPC_ID,
            "service": "ecr.api",
            "subnets": [PRIVATE_SUBNET_A],
            "security_groups": ["security_group.jobs"],
        },
    },
}
CHANGED = {
    "bucket": {"data": {"versioning": False, "tags": {"team": "ml"}}},
    "table": {"splits": {"billing_mode": "PROVISIONED", "read_capacity": 2, "write_capacity": 2}},
    "log_group": {"jobs": {"retention_days": 60, "tags": {"team": "ml"}}},
    "repository": {"images": {"immutable_tags": False, "scan_on_push": False, "tags": {"team": "ml"}}},
    "security_group": {"jobs": {"ingress": [{"protocol": "tcp", "port": 8443, "cidr": "10.20.0.0/16"}]}},
    "endpoint": {"ecr": {"private_dns": False, "tags": {"team": "ml"}}},
}


@pytest.fixture
def strict(stack):
    stack.server.reset(transition_polls=POLLS, late_by=LATE)
    return stack


def test_everything_that_stores_is_applied_changed_and_destroyed_on_a_strict_sandbox(strict):
    before = inventory(strict)
    resources = unprotected(STORES)
    strict.apply(environment(resources))
    assert changed(strict.plan(environment(resources))) == {}
    for kind, named in CHANGED.items():
        for name, fields in named.items():
            resources[kind][name] |= fields
    assert changed(strict.plan(environment(resources))).keys() == {f"{k}.{n}" for k, d in CHANGED.items() for n in d}
    strict.apply(environment(resources))
    assert changed(strict.plan(environment(resources))) == {}
    strict.apply(environment(resources), destroy=True, allow_destroy=addresses(resources))
    assert strict.plan(environment(resources), destroy=True).plan.steps == ()
    assert inventory(strict) == before


def test_what_was_destroyed_is_made_again_under_the_same_names(strict):
    resources = unprotected(STORES)
    file = environment(resources)
    strict.apply(file)
    strict.apply(file, destroy=True, allow_destroy=addresses(resources))
    strict.apply(file)
    assert changed(strict.plan(file)) == {}


REPLACING = {
    "table": {"splits": {"hash_key": "other"}},
    "log_group": {"jobs": {"class": "INFREQUENT_ACCESS"}},
    "repository": {"images": {"encryption": {"type": "KMS"}}},
    "endpoint": {"ecr": {"service": "ecr.dkr"}, "s3": {"service": "dynamodb"}},
    "security_group": {"jobs": {"name": "metaflow-others"}},
}


@pytest.mark.parametrize("kind", REPLACING)
def test_what_aws_cannot_change_is_replaced(strict, kind):
    resources = unprotected(STORES)
    strict.apply(environment(resources))
    for name, fields in REPLACING[kind].items():
        resources[kind][name] |= fields
    strict.apply(environment(resources), allow_replace=addresses(REPLACING))
    assert changed(strict.plan(environment(resources))) == {}


def test_policies_name_a_role_again_that_was_made_anew_behind_our_back(strict):
    file = environment(unprotected(STORES))
    strict.apply(file)
    iam = strict.client("iam")
    iam.delete_role(RoleName="metaflow-reader")
    reviewed = strict.plan(file)
    assert changed(reviewed).keys() == {"role.reader", "bucket.data", "repository.images"}
    strict.carry_out(reviewed)
    assert changed(strict.plan(file)) == {}
