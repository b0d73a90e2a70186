import json

import pytest

from mfinfra.sandbox.network import PRIVATE_ROUTE_TABLE, VPC_ID

OWNED = {"mfinfra:stack": "prod"}
PAIRS = [{"Key": "mfinfra:stack", "Value": "prod"}]


@pytest.fixture
def stack(sandbox, client_of):
    """One tagged resource of every kind."""
    batch = client_of("batch")
    environment = batch.create_compute_environment(computeEnvironmentName="ce", type="UNMANAGED", tags=OWNED)
    order = [{"order": 1, "computeEnvironment": "ce"}]
    batch.create_job_queue(jobQueueName="jq", priority=1, computeEnvironmentOrder=order, tags=OWNED)
    batch.create_scheduling_policy(name="sp", tags=OWNED)
    client_of("s3").create_bucket(Bucket="mf-bucket", CreateBucketConfiguration={"Tags": PAIRS})
    client_of("dynamodb").create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=PAIRS,
    )
    client_of("logs").create_log_group(logGroupName="/mf/logs", tags=OWNED)
    client_of("ecr").create_repository(repositoryName="repo", tags=PAIRS)
    ec2 = client_of("ec2")
    tags = [{"ResourceType": "security-group", "Tags": PAIRS}]
    ec2.create_security_group(GroupName="g", Description="g", VpcId=VPC_ID, TagSpecifications=tags)
    tags = [{"ResourceType": "vpc-endpoint", "Tags": PAIRS}]
    service = "com.amazonaws.us-east-1.s3"
    ec2.create_vpc_endpoint(
        VpcId=VPC_ID, ServiceName=service, RouteTableIds=[PRIVATE_ROUTE_TABLE], TagSpecifications=tags
    )
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    client_of("iam").create_role(RoleName="role", AssumeRolePolicyDocument=document, Tags=PAIRS)
    return environment["computeEnvironmentArn"]


def found(tagging, **how):
    pages = tagging.get_paginator("get_resources").paginate(**how)
    return [each for page in pages for each in page["ResourceTagMappingList"]]


def test_every_taggable_kind_but_roles_is_found_by_its_tag(stack, client_of):
    owned = found(client_of("resourcegroupstaggingapi"), TagFilters=[{"Key": "mfinfra:stack", "Values": ["prod"]}])
    arns = [each["ResourceARN"] for each in owned]
    account = "us-east-1:123456789012"
    for wanted in (
        "arn:aws:s3:::mf-bucket",
        f"arn:aws:batch:{account}:compute-environment/ce",
        f"arn:aws:batch:{account}:job-queue/jq",
        f"arn:aws:batch:{account}:scheduling-policy/sp",
        f"arn:aws:dynamodb:{account}:table/table",
        f"arn:aws:logs:{account}:log-group:/mf/logs",
        f"arn:aws:ecr:{account}:repository/repo",
    ):
        assert wanted in arns
    for kind in ("security-group/sg-", "vpc-endpoint/vpce-"):
        assert any(arn.startswith(f"arn:aws:ec2:{account}:{kind}") for arn in arns)
    assert len(arns) == 9
    assert all(each["Tags"] == PAIRS for each in owned)


def test_kinds_are_filtered(stack, client_of):
    tagging = client_of("resourcegroupstaggingapi")
    kinds = ["batch:compute-environment", "ecr"]
    arns = [each["ResourceARN"] for each in found(tagging, ResourceTypeFilters=kinds)]
    assert [arn.split(":")[2] for arn in arns] == ["batch", "ecr"]
    listed = found(tagging, ResourceARNList=[stack])
    assert [each["ResourceARN"] for each in listed] == [stack]


def test_another_value_another_region_and_no_tag_are_not_found(stack, client_of):
    filters = [{"Key": "mfinfra:stack", "Values": ["test"]}]
    assert found(client_of("resourcegroupstaggingapi"), TagFilters=filters) == []
    elsewhere = client_of("resourcegroupstaggingapi", "eu-west-1")
    assert found(elsewhere, TagFilters=[{"Key": "mfinfra:stack"}]) == []
    client_of("batch").untag_resource(resourceArn=stack, tagKeys=["mfinfra:stack"])
    owned = found(client_of("resourcegroupstaggingapi"), TagFilters=[{"Key": "mfinfra:stack"}])
    assert stack not in [each["ResourceARN"] for each in owned]


def test_tags_are_taken_off_every_kind_that_is_found_by_them(stack, client_of):
    tagging = client_of("resourcegroupstaggingapi")
    client_of("secretsmanager").create_secret(Name="secret", Tags=PAIRS)
    client_of("kms").create_key(Tags=[{"TagKey": "mfinfra:stack", "TagValue": "prod"}])
    tags = [{"ResourceType": "launch-template", "Tags": PAIRS}]
    client_of("ec2").create_launch_template(
        LaunchTemplateName="template", LaunchTemplateData={"KeyName": "k"}, TagSpecifications=tags
    )
    client_of("batch").tag_resource(resourceArn=stack, tags={"team": "ml"})
    arns = [each["ResourceARN"] for each in found(tagging, TagFilters=[{"Key": "mfinfra:stack"}])]
    assert len(arns) == 12
    answer = tagging.untag_resources(ResourceARNList=arns, TagKeys=["mfinfra:stack"])
    assert answer["FailedResourcesMap"] == {}
    assert found(tagging, TagFilters=[{"Key": "mfinfra:stack"}]) == []
    assert [each["ResourceARN"] for each in found(tagging, TagFilters=[{"Key": "team"}])] == [stack]


def test_resources_come_in_pages(stack, client_of):
    filters = [{"Key": "mfinfra:stack"}]
    pages = (
        client_of("resourcegroupstaggingapi")
        .get_paginator("get_resources")
        .paginate(TagFilters=filters, PaginationConfig={"PageSize": 4})
    )
    assert [len(page["ResourceTagMappingList"]) for page in pages] == [4, 4, 1]
