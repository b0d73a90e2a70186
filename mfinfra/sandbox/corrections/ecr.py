"""ECR: repositories that are not known everywhere yet, and policies that name a principal who is not."""

from __future__ import annotations

from typing import Any, Final

from mfinfra.sandbox.corrections import correction, propagation
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.documents import MalformedDocumentError, parsed, with_canonical_principals
from mfinfra.sandbox.corrections.iam import visibility

API: Final = "https://docs.aws.amazon.com/AmazonECR/latest/APIReference"
NAMED: Final = (
    *("DescribeRepositories", "DescribeImages", "PutLifecyclePolicy", "GetLifecyclePolicy", "DeleteLifecyclePolicy"),
    *("SetRepositoryPolicy", "GetRepositoryPolicy", "DeleteRepositoryPolicy", "PutImageTagMutability"),
    *("PutImageScanningConfiguration", "TagResource", "UntagResource", "ListTagsForResource"),
)


@correction(
    "ecr",
    "CreateRepository",
    restores="that a repository is not known everywhere at once",
    aws=f"{API}/API_CreateRepository.html",
    strict=True,
)
def new_repository(call: Call, forward: Forward) -> Answer:
    """Make it; each operation misses it once."""
    answer = forward()
    for operation in NAMED:
        propagation.begin(f"ecr {operation}", call.region, call.params["repositoryName"], looks=propagation.ONE)
    return answer


@correction(
    "ecr",
    *NAMED,
    restores="RepositoryNotFoundException soon after a create",
    aws=f"{API}/API_DescribeRepositories.html",
    strict=True,
)
def unknown_repository(call: Call, forward: Forward) -> Answer:
    """Refuse a repository that this operation does not know yet.

    terraform-provider-aws waits two minutes for it: internal/service/ecr/repository.go, `propagationTimeout`.
    """
    for name in _named(call.params):
        if propagation.pending(f"ecr {call.operation}", call.region, name):
            text = f"The repository with name '{name}' does not exist in the registry with id '{call.account}'"
            raise ServiceError("RepositoryNotFoundException", text)
    return forward()


@correction(
    "ecr",
    "SetRepositoryPolicy",
    restores="refusal of principals that ECR does not find; ids of those that go later",
    aws=f"{API}/API_SetRepositoryPolicy.html",
    strict=True,
)
def put_policy(call: Call, forward: Forward) -> Answer:
    """Refuse them: https://github.com/hashicorp/terraform-provider-aws/issues/39064 ."""
    text = call.params["policyText"]
    try:
        call.params["policyText"] = visibility.as_stored(call, with_canonical_principals(call, text, parsed(text)))
    except MalformedDocumentError as error:
        found = "Invalid principal" not in str(error)
        why = "Invalid repository policy provided" if found else "Principal not found"
        refused = f"Invalid parameter at 'PolicyText' failed to satisfy constraint: '{why}'"
        raise ServiceError("InvalidParameterException", refused) from error
    return _shown(call, forward())


@correction(
    "ecr",
    "GetRepositoryPolicy",
    restores="principals by name, and by id those that are gone",
    aws="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    strict=True,
)
def shown_policy(call: Call, forward: Forward) -> Answer:
    """Show the policy."""
    return _shown(call, forward())


def _named(params: dict[str, Any]) -> list[str]:
    if arn := params.get("resourceArn"):
        return [arn.split(":repository/")[-1]]
    return params.get("repositoryNames") or [name for name in [params.get("repositoryName")] if name]


def _shown(call: Call, answer: Answer) -> Answer:
    return answer | {"policyText": visibility.as_shown(call, answer["policyText"])}
