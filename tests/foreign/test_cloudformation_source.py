"""What a stack says to an import, and that its hand-over leaves everything as it was."""

from __future__ import annotations

import json

import pytest
from cloudformation_stack import NAME, SCOPE, TEMPLATE, begun, handed_over, made
from stack import inventory, wire

from mfinfra import ownership
from mfinfra.document import template as documents
from mfinfra.errors import AccessDenied, UserError
from mfinfra.importing import cloudformation, identity, walk
from mfinfra.importing.start import Seed, Start
from mfinfra.model import Call
from mfinfra.observe import Rounds, observe

pytestmark = pytest.mark.slow
GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/jobs"}}


def standings(stack, start):
    """Who owns each seed, by its address's name."""
    from cloudformation_stack import Reading

    rounds = Rounds(stack.connect(Reading))
    named = rounds.run({seed.name: identity.identify(seed.kind, seed.identity, SCOPE) for seed in start.seeds})
    kinds = {seed.name: seed.kind for seed in start.seeds}
    seen = rounds.run({name: observe(walk.whole(kinds[name], known, SCOPE)) for name, known in named.items()})
    assert None not in seen.values()
    return {name: ownership.of(found, SCOPE) for name, found in seen.items()}


def held(stack, name=NAME):
    rows = stack.client("cloudformation").list_stack_resources(StackName=name)["StackResourceSummaries"]
    return {row["LogicalResourceId"]: row for row in rows if not row["ResourceStatus"].startswith("DELETE_")}


def test_everything_in_the_official_stack_is_a_seed_or_is_told_why_not(stack):
    made(stack)
    start = begun(stack)
    physical = {logical: row["PhysicalResourceId"] for logical, row in held(stack).items()}

    kinds = sorted(seed.kind for seed in start.seeds)
    assert kinds == sorted(
        ["bucket", "compute_environment", "job_queue", "log_group", *["role"] * 8, *["security_group"] * 2, "secret",
         "table"]
    )  # fmt: skip
    assert {"job-queue", "compute-environment", "metaflow-s3-bucket", "batch-s3-task-role"} <= {
        seed.name for seed in start.seeds
    }
    told = {one.why: one.what for one in start.unmodelled}
    assert told == {
        "files name networks and subnets by their ids, and make none": "`VPC` (AWS::EC2::VPC), "
        "`InternetGateway` (AWS::EC2::InternetGateway), `Subnet1` (AWS::EC2::Subnet), `Subnet2` (AWS::EC2::Subnet), "
        "`GatewayAttachement` (AWS::EC2::VPCGatewayAttachment), `PublicRouteTable` (AWS::EC2::RouteTable), "
        "`DefaultGateway` (AWS::EC2::Route), `Subnet1RTA` (AWS::EC2::SubnetRouteTableAssociation), "
        "`Subnet2RTA` (AWS::EC2::SubnetRouteTableAssociation) of the stack `metaflow`",
        "the metadata service is no part of a file": "`ECSCluster` (AWS::ECS::Cluster) of the stack `metaflow`",
        "the metadata service's database is no part of a file": "`DBSubnetGroup` (AWS::RDS::DBSubnetGroup), "
        "`RDSMasterInstance` (AWS::RDS::DBInstance) of the stack `metaflow`",
    }
    assert start.settings == {
        "METAFLOW_DATASTORE_SYSROOT_S3": f"s3://{physical['MetaflowS3Bucket']}/metaflow",
        "METAFLOW_DATATOOLS_S3ROOT": f"s3://{physical['MetaflowS3Bucket']}/data",
        "METAFLOW_BATCH_JOB_QUEUE": physical["JobQueue"],
        "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": SCOPE.arn("iam", f"role/{physical['BatchS3TaskRole']}", region=""),
        "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": SCOPE.arn("iam", f"role/{physical['EventBridgeRole']}", region=""),
        "METAFLOW_SFN_IAM_ROLE": SCOPE.arn("iam", f"role/{physical['StepFunctionsRole']}", region=""),
        "METAFLOW_SFN_DYNAMO_DB_TABLE": physical["StepFunctionsStateDDB"],
        "METAFLOW_DEFAULT_DATASTORE": "s3",
    }


def test_the_role_that_runs_jobs_on_fargate_is_told_though_the_template_has_no_output_for_it(stack):
    made(stack, BatchType="fargate")
    role = held(stack)["ECSTaskExecutionRole"]["PhysicalResourceId"]

    arn = SCOPE.arn("iam", f"role/{role}", region="")
    assert begun(stack).settings["METAFLOW_ECS_FARGATE_EXECUTION_ROLE"] == arn


def test_promise_5_what_a_stack_holds_is_its_own_until_it_was_handed_over_and_then_nobody_s(stack, tmp_path):
    id_ = made(stack)
    start, before = begun(stack, folder=tmp_path), inventory(stack)
    owners = standings(stack, start)
    assert {(owner.standing, owner.stack) for owner in owners.values()} == {(ownership.Standing.FOREIGN, NAME)}

    template = documents.parse(TEMPLATE.read_text("utf-8"))
    rest = {"VPC", "Subnet1", "Subnet2", "InternetGateway", "GatewayAttachement", "PublicRouteTable", "DefaultGateway",
            "Subnet1RTA", "Subnet2RTA", "ECSCluster", "DBSubnetGroup", "RDSMasterInstance"}  # fmt: skip
    first, second = (json.loads((tmp_path / f"{NAME}.{name}.json").read_text()) for name in ("1-retain", "2-without"))
    kept = {name for name, row in first["Resources"].items() if row.get("UpdateReplacePolicy") == "Retain"}
    assert kept == template["Resources"].keys() - rest
    assert second["Resources"].keys() == rest

    outputs = stack.client("cloudformation").describe_stacks(StackName=id_)["Stacks"][0]["Outputs"]
    assert handed_over(stack, start.handover) == ["update-stack", "wait stack-update-complete"] * 2
    assert start.stacks == {NAME}
    assert inventory(stack) == before, "nothing came and nothing went"
    assert held(stack).keys() == rest
    assert stack.client("cloudformation").describe_stacks(StackName=id_)["Stacks"][0]["Outputs"] == outputs
    assert {owner.standing for owner in standings(stack, start).values()} == {ownership.Standing.NOBODYS}


def test_a_stack_that_has_nothing_else_is_deleted_and_what_it_retained_is_imported_by_its_arn(stack, tmp_path):
    id_ = made(stack, json.dumps({"Resources": {"Jobs": GROUP}}))
    stack.client("cloudformation").update_termination_protection(StackName=NAME, EnableTerminationProtection=True)
    start = begun(stack, folder=tmp_path)

    assert handed_over(stack, start.handover) == [
        *("update-stack", "wait stack-update-complete", "update-termination-protection"),
        *("delete-stack", "wait stack-delete-complete"),
    ]
    assert inventory(stack)["logs"] == ["/jobs"]
    again = begun(stack, id_)
    assert [(seed.kind, seed.name) for seed in again.seeds] == [("log_group", "jobs")]
    assert (again.handover, again.settings, again.unmodelled) == ((), {}, ())
    assert standings(stack, again)["jobs"].standing is ownership.Standing.NOBODYS


def test_promise_5_a_role_of_a_stack_in_another_region_is_asked_for_there(stack):
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    }
    role = {"Type": "AWS::IAM::Role", "DeletionPolicy": "Retain", "Properties": {"AssumeRolePolicyDocument": trust}}
    abroad = wire().session.client("cloudformation", region_name="eu-west-1", endpoint_url=stack.server.endpoint)
    body = json.dumps({"Resources": {"Role": role}})
    abroad.create_stack(StackName=NAME, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    (row,) = abroad.list_stack_resources(StackName=NAME)["StackResourceSummaries"]
    start = Start((Seed("role", {"name": row["PhysicalResourceId"]}, "named", "r"),))

    assert standings(stack, start)["r"].standing is ownership.Standing.FOREIGN
    abroad.delete_stack(StackName=NAME)
    assert standings(stack, start)["r"].standing is ownership.Standing.NOBODYS
    abroad.close()


def test_stacks_in_a_stack_are_followed_and_let_go_too(stack, tmp_path):
    s3 = stack.client("s3")
    s3.create_bucket(Bucket="templates")
    inner = {"Resources": {"Jobs": GROUP}, "Outputs": {"METAFLOW_DEFAULT_DATASTORE": {"Value": "s3"}}}
    s3.put_object(Bucket="templates", Key="inner.json", Body=json.dumps(inner))
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": "https://templates.s3.amazonaws.com/inner.json"},
    }
    outputs = {"Datastore": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.METAFLOW_DEFAULT_DATASTORE"]}}}
    cluster = {"Type": "AWS::ECS::Cluster", "Properties": {}}
    made(stack, json.dumps({"Resources": {"Inner": nested, "Cluster": cluster}, "Outputs": outputs}))
    start = begun(stack, folder=tmp_path)

    assert [(seed.kind, seed.identity["name"]) for seed in start.seeds] == [("log_group", "/jobs")]
    assert start.settings == {"METAFLOW_DEFAULT_DATASTORE": "s3"}
    assert any("is in another stack" in step for step in start.handover)
    assert handed_over(stack, start.handover) == ["update-stack", "wait stack-update-complete"] * 2
    assert held(stack).keys() == {"Cluster"}
    assert inventory(stack)["logs"] == ["/jobs"]
    assert {owner.standing for owner in standings(stack, start).values()} == {ownership.Standing.NOBODYS}


def test_a_stack_in_a_protected_one_that_has_nothing_left_goes_by_the_update_of_that_one(stack, tmp_path):
    s3 = stack.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="inner.json", Body=json.dumps({"Resources": {"Jobs": GROUP}}))
    url = {"TemplateURL": "https://templates.s3.amazonaws.com/inner.json"}
    cluster = {"Type": "AWS::ECS::Cluster", "Properties": {}, "DependsOn": "Inner"}
    inner = {"Type": "AWS::CloudFormation::Stack", "Properties": url}
    made(stack, json.dumps({"Resources": {"Inner": inner, "Cluster": cluster}}))
    stack.client("cloudformation").update_termination_protection(StackName=NAME, EnableTerminationProtection=True)
    nested = held(stack)["Inner"]["PhysicalResourceId"]
    start = begun(stack, folder=tmp_path)

    assert handed_over(stack, start.handover) == ["update-stack", "wait stack-update-complete"] * 2
    assert held(stack).keys() == {"Cluster"}
    gone = stack.client("cloudformation").describe_stacks(StackName=nested)["Stacks"][0]
    assert gone["StackStatus"] == "DELETE_COMPLETE"
    assert inventory(stack)["logs"] == ["/jobs"]
    assert {owner.standing for owner in standings(stack, start).values()} == {ownership.Standing.NOBODYS}


def test_without_a_folder_the_steps_say_what_to_write_by_hand(stack):
    made(stack, json.dumps({"Resources": {"Jobs": GROUP}}))
    start = begun(stack)

    assert start.files == {}
    assert any("--handover DIR" in step for step in start.handover)
    assert any(
        step.endswith("at: Jobs; call it `metaflow.1-retain.json`") and "`DeletionPolicy: Retain`" in step
        for step in start.handover
    )


def test_a_template_that_no_program_changes_rightly_is_not_written(stack, tmp_path):
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    }}}  # fmt: skip
    cluster = {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": {"Fn::GetAtt": ["Role", "RoleId"]}}}
    made(stack, json.dumps({"Resources": {"Role": role, "Cluster": cluster}}))
    start = begun(stack, folder=tmp_path)

    assert start.files == {}
    assert any("has to be changed by hand: it refers to `Role.RoleId`" in step for step in start.handover)


@pytest.mark.parametrize(
    ("name", "code"),
    [("nobody", "MF5700"), ("arn:aws:cloudformation:eu-west-1:123456789012:stack/metaflow/0a1b", "MF5701")],
)
def test_a_stack_that_is_not_here_is_told(stack, name, code):
    with pytest.raises(UserError) as caught:
        begun(stack, name)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("status", "said"),
    [("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"), ("REVIEW_IN_PROGRESS", "was never made")],
)
def test_a_stack_that_is_being_changed_or_is_none_yet_is_not_imported(status, said):
    asking = cloudformation.start(NAME, SCOPE)
    next(asking)
    row = {"StackName": NAME, "StackId": "x", "StackStatus": status}
    with pytest.raises(UserError, match=said) as caught:
        asking.send(({"Stacks": [row]}, {}, {}))
    assert caught.value.code == "MF5702"


def test_promise_15_a_denied_read_of_a_stack_names_the_permission(stack, embedded):
    class Denied:
        parallelism = 1

        def ask(self, call: Call):
            where = {"service": call.service, "operation": call.operation, "aws_code": "AccessDenied"}
            raise AccessDenied("no", hint=f"the caller needs `{call}`", code="MF3001", **where)

    with pytest.raises(AccessDenied) as caught:
        Rounds(Denied()).run({"it": cloudformation.start(NAME, SCOPE)})
    assert "cloudformation:DescribeStacks" in caught.value.hint
