"""CloudWatch Logs: retention, keys, classes, deletion protection, identifiers."""

from __future__ import annotations

import re
from typing import Any, Final

from moto.logs.models import logs_backends

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.kms import policies
from mfinfra.sandbox.corrections.shelves import shelf

API: Final = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference"
NAME: Final = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
RETENTIONS: Final = frozenset(
    {
        *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
    },
)
PAGE: Final = 50
KEY_USES: Final = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey")


@correction(
    "logs",
    "CreateLogGroup",
    restores="name rules, an existing key, class and deletion protection kept",
    aws=f"{API}/API_CreateLogGroup.html",
)
def create_group(call: Call, forward: Forward) -> Answer:
    """Make a log group."""
    name = call.params["logGroupName"]
    if not NAME.fullmatch(name) or name.startswith("aws/"):
        raise invalid(f"Value '{name}' at 'logGroupName' failed to satisfy constraint")
    if key := call.params.get("kmsKeyId"):
        _check_key(call, key, name)
    kept = {
        "logGroupClass": call.params.pop("logGroupClass", None) or "STANDARD",
        "deletionProtectionEnabled": bool(call.params.pop("deletionProtectionEnabled", False)),
    }
    answer = forward()
    shelf("log groups", call.region)[name] = kept
    return answer


@correction(
    "logs",
    "DescribeLogGroups",
    restores="logGroupIdentifiers, patterns, class and deletion protection",
    aws=f"{API}/API_DescribeLogGroups.html",
)
def describe_groups(call: Call, _forward: Forward) -> Answer:
    """One page of the groups asked for."""
    params = call.params
    identifiers = params.get("logGroupIdentifiers")
    if identifiers and len(identifiers) > PAGE:
        raise invalid("Member must have length less than or equal to 50")
    found = [said for said in _groups(call) if _asked_for(said, params, identifiers)]
    start, size = int(params.get("nextToken") or 0), params.get("limit") or PAGE
    if size > PAGE:
        raise invalid(f"Value '{size}' at 'limit' failed to satisfy constraint: less than or equal to {PAGE}")
    end = start + size
    return {"logGroups": found[start:end]} | ({"nextToken": str(end)} if end < len(found) else {})


@correction(
    "logs",
    "PutRetentionPolicy",
    restores="refusal of days that are not offered",
    aws=f"{API}/API_PutRetentionPolicy.html",
)
def retention(call: Call, forward: Forward) -> Answer:
    """Take the days that AWS offers."""
    days = call.params["retentionInDays"]
    if days not in RETENTIONS:
        known = ", ".join(str(each) for each in sorted(RETENTIONS))
        text = f"Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must be one of [{known}]"
        raise invalid(text)
    return forward()


@correction(
    "logs",
    "AssociateKmsKey",
    restores="an operation that moto has not; a key whose policy lets the service use it",
    aws=f"{API}/API_AssociateKmsKey.html",
)
def associate_key(call: Call, _forward: Forward) -> Answer:
    """Encrypt with a key that exists."""
    group = _existing(call)
    _check_key(call, call.params["kmsKeyId"], group.name)
    group.kms_key_id = call.params["kmsKeyId"]
    return {}


@correction(
    "logs",
    "DisassociateKmsKey",
    restores="an operation that moto has not",
    aws=f"{API}/API_DisassociateKmsKey.html",
)
def disassociate_key(call: Call, _forward: Forward) -> Answer:
    """Encrypt with the key of AWS again."""
    _existing(call).kms_key_id = None
    return {}


@correction(
    "logs",
    "PutLogGroupDeletionProtection",
    restores="an operation that moto has not",
    aws=f"{API}/API_PutLogGroupDeletionProtection.html",
)
def deletion_protection(call: Call, _forward: Forward) -> Answer:
    """Protect a group, or no longer."""
    name = _existing(call).name
    _kept(call, name)["deletionProtectionEnabled"] = call.params["deletionProtectionEnabled"]
    return {}


@correction(
    "logs",
    "DeleteLogGroup",
    restores="that a protected group is not deleted",
    aws=f"{API}/API_DeleteLogGroup.html",
)
def delete_group(call: Call, forward: Forward) -> Answer:
    """Refuse while the group is protected."""
    name = call.params["logGroupName"]
    if _kept(call, name)["deletionProtectionEnabled"]:
        text = f"The log group {name} cannot be deleted because deletion protection is enabled"
        raise ServiceError("ValidationException", text)
    answer = forward()
    shelf("log groups", call.region).pop(name, None)
    return answer


@correction(
    "logs",
    "ListTagsForResource",
    "TagResource",
    "UntagResource",
    restores="that tags hang on the ARN without the `:*`, of a group that is there",
    aws=f"{API}/API_ListTagsForResource.html",
)
def tagged_arn(call: Call, forward: Forward) -> Answer:
    """Refuse the ARN that stands for the streams, and groups that are not there."""
    arn = call.params["resourceArn"]
    if arn.endswith(":*"):
        raise invalid(f"Value '{arn}' at 'resourceArn' failed to satisfy constraint")
    if ":log-group:" in arn:
        _group(call, arn)
    return forward()


def invalid(text: str) -> ServiceError:
    """What Logs says of a member that is out of form."""
    return ServiceError("InvalidParameterException", f"1 validation error detected: {text}")


def _groups(call: Call) -> list[Answer]:
    found, token = [], None
    while True:
        page = call.ask("logs", "DescribeLogGroups", limit=PAGE, **({"nextToken": token} if token else {}))
        for said in page["logGroups"]:
            arn = said["arn"].removesuffix(":*")
            found.append(said | _kept(call, said["logGroupName"]) | {"arn": f"{arn}:*", "logGroupArn": arn})
        token = page.get("nextToken")
        if not token:
            return sorted(found, key=lambda said: str(said["logGroupName"]))


def _asked_for(said: Answer, params: dict[str, Any], identifiers: list[str] | None) -> bool:
    name = said["logGroupName"]
    if identifiers and name not in identifiers and said["logGroupArn"] not in identifiers:
        return False
    if params.get("logGroupClass") not in (None, said["logGroupClass"]):
        return False
    prefix, pattern = params.get("logGroupNamePrefix") or "", params.get("logGroupNamePattern") or ""
    return name.startswith(prefix) and pattern.lower() in name.lower()


def _kept(call: Call, name: str) -> dict[str, Any]:
    born = {"logGroupClass": "STANDARD", "deletionProtectionEnabled": False}
    kept: dict[str, Any] = shelf("log groups", call.region).setdefault(name, born)
    return kept


def _existing(call: Call) -> Any:
    given = call.params.get("logGroupName") or call.params.get("logGroupIdentifier") or ""
    given = given or call.params.get("resourceIdentifier", "")
    return _group(call, given)


def _group(call: Call, identifier: str) -> Any:
    name = identifier.rsplit(":log-group:", maxsplit=1)[-1].removesuffix(":*")
    group = logs_backends[call.account][call.region].groups.get(name)
    if group is None:
        raise ServiceError("ResourceNotFoundException", "The specified log group does not exist.")
    return group


def _check_key(call: Call, key: str, group: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html ."""
    suffix = "amazonaws.com.cn" if call.partition == "aws-cn" else "amazonaws.com"
    context = {"aws:logs:arn": call.arn(f"log-group:{group}")}
    if not policies.lets(call, key, f"logs.{call.region}.{suffix}", KEY_USES, context):
        text = f"The specified KMS key does not exist or is not allowed to be used with Arn '{context['aws:logs:arn']}'"
        raise ServiceError("InvalidParameterException", text)
