"""What an import takes for its own business and what it leaves to others: pure, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mfinfra.importing import identity, network, owners
from mfinfra.importing.memory import Memory, Unfit
from mfinfra.importing.start import Seed
from mfinfra.importing.walk import Found, Walk
from mfinfra.model import Address, Observed, Scope
from mfinfra.ownership import Ownership, Standing

ACCOUNT, REGION = "123456789012", "eu-west-1"
SCOPE = Scope("prod", ACCOUNT, REGION)
ROW = {"VpcEndpointId": "vpce-1", "ServiceName": f"com.amazonaws.{REGION}.ecr.api", "State": "available"}


def test_an_endpoint_that_serves_jobs_is_a_place_to_look_at():
    assert network.seed(ROW, SCOPE) == Seed("endpoint", {"id": "vpce-1"}, network.SERVES["ecr.api"], "ecr-api")
    assert network.seed({**ROW, "OwnerId": ACCOUNT, "RequesterManaged": False}, SCOPE) is not None


@pytest.mark.parametrize(
    "other",
    [
        {"OwnerId": "210987654321"},
        {"RequesterManaged": True},
        {"State": "Deleting"},
        {"State": "rejected"},
        {"ServiceName": f"com.amazonaws.{REGION}.rds"},
        {"ServiceName": "com.amazonaws.vpce.eu-west-1.vpce-svc-0123"},
        {"ServiceName": "com.amazonaws.us-east-1.ecr.api"},
    ],
)
def test_an_endpoint_of_others_or_for_others_is_none(other):
    assert network.seed({**ROW, **other}, SCOPE) is None


@pytest.mark.parametrize(
    ("arn", "why"),
    [
        (f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/q", ""),
        (f"arn:aws:iam::{ACCOUNT}:role/r", ""),
        ("arn:aws:s3:::data", ""),
        ("a name", ""),
        ("arn:aws:iam", ""),
        (f"arn:aws:batch:us-east-1:{ACCOUNT}:job-queue/q", "it is in us-east-1, and this is eu-west-1"),
        (
            f"arn:aws:batch:{REGION}:210987654321:job-queue/q",
            "it is in account 210987654321, and this is account 123456789012",
        ),
    ],
)
def test_what_is_out_of_reach_is_known_by_its_arn(arn, why):
    assert identity.elsewhere(arn, SCOPE) == why


def identified(kind, fields, answer):
    asking = identity.identify(kind, fields, SCOPE)
    next(asking)
    with pytest.raises(StopIteration) as done:
        asking.send((answer,))
    return done.value.value


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["jobs"], {"vpc": "vpc-0", "name": "jobs"}),
        (["jobs", "jobs-2", "Jobs"], {"vpc": "vpc-0", "name": "jobs"}),
        (["jobs-2"], None),
        ([], None),
        (["default"], None),
    ],
)
def test_a_group_is_the_one_of_this_very_name_although_a_filter_is_a_pattern(names, found):
    rows = [{"GroupName": name, "GroupId": f"sg-{at}", "VpcId": f"vpc-{at}"} for at, name in enumerate(names)]
    assert identified("security_group", {"name": "jobs"}, {"SecurityGroups": rows}) == found


def test_of_several_groups_of_one_name_none_is_guessed():
    rows = [{"GroupName": "jobs", "GroupId": f"sg-{at}", "VpcId": f"vpc-{at}"} for at in range(2)]
    found = identified("security_group", {"name": "jobs"}, {"SecurityGroups": rows})
    assert found == Unfit("there are 2 of this name: name one by its id, `sg-0` or `sg-1`")


def observed(**more):
    return Observed({"name": "t"}, {"arn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"}, {}, "t", **more)


class Nobody:
    parallelism = 1


def met(*outcomes):
    """A walk that has met these, each by its seed."""
    done = Walk(Memory(Nobody()), SCOPE)
    for seed, outcome in outcomes:
        done._take(seed, "", {"name": "t"}, outcome)
    return done


TABLE = Seed("table", {"name": "t"}, "a table")


@pytest.mark.parametrize("how", ["leaving", "scheduled"])
def test_what_aws_is_deleting_is_told_and_is_nothing_for_a_file(how):
    done = met((TABLE, observed(**{how: True})))
    assert done.found == {}
    assert [(one.what, one.why) for one in done.left] == [("the table `t`", "AWS is deleting it")]


def test_what_is_reached_twice_is_one_and_called_as_whoever_knows_best():
    named = replace(TABLE, name="foreach")
    for way in ([TABLE, named], [named, TABLE], [named, replace(TABLE, name="other")]):
        done = met(*((seed, observed()) for seed in way))
        assert [one.seed.name for one in done.found.values()] == ["foreach"]


def held(kind, name, tags):
    seen = Observed({"name": name}, {}, tags, name)
    return Found(Seed(kind, {"name": name}, ""), {"name": name}, seen, Ownership(Standing.FOREIGN, "another tool"))


def test_only_tags_that_can_be_taken_off_and_say_whose_it_is_are_taken_off():
    tags = {
        "aws:servicecatalog:provisioningPrincipalArn": "x",
        "pulumi:stack": "prod",
        "managed-by": "Terraform",
        "created_by": "kim",
        "Terraform": "yes",
        "team": "terraform",
    }
    lock = held("security_group", "sg-0a", tags)
    steps = owners.handover({Address("security_group", "jobs"): lock}, SCOPE)
    assert steps[1] == (
        f"then `aws resourcegroupstaggingapi untag-resources --region {REGION} "
        f"--resource-arn-list arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-0a "
        "--tag-keys Terraform managed-by pulumi:stack`"
    )


def test_tags_of_a_role_are_iam_s_own_business():
    steps = owners.handover({Address("role", "jobs"): held("role", "jobs of ours", {"pulumi:stack": "prod"})}, SCOPE)
    assert steps[1] == "then `aws iam untag-role --role-name 'jobs of ours' --tag-keys pulumi:stack`"


def test_where_aws_alone_can_take_the_tags_off_no_command_says_to():
    only = held("table", "t", {"aws:servicecatalog:portfolioArn": "x"})
    steps = owners.handover({Address("table", "t"): only}, SCOPE)
    assert len(steps) == 1
    assert "untag" not in steps[0]
