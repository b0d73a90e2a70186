"""Types that hold or run something: buckets, tables, log groups, repositories, Batch, clusters, databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mfinfra.sandbox.corrections.batch.records import environments, queues
from mfinfra.sandbox.corrections.call import Call
from mfinfra.sandbox.corrections.cloudformation import shapes
from mfinfra.sandbox.corrections.cloudformation.making import PATIENCE, Made, Making, Type, gone_is_fine, rows
from mfinfra.sandbox.corrections.s3 import aws_tags

FIRST_REGION: Final = "us-east-1"


def bucket(making: Making) -> Made:
    making.only(
        *("BucketName", "AccessControl", "BucketEncryption", "PublicAccessBlockConfiguration"),
        *("VersioningConfiguration", "OwnershipControls"),
    )
    name = making.properties.get("BucketName", making.name.lower())
    region = making.call.region
    place = {} if region == FIRST_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    making.ask("s3", "CreateBucket", Bucket=name, **place)
    for operation, param in (
        ("PutPublicAccessBlock", "PublicAccessBlockConfiguration"),
        ("PutBucketVersioning", "VersioningConfiguration"),
        ("PutBucketOwnershipControls", "OwnershipControls"),
    ):
        if param in making.properties:
            making.ask("s3", operation, Bucket=name, **{param: making.properties[param]})
    if encryption := making.properties.get("BucketEncryption"):
        found = [
            {
                "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
                "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
            }
            for rule in encryption["ServerSideEncryptionConfiguration"]
        ]
        making.ask("s3", "PutBucketEncryption", Bucket=name, ServerSideEncryptionConfiguration={"Rules": found})
    return Made(name, {"Arn": f"arn:{making.call.partition}:s3:::{name}", "DomainName": f"{name}.s3.amazonaws.com"})


def delete_bucket(making: Making, name: str) -> None:
    gone_is_fine(lambda: making.ask("s3", "DeleteBucket", Bucket=name))


def tag_bucket(call: Call, made: Made, tags: Mapping[str, str]) -> None:
    aws_tags.put(call, made.physical, tags)


def bucket_policy(making: Making) -> Made:
    making.only("Bucket", "PolicyDocument")
    document = shapes.text(making.properties["PolicyDocument"])
    making.ask("s3", "PutBucketPolicy", Bucket=making.properties["Bucket"], Policy=document)
    return Made(making.properties["Bucket"])


def delete_bucket_policy(making: Making, name: str) -> None:
    gone_is_fine(lambda: making.ask("s3", "DeleteBucketPolicy", Bucket=name))


def table(making: Making) -> Made:
    known = ("BillingMode", "AttributeDefinitions", "KeySchema", "ProvisionedThroughput", "SSESpecification")
    making.only(
        *known, "TableName", "TimeToLiveSpecification", "PointInTimeRecoverySpecification", "DeletionProtectionEnabled"
    )
    wanted = {"TableName": making.name, **making.among("TableName", "DeletionProtectionEnabled", *known)}
    if encryption := wanted.get("SSESpecification"):
        wanted["SSESpecification"] = {**encryption, "Enabled": encryption["SSEEnabled"]}
    made = making.ask("dynamodb", "CreateTable", **wanted)["TableDescription"]
    name = made["TableName"]
    for _ in range(PATIENCE):
        if making.ask("dynamodb", "DescribeTable", TableName=name)["Table"]["TableStatus"] != "CREATING":
            break
    for operation, param in (
        ("UpdateTimeToLive", "TimeToLiveSpecification"),
        ("UpdateContinuousBackups", "PointInTimeRecoverySpecification"),
    ):
        if param in making.properties:
            making.ask("dynamodb", operation, TableName=name, **{param: making.properties[param]})
    return Made(name, {"Arn": made["TableArn"]})


def delete_table(making: Making, name: str) -> None:
    gone_is_fine(lambda: making.ask("dynamodb", "DeleteTable", TableName=name))


def tag_table(call: Call, made: Made, tags: Mapping[str, str]) -> None:
    call.ask("dynamodb", "TagResource", ResourceArn=made.attributes["Arn"], Tags=rows(tags))


def log_group(making: Making) -> Made:
    making.only("LogGroupName", "RetentionInDays", "KmsKeyId")
    name = making.properties.get("LogGroupName", making.name)
    making.ask("logs", "CreateLogGroup", logGroupName=name, **making.among(kmsKeyId="KmsKeyId"))
    if "RetentionInDays" in making.properties:
        days = making.properties["RetentionInDays"]
        making.ask("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=days)
    return Made(name, {"Arn": f"{making.call.arn(f'log-group:{name}', service='logs')}:*"})


def delete_log_group(making: Making, name: str) -> None:
    gone_is_fine(lambda: making.ask("logs", "DeleteLogGroup", logGroupName=name))


def tag_log_group(call: Call, made: Made, tags: Mapping[str, str]) -> None:
    call.ask("logs", "TagResource", resourceArn=made.attributes["Arn"].removesuffix(":*"), tags=dict(tags))


def repository(making: Making) -> Made:
    known = ("RepositoryName", "ImageScanningConfiguration", "ImageTagMutability", "EncryptionConfiguration")
    making.only(*known, "LifecyclePolicy")
    wanted = {"RepositoryName": making.name.lower(), **making.among(*known)}
    made = making.ask("ecr", "CreateRepository", **wanted)["repository"]
    if policy := making.properties.get("LifecyclePolicy"):
        wanted = {"repositoryName": made["repositoryName"], "lifecyclePolicyText": policy["LifecyclePolicyText"]}
        making.ask("ecr", "PutLifecyclePolicy", **wanted)
    return Made(made["repositoryName"], {"Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]})


def delete_repository(making: Making, name: str) -> None:
    gone_is_fine(lambda: making.ask("ecr", "DeleteRepository", repositoryName=name))


def tag_repository(call: Call, made: Made, tags: Mapping[str, str]) -> None:
    call.ask("ecr", "TagResource", resourceArn=made.attributes["Arn"], tags=rows(tags))


def compute_environment(making: Making) -> Made:
    """Made as the property says, and used once it is valid: CloudFormation waits for that."""
    known = ("ComputeEnvironmentName", "Type", "State", "ServiceRole", "UnmanagedvCpus", "ComputeResources")
    making.only(*known, "ReplaceComputeEnvironment", "UpdatePolicy")
    arn = making.ask(
        "batch", "CreateComputeEnvironment", **{"ComputeEnvironmentName": making.name, **making.among(*known)}
    )
    made = Made(arn["computeEnvironmentArn"], {"ComputeEnvironmentArn": arn["computeEnvironmentArn"]})
    _wait_for_batch(making, "ComputeEnvironment", made.physical)
    return made


def delete_compute_environment(making: Making, arn: str) -> None:
    _delete_of_batch(making, "ComputeEnvironment", arn)


def job_queue(making: Making) -> Made:
    known = ("JobQueueName", "Priority", "State", "SchedulingPolicyArn", "ComputeEnvironmentOrder")
    making.only(*known)
    made = making.ask("batch", "CreateJobQueue", **{"JobQueueName": making.name, **making.among(*known)})
    _wait_for_batch(making, "JobQueue", made["jobQueueArn"])
    return Made(made["jobQueueArn"], {"JobQueueArn": made["jobQueueArn"]})


def delete_job_queue(making: Making, arn: str) -> None:
    _delete_of_batch(making, "JobQueue", arn)


def scheduling_policy(making: Making) -> Made:
    making.only("Name", "FairsharePolicy")
    wanted = {"name": making.name, **making.among(name="Name", fairsharePolicy="FairsharePolicy")}
    arn = making.ask("batch", "CreateSchedulingPolicy", **wanted)["arn"]
    return Made(arn, {"Arn": arn})


def delete_scheduling_policy(making: Making, arn: str) -> None:
    gone_is_fine(lambda: making.ask("batch", "DeleteSchedulingPolicy", arn=arn))


def tag_batch(call: Call, made: Made, tags: Mapping[str, str]) -> None:
    record = environments(call.region).get(made.physical) or queues(call.region).get(made.physical)
    if record is None:
        call.ask("batch", "TagResource", resourceArn=made.physical, tags=dict(tags))
    else:
        record.said["tags"] = {**record.said["tags"], **tags}


def _wait_for_batch(making: Making, what: str, arn: str) -> None:
    names = f"{what[0].lower()}{what[1:]}s"
    for _ in range(PATIENCE):
        found: list[dict[str, Any]] = making.ask("batch", f"Describe{what}s", **{names: [arn]})[names]
        if not found or found[0]["status"] in ("VALID", "INVALID", "DELETED"):
            return


def _delete_of_batch(making: Making, what: str, arn: str) -> None:
    param = f"{what[0].lower()}{what[1:]}"

    def delete() -> None:
        making.ask("batch", f"Update{what}", **{param: arn, "state": "DISABLED"})
        _wait_for_batch(making, what, arn)
        making.ask("batch", f"Delete{what}", **{param: arn})
        _wait_for_batch(making, what, arn)

    gone_is_fine(delete)


def cluster(making: Making) -> Made:
    making.only("ClusterName", "ClusterSettings")
    wanted = {"clusterName": making.name, **making.among(clusterName="ClusterName", settings="ClusterSettings")}
    made = making.ask("ecs", "CreateCluster", **wanted)["cluster"]
    return Made(made["clusterName"], {"Arn": made["clusterArn"]})


def delete_cluster(making: Making, name: str) -> None:
    gone_is_fine(lambda: making.ask("ecs", "DeleteCluster", cluster=name))


def subnet_group(making: Making) -> Made:
    making.only("DBSubnetGroupName", "DBSubnetGroupDescription", "SubnetIds")
    wanted = {"DBSubnetGroupName": making.name.lower(), **making.among("DBSubnetGroupDescription", "SubnetIds")}
    return Made(making.ask("rds", "CreateDBSubnetGroup", **wanted)["DBSubnetGroup"]["DBSubnetGroupName"])


def delete_subnet_group(making: Making, name: str) -> None:
    gone_is_fine(lambda: making.ask("rds", "DeleteDBSubnetGroup", DBSubnetGroupName=name))


def database(making: Making) -> Made:
    known = ("DBName", "AllocatedStorage", "DBInstanceClass", "Engine", "EngineVersion", "StorageType")
    making.only(*known, "MasterUsername", "MasterUserPassword", "VPCSecurityGroups", "DBSubnetGroupName")
    named = making.among(
        "MasterUsername", "MasterUserPassword", "DBSubnetGroupName", VpcSecurityGroupIds="VPCSecurityGroups"
    )
    wanted = {"DBInstanceIdentifier": making.name.lower(), **making.among(*known), **named}
    made = making.ask("rds", "CreateDBInstance", **wanted)["DBInstance"]
    return Made(made["DBInstanceIdentifier"], {"Endpoint.Address": made.get("Endpoint", {}).get("Address", "")})


def delete_database(making: Making, name: str) -> None:
    wanted = {"DBInstanceIdentifier": name, "SkipFinalSnapshot": True}
    gone_is_fine(lambda: making.ask("rds", "DeleteDBInstance", **wanted))


TYPES: Final[Mapping[str, Type]] = {
    "AWS::S3::Bucket": Type(bucket, delete_bucket, tag_bucket),
    "AWS::S3::BucketPolicy": Type(bucket_policy, delete_bucket_policy),
    "AWS::DynamoDB::Table": Type(table, delete_table, tag_table),
    "AWS::Logs::LogGroup": Type(log_group, delete_log_group, tag_log_group),
    "AWS::ECR::Repository": Type(repository, delete_repository, tag_repository),
    "AWS::Batch::ComputeEnvironment": Type(compute_environment, delete_compute_environment, tag_batch),
    "AWS::Batch::JobQueue": Type(job_queue, delete_job_queue, tag_batch),
    "AWS::Batch::SchedulingPolicy": Type(scheduling_policy, delete_scheduling_policy, tag_batch),
    "AWS::ECS::Cluster": Type(cluster, delete_cluster),
    "AWS::RDS::DBInstance": Type(database, delete_database),
    "AWS::RDS::DBSubnetGroup": Type(subnet_group, delete_subnet_group),
}
