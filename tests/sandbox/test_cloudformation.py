"""CloudFormation as AWS has it: stacks made by the services themselves, and what they leave when they go."""

import json

import pytest
from botocore.exceptions import ClientError

from mfinfra.sandbox import network

pytestmark = pytest.mark.slow
TAG = "aws:cloudformation:"
TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}
GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/jobs", "RetentionInDays": "7"}}
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": TRUST,
        "Policies": [
            {
                "PolicyName": "logs",
                "PolicyDocument": {
                    "Statement": {"Effect": "Allow", "Action": "logs:*", "Resource": {"Fn::GetAtt": ["Logs", "Arn"]}}
                },
            }
        ],
    },
}
IAM = {"Capabilities": ["CAPABILITY_IAM"]}


@pytest.fixture
def stacks(sandbox, client_of):
    return Stacks(client_of("cloudformation"))


class Stacks:
    def __init__(self, client):
        self.client = client

    def create(self, resources, name="flows", **more):
        body = json.dumps({"Resources": resources, **more.pop("template", {})})
        return self.client.create_stack(StackName=name, TemplateBody=body, **more)["StackId"]

    def update(self, resources, name="flows", **more):
        body = json.dumps({"Resources": resources, **more.pop("template", {})})
        self.client.update_stack(StackName=name, TemplateBody=body, **more)

    def shown(self, name="flows"):
        return self.client.describe_stacks(StackName=name)["Stacks"][0]

    def resources(self, name="flows"):
        pages = self.client.get_paginator("list_stack_resources").paginate(StackName=name)
        return {row["LogicalResourceId"]: row for page in pages for row in page["StackResourceSummaries"]}

    def statuses(self, name="flows"):
        return {logical: row["ResourceStatus"] for logical, row in self.resources(name).items()}


def refused(call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_what_a_stack_makes_carries_the_stack_s_tags_and_its_own(stacks, client_of):
    tagged = {**GROUP, "Properties": {**GROUP["Properties"], "Tags": [{"Key": "of", "Value": "template"}]}}
    id_ = stacks.create(
        {"Logs": tagged, "Role": ROLE}, Tags=[{"Key": "of", "Value": "stack"}, {"Key": "a", "Value": "b"}], **IAM
    )
    role = stacks.resources()["Role"]["PhysicalResourceId"]
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/jobs"
    own = {f"{TAG}stack-id": id_, f"{TAG}stack-name": "flows"}

    assert client_of("logs").list_tags_for_resource(resourceArn=arn)["tags"] == {
        **own, "of": "stack", "a": "b", f"{TAG}logical-id": "Logs"
    }  # fmt: skip
    tags = client_of("iam").list_role_tags(RoleName=role)["Tags"]
    assert {row["Key"]: row["Value"] for row in tags}[f"{TAG}logical-id"] == "Role"
    assert client_of("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    assert stacks.shown()["StackStatus"] == "CREATE_COMPLETE"


def test_the_policy_of_a_role_stays_as_it_was_written_without_a_version(stacks, client_of):
    stacks.create({"Logs": GROUP, "Role": ROLE}, **IAM)
    role = stacks.resources()["Role"]["PhysicalResourceId"]

    policy = client_of("iam").get_role_policy(RoleName=role, PolicyName="logs")["PolicyDocument"]
    assert policy == {
        "Statement": {
            "Effect": "Allow",
            "Action": "logs:*",
            "Resource": "arn:aws:logs:us-east-1:123456789012:log-group:/jobs:*",
        }
    }


def test_what_the_template_retains_stays_when_the_stack_goes_and_is_told_by_the_stack_s_id(stacks, client_of):
    id_ = stacks.create({"Logs": {**GROUP, "DeletionPolicy": "Retain"}, "Role": ROLE}, **IAM)
    stacks.client.delete_stack(StackName="flows")

    assert [row["logGroupName"] for row in client_of("logs").describe_log_groups()["logGroups"]] == ["/jobs"]
    assert stacks.shown(id_)["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.statuses(id_) == {"Logs": "DELETE_SKIPPED", "Role": "DELETE_COMPLETE"}
    told = ("ValidationError", "Stack with id flows does not exist")
    assert refused(stacks.client.describe_stacks, StackName="flows") == told
    assert refused(stacks.client.list_stack_resources, StackName="flows") == told
    assert stacks.client.describe_stacks()["Stacks"] == []
    assert stacks.client.delete_stack(StackName="flows")


def test_what_leaves_the_template_goes_unless_it_was_retained(stacks, client_of):
    other = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/other"}}
    stacks.create(
        {
            "Logs": {**GROUP, "DeletionPolicy": "Retain"},
            "Other": other,
            "Role": {**ROLE, "Properties": {"AssumeRolePolicyDocument": TRUST}},
        },
        **IAM,
    )
    stacks.update({"Role": {**ROLE, "Properties": {"AssumeRolePolicyDocument": TRUST}}}, **IAM)

    assert [row["logGroupName"] for row in client_of("logs").describe_log_groups()["logGroups"]] == ["/jobs"]
    assert stacks.statuses() == {"Logs": "DELETE_SKIPPED", "Other": "DELETE_COMPLETE", "Role": "CREATE_COMPLETE"}


def test_a_deletion_policy_alone_is_no_update_and_with_metadata_it_is_one(stacks):
    stacks.create({"Logs": GROUP})
    kept = {"Logs": {**GROUP, "DeletionPolicy": "Retain"}}

    body = json.dumps({"Resources": kept})
    told = ("ValidationError", "No updates are to be performed.")
    assert refused(stacks.client.update_stack, StackName="flows", TemplateBody=body) == told
    stacks.update({"Logs": {**kept["Logs"], "Metadata": {"why": "to be kept"}}})
    assert stacks.statuses() == {"Logs": "UPDATE_COMPLETE"}
    stacks.client.delete_stack(StackName="flows")


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ({"Resources": {"X": {"Type": "AWS::Nobody::Knows"}}}, "Unrecognized resource types: [AWS::Nobody::Knows]"),
        (
            {"Resources": {"Logs": GROUP}, "Outputs": {"X": {"Value": {"Ref": "Gone"}}}},
            "Unresolved resource dependencies [Gone] in the Outputs block of the template",
        ),
        (
            {"Resources": {"Logs": {**GROUP, "DependsOn": "Gone"}}},
            "Unresolved resource dependencies [Gone] in the Resources block of the template",
        ),
        (
            {"Resources": {"Logs": {**GROUP, "Properties": {"LogGroupName": {"Fn::Sub": "/${Gone.Arn}/${!kept}"}}}}},
            "Unresolved resource dependencies [Gone] in the Resources block of the template",
        ),
        ({"Resources": {"Logs": {**GROUP, "Properties": {"New": "x"}}}}, None),
    ],
)
def test_a_template_that_cannot_be_is_refused_or_rolled_back(stacks, template, told):
    body = json.dumps(template)
    if told is None:
        stacks.client.create_stack(StackName="flows", TemplateBody=body)
        assert stacks.shown()["StackStatus"] == "ROLLBACK_COMPLETE"
        assert "`New`" in stacks.shown()["StackStatusReason"]
    else:
        code, text = refused(stacks.client.create_stack, StackName="flows", TemplateBody=body)
        assert (code, text.endswith(told)) == ("ValidationError", True)


def test_roles_need_a_word_and_a_protected_stack_stays(stacks):
    body = json.dumps({"Resources": {"Logs": GROUP, "Role": ROLE}})
    code, _ = refused(stacks.client.create_stack, StackName="flows", TemplateBody=body)
    assert code == "InsufficientCapabilitiesException"
    stacks.create({"Logs": GROUP}, EnableTerminationProtection=True)
    _, text = refused(stacks.client.delete_stack, StackName="flows")
    assert "TerminationProtection" in text
    stacks.client.update_termination_protection(StackName="flows", EnableTerminationProtection=False)
    stacks.client.delete_stack(StackName="flows")
    refused(stacks.client.describe_stacks, StackName="flows")


def test_a_secret_parameter_is_not_told_and_previous_values_are_kept(stacks):
    template = {"Parameters": {"Word": {"Type": "String", "NoEcho": True}, "Days": {"Type": "Number", "Default": 7}}}
    given = [{"ParameterKey": "Word", "ParameterValue": "hidden"}]
    stacks.create({"Logs": GROUP}, template=template, Parameters=given)
    shown = {row["ParameterKey"]: row["ParameterValue"] for row in stacks.shown()["Parameters"]}
    assert shown == {"Word": "****", "Days": "7"}

    previous = [{"ParameterKey": name, "UsePreviousValue": True} for name in template["Parameters"]]
    stacks.update({"Logs": {**GROUP, "Metadata": {"a": "b"}}}, template=template, Parameters=previous)
    code, text = refused(
        stacks.client.update_stack,
        StackName="flows",
        TemplateBody=json.dumps({"Resources": {"Logs": GROUP}, **template}),
    )
    assert (code, text) == ("ValidationError", "Parameters: [Word] must have values")


def test_a_stack_in_a_stack_is_made_of_a_template_in_a_bucket(stacks, client_of):
    client_of("s3").create_bucket(Bucket="templates")
    body = json.dumps({"Resources": {"Logs": GROUP}, "Outputs": {"Name": {"Value": {"Ref": "Logs"}}}})
    client_of("s3").put_object(Bucket="templates", Key="a/b.json", Body=body)
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": "https://templates.s3.amazonaws.com/a/b.json"},
    }
    outputs = {"Outputs": {"Inner": {"Value": {"Fn::GetAtt": ["Nested", "Outputs.Name"]}}}}
    stacks.create({"Nested": nested}, template=outputs)
    inner = stacks.resources()["Nested"]["PhysicalResourceId"]

    assert stacks.shown()["Outputs"] == [{"OutputKey": "Inner", "OutputValue": "/jobs"}]
    assert list(stacks.resources(inner)) == ["Logs"]
    assert stacks.shown(inner)["RootId"] == stacks.shown()["StackId"]
    stacks.client.delete_stack(StackName="flows")
    assert stacks.shown(inner)["StackStatus"] == "DELETE_COMPLETE"


def test_many_resources_come_in_pages(stacks):
    many = {f"Logs{n}": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/{n}"}} for n in range(101)}
    stacks.create(many)

    assert len(stacks.client.list_stack_resources(StackName="flows")["StackResourceSummaries"]) == 100
    assert stacks.resources().keys() == many.keys()


def test_a_stack_s_tags_on_a_bucket_are_nobody_else_s_to_change(stacks, client_of):
    s3 = client_of("s3")
    stacks.create({"Data": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "flows-data"}}})
    found = s3.get_bucket_tagging(Bucket="flows-data")["TagSet"]
    mine = {"Key": "team", "Value": "ml"}
    assert {row["Key"] for row in found} == {f"{TAG}{name}" for name in ("stack-id", "stack-name", "logical-id")}

    def put(rows):
        return refused(s3.put_bucket_tagging, Bucket="flows-data", Tagging={"TagSet": rows})

    assert put([mine]) == ("InvalidTag", "System tags cannot be removed by requester")
    changed = [{**row, "Value": "x"} for row in found]
    assert put(changed) == ("InvalidTag", "System tags cannot be added/updated by requester")
    s3.put_bucket_tagging(Bucket="flows-data", Tagging={"TagSet": [*found, mine]})
    s3.delete_bucket_tagging(Bucket="flows-data")
    assert s3.get_bucket_tagging(Bucket="flows-data")["TagSet"] == found


def test_what_cannot_be_deleted_stays_the_stack_s(stacks, client_of):
    id_ = stacks.create(
        {"Data": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "flows-full"}}, "Logs": GROUP}
    )
    client_of("s3").put_object(Bucket="flows-full", Key="a", Body=b"a")
    stacks.client.delete_stack(StackName="flows")

    assert stacks.shown(id_)["StackStatus"] == "DELETE_FAILED"
    assert stacks.statuses() == {"Data": "DELETE_FAILED", "Logs": "DELETE_COMPLETE"}


def test_a_stack_with_a_policy_is_updated_only_where_the_update_brings_another(stacks):
    stacks.create({"Logs": GROUP})
    policy = json.dumps({"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}]})
    stacks.client.set_stack_policy(StackName="flows", StackPolicyBody=policy)
    assert stacks.client.get_stack_policy(StackName="flows")["StackPolicyBody"] == policy
    changed = {"Logs": {**GROUP, "Metadata": {"a": "b"}}}

    _, text = refused(stacks.client.update_stack, StackName="flows", TemplateBody=json.dumps({"Resources": changed}))
    assert "stack policy" in text
    stacks.update(changed, StackPolicyDuringUpdateBody=policy.replace("Deny", "Allow"))
    assert stacks.statuses() == {"Logs": "UPDATE_COMPLETE"}


def test_a_stack_finds_the_network_that_was_there_before_anybody_asked_for_it(stacks):
    place = {"VpcId": network.VPC_ID, "GroupDescription": "jobs"}
    stacks.create({"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": place}})
    assert stacks.shown()["StackStatus"] == "CREATE_COMPLETE"


def test_the_arn_of_a_bucket_keeps_the_account_that_is_in_its_name(stacks):
    name = f"metaflow-{network.ACCOUNT_ID}"
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
    stacks.create({"Data": bucket}, template={"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Data", "Arn"]}}}})
    assert [row["OutputValue"] for row in stacks.shown()["Outputs"]] == [f"arn:aws:s3:::{name}"]


def test_the_arn_of_a_scheduling_policy_may_be_asked_for_by_its_name_too(stacks):
    policy = {"Type": "AWS::Batch::SchedulingPolicy", "Properties": {"Name": "fair"}}
    asked = {"Arn": {"Value": {"Fn::GetAtt": ["Fair", "Arn"]}}, "Ref": {"Value": {"Ref": "Fair"}}}
    stacks.create({"Fair": policy}, template={"Outputs": asked})
    assert len({row["OutputValue"] for row in stacks.shown()["Outputs"]}) == 1


def test_a_table_is_encrypted_with_the_key_that_the_template_names(stacks, client_of):
    key = client_of("kms").create_key()["KeyMetadata"]["Arn"]
    table = {
        "TableName": "splits",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    }
    stacks.create({"Splits": {"Type": "AWS::DynamoDB::Table", "Properties": table}})
    found = client_of("dynamodb").describe_table(TableName="splits")["Table"]["SSEDescription"]
    assert (found["SSEType"], found["KMSMasterKeyArn"]) == ("KMS", key)
