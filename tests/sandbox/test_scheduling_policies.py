import pytest
from botocore.exceptions import ClientError

FAIR = {"shareDecaySeconds": 3600, "computeReservation": 10}


@pytest.fixture
def batch(sandbox, client_of):
    return client_of("batch")


def refused(call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == "ClientException"
    return caught.value.response["Error"]["Message"]


def described(batch, *arns):
    return batch.describe_scheduling_policies(arns=list(arns))["schedulingPolicies"]


def shares(*pairs):
    return {"shareDistribution": [{"shareIdentifier": name, "weightFactor": weight} for name, weight in pairs]}


def test_a_policy_is_described_whole_with_the_defaults_that_batch_tells(batch):
    arn = batch.create_scheduling_policy(name="fair", tags={"team": "ml"})["arn"]
    assert described(batch, arn, f"{arn}-ghost") == [
        {
            "name": "fair",
            "arn": arn,
            "tags": {"team": "ml"},
            "fairsharePolicy": {"shareDecaySeconds": 0, "computeReservation": 0, "shareDistribution": []},
        }
    ]


def test_a_weight_is_held_in_four_bytes_and_is_1_where_none_is_said(batch):
    arn = batch.create_scheduling_policy(name="fair", fairsharePolicy=shares(("a", 0.1)))["arn"]
    assert described(batch, arn)[0]["fairsharePolicy"]["shareDistribution"][0]["weightFactor"] == 0.10000000149011612
    batch.update_scheduling_policy(arn=arn, fairsharePolicy={"shareDistribution": [{"shareIdentifier": "b"}]})
    policy = described(batch, arn)[0]["fairsharePolicy"]
    assert policy["shareDistribution"] == [{"shareIdentifier": "b", "weightFactor": 1.0}]


def test_an_update_puts_the_whole_policy_in_place_of_the_old_one(batch):
    arn = batch.create_scheduling_policy(name="fair", fairsharePolicy={**FAIR, **shares(("a", 2))})["arn"]
    batch.update_scheduling_policy(arn=arn, fairsharePolicy={"computeReservation": 20})
    expected = {"shareDecaySeconds": 0, "computeReservation": 20, "shareDistribution": []}
    assert described(batch, arn)[0]["fairsharePolicy"] == expected


def test_a_name_is_taken_once(batch):
    batch.create_scheduling_policy(name="fair", fairsharePolicy=FAIR)
    assert "already exists" in refused(batch.create_scheduling_policy, name="fair")


@pytest.mark.parametrize(
    "policy",
    [
        {"shareDecaySeconds": 604801},
        {"computeReservation": 100},
        shares(("a b", 1)),
        shares(("a", 0.00001)),
        shares(("a", 1000)),
        shares(("a", 1), ("a", 2)),
        shares(("team*", 1), ("team1", 2)),
        shares(("team1*", 1), ("team*", 2)),
        shares(*((f"s{number}", 1) for number in range(501))),
    ],
    ids=str,
)
def test_a_policy_that_batch_refuses_is_refused(batch, policy):
    arn = batch.create_scheduling_policy(name="fair")["arn"]
    refused(batch.create_scheduling_policy, name="other", fairsharePolicy=policy)
    refused(batch.update_scheduling_policy, arn=arn, fairsharePolicy=policy)


def test_a_policy_that_is_not_there_is_neither_updated_nor_deleted(batch):
    arn = batch.create_scheduling_policy(name="fair")["arn"]
    batch.delete_scheduling_policy(arn=arn)
    assert described(batch, arn) == []
    assert "does not exist" in refused(batch.update_scheduling_policy, arn=arn, fairsharePolicy=FAIR)
    assert "does not exist" in refused(batch.delete_scheduling_policy, arn=arn)


def test_no_more_than_a_hundred_are_asked_for_at_once(batch):
    refused(batch.describe_scheduling_policies, arns=[f"arn:{number}" for number in range(101)])


def test_names_that_batch_refuses_are_refused(batch):
    for name in ("a b", "x" * 129):
        refused(batch.create_scheduling_policy, name=name)
