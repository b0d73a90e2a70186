"""What Terraform's module for Metaflow makes, made through AWS's API: its names, its tags, and its documents' meaning.

Facts from https://github.com/outerbounds/terraform-aws-metaflow (datastore, computation, step functions, and of the
metadata service what a kind describes). Documents have the form in which `aws_iam_policy_document` writes them: a list
of one is a scalar, and a statement that nobody named has an empty `Sid`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from stack import ACCOUNT, REGION, Stack

from mfinfra.sandbox import network

TERRAFORM = {"managedBy": "terraform"}
"""The tags of the module's own example."""
TEAM = {"team": "ml", "environment": "prod"}
DESCRIPTION = "Managed by Terraform"
"""What a group is described as where the configuration does not say it."""
ECS = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForBatchJobsRule"
Statement = dict[str, Any]


def allow(*actions: str, on: str | list[str] = "*", sid: str = "", **more: Any) -> Statement:
    action = actions[0] if len(actions) == 1 else [*actions]
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": on, **more}


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def when(variable: str, *values: str, test: str = "StringEquals") -> Statement:
    return {"Condition": {test: {variable: values[0] if len(values) == 1 else [*values]}}}


@dataclass(slots=True)
class Module:
    """One use of the module. `steps` says whether what Step Functions needs is there, too."""

    stack: Stack
    suffix: str = ""
    batch: str = "ec2"
    steps: bool = True
    tags: dict[str, str] | None = None

    def called(self, name: str) -> str:
        return f"metaflow-{name}{self.suffix}"

    @property
    def pairs(self) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in (self.tags or {}).items()]

    @property
    def bucket(self) -> str:
        return f"arn:aws:s3:::{self.called('s3')}"

    @property
    def queue(self) -> str:
        return f"metaflow-{self.suffix}".replace("--", "-")

    def made(self) -> dict[str, str]:
        """Make everything; returns the profile of Metaflow's that the module puts out."""
        key = self._datastore()
        self._metadata()
        execution = self._role("ecs-execution-role", ("ec2", "ecs", "ecs-tasks", "batch"), **self._execution())
        self._computation()
        job = self._role("batch_s3_task_role", ("ecs-tasks",), **self._job(key))
        roles = self._step_functions(key) if self.steps else {}
        return {
            "METAFLOW_DATASTORE_SYSROOT_S3": f"s3://{self.called('s3')}/metaflow",
            "METAFLOW_DATATOOLS_S3ROOT": f"s3://{self.called('s3')}/data",
            "METAFLOW_BATCH_JOB_QUEUE": f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/{self.queue}",
            "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": job,
            **({"METAFLOW_ECS_FARGATE_EXECUTION_ROLE": execution} if self.batch == "fargate" else {}),
            "METAFLOW_SERVICE_URL": f"https://x1y2z3.execute-api.{REGION}.amazonaws.com/api/",
            "METAFLOW_SERVICE_INTERNAL_URL": f"http://metaflow-nlb.elb.{REGION}.amazonaws.com/",
            "METAFLOW_SFN_IAM_ROLE": roles.get("step_functions", ""),
            "METAFLOW_SFN_STATE_MACHINE_PREFIX": self.queue,
            "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": roles.get("events", ""),
            "METAFLOW_SFN_DYNAMO_DB_TABLE": self.called("step_functions_state") if self.steps else "",
            "METAFLOW_DEFAULT_DATASTORE": "s3",
            "METAFLOW_DEFAULT_METADATA": "service",
        }

    def _role(self, name: str, services: tuple[str, ...], about: str = "", tagged: bool = True, **own: str) -> str:
        principals = [f"{service}.amazonaws.com" for service in services]
        principal = principals[0] if len(principals) == 1 else principals
        trust = {"Sid": "", "Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
        iam = self.stack.client("iam")
        made = iam.create_role(
            RoleName=self.called(name),
            AssumeRolePolicyDocument=document(trust),
            Description=about,
            Tags=self.pairs if tagged else [],
        )
        for policy, text in own.items():
            iam.put_role_policy(RoleName=self.called(name), PolicyName=policy, PolicyDocument=text)
        arn: str = made["Role"]["Arn"]
        return arn

    def _datastore(self) -> str:
        kms, s3, name = self.stack.client("kms"), self.stack.client("s3"), self.called("s3")
        tags = [{"TagKey": key, "TagValue": value} for key, value in (self.tags or {}).items()]
        key: str = kms.create_key(Description="Encrypts the objects of Metaflow", Tags=tags)["KeyMetadata"]["Arn"]
        s3.create_bucket(Bucket=name, ACL="private")
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        rules = [{"ApplyServerSideEncryptionByDefault": default}]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
        words = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(words, True))
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [*self.pairs, {"Key": "Metaflow", "Value": "true"}]})
        return key

    def _metadata(self) -> None:
        """Of the service what a kind describes: its log, and the group of its tasks."""
        self.stack.client("logs").create_log_group(logGroupName=self.called("metadata"), tags=self.tags or {})
        ranges = [{"CidrIp": network.VPC_CIDR, "Description": "Allow API calls internally"}]
        ports = [{"FromPort": port, "ToPort": port, "IpProtocol": "tcp", "IpRanges": ranges} for port in (8080, 8082)]
        self._group("metadata-service-security-group", "The tasks of the metadata service", *ports, tagged=True)

    def _group(self, name: str, about: str, *ingress: dict[str, Any], tagged: bool = False) -> str:
        ec2 = self.stack.client("ec2")
        tags = [{"ResourceType": "security-group", "Tags": self.pairs}] if tagged and self.pairs else []
        made = ec2.create_security_group(
            GroupName=self.called(name), Description=about, VpcId=network.VPC_ID, TagSpecifications=tags
        )
        group: str = made["GroupId"]
        itself = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group, "Description": "internal traffic"}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[*ingress, itself])
        return group

    def _computation(self) -> None:
        batch, here = self.stack.client("batch"), ACCOUNT
        service = self._role("batch-execution-role", ("batch",), **self._service())
        resources: dict[str, Any] = {
            "maxvCpus": 64,
            "subnets": [*network.PRIVATE_SUBNETS],
            "securityGroupIds": [self._group("batch-compute-environment-security-group", DESCRIPTION)],
        }
        resources |= {"type": "FARGATE"} if self.batch == "fargate" else self._instances()
        # Terraform makes the end of the name itself.
        name = f"{self.called('cpu')}20240131093012123400000001"
        batch.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            state="ENABLED",
            serviceRole=service,
            computeResources=resources,
        )
        batch.describe_compute_environments(computeEnvironments=[name])
        batch.create_job_queue(
            jobQueueName=self.queue,
            state="ENABLED",
            priority=1,
            tags=self.tags or {},
            computeEnvironmentOrder=[
                {"order": 0, "computeEnvironment": f"arn:aws:batch:{REGION}:{here}:compute-environment/{name}"}
            ],
        )

    def _instances(self) -> dict[str, Any]:
        iam, name = self.stack.client("iam"), self.called("ecs-iam-role")
        self._role("ecs-iam-role", ("ec2",), about="The role of Batch's instances", tagged=False)
        iam.attach_role_policy(RoleName=name, PolicyArn=ECS)
        profile = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return {
            "type": "EC2",
            "minvCpus": 8,
            "desiredvCpus": 8,
            "allocationStrategy": "BEST_FIT",
            "instanceTypes": ["c4.large", "c4.xlarge", "c4.2xlarge", "c4.4xlarge", "c4.8xlarge"],
            "instanceRole": profile,
            "launchTemplate": {"launchTemplateId": self._template(profile), "version": "1"},
            **({"tags": self.tags} if self.tags else {}),
        }

    def _template(self, profile: str) -> str:
        disk = {"VolumeSize": 100, "Encrypted": True, "DeleteOnTermination": True}
        data = {
            "IamInstanceProfile": {"Arn": profile},
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": disk}],
            "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "optional", "HttpPutResponseHopLimit": 2},
        }
        tags = [{"ResourceType": "launch-template", "Tags": self.pairs}] if self.pairs else []
        made = self.stack.client("ec2").create_launch_template(
            LaunchTemplateName=self.called("batch-launch-tmpl-cpu-100gb"),
            LaunchTemplateData=data,
            TagSpecifications=tags,
        )
        id_: str = made["LaunchTemplate"]["LaunchTemplateId"]
        return id_

    def _step_functions(self, key: str) -> dict[str, str]:
        name, pairs = self.called("step_functions_state"), self.pairs
        dynamodb = self.stack.client("dynamodb")
        dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pathspec", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pathspec", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            SSESpecification={"Enabled": True},
            Tags=pairs,
        )
        ttl = {"AttributeName": "ttl", "Enabled": True}
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
        machines = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:*"
        return {
            "step_functions": self._role("step_functions_role", ("states",), **self._machines(key)),
            "events": self._role(
                "eventbridge_role", ("events",), step_functions=document(allow("states:StartExecution", on=machines))
            ),
        }

    @property
    def _table(self) -> str:
        return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{self.called('step_functions_state')}"

    def _execution(self) -> dict[str, str]:
        pull = ("GetAuthorizationToken", "BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage")
        actions = (*(f"ecr:{name}" for name in pull), "logs:CreateLogStream", "logs:PutLogEvents")
        return {"about": "What ECS starts tasks with", "ecs_access": document(allow(*actions))}

    def _service(self) -> dict[str, str]:
        passed = when("iam:PassedToService", "ec2.amazonaws.com", "ec2.amazonaws.com.cn", "ecs-tasks.amazonaws.com")
        linked = when("iam:AWSServiceName", "autoscaling.amazonaws.com", "ecs.amazonaws.com")
        services = ("ec2:Describe", "autoscaling:Describe", "ecs:List", "ecs:Describe")
        return {
            "about": "What Batch acts with",
            "iam_pass_role": document(allow("iam:PassRole", **passed)),
            "custom_access": document(allow(*(f"{name}*" for name in services), "ec2:RunInstances", "ecs:RunTask")),
            "iam_custom": document(allow("iam:CreateServiceLinkedRole", **linked)),
            "ec2_custom": document(allow("ec2:CreateTags", **when("ec2:CreateAction", "RunInstances"))),
        }

    def _job(self, key: str) -> dict[str, str]:
        objects = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject")
        presigned = when("s3:authType", "REST-HEADER", test="StringNotEquals")
        training = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/*"
        items = ("dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:UpdateItem")
        return {
            "about": "What jobs run with [METAFLOW_ECS_S3_ACCESS_IAM_ROLE]",
            "s3_list": document(allow("s3:ListBucket", on=self.bucket, sid="BucketAccessBatch")),
            "custom_s3": document(allow(*objects, on=f"{self.bucket}/*", sid="ObjectAccessBatch")),
            "s3_kms": document(allow("kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt", on=key)),
            "deny_presigned": document({**allow("s3:*", sid="DenyPresigned", **presigned), "Effect": "Deny"}),
            "sagemaker": document(
                allow("sagemaker:CreateTrainingJob", on=training, sid="Create"),
                allow("sagemaker:DescribeTrainingJob", on=training, sid="Describe"),
            ),
            "iam_pass_role": document(allow("iam:PassRole", **when("iam:PassedToService", "sagemaker.amazonaws.com"))),
            **({"dynamodb": document(allow(*items, on=self._table, sid="Items"))} if self.steps else {}),
            "cloudwatch": document(allow("logs:PutLogEvents", "logs:CreateLogStream", sid="AllowPutLogs")),
        }

    def _machines(self, key: str) -> dict[str, str]:
        queue = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/{self.queue}"
        jobs = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/*"
        delivery = [f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")]
        return {
            "about": "What state machines act with",
            "aws_batch": document(
                allow("batch:TerminateJob", "batch:DescribeJobs", "batch:RegisterJobDefinition", "batch:TagResource"),
                allow("batch:SubmitJob", on=[queue, jobs]),
            ),
            "s3": document(
                allow("s3:ListBucket", on=self.bucket),
                allow("s3:*Object", on=[self.bucket, f"{self.bucket}/*"]),
                allow("kms:Decrypt", on=key),
            ),
            "cloudwatch": document(allow(*delivery, "logs:ListLogDeliveries", "logs:DescribeLogGroups")),
            "event_bridge": document(
                allow("events:PutTargets", "events:DescribeRule", on=RULE),
                allow("events:PutRule", on=RULE, **when("events:detail-type", "Batch Job State Change")),
            ),
            "dynamodb": document(allow("dynamodb:PutItem", "dynamodb:GetItem", on=self._table)),
        }
