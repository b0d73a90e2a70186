"""The two roles of the example pipelines: what they hold is what is sent, no less and hardly more."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import golden
import pytest
import written_calls
import yaml
from botocore.session import get_session
from pipelines import GITHUB, GITLAB, allowed, allows, document, jobs, listed
from stack import READING

import mfinfra
from mfinfra import catalogue, desired, permissions, records

ROOT = GITHUB.parent.parent
ENVIRONMENTS = ROOT / "environments"
WORDS = {"ACCOUNT_ID": "123456789012", "REGION": "us-east-1", "ENVIRONMENT": "production"}
PLAN = document(GITHUB / "iam" / "plan-permissions.json", **WORDS)["Statement"]
APPLY = document(GITHUB / "iam" / "apply-permissions.json", **WORDS)["Statement"]
KEYS = document(GITHUB / "iam" / "keys-permissions.json", **WORDS)["Statement"]
"""What whoever applies a file with keys or secrets needs besides."""
FORGET = document(GITHUB / "iam" / "forget-permissions.json", **WORDS)["Statement"]
"""What whoever gives resources up needs besides; an apply takes no tag off."""
DOCUMENTS = sorted([*(GITHUB / "iam").glob("*.json"), *(GITLAB / "iam").glob("*.json")])
FREE = {"sts:GetCallerIdentity"}  # AWS asks no permission for it
ELSEWHERE = {
    "sts:AssumeRole": "an environment file may name a role to take on; these pipelines take theirs on before",
    "s3:ListAllMyBuckets": "named by no driver",
}
# What no call of the guide's stack needs, and why the roles have it all the same
BESIDE = {
    "s3:GetObject": "the lock and the receipts, which a sandbox without history does not have",
    "batch:ListJobs": "running jobs are counted only where something is replaced, disabled or deleted",
    "ecs:ListTasks": "running jobs of an environment are counted only while it is drained",
    **dict.fromkeys(
        (
            "kms:DescribeKey",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:ListAliases",
            "kms:ListKeys",
            "kms:ListResourceTags",
            "secretsmanager:DescribeSecret",
        ),
        "the guide's stack has no key and no secret",
    ),
    "iam:GetRole": "asked after a role was made",
    "iam:SimulatePrincipalPolicy": "asked before the first write, where it is AWS and no sandbox",
    "ec2:DescribeLaunchTemplates": "the guide's stack has no launch template",
    "ec2:DescribeLaunchTemplateVersions": "the same",
    "batch:DescribeSchedulingPolicies": "the guide's stack has no scheduling policy",
    "s3:ListBucketMultipartUploads": "a bucket is emptied only with `force_destroy`, and only if something is in it",
    "s3:ListBucketVersions": "the same",
    "cloudformation:ListStackResources": "asked only of a stack whose tags something carries",
    "ec2:UpdateSecurityGroupRuleDescriptionsEgress": "golden cases have it for rules of the other direction",
}
BEYOND = (
    "sandbox",
    "verify",
    "doctor",
    "preflight.py",
    "configure.py",
    "importing",
    "starting",
)  # a pipeline plans and applies
ARN = "arn:aws:{}:us-east-1:123456789012:{}"


@cache
def operations_of(service):
    return frozenset(get_session().get_service_model(service).operation_names)


def names_of(text):
    """Every `service.Operation` in `text` that botocore knows."""
    services = set(get_session().get_available_services())
    pairs = set(re.findall(r"\b([a-z0-9]+)\.([A-Z][A-Za-z]+)\b", text))
    return {(service, name) for service, name in pairs if service in services and name in operations_of(service)}


def answered(value, services):
    """The operations whose answers a golden case gives; they stand there without their services."""
    if isinstance(value, list):
        return {pair for item in value for pair in answered(item, services)}
    if not isinstance(value, dict):
        return set()
    names = value.get("answers") or {}
    found = {(service, name) for name in names for service in services if name in operations_of(service)}
    return found | {pair for item in value.values() for pair in answered(item, services)}


@cache
def everything():
    """What the golden cases send and what is written out in the package, as IAM actions."""
    found = set()
    for path in (ROOT / "tests" / "drivers").glob("*.yaml"):
        text = path.read_text("utf-8")
        found |= (sent := names_of(text)) | answered(golden.sheet(path.stem), {service for service, _ in sent})
    return frozenset(found | written_calls.pairs(("Call", "Ask", "Read"), without=BEYOND))


def actions(pairs):
    return {permissions.action_of(service, name) for service, name in pairs} - FREE - ELSEWHERE.keys()


def test_the_role_that_reads_has_no_action_that_writes():
    assert all(re.match(r"[a-z0-9]+:(Get|List|Describe)", action) for action in allowed(PLAN))
    assert "*" not in "".join(allowed(PLAN) | allowed(APPLY))


def test_the_role_that_reads_has_every_read_that_the_drivers_know():
    reads = {(service, name) for service, name in everything() if name.startswith(READING)}

    assert len(reads) > 25
    assert actions(reads) - allowed(PLAN) == set()


def test_both_together_have_every_action_that_the_drivers_know():
    further = {action for also in permissions.ALSO.values() for action in also}
    given = allowed(PLAN) | allowed(APPLY) | allowed(KEYS) | allowed(FORGET)

    assert len(everything()) > 80
    assert (actions(everything()) | further) - given == set()


def test_who_gives_resources_up_may_take_tags_off_and_nothing_else_and_who_applies_may_not():
    untags = re.compile(r"\w+:(Untag(Resource|Role|InstanceProfile)|DeleteTags)|s3:PutBucketTagging")
    sent = {name for kind in catalogue.kinds() for name in catalogue.driver(kind).sends.forgets}

    assert {action for action in allowed(FORGET) if not untags.fullmatch(action)} == set()
    assert allowed(FORGET) == actions(tuple(name.split(":")) for name in sent)
    assert allowed(FORGET) & (allowed(PLAN) | allowed(APPLY) | allowed(KEYS)) == {"s3:PutBucketTagging"}


def test_neither_has_an_action_that_nothing_sends():
    further = {action for also in permissions.ALSO.values() for action in also}

    assert (
        allowed(PLAN) | allowed(APPLY) | allowed(KEYS) | allowed(FORGET)
        <= actions(everything()) | further | BESIDE.keys()
    )


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.parent.name} {path.name}")
def test_a_document_says_all_its_words_in_capitals_in_the_readme(path):
    words = set(re.findall(r"(?<![A-Za-z])[A-Z][A-Z_]{3,}(?![a-z])", path.read_text("utf-8"))) - {
        "OWNER",
        "REPOSITORY",
        "GROUP",
        "PROJECT",
    }
    assert words <= WORDS.keys()


def test_both_fit_into_one_role_as_inline_policies_with_a_long_name_of_the_environment():
    words = {**WORDS, "REGION": "ap-southeast-1", "ENVIRONMENT": "e" * 24}
    names = ("plan-permissions.json", "apply-permissions.json")
    sizes = [len(re.sub(r"\s", "", json.dumps(document(GITHUB / "iam" / name, **words)))) for name in names]

    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert sum(sizes) <= 10_240


def test_roles_are_passed_to_named_services_and_given_only_the_presets_policies():
    statements = {row["Sid"]: row for row in APPLY}
    for row in APPLY:
        if "iam:PassRole" in listed(row["Action"]):
            assert set(row["Condition"]["StringEquals"]) == {"iam:PassedToService"}
        if "iam:CreateServiceLinkedRole" in listed(row["Action"]):
            assert row["Condition"]["StringEquals"] == {"iam:AWSServiceName": "batch.amazonaws.com"}
    named = {
        arn.rpartition("/")[2]
        for arn in statements["AttachPresetsPoliciesOnly"]["Condition"]["ArnEquals"]["iam:PolicyARN"]
    }
    presets = (Path(mfinfra.__file__).parent / "metaflow" / "presets.py").read_text("utf-8")
    assert named == {name.rpartition("/")[2] for name in re.findall(r'managed="([^"]+)"', presets)}


def test_no_write_reaches_everything():
    """A hosted zone that AWS keeps has no ARN of ours, and a key none before it is made."""
    wide = [row for row in (*APPLY, *KEYS, *FORGET) if "*" in listed(row["Resource"])]

    assert [row["Sid"] for row in wide] == ["NameEndpointsInTheVpc", "MakeKeys"]
    assert wide[1]["Condition"]["StringEquals"] == {"aws:RequestTag/mfinfra:environment": "production"}


def test_the_lock_and_the_receipts_are_in_reach_of_the_roles_that_need_them():
    place = records.place(desired.read(ENVIRONMENTS / "production.yaml").environment)
    bucket = f"arn:aws:s3:::{place.bucket}"

    assert allows(PLAN, "s3:ListBucket", bucket)
    for key in (place.lock, place.receipt("2026-11-23T16:00:00Z", "a1b2")):
        assert allows(PLAN, "s3:GetObject", f"{bucket}/{key}")
        assert not allows(PLAN, "s3:PutObject", f"{bucket}/{key}")
        assert allows(APPLY, "s3:PutObject", f"{bucket}/{key}")
        assert allows(APPLY, "s3:DeleteObject", f"{bucket}/{key}")
    assert not allows(PLAN, "s3:GetObject", f"{bucket}/metaflow/flow/1")


def condition(path):
    [row] = document(path)["Statement"]
    assert row["Action"] == "sts:AssumeRoleWithWebIdentity"
    return row["Condition"]


def test_github_s_roles_trust_this_repository_by_exact_subjects():
    host = "token.actions.githubusercontent.com"
    plan, apply = (condition(GITHUB / "iam" / f"{name}-trust.json") for name in ("plan", "apply"))

    assert set(plan) == set(apply) == {"StringEquals"}, "no pattern"
    assert plan["StringEquals"][f"{host}:aud"] == apply["StringEquals"][f"{host}:aud"] == "sts.amazonaws.com"
    assert plan["StringEquals"][f"{host}:sub"] == [
        "repo:OWNER/REPOSITORY:pull_request",
        "repo:OWNER/REPOSITORY:ref:refs/heads/main",
    ]
    environment = jobs("apply.yml")["apply"]["environment"]
    assert apply["StringEquals"][f"{host}:sub"] == [f"repo:OWNER/REPOSITORY:environment:{environment}"]


def test_gitlab_s_roles_trust_this_project_and_only_its_main_branch_writes():
    plan, apply = (condition(GITLAB / "iam" / f"{name}-trust.json") for name in ("plan", "apply"))

    assert apply == {
        "StringEquals": {
            "gitlab.com:aud": "https://gitlab.com",
            "gitlab.com:sub": "project_path:GROUP/PROJECT:ref_type:branch:ref:main",
        }
    }
    assert plan["StringEquals"] == {"gitlab.com:aud": "https://gitlab.com"}
    assert plan["StringLike"] == {"gitlab.com:sub": "project_path:GROUP/PROJECT:ref_type:branch:ref:*"}


def resources_of(service, operation, params):
    """The ARNs that IAM compares for this call, where the call names what it is about; else nothing."""
    match service:
        case "s3":
            key = params.get("Key")
            return [f"arn:aws:s3:::{params['Bucket']}" + (f"/{key}" if key else "")]
        case "dynamodb":
            name = params.get("TableName") or params["ResourceArn"].rpartition("/")[2]
            return [ARN.format("dynamodb", f"table/{name}")]
        case "iam":
            role, profile = params.get("RoleName"), params.get("InstanceProfileName")
            named = f"instance-profile/{profile}" if profile else f"role/{role}"
            return [f"arn:aws:iam::123456789012:{named}"] if role or profile else []
        case "ecr":
            names = params.get("repositoryNames") or [params.get("repositoryName")]
            return [ARN.format("ecr", f"repository/{name}") for name in names if name] or [params["resourceArn"]]
        case "logs":
            name = params.get("logGroupName")
            return [ARN.format("logs", f"log-group:{name}")] if name else [params["resourceArn"]]
        case "batch" if operation in {
            "CreateComputeEnvironment",
            "UpdateComputeEnvironment",
            "DeleteComputeEnvironment",
        }:
            name = params.get("computeEnvironmentName") or params["computeEnvironment"].rpartition("/")[2]
            return [ARN.format("batch", f"compute-environment/{name}")]
        case "batch" if operation in {"CreateJobQueue", "UpdateJobQueue", "DeleteJobQueue"}:
            name = params.get("jobQueueName") or params["jobQueue"].rpartition("/")[2]
            return [ARN.format("batch", f"job-queue/{name}")]
    return []


UNNAMED = {"iam.GetAccountAuthorizationDetails", "iam.ListInstanceProfiles", "iam.ListRoles", "logs.DescribeLogGroups"}


def bring_up_and_down(stack):
    """Make, change and destroy the environment whose names the documents are written for."""
    for name in ("base.yaml", "production.yaml"):
        (stack.folder / name).write_text((ENVIRONMENTS / name).read_text("utf-8"), "utf-8")
    stack.apply(stack.folder / "production.yaml")
    spec = yaml.safe_load((stack.folder / "production.yaml").read_text("utf-8"))
    holding = {"bucket": "datastore", "table": "foreach", "log_group": "step-functions", "repository": "images"}
    for kind, name in holding.items():
        spec["resources"].setdefault(kind, {}).setdefault(name, {})["protect"] = False
    for kind in ("bucket", "repository"):
        spec["resources"][kind][holding[kind]]["force_destroy"] = True
    spec["resources"]["table"]["foreach"]["deletion_protection"] = False
    spec["resources"]["compute_environment"]["cpu"]["max_vcpus"] = 64
    spec["resources"]["job_queue"]["default"]["priority"] = 5
    path = stack.write(spec)
    stack.apply(path)
    stack.apply(path, destroy=True, allow_destroy=frozenset(f"{kind}.{name}" for kind, name in holding.items()))


@pytest.mark.slow
def test_a_plan_of_the_guides_stack_needs_no_more_than_the_role_that_reads(stack):
    sandbox = ENVIRONMENTS / "sandbox.yaml"
    stack.plan(sandbox)
    planned = set(stack.operations)
    stack.apply(sandbox)
    stack.operations.clear()
    stack.plan(sandbox)
    stack.plan(sandbox, destroy=True)
    planned |= set(stack.operations)

    needed = actions(tuple(name.split(".")) for name in planned)
    assert len(needed) > 20
    assert needed - allowed(PLAN) == set()
    assert allowed(PLAN) - needed <= BESIDE.keys(), "what nothing asks for"


@pytest.mark.slow
def test_what_a_plan_of_the_guides_stack_says_that_it_needs_is_what_both_roles_have(stack):
    sandbox = ENVIRONMENTS / "sandbox.yaml"
    needed = set(stack.plan(sandbox).document["required_actions"])
    stack.apply(sandbox)
    needed |= set(stack.plan(sandbox, destroy=True).document["required_actions"])

    assert {"iam:PassRole", "s3:CreateBucket", "s3:DeleteBucket"} <= needed
    assert needed - allowed(PLAN) - allowed(APPLY) == set()


@pytest.mark.slow
def test_every_call_of_an_apply_is_allowed_on_what_it_is_about_and_on_no_other_environment(stack, recorded):
    bring_up_and_down(stack)
    named = 0
    for service, operation, params in recorded:
        action = permissions.action_of(service, operation)
        if f"{service}.{operation}" in UNNAMED:
            assert allows(PLAN, action, "*")
            continue
        for resource in resources_of(service, operation, params):
            named += 1
            assert allows([*PLAN, *APPLY], action, resource), (action, resource)
            other = resource.replace("production", "staging")
            assert not allows([*PLAN, *APPLY], action, other), (action, other)
    assert named > 100
    assert {"CreateRole", "DeleteRole", "DeleteBucket", "UpdateJobQueue"} <= {operation for _, operation, _ in recorded}
