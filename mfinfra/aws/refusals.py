"""Refusals that are right now and will not be soon, as data: a role that others cannot see yet, a table in change.

Windows in seconds. An operation stands here only where the refusal can pass by itself: a deletion that finds nothing
has nothing to wait for. What a driver waits for by asking (a role that `GetRole` does not know yet, a status) is no
refusal and stands with the driver. What passes whatever was asked, as a throttle does, stands in `troubles`.
"""

from __future__ import annotations

from dataclasses import dataclass

PROPAGATION = 120.0
RESUMED = 30.0


@dataclass(frozen=True, slots=True)
class NotYet:
    """An answer to try again after: one of `operations` refused with `code`, and `text` stands in the message.

    `resumed` is the window where this run has written nothing of what the call speaks of. An earlier run may have, and
    then been cut short; or what is missing is gone for good, and two minutes of hope are too many. `own`: a write of
    ours whose answer was lost is met with the same words; after one, looking tells more than trying again.
    """

    service: str
    operations: tuple[str, ...]
    code: str
    text: str
    window: float
    why: str
    source: str
    resumed: float | None = None
    own: bool = False

    def fits(self, service: str, operation: str, code: str, message: str) -> bool:
        """Whether this row speaks of that refusal."""
        return (
            service == self.service
            and operation in self.operations
            and code == self.code
            and self.text.lower() in message.lower()
        )

    def patience(self, *, fresh: bool) -> float:
        """Seconds to try for; `fresh`: this run has written what the call speaks of, or may have."""
        return self.window if fresh or self.resumed is None else self.resumed


IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"
S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel"
S3_ABORTED = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList"
DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html#API_UpdateTable_Errors"
TABLES = "https://github.com/trek10inc/dynamodb-autoscaling/issues/8"
LOGS = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html"
EC2 = "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"
GROUPS = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html"
BATCH = "https://docs.aws.amazon.com/batch/latest/userguide/troubleshooting.html"
KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/programming-eventual-consistency.html"
SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html"

ROLE = "IAM is making the role known"
PROFILE = "IAM is making the instance profile known"
CHANGE = "IAM is finishing another change"
BUCKET = "S3 is making the bucket known"
TABLE_KNOWN = "DynamoDB is making the table known"
TABLE_BUSY = "DynamoDB is changing the table"
GROUP = "CloudWatch Logs is making the group known"
REPOSITORY = "ECR is making the repository known"
SECURITY = "EC2 is making the security group known"
ENDPOINT = "EC2 is making the endpoint known"
TEMPLATE = "EC2 is making the launch template known"
INTERFACES = "EC2 is detaching network interfaces from the security group"
KEY = "KMS is making the key known"
KEY_ENABLED = "KMS is enabling the key"
KEY_POLICY = "KMS is making the key and its policy known to CloudWatch Logs"
SECRET = "Secrets Manager is making the secret known"  # noqa: S105 - a sentence
PRINCIPAL = "IAM is making a principal of the {} known"

FACETS = (
    "PutBucketVersioning", "PutBucketEncryption", "PutPublicAccessBlock", "PutBucketOwnershipControls",
    "PutBucketPolicy", "DeleteBucketPolicy", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle",
    "PutBucketTagging",
)  # fmt: skip
TABLE_WRITES = ("UpdateTable", "TagResource", "UntagResource", "UpdateTimeToLive")
GROUP_WRITES = ("PutRetentionPolicy", "DeleteRetentionPolicy", "AssociateKmsKey", "DisassociateKmsKey")
REPOSITORY_WRITES = (
    "PutImageTagMutability", "PutImageScanningConfiguration", "PutLifecyclePolicy", "DeleteLifecyclePolicy",
    "SetRepositoryPolicy", "DeleteRepositoryPolicy", "TagResource",
)  # fmt: skip
RULES = (
    "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress", "UpdateSecurityGroupRuleDescriptionsIngress",
    "UpdateSecurityGroupRuleDescriptionsEgress",
)  # fmt: skip
GROUP_USERS = (*RULES, "CreateTags", "CreateVpcEndpoint", "ModifyVpcEndpoint")
KEY_WRITES = (
    "CreateAlias", "EnableKey", "EnableKeyRotation", "DisableKeyRotation", "PutKeyPolicy", "TagResource",
    "UpdateKeyDescription",
)  # fmt: skip
SECRET_WRITES = ("TagResource", "UpdateSecret")
TEMPLATE_WRITES = ("CreateLaunchTemplateVersion", "ModifyLaunchTemplate", "CreateTags")
BATCH_WRITES = (
    "UpdateComputeEnvironment", "DeleteComputeEnvironment", "UpdateJobQueue", "DeleteJobQueue",
)  # fmt: skip

TABLE = (
    NotYet("iam", ("CreateRole", "UpdateAssumeRolePolicy"), "MalformedPolicyDocument", "Invalid principal",
           PROPAGATION, PRINCIPAL.format("trust policy"), IAM),
    NotYet("iam", ("CreateRole", "TagRole", "UntagRole", "DeleteRole", "CreateInstanceProfile", "TagInstanceProfile",
           "UntagInstanceProfile"), "ConcurrentModification", "", PROPAGATION, CHANGE, IAM),
    NotYet("iam", ("DeleteRole",), "DeleteConflict", "", PROPAGATION, "IAM is letting go of the role's policies", IAM),
    NotYet("iam", ("DeleteInstanceProfile",), "DeleteConflict", "", PROPAGATION,
           "IAM is letting go of the profile's role", IAM),
    NotYet("iam", ("UpdateAssumeRolePolicy", "UpdateRole", "TagRole", "PutRolePolicy"), "NoSuchEntity", "", PROPAGATION,
           ROLE, IAM, RESUMED),
    # What they give to the role, or the role to, may be missing too, and for good.
    NotYet("iam", ("AttachRolePolicy", "PutRolePermissionsBoundary", "AddRoleToInstanceProfile"), "NoSuchEntity",
           "The role with name", PROPAGATION, ROLE, IAM, RESUMED),
    NotYet("iam", ("AddRoleToInstanceProfile",), "NoSuchEntity", "Instance Profile", PROPAGATION, PROFILE, IAM,
           RESUMED),
    NotYet("iam", ("TagInstanceProfile",), "NoSuchEntity", "", PROPAGATION, PROFILE, IAM, RESUMED),

    NotYet("s3", (*FACETS, "PutObject"), "NoSuchBucket", "", PROPAGATION, BUCKET, S3, RESUMED),
    NotYet("s3", ("PutBucketPolicy",), "MalformedPolicy", "Invalid principal", PROPAGATION,
           PRINCIPAL.format("bucket policy"), IAM),
    NotYet("s3", ("CreateBucket", *FACETS, "DeleteBucketTagging", "DeleteObjects", "DeleteBucket"), "OperationAborted",
           "", 300.0, "S3 is finishing another change of the bucket", S3_ABORTED),

    NotYet("dynamodb", ("CreateTable", "DeleteTable", *TABLE_WRITES),
           "ResourceInUseException", "being", 1800.0, TABLE_BUSY, DYNAMODB, own=True),
    NotYet("dynamodb", ("DeleteTable", *TABLE_WRITES), "ResourceInUseException",
           "in use", 1800.0, TABLE_BUSY, DYNAMODB, own=True),
    NotYet("dynamodb", ("CreateTable", "DeleteTable", *TABLE_WRITES),
           "LimitExceededException", "simultaneously", 1800.0,
           "DynamoDB is changing as many tables as it does at once", TABLES),
    NotYet("dynamodb", ("CreateTable",), "ThrottlingException", "", 1800.0,
           "DynamoDB is changing as many tables as it does at once", DYNAMODB),
    NotYet("dynamodb", ("UpdateContinuousBackups",), "ContinuousBackupsUnavailableException", "", 1200.0,
           "DynamoDB is enabling backups",
           "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateContinuousBackups.html"),
    NotYet("dynamodb", TABLE_WRITES, "ResourceNotFoundException", "",
           PROPAGATION, TABLE_KNOWN, DYNAMODB, RESUMED),
    NotYet("dynamodb", ("UpdateContinuousBackups",), "TableNotFoundException", "", PROPAGATION, TABLE_KNOWN, DYNAMODB,
           RESUMED),

    NotYet("logs", ("CreateLogGroup", "DeleteLogGroup", *GROUP_WRITES), "OperationAbortedException", "", 60.0,
           "CloudWatch Logs is finishing another change", LOGS),
    NotYet("logs", (*GROUP_WRITES, "TagResource"), "ResourceNotFoundException", "", PROPAGATION, GROUP, LOGS, RESUMED),
    # Who may write by a tag of the group has to wait until the tags of a new one are seen; else it is simply denied.
    NotYet("logs", ("PutRetentionPolicy",), "AccessDeniedException", "no identity-based policy allows", PROPAGATION,
           "CloudWatch Logs is making the tags of the group known",
           "https://github.com/hashicorp/terraform-provider-aws/issues/27028", resumed=0.0),

    NotYet("ecr", ("SetRepositoryPolicy",), "InvalidParameterException", "Principal not found", PROPAGATION,
           PRINCIPAL.format("repository policy"), "https://github.com/hashicorp/terraform-provider-aws/issues/39064"),
    NotYet("ecr", ("SetRepositoryPolicy",), "InvalidParameterException", "Invalid repository policy", PROPAGATION,
           PRINCIPAL.format("repository policy"), "https://github.com/hashicorp/terraform-provider-aws/pull/1165"),
    NotYet("ecr", REPOSITORY_WRITES, "RepositoryNotFoundException", "", PROPAGATION, REPOSITORY,
           "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html", RESUMED),

    NotYet("kms", ("CreateKey", "PutKeyPolicy"), "MalformedPolicyDocumentException", "principal", PROPAGATION,
           PRINCIPAL.format("key policy"), IAM),
    NotYet("kms", KEY_WRITES, "NotFoundException", "", PROPAGATION, KEY, KMS, RESUMED),
    NotYet("kms", ("EnableKeyRotation", "DisableKeyRotation"), "DisabledException", "", PROPAGATION, KEY_ENABLED,
           KMS, resumed=0.0),
    NotYet("kms", KEY_WRITES, "KMSInvalidStateException", "pending deletion", PROPAGATION, KEY_ENABLED, KMS,
           resumed=0.0),
    NotYet("logs", ("CreateLogGroup", "AssociateKmsKey"), "InvalidParameterException", "is not allowed to be used",
           PROPAGATION, KEY_POLICY, "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
           resumed=0.0),
    NotYet("secretsmanager", SECRET_WRITES, "ResourceNotFoundException", "", PROPAGATION, SECRET, SECRETS, RESUMED),
    NotYet("secretsmanager", SECRET_WRITES, "InvalidRequestException", "marked for deletion", PROPAGATION, SECRET,
           SECRETS, resumed=0.0),

    NotYet("ec2", GROUP_USERS, "InvalidGroup.NotFound", "", PROPAGATION, SECURITY, EC2, RESUMED),
    NotYet("ec2", ("CreateTags", "CreateVpcEndpoint", "ModifyVpcEndpoint"), "InvalidSecurityGroupID.NotFound", "",
           PROPAGATION, SECURITY, EC2, RESUMED),
    NotYet("ec2", ("ModifyVpcEndpoint", "CreateTags"), "InvalidVpcEndpointId.NotFound", "", PROPAGATION, ENDPOINT,
           EC2, RESUMED),
    NotYet("ec2", ("ModifyVpcEndpoint",), "IncorrectState", "", PROPAGATION, "AWS is finishing another change",
           "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"),
    NotYet("ec2", ("CreateVpcEndpoint", "ModifyVpcEndpoint"), "InvalidParameter", "conflicting DNS domain",
           PROPAGATION, "Route 53 is letting go of the private names of a deleted endpoint",
           "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"),
    NotYet("ec2", ("DeleteVpcEndpoints",), "InvalidParameter", "PrivateDnsOnlyForInboundResolverEndpoint", 600.0,
           "EC2 is deleting the interface endpoint that the gateway endpoint serves",
           "https://github.com/cloudposse/terraform-aws-vpc/issues/153"),
    NotYet("ec2", ("DeleteSecurityGroup",), "DependencyViolation", "", 900.0, INTERFACES, GROUPS),
    NotYet("ec2", ("DeleteSecurityGroup",), "InvalidGroup.InUse", "", 900.0, INTERFACES, GROUPS),
    NotYet("ec2", TEMPLATE_WRITES, "InvalidLaunchTemplateId.NotFound", "", PROPAGATION, TEMPLATE, EC2, RESUMED),
    NotYet("ec2", TEMPLATE_WRITES, "InvalidLaunchTemplateName.NotFoundException", "", PROPAGATION, TEMPLATE, EC2,
           RESUMED),
    NotYet("ec2", ("ModifyLaunchTemplate",), "InvalidLaunchTemplateId.VersionNotFound", "", PROPAGATION,
           "EC2 is making the version known", EC2, RESUMED),

    NotYet("batch", ("DeleteComputeEnvironment",), "ClientException", "JobQueue relationship", 300.0,
           "Batch is taking the compute environment out of its queues",
           "https://github.com/hashicorp/terraform-provider-aws/issues/46925"),
    NotYet("batch", ("DeleteSchedulingPolicy",), "ClientException", "queue", PROPAGATION,
           "Batch is taking the scheduling policy out of its queues",
           "https://docs.aws.amazon.com/batch/latest/APIReference/API_DeleteSchedulingPolicy.html"),
    NotYet("batch", BATCH_WRITES, "ClientException", "resource is being modified", 600.0,
           "Batch is finishing another change", BATCH, own=True),
    NotYet("batch", ("CreateJobQueue", "UpdateJobQueue"), "ClientException", "is not valid", PROPAGATION,
           "Batch is making the compute environment ready",
           "https://docs.aws.amazon.com/batch/latest/APIReference/API_CreateJobQueue.html"),
)  # fmt: skip
