"""A repository with its lifecycle and its policy.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mfinfra.exporting import repositories
from mfinfra.exporting.cloudformation.form import Form, Item, tags
from mfinfra.exporting.subjects import Subject


def items(subject: Subject) -> Iterator[Item]:
    """The repository; its lifecycle policy is text there."""
    spec, name = subject.spec, subject.spec["name"]
    mode, patterns = repositories.mutability(spec["immutable_tags"])
    key = {"KmsKey": spec["encryption"]["key"]} if spec["encryption"].get("key") else {}
    properties: dict[str, Any] = {
        "RepositoryName": name,
        "ImageTagMutability": mode,
        "ImageScanningConfiguration": {"ScanOnPush": spec["scan_on_push"]},
        "EncryptionConfiguration": {"EncryptionType": spec["encryption"]["type"], **key},
    }
    if patterns:
        rows = [
            {"ImageTagMutabilityExclusionFilterType": "WILDCARD", "ImageTagMutabilityExclusionFilterValue": pattern}
            for pattern in patterns
        ]
        properties["ImageTagMutabilityExclusionFilters"] = rows
    if spec.get("force_destroy"):
        properties["EmptyOnDelete"] = True
    if spec.get("lifecycle_policy"):
        properties["LifecyclePolicy"] = {"LifecyclePolicyText": json.dumps(spec["lifecycle_policy"])}
    if spec.get("policy"):
        properties["RepositoryPolicyText"] = spec["policy"]
    yield Item("AWS::ECR::Repository", {"RepositoryName": name}, {**properties, **tags(subject)})


FORM = Form({"arn": ("", "Arn"), "name": ("", ""), "url": ("", "RepositoryUri")}, items)
