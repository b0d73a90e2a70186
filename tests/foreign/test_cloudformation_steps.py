"""What the steps of a stack's hand-over say of that stack: pure, case by case."""

from __future__ import annotations

import pytest
from cloudformation_stack import NAME, SCOPE

from mfinfra.importing.cloudformation_handover import LARGEST, Stack, of
from mfinfra.importing.cloudformation_parts import Held

GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/jobs"}}


def test_a_stack_policy_cdk_and_parameters_that_are_read_anew_are_told_of():
    held = (Held("Jobs", "AWS::Logs::LogGroup", "/jobs", "CREATE_COMPLETE"), Held("C", "AWS::CDK::Metadata", "x", ""))
    parameters = [{"ParameterKey": "Image", "ParameterValue": "/image", "ResolvedValue": "ami-1"}]
    told = {"StackName": NAME, "StackId": "x", "Capabilities": ["CAPABILITY_IAM"], "Parameters": parameters}
    steps = of(Stack(told, held, {"Resources": {"Jobs": GROUP}}, policed=True), SCOPE, "d").steps

    assert any("--stack-policy-during-update-body" in step for step in steps)
    assert any("made by CDK" in step for step in steps)
    assert any("Parameter Store" in step for step in steps)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("UPDATE_ROLLBACK_FAILED", "`aws cloudformation continue-update-rollback`"),
        ("DELETE_FAILED", "`aws cloudformation delete-stack --retain-resources`"),
        ("CREATE_FAILED", "roll it back first"),
        ("ROLLBACK_FAILED", "it can only be deleted"),
        ("ROLLBACK_COMPLETE", "it can only be deleted"),
        ("UPDATE_COMPLETE", ""),
        ("UPDATE_ROLLBACK_COMPLETE", ""),
    ],
)
def test_a_status_that_no_update_gets_through_is_told_of_before_the_steps(status, said):
    held = (Held("Jobs", "AWS::Logs::LogGroup", "/jobs", "DELETE_FAILED"),)
    told = {"StackName": NAME, "StackId": "x", "StackStatus": status}
    steps = of(Stack(told, held, {"Resources": {"Jobs": GROUP}}), SCOPE, "d").steps
    stuck = [step for step in steps if "takes no update" in step]
    assert len(stuck) == bool(said)
    assert all(f"its status is {status}: " in step and said in step for step in stuck)
    assert not stuck or steps.index(stuck[0]) == 1


def test_a_template_too_long_for_a_request_goes_through_a_bucket():
    held = (Held("Jobs", "AWS::Logs::LogGroup", "/jobs", "CREATE_COMPLETE"), Held("C", "AWS::ECS::Cluster", "x", ""))
    long = {"Resources": {"Jobs": {**GROUP, "Metadata": {"x": "y" * LARGEST}}, "C": {"Type": "AWS::ECS::Cluster"}}}
    steps = of(Stack({"StackName": NAME, "StackId": "x"}, held, long), SCOPE, "d").steps

    assert [step.split()[:3] for step in steps if "BUCKET" in step] == [
        ["aws", "s3", "cp"], ["aws", "cloudformation", "update-stack"]
    ]  # fmt: skip


def test_a_template_that_fits_into_a_request_without_its_indentation_only_has_none():
    held = (Held("Jobs", "AWS::Logs::LogGroup", "/jobs", "CREATE_COMPLETE"), Held("C", "AWS::ECS::Cluster", "x", ""))
    long = {
        "Resources": {
            "Jobs": {**GROUP, "Metadata": {"x": [7] * (LARGEST // 4)}},
            "C": {"Type": "AWS::ECS::Cluster"},
        }
    }
    done = of(Stack({"StackName": NAME, "StackId": "x"}, held, long), SCOPE, "d")
    retain = done.files[f"{NAME}.1-retain.json"]

    assert "\n" not in retain
    assert LARGEST // 2 < len(retain) <= LARGEST
    assert not any("BUCKET" in step for step in done.steps)
