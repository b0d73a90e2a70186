"""The policy of a KMS key: who may use it. Without a statement for the account, no IAM policy of the account counts.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mfinfra import policy
from mfinfra.model import Resource, Scope, Spec

Statement = Mapping[str, Any]

DEFAULT_ID = "key-default-1"
LOG_GROUP = "log_group"
LOGS_CONTEXT = "kms:EncryptionContext:aws:logs:arn"
LOGS_ACTIONS = ("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*")


def administration(scope: Scope) -> Statement:
    """The account decides by its IAM policies who uses and administers the key: AWS's own default."""
    root = scope.arn("iam", "root", region="")
    return policy.statement("kms:*", "*", sid="Enable IAM User Permissions", principal={"AWS": root})


def whole(written: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """The key's policy: the statement that keeps it administrable, and beside it what the file says.

    Nothing in a file can lock the account out: that would take a `Deny`, and KMS refuses one that does.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    """
    usual, there = administration(scope), statements(written)
    first = next((item for item in there if _same(item, usual, scope)), usual)
    others = [item for item in there if not _same(item, usual, scope)]
    head = {"Version": policy.VERSION, "Id": DEFAULT_ID}
    return {**head, **written, "Statement": [first, *others]}


def statements(document: Mapping[str, Any]) -> list[Statement]:
    """The statements of a document, of one as of many."""
    found = document.get("Statement", [])
    return list(found) if isinstance(found, list | tuple) else [found]


def serving(resource: Resource, users: Sequence[Resource]) -> Resource:
    """The key with a statement for each log group that it encrypts.

    Other services use a key in the name of who asks them. CloudWatch Logs comes in its own name.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    written = resource.spec["policy"]
    key = resource.output("arn")
    groups = [user.spec["name"] for user in users if user.kind == LOG_GROUP and user.spec.get("key") == key]
    if written is None or not groups:
        return resource
    wanted = [for_log_group(resource.scope.arn("logs", f"log-group:{name}"), resource.scope) for name in groups]
    there = statements(written)
    document = {"Version": policy.VERSION, **written, "Statement": [*there, *_without(wanted, there, resource.scope)]}
    return replace(resource, spec={**resource.spec, "policy": document})


def for_log_group(arn: str, scope: Scope) -> Statement:
    """Let CloudWatch Logs of the region use the key for this log group and for nothing else."""
    return policy.statement(
        LOGS_ACTIONS,
        "*",
        sid=f"CloudWatchLogs{hashlib.sha256(str(arn).encode()).hexdigest()[:8]}",
        principal={"Service": f"logs.{scope.region}.{scope.dns_suffix}"},
        condition={"ArnEquals": {LOGS_CONTEXT: arn}},
    )


def keep(resource: Resource, want: Spec, have: Spec) -> Spec:
    """The wish, with the statements of log groups that the key has served.

    Events that a group wrote while it had the key stay encrypted with it, and can be read only as long as the service
    may use it: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DisassociateKmsKey.html .
    """
    document = want.get("policy")
    if not document or not have.get("policy"):
        return want
    scope = resource.scope
    served = [item for item in statements(have["policy"]) if _serves_logs(item, scope)]
    kept = _without(served, statements(document), scope)
    served_too = {**document, "Statement": [*statements(document), *kept]} if kept else document
    return {**want, "policy": _called_as(served_too, have["policy"], resource)}


def _called_as(document: Mapping[str, Any], live: Mapping[str, Any], resource: Resource) -> Mapping[str, Any]:
    """`document` under the live `Id`, which means nothing, where that is all that differs and nobody wrote one."""
    if "Id" in (resource.spec["policy"] or {}):
        return document
    said = {name: value for name, value in document.items() if name != "Id"}
    said |= {"Id": live["Id"]} if "Id" in live else {}
    return said if policy.equivalent(said, live, partition=resource.scope.partition) else document


def _serves_logs(item: Statement, scope: Scope) -> bool:
    """Whether this is, to the letter, what we write for a log group of this account and region."""
    condition = item.get("Condition", {})
    arn = condition.get("ArnEquals", {}).get(LOGS_CONTEXT) if isinstance(condition, Mapping) else None
    ours = isinstance(arn, str) and arn.startswith(scope.arn("logs", "log-group:")) and "*" not in arn
    return ours and _same(item, for_log_group(str(arn), scope), scope)


def _without(items: Iterable[Statement], others: Iterable[Statement], scope: Scope) -> list[Statement]:
    others = list(others)
    return [item for item in items if not any(_same(item, other, scope) for other in others)]


def _same(one: Statement, other: Statement, scope: Scope) -> bool:
    """Whether two statements mean the same, whatever they are called."""
    first, second = (policy.document([{**item, "Sid": None}]) for item in (one, other))
    return policy.equivalent(first, second, partition=scope.partition)
