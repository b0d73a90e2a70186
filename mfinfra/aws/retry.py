"""What AWS says while it is not ready yet: refusals that pass by themselves, as data.

botocore's standard retries deal with throttling and transport below this. A row here is a refusal that is right now and
will not be soon: a role that other services cannot see yet, a row that AWS is still changing. Windows in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

PROPAGATION = 120.0


@dataclass(frozen=True, slots=True)
class NotYet:
    """An answer to try again after. `operation` `*` is any; `text` must stand in the message."""

    service: str
    operation: str
    code: str
    text: str
    window: float
    why: str
    source: str

    def fits(self, service: str, operation: str, code: str, message: str) -> bool:
        """Whether this row speaks of that refusal."""
        return (
            service == self.service
            and self.operation in ("*", operation)
            and code == self.code
            and self.text.lower() in message.lower()
        )


IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency"
S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel"
BATCH = "https://github.com/hashicorp/terraform-provider-aws/issues/46925"
DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html"

TABLE = (
    NotYet("iam", "CreateRole", "MalformedPolicyDocument", "Invalid principal", PROPAGATION,
           "IAM is making a principal of the trust policy known", IAM),
    NotYet("iam", "UpdateAssumeRolePolicy", "MalformedPolicyDocument", "Invalid principal", PROPAGATION,
           "IAM is making a principal of the trust policy known", IAM),
    NotYet("iam", "*", "ConcurrentModification", "", PROPAGATION, "IAM is finishing another change", IAM),
    NotYet("iam", "*", "EntityTemporarilyUnmodifiable", "", PROPAGATION, "IAM is finishing another change", IAM),
    NotYet("iam", "DeleteRole", "DeleteConflict", "", PROPAGATION, "IAM is letting go of the role's policies", IAM),
    NotYet("iam", "DeleteInstanceProfile", "DeleteConflict", "", PROPAGATION,
           "IAM is letting go of the profile's role", IAM),
    NotYet("iam", "AddRoleToInstanceProfile", "NoSuchEntity", "", PROPAGATION, "IAM is making the role known", IAM),
    NotYet("iam", "PutRolePolicy", "NoSuchEntity", "", PROPAGATION, "IAM is making the role known", IAM),
    NotYet("iam", "AttachRolePolicy", "NoSuchEntity", "The role with name", PROPAGATION,
           "IAM is making the role known", IAM),
    NotYet("s3", "*", "NoSuchBucket", "", PROPAGATION, "S3 is making the bucket known", S3),
    NotYet("s3", "PutBucketPolicy", "MalformedPolicy", "Invalid principal", PROPAGATION,
           "IAM is making a principal of the bucket policy known", IAM),
    NotYet("s3", "*", "OperationAborted", "", 300.0, "S3 is finishing another change of the bucket", S3),
    NotYet("dynamodb", "*", "ResourceInUseException", "being", 600.0, "DynamoDB is changing the table", DYNAMODB),
    NotYet("dynamodb", "*", "ResourceInUseException", "in use", 600.0, "DynamoDB is changing the table", DYNAMODB),
    NotYet("dynamodb", "*", "LimitExceededException", "simultaneously", 600.0,
           "DynamoDB is changing as many tables as it does at once", DYNAMODB),
    NotYet("dynamodb", "UpdateContinuousBackups", "ContinuousBackupsUnavailableException", "", 1200.0,
           "DynamoDB is enabling backups", DYNAMODB),
    NotYet("dynamodb", "*", "ResourceNotFoundException", "", PROPAGATION, "DynamoDB is making the table known",
           DYNAMODB),
    NotYet("logs", "*", "OperationAbortedException", "", 60.0, "CloudWatch Logs is finishing another change",
           "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html"),
    NotYet("logs", "*", "ResourceNotFoundException", "", PROPAGATION, "CloudWatch Logs is making the group known",
           "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"),
    NotYet("ecr", "SetRepositoryPolicy", "InvalidParameterException", "Principal not found", PROPAGATION,
           "IAM is making a principal of the repository policy known",
           "https://github.com/hashicorp/terraform-provider-aws/issues/39064"),
    NotYet("ecr", "SetRepositoryPolicy", "InvalidParameterException", "Invalid repository policy", PROPAGATION,
           "IAM is making a principal of the repository policy known",
           "https://github.com/hashicorp/terraform-provider-aws/pull/1165"),
    NotYet("ec2", "ModifyVpcEndpoint", "IncorrectState", "", PROPAGATION, "AWS is finishing another change",
           "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"),
    NotYet("iam", "TagInstanceProfile", "NoSuchEntity", "", PROPAGATION, "IAM is making the profile known", IAM),
    NotYet("ecr", "*", "RepositoryNotFoundException", "", PROPAGATION, "ECR is making the repository known",
           "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html"),
    NotYet("ec2", "*", "InvalidGroup.NotFound", "", PROPAGATION, "EC2 is making the security group known",
           "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"),
    NotYet("ec2", "*", "InvalidVpcEndpointId.NotFound", "", PROPAGATION, "EC2 is making the endpoint known",
           "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"),
    NotYet("ec2", "CreateVpcEndpoint", "InvalidParameter", "conflicting DNS domain", PROPAGATION,
           "Route 53 is letting go of the private names of a deleted endpoint",
           "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"),
    NotYet("ec2", "DeleteSecurityGroup", "DependencyViolation", "", 900.0,
           "EC2 is detaching network interfaces from the security group",
           "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html"),
    NotYet("ec2", "DeleteSecurityGroup", "InvalidGroup.InUse", "", 900.0,
           "EC2 is detaching network interfaces from the security group",
           "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html"),
    NotYet("batch", "DeleteComputeEnvironment", "ClientException", "JobQueue relationship", 300.0,
           "Batch is taking the compute environment out of its queues", BATCH),
    NotYet("batch", "*", "ClientException", "resource is being modified", 600.0, "Batch is finishing another change",
           "https://docs.aws.amazon.com/batch/latest/userguide/troubleshooting.html"),
    NotYet("batch", "CreateJobQueue", "ClientException", "is not valid", PROPAGATION,
           "Batch is making the compute environment ready",
           "https://docs.aws.amazon.com/batch/latest/APIReference/API_CreateJobQueue.html"),
    NotYet("batch", "UpdateJobQueue", "ClientException", "is not valid", PROPAGATION,
           "Batch is making the compute environment ready",
           "https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateJobQueue.html"),
)  # fmt: skip


def row_for(service: str, operation: str, code: str, message: str) -> NotYet | None:
    """The row that speaks of this refusal, if any."""
    return next((row for row in TABLE if row.fits(service, operation, code, message)), None)


def pauses(window: float) -> list[float]:
    """Seconds to sleep between tries: short first, growing to ten seconds, adding up to `window`."""
    steps: list[float] = []
    pause, spent = 1.0, 0.0
    while spent < window:
        steps.append(min(pause, window - spent))
        spent += steps[-1]
        pause = min(pause * 1.5, 10.0)
    return steps
