"""What is walked to, what stays a literal and why, and what others own: on resources that somebody made by hand."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import yaml
from stack import ACCOUNT, REGION

from mfinfra import importing
from mfinfra.errors import AccessDenied, InvalidDocument, UserError
from mfinfra.importing import metaflow
from mfinfra.importing.sources import Asked
from mfinfra.importing.start import Seed, Start
from mfinfra.model import Scope

pytestmark = pytest.mark.slow
SCOPE = Scope("prod", ACCOUNT, REGION)
VPC, SUBNET = "vpc-00000000000000001", "subnet-0000000000000000a"
ECS = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"


def trust(service, **more):
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def aws(stack):
    return stack.connect(SimpleNamespace(environment=SimpleNamespace(scope=SCOPE)))


def imported(aws, *seeds, **options):
    return importing.importing(aws, SCOPE, [Start(tuple(seeds))], **options)


def from_settings(aws, settings, **options):
    return importing.importing(aws, SCOPE, [metaflow.start(settings, SCOPE)], **options)


def asked(aws, flag, *values):
    return importing.importing(aws, SCOPE, importing.starts(aws, SCOPE, {flag: Asked(values)}))


def queue_by_hand(stack, tags=None, **resources):
    """A queue with all that it needs, as the guide has it made; `resources` go into the compute environment."""
    iam, batch, ec2 = stack.client("iam"), stack.client("batch"), stack.client("ec2")
    iam.create_role(RoleName="instance", AssumeRolePolicyDocument=trust("ec2"))
    iam.attach_role_policy(RoleName="instance", PolicyArn=ECS)
    iam.create_instance_profile(InstanceProfileName="instance")
    iam.add_role_to_instance_profile(InstanceProfileName="instance", RoleName="instance")
    group = ec2.create_security_group(GroupName="jobs", Description="what jobs may", VpcId=VPC)["GroupId"]
    batch.create_compute_environment(
        computeEnvironmentName="cpu",
        type="MANAGED",
        tags=tags or {},
        computeResources={
            "type": "EC2",
            "minvCpus": 0,
            "maxvCpus": 8,
            "instanceTypes": ["optimal"],
            "subnets": [SUBNET],
            "securityGroupIds": [group],
            "instanceRole": "instance",
            "allocationStrategy": "BEST_FIT_PROGRESSIVE",
            **resources,
        },
    )
    batch.create_job_queue(
        jobQueueName="jobs",
        priority=5,
        tags=tags or {},
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "cpu"}],
    )
    return group


QUEUE = Seed("job_queue", {"name": "jobs"}, "a test", "default")
WRITTEN = """\
# Written by `mfinfra import` from what stood in AWS; what is not written here has its default.
version: 1
environment: prod
account: "123456789012"
region: us-east-1

resources:
  role:
    instance: {name: instance, preset: ecs_instance}

  security_group:
    batch: {name: jobs, vpc: vpc-00000000000000001, description: what jobs may}

  compute_environment:
    cpu:
      name: cpu
      type: EC2
      max_vcpus: 8
      subnets: [subnet-0000000000000000a]
      security_groups: [security_group.batch]
      instance_role: role.instance

  job_queue:
    default: {name: jobs, priority: 5, compute_environments: [compute_environment.cpu]}
"""


def test_a_queue_leads_to_all_that_it_needs(stack, aws):
    queue_by_hand(stack)
    before = stack.writes()
    found = imported(aws, QUEUE)
    assert found.text == WRITTEN
    assert found.differences == ()
    assert stack.writes() == before
    why = {str(address): one.seed.why for address, one in found.found.items()}
    assert why["role.instance"] == "the role of its instances"


def test_what_is_excluded_is_a_name_in_the_file_and_is_not_asked_for(stack, aws):
    group = queue_by_hand(stack)
    found = imported(aws, QUEUE, exclude=["security_group", "role.instance"])
    assert f"security_groups: [{group}]" in found.text
    assert "instance_role: instance" in found.text
    assert {str(address) for address in found.found} == {"job_queue.default", "compute_environment.cpu"}
    assert found.differences == ()


def test_an_address_that_leaves_nothing_out_is_refused(stack, aws):
    queue_by_hand(stack)
    with pytest.raises(UserError, match=r"`--exclude role\.instnace` leaves nothing out") as raised:
        imported(aws, QUEUE, exclude=["role.instnace", "endpoint"])
    assert "role.instance" in raised.value.hint


def test_promise_5_what_another_tool_has_is_imported_with_the_steps_to_hand_it_over(stack, aws):
    queue_by_hand(stack, tags={"managedBy": "terraform"})
    stack.client("iam").tag_role(RoleName="instance", Tags=[{"Key": "ManagedBy", "Value": "Terraform module"}])
    found = imported(aws, QUEUE)
    told = "\n".join(found.handover)
    assert "terraform state rm ADDRESS" in told
    assert "`aws iam untag-role --role-name instance --tag-keys ManagedBy`" in told
    arns = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/jobs arn:aws:batch:{REGION}:{ACCOUNT}:compute-environment/cpu"
    assert f"untag-resources --region {REGION} --resource-arn-list {arns} --tag-keys managedBy`" in told
    assert found.differences == ()


def test_what_another_environment_of_ours_has_stays_a_name(stack, aws):
    queue_by_hand(stack)
    tags = [{"Key": "mfinfra:environment", "Value": "other"}, {"Key": "mfinfra:owner", "Value": "0123456789abcdef"}]
    stack.client("iam").tag_role(RoleName="instance", Tags=tags)
    found = imported(aws, QUEUE)
    assert "instance_role: instance" in found.text
    assert "it belongs to the mfinfra environment `other`" in [one.why for one in found.unmodelled]


def test_the_default_group_and_service_linked_roles_stay_literals(stack, aws):
    groups = stack.client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])
    default = next(row["GroupId"] for row in groups["SecurityGroups"] if row["VpcId"] == VPC)
    queue_by_hand(stack, securityGroupIds=[default])
    found = imported(aws, QUEUE)
    assert f"security_groups: [{default}]" in found.text
    assert {address.kind for address in found.found} == {"job_queue", "compute_environment", "role"}
    assert "it is its VPC's default group" in [one.why for one in found.unmodelled]


def test_all_that_is_named_and_not_there_is_told_at_once(aws):
    settings = {"METAFLOW_BATCH_JOB_QUEUE": "none", "METAFLOW_SFN_DYNAMO_DB_TABLE": "nothing"}
    with pytest.raises(InvalidDocument) as raised:
        from_settings(aws, settings)
    assert [problem.message for problem in raised.value.problems] == [
        f"METAFLOW_BATCH_JOB_QUEUE names `none`, which is not in account {ACCOUNT}, region {REGION}",
        f"METAFLOW_SFN_DYNAMO_DB_TABLE names `nothing`, which is not in account {ACCOUNT}, region {REGION}",
    ]


def test_a_name_that_no_file_takes_is_left_before_anybody_is_asked(stack, aws):
    queue_by_hand(stack)
    settings = {"METAFLOW_BATCH_JOB_QUEUE": "jobs", "METAFLOW_DATASTORE_SYSROOT_S3": "s3://Old_Bucket!/x"}
    found = from_settings(aws, settings)
    left = {one.what: one.why for one in found.unmodelled}
    assert left["the bucket `Old_Bucket!`"] == "no file can call it that"
    assert "queue: job_queue.default" in found.text


def test_no_secret_of_a_configuration_is_shown_and_a_key_that_is_none_takes_no_other_along(stack, aws):
    stack.client("s3").create_bucket(Bucket="flows")
    settings = {
        "METAFLOW_DATASTORE_SYSROOT_S3": "s3://flows/metaflow",
        "METAFLOW_SERVICE_URL": "https://user:geheim@host/",
        "METAFLOW_SERVICE_AUTH_KEY": "geheim",
        "METAFLOW_OF_OURS_TOKEN": "geheim",
        "METAFLOW_DEFAULT_METADATA": "service",
        "METAFLOW_no key": "geheim",
    }
    found = from_settings(aws, settings)
    said = [f"{one.what}: {one.why}" for one in found.unmodelled]
    assert "geheim" not in "\n".join((found.text, *said, *found.differences, *found.withheld))
    assert "`METAFLOW_no key`: it is no setting for a file" in said
    assert "METAFLOW_DEFAULT_METADATA: service" in found.text


def test_what_stays_although_no_field_says_it_is_told(stack, aws):
    stack.client("dynamodb").create_table(
        TableName="flows",
        KeySchema=[{"AttributeName": "pathspec", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pathspec", "other")],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-other",
                "KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    found = from_settings(aws, {"METAFLOW_SFN_DYNAMO_DB_TABLE": "flows"})
    assert {one.what for one in found.unmodelled} >= {
        "global secondary indexes of `table.foreach`",
        "a stream of `table.foreach`",
    }
    assert "# Metaflow needs `ttl_attribute: ttl`: left as it is\n      ttl_attribute: null" in found.text
    assert found.differences == ()


def test_live_text_of_every_sort_stands_in_the_file_as_text(stack, aws):
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:username}/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    iam = stack.client("iam")
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust("ec2"), Description="# ${account} no: {yes} &a *b")
    iam.put_role_policy(RoleName="role", PolicyName="own", PolicyDocument=json.dumps(policy))
    iam.attach_role_policy(RoleName="role", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    stack.client("secretsmanager").create_secret(Name="hostile", Description="\x1b[31m\u202e red")
    iam.create_role(RoleName="null", AssumeRolePolicyDocument=trust("ec2"), Description="long " * 30)
    odd = imported(aws, Seed("role", {"name": "null"}, "a test"))
    assert odd.differences == ()
    assert [*yaml.safe_load(odd.text)["resources"]["role"]] == ["null"], "for other readers too it is a text"
    found = imported(
        aws, Seed("role", {"name": "role"}, "a test"), Seed("secret", {"name": "hostile"}, "[/a]\x1b test")
    )
    assert found.differences == ()
    assert "$${aws:username}" in found.text
    assert "$${account}" in found.text
    assert "managed_policies: [AmazonS3ReadOnlyAccess]" in found.text
    assert "\x1b" not in found.text
    assert "# it holds characters that nobody sees: left as it is\n      description: null" in found.text


def test_a_log_group_whose_key_lets_it_in_by_other_words_names_the_key_by_its_arn(stack, aws):
    key = stack.make_key()
    stack.client("kms").create_alias(AliasName="alias/ours", TargetKeyId=key.rpartition("/")[2])
    stack.client("logs").create_log_group(logGroupName="/flows", kmsKeyId=key)
    found = imported(aws, Seed("log_group", {"name": "/flows"}, "a test"))
    assert {str(address) for address in found.found} == {"log_group.flows", "key.ours"}
    assert f"key: {key}" in found.text
    assert not [one for one in found.differences if "key.ours" not in one]


def test_a_key_without_an_alias_stays_an_arn(stack, aws):
    key = stack.make_key()
    stack.client("logs").create_log_group(logGroupName="/flows", kmsKeyId=key)
    found = imported(aws, Seed("log_group", {"name": "/flows"}, "a test"))
    assert f"key: {key}" in found.text
    assert found.differences == ()
    assert "it has no alias, and a key goes by its alias" in [one.why for one in found.unmodelled]


def test_of_two_endpoints_that_lead_to_one_service_the_file_has_one(stack, aws):
    queue_by_hand(stack)
    ec2 = stack.client("ec2")
    service = f"com.amazonaws.{REGION}.sts"
    for _ in range(2):
        ec2.create_vpc_endpoint(
            VpcEndpointType="Interface", VpcId=VPC, ServiceName=service, SubnetIds=[SUBNET], PrivateDnsEnabled=False
        )
    found = imported(aws, QUEUE)
    assert [str(address) for address in found.found if address.kind == "endpoint"] == ["endpoint.sts"]
    assert any("leads to `vpce-" in one.why for one in found.unmodelled)
    assert found.differences == ()


def test_names_and_arns_and_ids_are_places_to_begin(stack, aws):
    group = queue_by_hand(stack)
    arn = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/jobs"
    by_arn = asked(aws, "--resource", arn)
    assert {address.kind for address in by_arn.found} >= {"job_queue", "compute_environment", "role"}
    by_id, by_name = (asked(aws, "--resource", f"security_group={one}") for one in (group, "jobs"))
    assert by_id.text == by_name.text


def test_tags_are_a_place_to_begin_for_roles_too(stack, aws):
    queue_by_hand(stack, tags={"team": "ml"})
    iam = stack.client("iam")
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=trust("events"), Tags=[{"Key": "team", "Value": "ml"}])
    found = asked(aws, "--tag", "team=ml")
    assert {"role.mine", "job_queue.jobs", "compute_environment.cpu"} <= {str(address) for address in found.found}
    with pytest.raises(UserError, match="nothing in us-east-1 carries the tag `team=dl`"):
        asked(aws, "--tag", "team=dl")


@pytest.mark.parametrize(
    ("flag", "value", "code"),
    [
        ("--resource", "job_queue", "MF5651"),
        ("--resource", "queue=x", "MF5651"),
        ("--resource", "role=", "MF5651"),
        ("--resource", "bucket=no/bucket", "MF5651"),
        ("--resource", "repository=x", "MF5651"),
        ("--resource", "key=alias/aws/s3", "MF5651"),
        ("--resource", "arn:aws-cn:s3:::flows", "MF5653"),
        ("--resource", "arn:aws:sns:us-east-1:123456789012:topic", "MF5651"),
        ("--resource", f"role=arn:aws:batch:us-east-1:{ACCOUNT}:job-queue/jobs", "MF5651"),
        ("--resource", "arn:aws:iam::999999999999:role/x", "MF5653"),
        ("--tag", "team", "MF5651"),
        ("--tag", "=x", "MF5651"),
    ],
)
def test_what_names_nothing_is_refused_with_a_hint(aws, flag, value, code):
    with pytest.raises(UserError) as raised:
        asked(aws, flag, value)
    assert raised.value.code == code
    assert raised.value.hint


def test_promise_15_a_denied_read_ends_the_import_and_names_the_permission(aws):
    class Denied:
        parallelism = 1

        def ask(self, call):
            details = {"service": call.service, "operation": call.operation, "aws_code": "AccessDenied"}
            raise AccessDenied("no", hint=f"the caller needs the permission `{call}`", **details)

    with pytest.raises(AccessDenied, match="DescribeJobQueues"):
        importing.importing(Denied(), SCOPE, [Start((QUEUE,))])
