"""The world as it stands: every resource with its settings and tags, without what AWS invents for each anew."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from botocore.exceptions import ClientError
from stack import REGION, Stack, wire

from mfinfra import ownership

INVENTED = frozenset({
    "ResponseMetadata", "RoleId", "InstanceProfileId", "RoleLastUsed", "TableId", "uuid", "ecsClusterArn",
    "creationTime", "DnsEntries", "NetworkInterfaceIds", "TableSizeBytes", "ItemCount", "NumberOfDecreasesToday",
})  # fmt: skip
NUMBERED = re.compile(r"\b(sg|vpce|eni|vpc|subnet|lt)-[0-9a-f]{17}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
MOST_LOOKS = 12
SEEDED = "0" * 10
NONE = re.compile(r"^(NoSuch|.*NotFound)")
FACETS = {
    "versioning": "get_bucket_versioning",
    "encryption": "get_bucket_encryption",
    "policy": "get_bucket_policy",
    "lifecycle": "get_bucket_lifecycle_configuration",
    "public access": "get_public_access_block",
    "ownership": "get_bucket_ownership_controls",
    "tags": "get_bucket_tagging",
}

Named = dict[str, dict[str, Any]]
World = dict[str, Named]


@cache
def client(endpoint: str, service: str) -> Any:
    """A client of nobody's, made once a process."""
    return wire().session.client(service, region_name=REGION, endpoint_url=endpoint)


def world(stack: Stack) -> World:
    """Everything that stands, kind → name → what AWS shows of it. Roles that AWS makes for itself are left out."""

    def ask(service: str) -> Any:
        return client(stack.server.endpoint, service)

    found = {
        "bucket": _buckets(ask("s3")),
        "table": _tables(ask("dynamodb")),
        "log_group": _log_groups(ask("logs")),
        "repository": _repositories(ask("ecr")),
        "key": _keys(ask("kms")),
        "secret": _secrets(ask("secretsmanager")),
        **_identities(ask("iam")),
        **_network(ask("ec2")),
        **_batch(ask("batch")),
    }
    return _steady(found, _names(found))


def settled(stack: Stack) -> World:
    """The world once it looks the same twice: a strict sandbox shows late what has happened."""
    before: World | None = None
    for _ in range(MOST_LOOKS):
        try:
            after = world(stack)
        except ClientError as error:
            if not NONE.match(error.response["Error"]["Code"]):
                raise
            after = None  # it is still listed, and not there any more
        if after is not None and after == before:
            return after
        before = after
    raise AssertionError("the world does not settle")


def unowned(after: World, before: World) -> list[str]:
    """What came between two worlds and does not carry all three tags of ownership, as `kind name`."""
    return [
        f"{kind} {name}"
        for kind, named in after.items()
        for name, shown in named.items()
        if name not in before[kind] and not set(ownership.KEYS) <= tags_of(shown).keys()
    ]


def tags_of(shown: dict[str, Any]) -> dict[str, str]:
    """The tags that a part of the world shows, whichever way its service writes them."""
    found = shown.get("tags") or shown.get("Tags") or shown.get("TagSet") or {}
    found = found.get("TagSet", found) if isinstance(found, dict) else found
    return found if isinstance(found, dict) else {row["Key"]: row["Value"] for row in found}


def _buckets(s3: Any) -> Named:
    names = [row["Name"] for row in s3.list_buckets()["Buckets"]]
    return {
        name: {
            **{facet: _found(getattr(s3, method), Bucket=name) for facet, method in FACETS.items()},
            "objects": [row["Key"] for row in s3.list_objects_v2(Bucket=name).get("Contents", ())],
        }
        for name in names
    }


def _tables(dynamodb: Any) -> Named:
    found = {}
    for name in dynamodb.list_tables()["TableNames"]:
        shown = dynamodb.describe_table(TableName=name)["Table"]
        found[name] = {
            "table": shown,
            "ttl": dynamodb.describe_time_to_live(TableName=name),
            "backups": dynamodb.describe_continuous_backups(TableName=name),
            "tags": dynamodb.list_tags_of_resource(ResourceArn=shown["TableArn"])["Tags"],
        }
    return found


def _log_groups(logs: Any) -> Named:
    return {
        row["logGroupName"]: {**row, **logs.list_tags_for_resource(resourceArn=row["logGroupArn"])}
        for row in logs.describe_log_groups()["logGroups"]
    }


def _repositories(ecr: Any) -> Named:
    found = {}
    for row in ecr.describe_repositories()["repositories"]:
        name = row["repositoryName"]
        found[name] = {
            **row,
            "policy": _found(ecr.get_repository_policy, repositoryName=name),
            "lifecycle": _found(ecr.get_lifecycle_policy, repositoryName=name),
            **ecr.list_tags_for_resource(resourceArn=row["repositoryArn"]),
        }
    return found


def _keys(kms: Any) -> Named:
    """The keys that AWS is not to delete, by their aliases, or by their ids where they have none."""
    named = {row["TargetKeyId"]: row["AliasName"] for row in kms.list_aliases()["Aliases"] if "TargetKeyId" in row}
    found = {}
    for row in kms.list_keys()["Keys"]:
        number = row["KeyId"]
        shown = kms.describe_key(KeyId=number)["KeyMetadata"]
        if shown["KeyState"] == "PendingDeletion":
            continue
        found[named.get(number, number)] = {
            **shown,
            "policy": json.loads(kms.get_key_policy(KeyId=number, PolicyName="default")["Policy"]),
            "rotation": kms.get_key_rotation_status(KeyId=number)["KeyRotationEnabled"],
            "tags": {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=number)["Tags"]},
        }
    return found


def _secrets(secrets: Any) -> Named:
    """The secrets that AWS is not to delete, without their values."""
    return {
        row["Name"]: {name: value for name, value in row.items() if name != "ARN"}
        for row in secrets.list_secrets()["SecretList"]
    }


def _identities(iam: Any) -> World:
    details = iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"]
    roles = {row["RoleName"]: row for row in details if not row["Path"].startswith("/aws-service-role/")}
    for row in iam.list_roles()["Roles"]:  # the details lack how long a session may be
        if row["RoleName"] in roles:
            roles[row["RoleName"]]["MaxSessionDuration"] = row["MaxSessionDuration"]
    return {"role": roles, "profile": _by("InstanceProfileName", iam.list_instance_profiles()["InstanceProfiles"])}


def _network(ec2: Any) -> World:
    groups = ec2.describe_security_groups()["SecurityGroups"]
    templates = _by("LaunchTemplateName", ec2.describe_launch_templates()["LaunchTemplates"])
    for name, row in templates.items():
        versions = ec2.describe_launch_template_versions(LaunchTemplateName=name, Versions=["$Default", "$Latest"])
        row["versions"] = versions["LaunchTemplateVersions"]
    return {
        "security_group": {f"{row['VpcId']} {row['GroupName']}": row for row in groups},
        "endpoint": _by("ServiceName", ec2.describe_vpc_endpoints()["VpcEndpoints"]),
        "launch_template": templates,
    }


def _batch(batch: Any) -> World:
    arns = [row["arn"] for row in batch.list_scheduling_policies()["schedulingPolicies"]]
    policies = batch.describe_scheduling_policies(arns=arns)["schedulingPolicies"] if arns else []
    return {
        "compute_environment": _by(
            "computeEnvironmentName", batch.describe_compute_environments()["computeEnvironments"]
        ),
        "job_queue": _by("jobQueueName", batch.describe_job_queues()["jobQueues"]),
        "scheduling_policy": _by("name", policies),
    }


def _by(key: str, rows: list[dict[str, Any]]) -> Named:
    """Rows by name; of two with one name both are seen."""
    found: Named = {}
    for row in rows:
        name = row[key]
        while name in found:
            name += " (another)"
        found[name] = row
    return found


def _found(ask: Callable[..., Any], **params: Any) -> Any:
    """An answer, or `None` where AWS says that there is none."""
    try:
        return ask(**params)
    except ClientError as error:
        if not NONE.match(error.response["Error"]["Code"]):
            raise
        return None


def _names(found: World) -> dict[str, str]:
    """What to write instead of the numbers that AWS gives."""
    groups = {row["GroupId"]: f"sg-of-{row['GroupName']}" for row in found["security_group"].values()}
    endpoints = {row["VpcEndpointId"]: f"vpce-of-{name}" for name, row in found["endpoint"].items()}
    templates = {row["LaunchTemplateId"]: f"lt-of-{name}" for name, row in found["launch_template"].items()}
    keys = {row["KeyId"]: f"key-of-{name}" for name, row in found["key"].items()}
    return groups | endpoints | templates | keys


def _steady(value: Any, names: dict[str, str]) -> Any:
    """`value` as it reads in every run: nothing invented, no moment, no order that AWS does not keep."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if key not in INVENTED and not isinstance(item, datetime)}
        return {_steady(key, names): _steady(item, names) for key, item in kept.items()}
    if isinstance(value, list):
        return sorted((_steady(item, names) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, str) and value.startswith("{"):
        return _steady(json.loads(value), names)
    if isinstance(value, str):
        return NUMBERED.sub(lambda number: names.get(number[0], _unnamed(number)), value)
    return value


def _unnamed(number: re.Match[str]) -> str:
    return number[0] if SEEDED in number[0] or not number[1] else f"{number[1]}-…"
