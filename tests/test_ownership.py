"""Whose a resource is, by its tags alone."""

from __future__ import annotations

import pytest

from mfinfra import ownership
from mfinfra.model import Address, Observed, Scope
from mfinfra.ownership import Standing

SCOPE = Scope("prod", "123456789012", "us-east-1")
ADDRESS = Address("job_queue", "default")
OURS = ownership.tags(SCOPE, ADDRESS)


def test_what_we_tag_is_ours_at_its_address():
    assert ownership.read(OURS, SCOPE) == ownership.Ownership(Standing.OURS, address=ADDRESS)
    assert ownership.read({**OURS, "team": "ml"}, SCOPE).standing is Standing.OURS


def test_the_owner_is_a_hash_that_does_not_change_from_release_to_release():
    assert OURS == {
        "mfinfra:environment": "prod",
        "mfinfra:address": "job_queue.default",
        "mfinfra:owner": "ac9c783a02eba686",
    }


@pytest.mark.parametrize(
    "other",
    [Scope("dev", "123456789012", "us-east-1"), Scope("prod", "210987654321", "us-east-1"),
     Scope("prod", "123456789012", "eu-west-1")],
    ids=["environment", "account", "region"],
)  # fmt: skip
def test_promise_5_another_environment_account_or_region_owns_what_is_its_own(other):
    found = ownership.read(ownership.tags(other, ADDRESS), SCOPE)

    assert found.standing is Standing.FOREIGN
    assert f"`{other.environment}`" in found.owner
    assert found.address is None
    assert ("another account or region" in found.owner) == (other.environment == "prod")


@pytest.mark.parametrize("key", [ownership.ENVIRONMENT, ownership.OWNER, ownership.ADDRESS])
@pytest.mark.parametrize("value", [None, "", "x"])
def test_promise_4_without_any_one_of_the_three_tags_nothing_is_ours(key, value):
    tags = {**OURS, key: value} if value is not None else {name: OURS[name] for name in OURS if name != key}

    assert ownership.read(tags, SCOPE).standing is not Standing.OURS


@pytest.mark.parametrize(
    "tags", [{}, {"Name": "x"}, {"team": "terraform"}, {"ManagedBy": "alice"}, {"CreatedBy": "me"}]
)
def test_tags_that_say_nothing_of_an_owner_are_nobody_s(tags):
    assert ownership.read(tags, SCOPE) == ownership.Ownership(Standing.NOBODYS)


@pytest.mark.parametrize(
    ("tags", "owner"),
    [
        ({"aws:cloudformation:stack-name": "net"}, "the CloudFormation stack `net`"),
        ({"aws:cloudformation:logical-id": "Q"}, "CloudFormation (tag `aws:cloudformation:logical-id`)"),
        ({"aws:servicecatalog:productArn": "x"}, "Service Catalog (tag `aws:servicecatalog:productArn`)"),
        ({"ManagedBy": "Terraform"}, "another tool (tag `ManagedBy` = `Terraform`)"),
        ({"managed-by": "opentofu v1"}, "another tool (tag `managed-by` = `opentofu v1`)"),
        ({"Provisioner": "AWS CDK"}, "another tool (tag `Provisioner` = `AWS CDK`)"),
        ({"terraform": "true"}, "another tool (tag `terraform`)"),
        ({"pulumi:project": "x"}, "Pulumi (tag `pulumi:project`)"),
        ({"kubernetes.io/cluster/c": "owned"}, "Kubernetes (tag `kubernetes.io/cluster/c`)"),
        ({"services.k8s.aws/namespace": "x"}, "AWS Controllers for Kubernetes (tag `services.k8s.aws/namespace`)"),
        ({"crossplane-name": "x"}, "Crossplane (tag `crossplane-name`)"),
        ({"elasticbeanstalk:environment-id": "x"}, "Elastic Beanstalk (tag `elasticbeanstalk:environment-id`)"),
    ],
)
def test_promise_5_another_tool_s_tags_name_their_owner(tags, owner):
    found = ownership.read({"a": "b", **tags}, SCOPE)

    assert (found.standing, found.owner, found.address) == (Standing.FOREIGN, owner, None)
    assert found.stack == tags.get("aws:cloudformation:stack-name", "")


def test_promise_5_a_stack_s_resource_is_the_stack_s_even_with_our_tags():
    tags = {**OURS, "aws:cloudformation:stack-name": "net"}

    owner = ownership.read(tags, SCOPE)

    assert (owner.standing, owner.owner) == (Standing.FOREIGN, "the CloudFormation stack `net`")


def test_the_tags_of_a_stack_that_let_go_say_nothing_and_all_others_what_they_said():
    stack = {
        "aws:cloudformation:stack-name": "net",
        "aws:cloudformation:stack-id": "arn:x",
        "aws:cloudformation:a": "b",
    }

    def owner(tags):
        return ownership.of(Observed({}, {}, {**stack, **tags}, "x", released=True), SCOPE)

    assert owner({}).standing is Standing.NOBODYS
    assert owner(OURS) == ownership.Ownership(Standing.OURS, address=ADDRESS)
    assert owner({"aws:servicecatalog:productArn": "x", **OURS}).owner.startswith("Service Catalog")
    assert owner({"ManagedBy": "terraform"}).standing is Standing.FOREIGN


def test_a_tag_of_the_user_s_own_does_not_take_what_is_ours_away():
    assert ownership.read({**OURS, "ManagedBy": "terraform"}, SCOPE).standing is Standing.OURS
