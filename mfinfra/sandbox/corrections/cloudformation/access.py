"""Types of IAM, KMS and Secrets Manager."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from mfinfra.sandbox.corrections.call import Call
from mfinfra.sandbox.corrections.cloudformation import shapes
from mfinfra.sandbox.corrections.cloudformation.making import Made, Making, Type, gone_is_fine, rows


def role(making: Making) -> Made:
    known = ("RoleName", "Path", "Description", "MaxSessionDuration", "PermissionsBoundary")
    making.only(*known, "AssumeRolePolicyDocument", "Policies", "ManagedPolicyArns")
    trust = shapes.text(making.properties["AssumeRolePolicyDocument"])
    wanted = {"RoleName": making.name, **making.among(*known)}
    made = making.ask("iam", "CreateRole", AssumeRolePolicyDocument=trust, **wanted)["Role"]
    name = made["RoleName"]
    for policy in making.properties.get("Policies", ()):
        document = shapes.text(policy["PolicyDocument"])
        making.ask("iam", "PutRolePolicy", RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)
    for arn in making.properties.get("ManagedPolicyArns", ()):
        making.ask("iam", "AttachRolePolicy", RoleName=name, PolicyArn=arn)
    return Made(name, {"Arn": made["Arn"], "RoleId": made["RoleId"]})


def delete_role(making: Making, name: str) -> None:
    def delete() -> None:
        for policy in making.ask("iam", "ListRolePolicies", RoleName=name)["PolicyNames"]:
            making.ask("iam", "DeleteRolePolicy", RoleName=name, PolicyName=policy)
        for policy in making.ask("iam", "ListAttachedRolePolicies", RoleName=name)["AttachedPolicies"]:
            making.ask("iam", "DetachRolePolicy", RoleName=name, PolicyArn=policy["PolicyArn"])
        making.ask("iam", "DeleteRole", RoleName=name)

    gone_is_fine(delete)


def tag_role(call: Call, made: Made, tags: Mapping[str, str]) -> None:
    call.ask("iam", "TagRole", RoleName=made.physical, Tags=rows(tags))


def profile(making: Making) -> Made:
    making.only("InstanceProfileName", "Path", "Roles")
    wanted = {"InstanceProfileName": making.name, **making.among("InstanceProfileName", "Path")}
    made = making.ask("iam", "CreateInstanceProfile", **wanted)["InstanceProfile"]
    for name in making.properties["Roles"]:
        making.ask("iam", "AddRoleToInstanceProfile", InstanceProfileName=made["InstanceProfileName"], RoleName=name)
    return Made(made["InstanceProfileName"], {"Arn": made["Arn"]})


def delete_profile(making: Making, name: str) -> None:
    def delete() -> None:
        found = making.ask("iam", "GetInstanceProfile", InstanceProfileName=name)["InstanceProfile"]
        for inside in found["Roles"]:
            wanted = {"InstanceProfileName": name, "RoleName": inside["RoleName"]}
            making.ask("iam", "RemoveRoleFromInstanceProfile", **wanted)
        making.ask("iam", "DeleteInstanceProfile", InstanceProfileName=name)

    gone_is_fine(delete)


def policy(making: Making) -> Made:
    making.only("PolicyName", "PolicyDocument", "Roles")
    document, name = shapes.text(making.properties["PolicyDocument"]), making.properties["PolicyName"]
    for role_name in making.properties.get("Roles", ()):
        making.ask("iam", "PutRolePolicy", RoleName=role_name, PolicyName=name, PolicyDocument=document)
    return Made(making.name)


def delete_policy(making: Making, _id: str) -> None:
    for name in making.properties.get("Roles", ()):
        wanted = {"RoleName": name, "PolicyName": making.properties["PolicyName"]}
        gone_is_fine(partial(making.ask, "iam", "DeleteRolePolicy", **wanted))


def managed_policy(making: Making) -> Made:
    making.only("ManagedPolicyName", "PolicyDocument", "Description", "Path", "Roles")
    wanted = {"PolicyName": making.name, **making.among("Description", "Path", PolicyName="ManagedPolicyName")}
    document = shapes.text(making.properties["PolicyDocument"])
    arn = making.ask("iam", "CreatePolicy", PolicyDocument=document, **wanted)["Policy"]["Arn"]
    for name in making.properties.get("Roles", ()):
        making.ask("iam", "AttachRolePolicy", RoleName=name, PolicyArn=arn)
    return Made(arn, {"PolicyArn": arn})


def delete_managed_policy(making: Making, arn: str) -> None:
    for name in making.properties.get("Roles", ()):
        gone_is_fine(partial(making.ask, "iam", "DetachRolePolicy", RoleName=name, PolicyArn=arn))
    gone_is_fine(lambda: making.ask("iam", "DeletePolicy", PolicyArn=arn))


def key(making: Making) -> Made:
    making.only("Description", "KeyPolicy", "EnableKeyRotation", "PendingWindowInDays")
    written = making.among("Description", Policy="KeyPolicy")
    if "Policy" in written:
        written["Policy"] = shapes.text(written["Policy"])
    made = making.ask("kms", "CreateKey", **written)["KeyMetadata"]
    if str(making.properties.get("EnableKeyRotation", "")).lower() == "true":
        making.ask("kms", "EnableKeyRotation", KeyId=made["KeyId"])
    return Made(made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]})


def delete_key(making: Making, id_: str) -> None:
    days = int(making.properties.get("PendingWindowInDays", 30))
    gone_is_fine(lambda: making.ask("kms", "ScheduleKeyDeletion", KeyId=id_, PendingWindowInDays=days))


def tag_key(call: Call, made: Made, tags: Mapping[str, str]) -> None:
    call.ask("kms", "TagResource", KeyId=made.physical, Tags=rows(tags, "TagKey", "TagValue"))


def alias(making: Making) -> Made:
    making.only("AliasName", "TargetKeyId")
    making.ask("kms", "CreateAlias", **making.among("AliasName", "TargetKeyId"))
    return Made(making.properties["AliasName"])


def delete_alias(making: Making, name: str) -> None:
    gone_is_fine(lambda: making.ask("kms", "DeleteAlias", AliasName=name))


def secret(making: Making) -> Made:
    making.only("Name", "Description", "KmsKeyId", "SecretString", "GenerateSecretString")
    wanted: dict[str, Any] = {"Name": making.name, **making.among("Name", "Description", "KmsKeyId", "SecretString")}
    if drawn := making.properties.get("GenerateSecretString"):
        value = "".join(secrets.choice(string.ascii_letters) for _ in range(int(drawn.get("PasswordLength", 32))))
        inside = json.loads(drawn.get("SecretStringTemplate", "{}"))
        named = drawn.get("GenerateStringKey")
        wanted["SecretString"] = json.dumps({**inside, named: value}) if named else value
    arn = making.ask("secretsmanager", "CreateSecret", **wanted)["ARN"]
    return Made(arn, {"Id": arn})


def delete_secret(making: Making, arn: str) -> None:
    wanted = {"SecretId": arn, "ForceDeleteWithoutRecovery": True}
    gone_is_fine(lambda: making.ask("secretsmanager", "DeleteSecret", **wanted))


def tag_secret(call: Call, made: Made, tags: Mapping[str, str]) -> None:
    call.ask("secretsmanager", "TagResource", SecretId=made.physical, Tags=rows(tags))


TYPES: Final[Mapping[str, Type]] = {
    "AWS::IAM::Role": Type(role, delete_role, tag_role),
    "AWS::IAM::InstanceProfile": Type(profile, delete_profile),
    "AWS::IAM::Policy": Type(policy, delete_policy),
    "AWS::IAM::ManagedPolicy": Type(managed_policy, delete_managed_policy),
    "AWS::KMS::Key": Type(key, delete_key, tag_key),
    "AWS::KMS::Alias": Type(alias, delete_alias),
    "AWS::SecretsManager::Secret": Type(secret, delete_secret, tag_secret),
}
