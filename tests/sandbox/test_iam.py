import json

import pytest
from botocore.exceptions import ClientError

BATCH_POLICY = "arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole"


def refused(code, call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal=None, **more):
    principal = principal or {"Service": "ec2.amazonaws.com"}
    return document(Effect="Allow", Principal=principal, Action="sts:AssumeRole", **more)


def allow(action="s3:GetObject", resource="*"):
    return document(Effect="Allow", Action=action, Resource=resource)


@pytest.fixture
def iam(sandbox, client_of):
    return client_of("iam")


@pytest.fixture
def role(iam):
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust(), Description="d", MaxSessionDuration=7200)
    return iam


@pytest.mark.parametrize(
    "text",
    [
        "{",
        trust(Resource="*"),
        trust({"Service": "not a service"}),
        trust({"AWS": "arn:aws:iam::123456789012:role/ghost"}),
        document(Effect="Allow", Action="sts:AssumeRole"),
        document(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole"),
    ],
)
def test_a_malformed_trust_policy_is_refused(iam, role, text):
    refused("MalformedPolicyDocument", iam.create_role, RoleName="other", AssumeRolePolicyDocument=text)
    refused("MalformedPolicyDocument", iam.update_assume_role_policy, RoleName="role", PolicyDocument=text)


def test_an_account_in_a_trust_policy_is_written_as_its_root(iam):
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust({"AWS": "123456789012"}))
    said = iam.get_role(RoleName="role")["Role"]["AssumeRolePolicyDocument"]
    assert said["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}


def test_a_role_may_be_trusted_once_it_exists(role):
    role.create_role(RoleName="other", AssumeRolePolicyDocument=trust({"AWS": "arn:aws:iam::123456789012:role/role"}))


def test_a_trust_policy_of_the_older_version_is_kept_as_it_is(role):
    old = trust().replace("2012-10-17", "2008-10-17")
    role.update_assume_role_policy(RoleName="role", PolicyDocument=old)
    assert role.get_role(RoleName="role")["Role"]["AssumeRolePolicyDocument"]["Version"] == "2008-10-17"


def test_role_names_are_unique_whatever_their_case(role):
    refused("EntityAlreadyExists", role.create_role, RoleName="ROLE", AssumeRolePolicyDocument=trust())


def test_bad_and_long_names_are_refused(role):
    refused("ValidationError", role.create_role, RoleName="a b", AssumeRolePolicyDocument=trust())
    refused("ValidationError", role.create_role, RoleName="a" * 65, AssumeRolePolicyDocument=trust())
    refused("ValidationError", role.put_role_policy, RoleName="role", PolicyName="a b", PolicyDocument=allow())


def test_a_boundary_has_to_exist(role):
    ghost = "arn:aws:iam::123456789012:policy/ghost"
    refused(
        "NoSuchEntity",
        role.create_role,
        RoleName="x",
        AssumeRolePolicyDocument=trust(),
        PermissionsBoundary=ghost,
    )
    refused("NoSuchEntity", role.put_role_permissions_boundary, RoleName="role", PermissionsBoundary=ghost)
    role.put_role_permissions_boundary(RoleName="role", PermissionsBoundary=BATCH_POLICY)


def test_an_update_keeps_what_it_does_not_name(role):
    role.update_role(RoleName="role", MaxSessionDuration=3600)
    said = role.get_role(RoleName="role")["Role"]
    assert (said["Description"], said["MaxSessionDuration"]) == ("d", 3600)
    role.update_role(RoleName="role", Description="e")
    said = role.get_role(RoleName="role")["Role"]
    assert (said["Description"], said["MaxSessionDuration"]) == ("e", 3600)


def test_tag_keys_that_differ_in_case_are_one(role):
    role.tag_role(RoleName="role", Tags=[{"Key": "Team", "Value": "a"}])
    role.tag_role(RoleName="role", Tags=[{"Key": "team", "Value": "b"}])
    assert role.list_role_tags(RoleName="role")["Tags"] == [{"Key": "team", "Value": "b"}]
    role.untag_role(RoleName="role", TagKeys=["TEAM"])
    assert role.list_role_tags(RoleName="role")["Tags"] == []
    refused("InvalidInput", role.tag_role, RoleName="role", Tags=[{"Key": "aws:x", "Value": ""}])


@pytest.mark.parametrize(
    "text",
    [
        "{",
        document(Effect="Allow", Action="s3:*", Resource="*", Principal="*"),
        document(Effect="Allow", Action="s3:*"),
        document(Effect="Allow", Action="GetObject", Resource="*"),
    ],
)
def test_a_malformed_identity_policy_is_refused(role, text):
    code = "MalformedPolicyDocument"
    refused(code, role.put_role_policy, RoleName="role", PolicyName="p", PolicyDocument=text)
    refused(code, role.create_policy, PolicyName="p", PolicyDocument=text)


def test_inline_policies_have_room_for_10240_characters(role):
    put = role.put_role_policy
    put(RoleName="role", PolicyName="a", PolicyDocument=allow(resource=[f"arn:aws:s3:::{'x' * 9000}"]))
    long = allow(resource=[f"arn:aws:s3:::{'y' * 2000}"])
    refused("LimitExceeded", put, RoleName="role", PolicyName="b", PolicyDocument=long)
    put(RoleName="role", PolicyName="a", PolicyDocument=long)


def test_the_eleventh_attachment_is_refused(role):
    arns = [
        role.create_policy(PolicyName=f"p{number}", PolicyDocument=allow())["Policy"]["Arn"] for number in range(11)
    ]
    for arn in [*arns[:10], arns[0]]:
        role.attach_role_policy(RoleName="role", PolicyArn=arn)
    refused("LimitExceeded", role.attach_role_policy, RoleName="role", PolicyArn=arns[10])


def test_a_policy_in_use_is_not_deleted_nor_made_twice(role):
    arn = role.create_policy(PolicyName="p", PolicyDocument=allow())["Policy"]["Arn"]
    refused("EntityAlreadyExists", role.create_policy, PolicyName="P", PolicyDocument=allow())
    role.attach_role_policy(RoleName="role", PolicyArn=arn)
    refused("DeleteConflict", role.delete_policy, PolicyArn=arn)
    role.detach_role_policy(RoleName="role", PolicyArn=arn)
    role.create_policy_version(PolicyArn=arn, PolicyDocument=allow("s3:PutObject"))
    refused("DeleteConflict", role.delete_policy, PolicyArn=arn)
    role.delete_policy_version(PolicyArn=arn, VersionId="v2")
    role.delete_policy(PolicyArn=arn)


def test_a_role_with_policies_or_a_profile_is_not_deleted(role):
    role.put_role_policy(RoleName="role", PolicyName="p", PolicyDocument=allow())
    refused("DeleteConflict", role.delete_role, RoleName="role")
    role.delete_role_policy(RoleName="role", PolicyName="p")
    role.create_instance_profile(InstanceProfileName="profile")
    role.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="role")
    refused("DeleteConflict", role.delete_role, RoleName="role")
    refused("DeleteConflict", role.delete_instance_profile, InstanceProfileName="profile")


def test_a_role_that_is_not_in_a_profile_is_not_taken_out_of_it(role):
    role.create_instance_profile(InstanceProfileName="profile")
    inside = {"InstanceProfileName": "profile", "RoleName": "role"}
    assert "role" in refused("NoSuchEntity", role.remove_role_from_instance_profile, **inside)
    role.add_role_to_instance_profile(**inside)
    role.remove_role_from_instance_profile(**inside)
    assert role.get_instance_profile(InstanceProfileName="profile")["InstanceProfile"]["Roles"] == []
    refused("NoSuchEntity", role.remove_role_from_instance_profile, **inside)
    refused("NoSuchEntity", role.remove_role_from_instance_profile, **inside | {"RoleName": "ghost"})
    refused("NoSuchEntity", role.remove_role_from_instance_profile, **inside | {"InstanceProfileName": "ghost"})


def test_tags_of_an_instance_profile_are_listed_and_changed(iam):
    iam.create_instance_profile(InstanceProfileName="p", Tags=[{"Key": "a", "Value": "1"}])
    iam.tag_instance_profile(InstanceProfileName="p", Tags=[{"Key": "A", "Value": "2"}, {"Key": "b", "Value": ""}])
    iam.untag_instance_profile(InstanceProfileName="p", TagKeys=["B"])
    wanted = [{"Key": "A", "Value": "2"}]
    assert iam.list_instance_profile_tags(InstanceProfileName="p")["Tags"] == wanted
    assert iam.get_instance_profile(InstanceProfileName="p")["InstanceProfile"]["Tags"] == wanted
    refused("NoSuchEntity", iam.list_instance_profile_tags, InstanceProfileName="ghost")


def test_service_linked_roles_have_the_names_of_aws(iam):
    made = iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"]
    path = "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
    assert made["Arn"] == f"arn:aws:iam::123456789012:role/{path}"
    refused("InvalidInput", iam.create_service_linked_role, AWSServiceName="batch.amazonaws.com")
    spot = iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com")["Role"]
    assert spot["RoleName"] == "AWSServiceRoleForEC2Spot"


def test_a_service_linked_role_is_deleted_by_a_task_only(iam):
    name = iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"]["RoleName"]
    refused("UnmodifiableEntity", iam.delete_role, RoleName=name)
    refused("UnmodifiableEntity", iam.attach_role_policy, RoleName=name, PolicyArn=BATCH_POLICY)
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    refused("NoSuchEntity", iam.get_role, RoleName=name)
    refused("NoSuchEntity", iam.get_service_linked_role_deletion_status, DeletionTaskId="task/x")


def test_the_authorization_details_tell_everything_of_a_role(role):
    role.tag_role(RoleName="role", Tags=[{"Key": "a", "Value": "1"}])
    role.put_role_policy(RoleName="role", PolicyName="p", PolicyDocument=allow())
    role.attach_role_policy(RoleName="role", PolicyArn=BATCH_POLICY)
    role.put_role_permissions_boundary(RoleName="role", PermissionsBoundary=BATCH_POLICY)
    role.create_instance_profile(InstanceProfileName="profile")
    role.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="role")
    said = role.get_account_authorization_details(Filter=["Role"])["RoleDetailList"][0]
    assert said["AssumeRolePolicyDocument"] == json.loads(trust())
    assert said["Tags"] == [{"Key": "a", "Value": "1"}]
    assert said["RolePolicyList"] == [{"PolicyName": "p", "PolicyDocument": json.loads(allow())}]
    assert [policy["PolicyArn"] for policy in said["AttachedManagedPolicies"]] == [BATCH_POLICY]
    assert said["PermissionsBoundary"]["PermissionsBoundaryArn"] == BATCH_POLICY
    assert [profile["InstanceProfileName"] for profile in said["InstanceProfileList"]] == ["profile"]


def test_the_authorization_details_come_in_pages(iam):
    for name in "abc":
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())
    paginator = iam.get_paginator("get_account_authorization_details")
    pages = list(paginator.paginate(Filter=["Role"], PaginationConfig={"PageSize": 2}))
    assert [[role["RoleName"] for role in page["RoleDetailList"]] for page in pages] == [["a", "b"], ["c"]]


def test_a_reset_forgets_how_often_a_managed_policy_was_attached(sandbox, role):
    role.attach_role_policy(RoleName="role", PolicyArn=BATCH_POLICY)
    assert role.get_policy(PolicyArn=BATCH_POLICY)["Policy"]["AttachmentCount"] == 1
    sandbox.reset()
    assert role.get_policy(PolicyArn=BATCH_POLICY)["Policy"]["AttachmentCount"] == 0


def test_a_role_that_is_not_there_has_no_profiles(role):
    refused("NoSuchEntity", role.list_instance_profiles_for_role, RoleName="ghost")
    assert role.list_instance_profiles_for_role(RoleName="role")["InstanceProfiles"] == []
