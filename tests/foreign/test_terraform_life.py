"""What Terraform's module makes: refused while Terraform has it, handed over by the commands shown, lived with."""

from __future__ import annotations

import re

import pytest
from guide_stack import typed
from stack import inventory
from terraform_stack import TEAM, TERRAFORM, Module
from whole_life import (
    ALL,
    adopted,
    adopts_only,
    altered,
    destroyed,
    forgotten,
    from_flags,
    from_settings,
    precedes,
)

pytestmark = pytest.mark.slow
GROUP, TEMPLATE = "security_group.batch", "launch_template.metaflow-batch-launch-tmpl-cpu-100gb"
CPU, CPU_FARGATE = (f"compute_environment.metaflow-cpu{one}20240131093012123400000001" for one in ("", "-a1b2c3d4"))
COMMAND = re.compile(r"^then `(aws [^`]+)`$")


def alive(imported):
    return {str(address) for address in imported.found}


def test_what_terraform_s_module_makes_lives_as_if_it_were_ours(stack):
    imported = from_settings(stack, Module(stack, tags=TEAM).made())
    roles = {f"role.{name}" for name in ("batch-job", "step-functions", "events", "instance", "batch-service")}
    assert alive(imported) == {*roles, "bucket.datastore", "table.foreach", GROUP, TEMPLATE, CPU, "job_queue.default"}
    said = "\n".join(f"{one.what}: {one.why}" for one in imported.unmodelled)
    assert "the metadata service (`https://" in said
    assert "names: it has no alias, and a key goes by its alias" in said
    assert f"`IamInstanceProfile` of `{TEMPLATE}`" in said
    assert f"the tags of the instances of `{CPU}`" in said
    assert imported.handover == ()

    environment = adopted(stack, imported)
    policies = environment["resources"]["role"]["batch-job"]["policies"]
    changes = {
        CPU: {"min_vcpus": 0, "max_vcpus": 128},
        "role.batch-job": {"policies": {name: policies[name] for name in policies if name != "sagemaker"}},
        "table.foreach": {"point_in_time_recovery": True},
    }
    environment = altered(stack, environment, changes)
    names = stack.client("iam").list_role_policies(RoleName="metaflow-batch_s3_task_role")["PolicyNames"]
    assert sorted(names) == sorted(policies.keys() - {"sagemaker"})

    before = inventory(stack)
    went = destroyed(stack, environment, {"bucket.datastore", "table.foreach"})
    assert precedes(went, "job_queue.default", CPU, TEMPLATE)
    assert all(precedes(went, CPU, other) for other in (GROUP, "role.instance", "role.batch-service"))
    # Not named by the configuration: the metadata service's, and what ECS starts its tasks with.
    others = {
        "groups": [name for name in before["groups"] if "batch" not in name],
        "roles": ["metaflow-ecs-execution-role"],
    }
    kept = {key: before[key] for key in ("buckets", "tables", "keys", "logs")}
    assert inventory(stack) == {**{key: [] for key in before}, **kept, **others}


def test_what_terraform_still_has_is_refused_until_the_steps_shown_are_done(stack):
    """The module for Fargate, without Step Functions, under the tags of its example."""
    settings = Module(stack, suffix="-a1b2c3d4", batch="fargate", steps=False, tags=TERRAFORM).made()
    imported = from_settings(stack, settings)
    theirs = {"bucket.datastore", "job_queue.default", "role.batch-job", "role.fargate", "role.batch-service"}
    assert alive(imported) == {*theirs, GROUP, CPU_FARGATE}
    first, second, *rest = imported.handover
    assert first.startswith("another tool (tag `managedBy` = `terraform`) has ")
    assert all(f"`{address}`" in first for address in theirs)
    assert "`terraform state rm ADDRESS`" in first
    # What the module puts no tag on is as much Terraform's.
    assert second.startswith("where it made ")
    assert all(f"`{address}`" in second for address in (GROUP, CPU_FARGATE))

    path = stack.folder / "prod.yaml"
    path.write_text(imported.text, "utf-8")
    refused = stack.plan(path, adopt=ALL).plan.blocks
    assert {(str(address), block.code) for address, block in refused} == {(address, "MF4102") for address in theirs}

    typed(stack, tuple(COMMAND.fullmatch(step)[1] for step in rest))
    imported = from_settings(stack, settings)
    assert imported.handover == ()
    environment = adopted(stack, imported)
    environment = altered(stack, environment, {CPU_FARGATE: {"max_vcpus": 32}, "job_queue.default": {"priority": 5}})
    environment = forgotten(stack, environment, "role.fargate", instead=settings["METAFLOW_ECS_FARGATE_EXECUTION_ROLE"])

    went = destroyed(stack, environment, {"bucket.datastore"})
    assert precedes(went, "job_queue.default", CPU_FARGATE, GROUP)
    assert "metaflow-ecs-execution-role-a1b2c3d4" in inventory(stack)["roles"]


def test_by_tags_and_by_names_the_same_stack_is_found(stack):
    module = Module(stack, tags=TEAM)
    by_settings = from_settings(stack, module.made())
    by_tags = from_flags(stack, tag=("team=ml", "environment=prod"))
    more = {"log_group.metaflow-metadata", "role.metaflow-ecs-execution-role"}
    assert len(by_tags.found) == len(by_settings.found) + 3
    assert more <= alive(by_tags)
    adopts_only(stack, by_tags)

    names = (f"job_queue={module.queue}", "bucket=metaflow-s3", "table=metaflow-step_functions_state")
    by_names = from_flags(stack, resource=names)
    assert {one.observed.physical_id for one in by_names.found.values()} < {
        one.observed.physical_id for one in by_settings.found.values()
    }
    adopts_only(stack, by_names)
