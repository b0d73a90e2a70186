"""What a creation is refused with where the thing is there already, as data.

A plan may be older than the world for more than one reason: the answer of the creation was lost, or a run that was
killed had made the thing, and the read before this creation came too early to show it. A look tells whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping

EXISTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    # By service and operation: codes, or `code: text` where only the text tells.
    ("batch", "CreateComputeEnvironment"): ("ClientException: Object already exists",),
    ("batch", "CreateJobQueue"): ("ClientException: Object already exists",),
    ("batch", "CreateSchedulingPolicy"): ("ClientException: already exists",),
    ("dynamodb", "CreateTable"): ("ResourceInUseException: already exists",),
    ("ec2", "CreateLaunchTemplate"): ("InvalidLaunchTemplateName.AlreadyExistsException",),
    ("ec2", "CreateSecurityGroup"): ("InvalidGroup.Duplicate",),
    ("ec2", "CreateVpcEndpoint"): ("RouteAlreadyExists", "InvalidParameter: conflicting DNS domain"),
    ("ecr", "CreateRepository"): ("RepositoryAlreadyExistsException",),
    ("iam", "CreateInstanceProfile"): ("EntityAlreadyExists",),
    ("iam", "CreateRole"): ("EntityAlreadyExists",),
    ("kms", "CreateAlias"): ("AlreadyExistsException",),
    ("logs", "CreateLogGroup"): ("ResourceAlreadyExistsException",),
    ("s3", "CreateBucket"): ("BucketAlreadyOwnedByYou",),
    # A name that is taken by what was deleted: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
    ("secretsmanager", "CreateSecret"): (
        "ResourceExistsException",
        "InvalidRequestException: already scheduled for deletion",
    ),
}


def exists(service: str, operation: str, code: str, message: str) -> bool:
    """Whether this refusal of a creation says that the thing is there."""
    for expected in EXISTS.get((service, operation), ()):
        said, _, text = expected.partition(": ")
        if code == said and text.lower() in message.lower():
            return True
    return False
