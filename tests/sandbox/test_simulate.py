"""The policy simulator of the sandbox, through the same client and the same model as AWS's own."""

import json

import pytest
from botocore.exceptions import ClientError

from mfinfra.metaflow import simulation
from mfinfra.metaflow.needs import Need

ROLE = "arn:aws:iam::123456789012:role/work"
TASKS = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
OBJECT = "arn:aws:s3:::b/k"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


TRUST = document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})


@pytest.fixture
def iam(sandbox, client_of):
    return client_of("iam")


@pytest.fixture
def role(iam):
    iam.create_role(RoleName="work", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(
        RoleName="work", PolicyName="own", PolicyDocument=document(allow("s3:Get*", "arn:aws:s3:::b/*"))
    )
    iam.attach_role_policy(RoleName="work", PolicyArn=TASKS)
    return iam


def decisions(iam, actions, arn=ROLE, **more):
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions, **more)
    assert answer["IsTruncated"] is False
    return {item["EvalActionName"]: item["EvalDecision"] for item in answer["EvaluationResults"]}


def refused(call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


def test_inline_and_attached_policies_decide_together(role):
    asked = ["s3:GetObject", "s3:PutObject", "ecr:BatchGetImage"]
    assert decisions(role, asked, ResourceArns=[OBJECT]) == {
        "s3:GetObject": "allowed",
        "s3:PutObject": "implicitDeny",
        "ecr:BatchGetImage": "allowed",
    }
    assert decisions(role, ["s3:GetObject"]) == {"s3:GetObject": "implicitDeny"}


def test_what_is_changed_is_simulated_as_it_is_now(role):
    mine = role.create_policy(PolicyName="mine", PolicyDocument=document(allow("s3:PutObject")))["Policy"]["Arn"]
    role.attach_role_policy(RoleName="work", PolicyArn=mine)
    assert decisions(role, ["s3:PutObject"]) == {"s3:PutObject": "allowed"}
    newer = document({**allow("s3:PutObject"), "Effect": "Deny"})
    role.create_policy_version(PolicyArn=mine, PolicyDocument=newer, SetAsDefault=False)
    assert decisions(role, ["s3:PutObject"]) == {"s3:PutObject": "allowed"}
    role.set_default_policy_version(PolicyArn=mine, VersionId="v2")
    assert decisions(role, ["s3:PutObject"]) == {"s3:PutObject": "explicitDeny"}
    role.detach_role_policy(RoleName="work", PolicyArn=mine)
    role.delete_role_policy(RoleName="work", PolicyName="own")
    assert decisions(role, ["s3:PutObject", "s3:GetObject"], ResourceArns=[OBJECT]) == {
        "s3:PutObject": "implicitDeny",
        "s3:GetObject": "implicitDeny",
    }


def test_each_resource_has_its_decision_and_the_strictest_stands_for_all(role):
    arns = [OBJECT, "arn:aws:s3:::c/k"]
    (result,) = role.simulate_principal_policy(PolicySourceArn=ROLE, ActionNames=["s3:GetObject"], ResourceArns=arns)[
        "EvaluationResults"
    ]
    assert (result["EvalDecision"], result["EvalResourceName"]) == ("implicitDeny", "*")
    inner = result["ResourceSpecificResults"]
    assert [(item["EvalResourceName"], item["EvalResourceDecision"]) for item in inner] == [
        (OBJECT, "allowed"),
        (arns[1], "implicitDeny"),
    ]
    assert inner[0]["MatchedStatements"] == [{"SourcePolicyId": "role_work_own", "SourcePolicyType": "role"}]


def test_a_boundary_limits_and_another_may_stand_in_for_it(role):
    limit = role.create_policy(PolicyName="limit", PolicyDocument=document(allow("ecr:*")))["Policy"]["Arn"]
    role.put_role_permissions_boundary(RoleName="work", PermissionsBoundary=limit)
    (result,) = role.simulate_principal_policy(
        PolicySourceArn=ROLE, ActionNames=["s3:GetObject"], ResourceArns=[OBJECT]
    )["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    other = [document(allow("s3:*"))]
    assert decisions(role, ["s3:GetObject"], ResourceArns=[OBJECT], PermissionsBoundaryPolicyInputList=other) == {
        "s3:GetObject": "allowed"
    }


def test_the_context_counts_and_what_is_missing_in_it_is_said(role):
    given = [document(allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "x.amazonaws.com"}}))]
    bare = role.simulate_custom_policy(PolicyInputList=given, ActionNames=["iam:PassRole"], ResourceArns=[ROLE])
    (result,) = bare["EvaluationResults"]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", ["iam:PassedToService"])
    entry = {
        "ContextKeyName": "iam:PassedToService",
        "ContextKeyValues": ["x.amazonaws.com"],
        "ContextKeyType": "string",
    }
    full = {"ActionNames": ["iam:PassRole"], "ResourceArns": [ROLE], "ContextEntries": [entry]}
    (result,) = role.simulate_custom_policy(PolicyInputList=given, **full)["EvaluationResults"]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("allowed", [])
    assert decisions(role, PolicyInputList=given, actions=full.pop("ActionNames"), **full) == {
        "iam:PassRole": "allowed"
    }


def test_a_user_has_the_policies_of_its_groups(iam):
    user = iam.create_user(UserName="somebody")["User"]["Arn"]
    group = iam.create_group(GroupName="team")["Group"]["Arn"]
    iam.put_group_policy(GroupName="team", PolicyName="own", PolicyDocument=document(allow("s3:*")))
    assert decisions(iam, ["s3:PutObject"], arn=user) == {"s3:PutObject": "implicitDeny"}
    iam.add_user_to_group(UserName="somebody", GroupName="team")
    assert decisions(iam, ["s3:PutObject"], arn=user) == {"s3:PutObject": "allowed"}
    assert decisions(iam, ["s3:PutObject"], arn=group) == {"s3:PutObject": "allowed"}


def test_results_come_in_pages(role):
    actions = [f"s3:Get{number}" for number in range(5)]
    pages = list(
        role.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=ROLE, ActionNames=actions, PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(page["EvaluationResults"]) for page in pages] == [2, 2, 1]
    assert [item["EvalActionName"] for page in pages for item in page["EvaluationResults"]] == actions


def test_who_is_not_there_or_no_principal_is_refused(role):
    simulate = role.simulate_principal_policy
    assert refused(simulate, PolicySourceArn=f"{ROLE}2", ActionNames=["s3:GetObject"]) == "NoSuchEntity"
    assert refused(simulate, PolicySourceArn="arn:aws:iam::123456789012:root", ActionNames=["s3:X"]) == "InvalidInput"
    assert refused(simulate, PolicySourceArn=ROLE, ActionNames=["GetObject"]) == "InvalidInput"
    assert refused(simulate, PolicySourceArn=ROLE, ActionNames=["s3:X"], CallerArn=ROLE) == "InvalidInput"


def test_a_policy_that_is_no_json_is_refused_and_one_without_a_rule_is_not_guessed(role):
    simulate = role.simulate_custom_policy
    assert refused(simulate, PolicyInputList=["{"], ActionNames=["s3:GetObject"]) == "InvalidInput"
    strange = [document(allow("s3:*", Condition={"StringAlmost": {"a:b": "c"}}))]
    assert refused(simulate, PolicyInputList=strange, ActionNames=["s3:GetObject"]) == "PolicyEvaluation"


def test_a_young_role_is_not_found_at_once(running, client_of):
    running.reset(transition_polls=0, late_by=3)
    iam = client_of("iam")
    iam.create_role(RoleName="work", AssumeRolePolicyDocument=TRUST)
    assert refused(iam.simulate_principal_policy, PolicySourceArn=ROLE, ActionNames=["s3:X"]) == "NoSuchEntity"
    assert decisions(iam, ["s3:X"]) == {"s3:X": "implicitDeny"}


def test_needs_are_simulated_as_they_are_judged(role):
    needs = [
        Need("job_role", "s3", "s3:GetObject", OBJECT),
        Need("job_role", "s3", "s3:PutObject", OBJECT),
        Need("job_role", "s3", "iam:PassRole", ROLE, {"iam:PassedToService": ("ecs-tasks.amazonaws.com",)}),
        Need("job_role", "s3", "batch:DescribeJobs", "*"),
        Need("job_role", "s3", "ecr:GetAuthorizationToken", "*"),
    ]
    told = {}
    for one in simulation.simulations(needs):
        pages = role.get_paginator("simulate_principal_policy").paginate(**one.params(ROLE))
        results = [item for page in pages for item in page["EvaluationResults"]]
        told |= {item.need.action: item.decision for item in one.outcomes(results)}
    own = role.get_role_policy(RoleName="work", PolicyName="own")["PolicyDocument"]
    version = role.get_policy(PolicyArn=TASKS)["Policy"]["DefaultVersionId"]
    tasks = role.get_policy_version(PolicyArn=TASKS, VersionId=version)["PolicyVersion"]["Document"]
    assert told == {item.need.action: item.decision for item in simulation.outcomes(needs, [own, tasks])}
    assert sorted(told.values()) == ["allowed", "allowed", "implicitDeny", "implicitDeny", "implicitDeny"]
