"""ECR repositories, for the images that Metaflow's steps run in. Every call is synchronous.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mfinfra import policy
from mfinfra.drivers._declared import Kind
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.drivers._tags import tag_list, tag_map
from mfinfra.drivers._text import json_text
from mfinfra.model import Call, Document, Effects, Merge, Observed, Resource, Sends, Spec

MISSING = ("RepositoryNotFoundException",)
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
EXCEPT, ONLY = "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"


def arn(resource: Resource) -> str:
    return resource.scope.arn("ecr", f"repository/{resource.spec['name']}")


def on(resource: Resource, **more: Any) -> dict[str, Any]:
    return {"repositoryName": resource.spec["name"], **more}


def read(resource: Resource) -> Call:
    return Call(
        "ecr",
        "DescribeRepositories",
        {"repositoryNames": [resource.spec["name"]]},
        absent=MISSING,
        merge=Merge("repositoryNames", limit=100, items="repositories", keys=("repositoryName",), brittle=True),
    )


def parse(answer: Document, resource: Resource) -> Observed | None:
    for row in answer["repositories"]:
        if row["repositoryName"] == resource.spec["name"]:
            return observed(row, resource)
    return None


def observed(row: Document, resource: Resource) -> Observed:
    name, scope = row["repositoryName"], resource.scope
    spec = {
        "name": name,
        "immutable_tags": immutable_tags(row),
        "scan_on_push": row.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        "encryption": encryption(row, resource),
    }
    url = f"{scope.account}.dkr.ecr.{scope.region}.{scope.dns_suffix}/{name}"
    return Observed(spec, {"arn": arn(resource), "name": name, "url": url}, {}, arn(resource))


def immutable_tags(row: Document) -> bool | dict[str, list[str]]:
    """Whether tags stay where they are: all, none, all but these, these only."""
    mutability = row.get("imageTagMutability", "MUTABLE")
    if mutability in (EXCEPT, ONLY):
        filters = sorted(item["filter"] for item in row.get("imageTagMutabilityExclusionFilters", ()))
        return {"except" if mutability == EXCEPT else "only": filters}
    return bool(mutability == "IMMUTABLE")


def mutability(value: bool | Mapping[str, list[str]]) -> dict[str, Any]:
    """The same in ECR's words."""
    if not isinstance(value, Mapping):
        return {"imageTagMutability": "IMMUTABLE" if value else "MUTABLE"}
    ((word, filters),) = value.items()
    rows = [{"filterType": "WILDCARD", "filter": pattern} for pattern in sorted(filters)]
    mode = EXCEPT if word == "except" else ONLY
    return {"imageTagMutability": mode, "imageTagMutabilityExclusionFilters": rows}


def encryption(row: Document, resource: Resource) -> dict[str, str]:
    """How images are encrypted; repositories from before 2020 have no word on it.

    Without a key ECR takes `aws/ecr` and shows that key's ARN, which nobody can tell from another's: where the file
    names no key, none is compared. A difference here would replace the repository.
    """
    found = row.get("encryptionConfiguration") or {"encryptionType": "AES256"}
    wished = resource.spec.get("encryption")
    spec = {"type": found["encryptionType"]}
    if found.get("kmsKey") and (wished is None or wished.get("key")):
        spec["key"] = found["kmsKey"]
    return spec


def desired(resource: Resource) -> Spec:
    spec = dict(resource.spec)
    if spec.get("lifecycle_policy"):
        spec["lifecycle_policy"] = sorted_rules(spec["lifecycle_policy"])
    return spec


def sorted_rules(document: Mapping[str, Any]) -> dict[str, Any]:
    rules = sorted(document.get("rules", ()), key=lambda rule: int(rule["rulePriority"]))
    return {**document, "rules": rules} if rules else {}


def create(resource: Resource, want: Spec) -> Effects:
    params: dict[str, Any] = on(resource, tags=tag_list(resource.tags))
    if want["immutable_tags"] is not None:
        params |= mutability(want["immutable_tags"])
    if want["scan_on_push"] is not None:
        params["imageScanningConfiguration"] = {"scanOnPush": want["scan_on_push"]}
    if want["encryption"]:
        key = want["encryption"].get("key")
        more = {"kmsKey": key} if key else {}
        params["encryptionConfiguration"] = {"encryptionType": want["encryption"]["type"], **more}
    return (Call("ecr", "CreateRepository", params),)


def born(resource: Resource, want: Spec) -> Spec:
    return {**want, "lifecycle_policy": {}, "policy": {}}


def write_mutability(change: Change) -> Effects:
    params = on(change.resource, **mutability(change.want["immutable_tags"]))
    return (Call("ecr", "PutImageTagMutability", params),)


def write_scanning(change: Change) -> Effects:
    """Once ECR scans by rules of the whole registry, they count and this setting does not."""
    configuration = {"scanOnPush": change.want["scan_on_push"]}
    params = on(change.resource, imageScanningConfiguration=configuration)
    return (Call("ecr", "PutImageScanningConfiguration", params),)


def parse_lifecycle(answer: Document | None, resource: Resource) -> Spec:
    # The text is JSON as a policy document's is, and as forgiving to read.
    return {"lifecycle_policy": sorted_rules(policy.parse((answer or {}).get("lifecyclePolicyText")))}


def write_lifecycle(change: Change) -> Effects:
    document = change.want["lifecycle_policy"]
    if not document:
        fine = ("LifecyclePolicyNotFoundException",)
        return (Call("ecr", "DeleteLifecyclePolicy", on(change.resource), fine=fine),)
    return (Call("ecr", "PutLifecyclePolicy", on(change.resource, lifecyclePolicyText=json_text(document))),)


def parse_policy(answer: Document | None, resource: Resource) -> Spec:
    return {"policy": policy.parse((answer or {}).get("policyText"))}


def write_policy(change: Change) -> Effects:
    document = change.want["policy"]
    if not document:
        fine = ("RepositoryPolicyNotFoundException",)
        return (Call("ecr", "DeleteRepositoryPolicy", on(change.resource), fine=fine),)
    return (Call("ecr", "SetRepositoryPolicy", on(change.resource, policyText=json_text(document))),)


def put_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], every: Mapping[str, str]) -> Effects:
    return (Call("ecr", "TagResource", {"resourceArn": arn(resource), "tags": tag_list(tags)}),)


def take_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], rest: Mapping[str, str]) -> Effects:
    return (Call("ecr", "UntagResource", {"resourceArn": arn(resource), "tagKeys": sorted(tags)}),)


def delete(resource: Resource, observed: Observed) -> Effects:
    """Delete it; with images in it only where the file says so."""
    force = {"force": True} if resource.spec.get("force_destroy") else {}
    return (Call("ecr", "DeleteRepository", on(resource, **force), absent=MISSING),)


SENDS = Sends(
    reads=(
        "ecr:DescribeRepositories",
        "ecr:GetLifecyclePolicy",
        "ecr:GetRepositoryPolicy",
        "ecr:ListTagsForResource",
    ),
    makes=("ecr:CreateRepository",),
    changes=(
        "ecr:PutImageScanningConfiguration",
        "ecr:PutImageTagMutability",
        "ecr:PutLifecyclePolicy",
        "ecr:DeleteLifecyclePolicy",
        "ecr:SetRepositoryPolicy",
        "ecr:DeleteRepositoryPolicy",
        "ecr:TagResource",
    ),
    deletes=("ecr:DeleteRepository",),
    forgets=("ecr:UntagResource",),
)

DRIVER = Kind(
    kind="repository",
    sends=SENDS,
    arn=r"arn:[^:]+:ecr:[^:]*:\d{12}:repository/(?P<name>.+)",
    read=read,
    parse=parse,
    desired=desired,
    parts=(
        Part(("name", "encryption")),
        Part(("immutable_tags",), write=write_mutability),
        Part(("scan_on_push",), write=write_scanning),
        Part(
            ("lifecycle_policy",),
            write=write_lifecycle,
            read=lambda resource: Call(
                "ecr",
                "GetLifecyclePolicy",
                on(resource),
                absent=MISSING,
                fine=("LifecyclePolicyNotFoundException",),
            ),
            parse=parse_lifecycle,
        ),
        Part(
            ("policy",),
            write=write_policy,
            read=lambda resource: Call(
                "ecr", "GetRepositoryPolicy", on(resource), absent=MISSING, fine=("RepositoryPolicyNotFoundException",)
            ),
            parse=parse_policy,
        ),
    ),
    tagging=Tagging(
        put=put_tags,
        take=take_tags,
        read=lambda resource: Call("ecr", "ListTagsForResource", {"resourceArn": arn(resource)}, absent=MISSING),
        parse=lambda answer: tag_map((answer or {}).get("tags")),
    ),
    create=create,
    born=born,
    delete=delete,
    local=("force_destroy",),
)
