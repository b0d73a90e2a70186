"""The Resource Groups Tagging API, which finds every taggable thing here but IAM's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from moto.s3.models import s3_backends

from mfinfra.sandbox.corrections import apply, corrected, correction, lag
from mfinfra.sandbox.corrections.batch.records import environments, queues
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.ec2.endpoints import living
from mfinfra.sandbox.corrections.lag import Lag
from mfinfra.sandbox.corrections.shelves import shelf

Found = tuple[str, dict[str, str]]
PAGE: Final = 50


@correction(
    "tagging",
    "GetResources",
    restores="Batch, ECR, VPC endpoints and launch templates, beside what moto lists; strict: tags known late",
    aws="https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html",
)
def resources(call: Call, _forward: Forward) -> Answer:
    """One page of the tagged resources asked for."""
    params = call.params
    if params.get("ResourceARNList") and (params.get("TagFilters") or params.get("ResourceTypeFilters")):
        text = "You cannot use the ResourceARNList parameter with TagFilters or ResourceTypeFilters"
        raise ServiceError("InvalidParameterException", text)
    everything = {arn: tags for arn, tags in [*_moto(call), *_more(call)] if tags}
    if lag.strict():
        everything = _known(call, everything, counts=not params.get("PaginationToken"))
    found = sorted((arn, tags) for arn, tags in everything.items() if _asked_for(arn, tags, params))
    start, size = int(params.get("PaginationToken") or 0), params.get("ResourcesPerPage") or PAGE
    end = start + size
    page = [
        {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}
        for arn, tags in found[start:end]
    ]
    return {"ResourceTagMappingList": page, "PaginationToken": str(end) if end < len(found) else ""}


@correction(
    "tagging",
    "UntagResources",
    restores="Batch, ECR and EC2, beside what moto takes tags from",
    aws="https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_UntagResources.html",
)
def untagged(call: Call, forward: Forward) -> Answer:
    """Take tags off: by the service's own operation what moto does not know here, the rest by moto."""
    keys = call.params["TagKeys"]
    call.params["ResourceARNList"] = [arn for arn in call.params["ResourceARNList"] if not _untag(call, arn, keys)]
    return forward() if call.params["ResourceARNList"] else {"FailedResourcesMap": {}}


def _untag(call: Call, arn: str, keys: list[str]) -> bool:
    """Whether the tags were taken off here."""
    match arn.split(":", 5)[2]:
        case "batch" | "ecr" as service:
            _own(call, service, "UntagResource", {"resourceArn": arn, "tagKeys": keys})
        case "ec2":
            gone = {"Resources": [arn.rpartition("/")[2]], "Tags": [{"Key": key} for key in keys]}
            _own(call, "ec2", "DeleteTags", gone)
        case _:
            return False
    return True


def _own(call: Call, service: str, operation: str, params: dict[str, Any]) -> None:
    """Ask a service as a client does: with its corrections."""
    asked = replace(call, service=service, operation=operation, params=params)
    apply(corrected(service, operation), asked, lambda: call.ask(service, operation, **asked.params))


def _known(call: Call, everything: dict[str, dict[str, str]], *, counts: bool) -> dict[str, dict[str, str]]:
    """What the service knows by now: not what is new, and for a while still what is gone.

    https://github.com/boto/boto3/issues/3341 , https://github.com/aws/aws-cli/issues/8197
    """
    known: dict[str, dict[str, str]] = shelf("tagging knows", call.region)
    coming = shelf("tagging learns", call.region)
    for arn in sorted({*everything, *known}) if counts else ():
        now = everything.get(arn)
        if now == known.get(arn):
            coming.pop(arn, None)
            continue
        if arn not in coming or coming[arn][0] != now:
            coming[arn] = (now, Lag())
        if coming[arn][1].passed():
            del coming[arn]
            if now is None:
                del known[arn]
            else:
                known[arn] = now
    return known


def _asked_for(arn: str, tags: dict[str, str], params: dict[str, Any]) -> bool:
    if params.get("ResourceARNList"):
        return arn in params["ResourceARNList"]
    kinds = params.get("ResourceTypeFilters") or []
    return (not kinds or any(_is_of(arn, kind) for kind in kinds)) and all(
        wanted["Key"] in tags and (not wanted.get("Values") or tags[wanted["Key"]] in wanted["Values"])
        for wanted in params.get("TagFilters") or []
    )


def _is_of(arn: str, kind: str) -> bool:
    service, _, resource = kind.partition(":")
    parts = arn.split(":", 5)
    if parts[2] != service or not resource:
        return parts[2] == service
    if service == "s3":
        return resource == "bucket"
    return parts[5].startswith((f"{resource}/", f"{resource}:"))


def _moto(call: Call) -> Iterator[Found]:
    token = ""
    while True:
        params = {"PaginationToken": token} if token else {}
        answer = call.ask("resourcegroupstaggingapi", "GetResources", **params)
        for found in answer["ResourceTagMappingList"]:
            arn = found["ResourceARN"]
            if ":batch:" not in arn and ":iam:" not in arn and not _elsewhere(call, arn):
                yield arn, _tags(found["Tags"])
        token = answer.get("PaginationToken", "")
        if not token:
            return


def _elsewhere(call: Call, arn: str) -> bool:
    """Whether this is a bucket of another region: moto lists buckets in every region."""
    if ":s3:::" not in arn:
        return False
    bucket = s3_backends[call.account][call.partition].buckets.get(arn.rsplit(":", 1)[-1])
    return bucket is not None and bucket.region_name != call.region


def _more(call: Call) -> Iterator[Found]:
    for record in [*environments(call.region).values(), *queues(call.region).values()]:
        yield record.arn, record.said["tags"]
    for policy in call.ask("batch", "ListSchedulingPolicies")["schedulingPolicies"]:
        yield policy["arn"], call.ask("batch", "ListTagsForResource", resourceArn=policy["arn"]).get("tags", {})
    for repository in call.ask("ecr", "DescribeRepositories")["repositories"]:
        arn = repository["repositoryArn"]
        yield arn, _tags(call.ask("ecr", "ListTagsForResource", resourceArn=arn)["tags"])
    for name in living(call):
        said = call.ask("ec2", "DescribeVpcEndpoints", VpcEndpointIds=[name])["VpcEndpoints"][0]
        yield call.arn(f"vpc-endpoint/{name}", service="ec2"), _tags(said.get("Tags", []))
    for template in call.ask("ec2", "DescribeLaunchTemplates").get("LaunchTemplates", []):
        arn = call.arn(f"launch-template/{template['LaunchTemplateId']}", service="ec2")
        yield arn, _tags(template.get("Tags", []))


def _tags(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}
