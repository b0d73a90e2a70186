"""IAM in strict mode: late to tell, late to let go, and true to unique ids."""

import json

import pytest
from botocore.exceptions import ClientError

from mfinfra.sandbox.corrections.call import Call
from mfinfra.sandbox.corrections.iam import visibility

LOOKS = 3
ARN = "arn:aws:iam::123456789012:role/young"
BATCH_POLICY = "arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole"


def refusal(call, /, **params):
    """Code and message of a refused call, or nothing."""
    try:
        call(**params)
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return None


def refused(times, call, /, **params):
    """The refusal that a call meets `times` times, and then no more."""
    said = [refusal(call, **params) for _ in range(times + 1)]
    assert len({*said[:-1]}) == 1, said
    assert said[-1] is None, said
    return said[0]


def trust(**principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def principal_of(role):
    return role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]


@pytest.fixture
def iam(running, client_of):
    running.reset(transition_polls=0, late_by=LOOKS)
    return client_of("iam")


@pytest.fixture
def young(iam):
    iam.create_role(RoleName="young", AssumeRolePolicyDocument=trust(Service="batch.amazonaws.com"))
    return iam


@pytest.fixture
def old(young):
    """A role that IAM itself knows."""
    refused(1, young.get_role, RoleName="young")
    return young


# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
@pytest.mark.parametrize(
    "read", ["get_role", "list_attached_role_policies", "list_role_policies", "list_instance_profiles_for_role"]
)
def test_one_read_does_not_find_a_new_role(young, read):
    assert "NoSuchEntity" in refused(1, getattr(young, read), RoleName="young")
    assert refusal(young.get_role, RoleName="young") is None


@pytest.mark.parametrize(
    ("read", "rows", "params"),
    [
        ("list_roles", "Roles", {}),
        ("get_account_authorization_details", "RoleDetailList", {"Filter": ["Role"]}),
    ],
)
def test_one_list_does_not_show_a_new_role(young, read, rows, params):
    seen = [[role["RoleName"] for role in getattr(young, read)(**params)[rows]] for _ in range(2)]
    assert seen == [[], ["young"]]


def test_one_read_does_not_find_a_new_instance_profile(iam):
    iam.create_instance_profile(InstanceProfileName="young")
    assert "NoSuchEntity" in refused(1, iam.get_instance_profile, InstanceProfileName="young")


# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/role_policy_attachment.go
def test_one_list_does_not_show_a_new_attachment(old):
    old.attach_role_policy(RoleName="young", PolicyArn=BATCH_POLICY)
    lists = [old.list_attached_role_policies(RoleName="young")["AttachedPolicies"] for _ in range(2)]
    assert [len(found) for found in lists] == [0, 1]
    old.detach_role_policy(RoleName="young", PolicyArn=BATCH_POLICY)
    old.attach_role_policy(RoleName="young", PolicyArn=BATCH_POLICY)
    roles = [old.get_account_authorization_details(Filter=["Role"])["RoleDetailList"] for _ in range(2)]
    assert [len(found["AttachedManagedPolicies"]) for (found,) in roles] == [0, 1]


# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/role.go
def test_a_trust_policy_may_name_a_young_role_after_a_while(old):
    params = {"RoleName": "other", "AssumeRolePolicyDocument": trust(AWS=ARN)}
    said = refused(LOOKS, old.create_role, **params)
    assert said == f'MalformedPolicyDocument: Invalid principal in policy: "AWS":"{ARN}"'
    params = {"RoleName": "other", "PolicyDocument": trust(AWS=[ARN])}
    assert refusal(old.update_assume_role_policy, **params) is None


def test_each_service_sees_a_role_late_whatever_the_others_have_seen(old):
    calls = [
        Call(service, "Put", "us-east-1", "123456789012", {}, lambda *_: {}) for service in ("s3", "ecr", "s3", "s3")
    ]
    assert [visibility.visible(call, ARN) for call in calls] == [False] * 4
    assert visibility.visible(calls[0], ARN)
    assert not visibility.visible(calls[1], ARN)


# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/instance_profile.go
def test_an_instance_profile_takes_a_young_role_after_a_while(old):
    old.create_instance_profile(InstanceProfileName="profile")
    params = {"InstanceProfileName": "profile", "RoleName": "young"}
    said = refused(LOOKS, old.add_role_to_instance_profile, **params)
    assert said == "NoSuchEntity: The role with name young cannot be found."
    assert "NoSuchEntity" in refusal(old.add_role_to_instance_profile, InstanceProfileName="profile", RoleName="ghost")


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
def test_a_trust_policy_keeps_the_unique_id_of_a_role_that_is_made_again(old):
    made = old.get_role(RoleName="young")["Role"]
    refused(LOOKS, old.create_role, RoleName="other", AssumeRolePolicyDocument=trust(AWS=[ARN]))
    refused(1, old.get_role, RoleName="other")
    assert principal_of(old.get_role(RoleName="other")["Role"]) == [ARN]
    old.delete_role(RoleName="young")
    assert principal_of(old.get_role(RoleName="other")["Role"]) == [made["RoleId"]]
    old.create_role(RoleName="young", AssumeRolePolicyDocument=trust(Service="batch.amazonaws.com"))
    assert made["RoleId"].startswith("AROA")
    old.list_roles()
    everybody = old.get_account_authorization_details(Filter=["Role"])["RoleDetailList"]
    for roles in (everybody, old.list_roles()["Roles"]):
        assert [principal_of(role) for role in roles if role["RoleName"] == "other"] == [[made["RoleId"]]]
    refused(LOOKS, old.update_assume_role_policy, RoleName="other", PolicyDocument=trust(AWS=ARN))
    assert principal_of(old.get_role(RoleName="other")["Role"]) == ARN


def test_a_unique_id_is_no_principal_that_can_be_put(old):
    unique = old.get_role(RoleName="young")["Role"]["RoleId"]
    said = refusal(old.create_role, RoleName="other", AssumeRolePolicyDocument=trust(AWS=unique))
    assert said == f'MalformedPolicyDocument: Invalid principal in policy: "AWS":"{unique}"'


def attached(iam):
    iam.attach_role_policy(RoleName="young", PolicyArn=BATCH_POLICY)
    return iam.detach_role_policy, {"RoleName": "young", "PolicyArn": BATCH_POLICY}


def written(iam):
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="young", PolicyName="p", PolicyDocument=document)
    return iam.delete_role_policy, {"RoleName": "young", "PolicyName": "p"}


def contained(iam):
    params = {"InstanceProfileName": "profile", "RoleName": "young"}
    iam.create_instance_profile(InstanceProfileName="profile")
    refused(LOOKS, iam.add_role_to_instance_profile, **params)
    return iam.remove_role_from_instance_profile, params


# https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
@pytest.mark.parametrize(
    ("holding", "reason"),
    [
        (attached, "must detach all policies first"),
        (written, "must delete policies first"),
        (contained, "must remove roles from instance profile first"),
    ],
)
def test_a_role_is_held_for_a_while_by_what_was_taken_from_it(old, holding, reason):
    let_go, params = holding(old)
    assert reason in refusal(old.delete_role, RoleName="young")
    let_go(**params)
    said = refused(LOOKS, old.delete_role, RoleName="young")
    assert said.startswith("DeleteConflict: ")
    assert reason in said


def test_a_profile_is_held_for_a_while_by_the_role_that_was_in_it(old):
    let_go, params = contained(old)
    let_go(**params)
    assert "DeleteConflict" in refused(LOOKS, old.delete_instance_profile, InstanceProfileName="profile")


def test_a_role_that_nothing_was_taken_from_is_deleted_at_once(old):
    old.delete_role(RoleName="young")
    assert "NoSuchEntity" in refusal(old.get_role, RoleName="young")


def test_a_sandbox_that_is_not_strict_is_never_late(sandbox, client_of):
    iam = client_of("iam")
    iam.create_role(RoleName="young", AssumeRolePolicyDocument=trust(Service="batch.amazonaws.com"))
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust(AWS=ARN))
    let_go, params = attached(iam)
    let_go(**params)
    iam.delete_role(RoleName="young")
    assert principal_of(iam.get_role(RoleName="other")["Role"]) == ARN
