"""Compute environments and job queues, drawn, with the roles that they need."""

from __future__ import annotations

from typing import Any

from generated import FIXED, INSTANCES, ZONES, body, fixed, lines, named
from generated_policies import some_of
from hypothesis import strategies as some

from mfinfra import schemas
from mfinfra.sandbox import network


def acting_for(service):
    """What a role needs to act for a service of AWS; nothing that is drawn may take it away."""
    needed = {
        "ec2": "AmazonEC2ContainerServiceforEC2Role",
        "batch": "AWSBatchServiceRole",
        "spotfleet": "AmazonEC2SpotFleetTaggingRole",
    }
    trust, managed = {"services": [f"{service}.amazonaws.com"]}, [f"service-role/{needed[service]}"]
    return {"trust": trust, "managed_policies": managed, "policies": {}, "permissions_boundary": ""}


@fixed("compute_environment")
def _(draw, skeleton):
    kind = draw(some.sampled_from(["EC2", "SPOT", "FARGATE", "FARGATE_SPOT"]))
    fields: dict[str, Any] = {"type": kind}
    if kind in INSTANCES:
        role = f"InstanceRole{len(skeleton.fixed.get('role', {}))}"
        fields["instance_role"] = skeleton.add("role", name=role, **acting_for("ec2"), instance_profile=True)
    if draw(some.integers(0, 3)) == 0:
        fields["service_role"] = skeleton.add(
            "role", name=f"ServiceRole{len(skeleton.fixed.get('role', {}))}", **acting_for("batch")
        )
    if kind in INSTANCES and draw(some.integers(0, 3)) == 0:
        fields["allocation_strategy"] = "BEST_FIT"
        if kind == "SPOT":
            fields["spot_fleet_role"] = skeleton.add(
                "role", name=f"FleetRole{len(skeleton.fixed.get('role', {}))}", **acting_for("spotfleet")
            )
    return skeleton.add("compute_environment", **named(draw, skeleton, "compute_environment"), **fields)


@body("compute_environment")
def _(draw, skeleton, name, fields):
    kind = fields["type"]
    strategies = {
        "EC2": ["", "BEST_FIT_PROGRESSIVE", "BEST_FIT_PROGRESSIVE_ORDERED"],
        "SPOT": [
            "",
            "BEST_FIT_PROGRESSIVE",
            "SPOT_CAPACITY_OPTIMIZED",
            "SPOT_PRICE_CAPACITY_OPTIMIZED",
            "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED",
        ],
    }
    types = ["optimal", "default_x86_64", "c5", "m5.xlarge", "r5"]
    templates = skeleton.all_of("launch_template")
    spellings = [lambda key: key, lambda key: {"name": key}, lambda key: {"id": key, "version": f"${{{key}.version}}"}]
    groups = [network.DEFAULT_SECURITY_GROUP, *skeleton.all_of("security_group")]
    by_hand = {
        "min_vcpus": some.integers(0, 8),
        "max_vcpus": some.integers(16, 512),
        "initial_vcpus": some.integers(8, 16),
        "bid_percentage": some.integers(1, 100),
        "instance_types": some.lists(some.sampled_from(types), min_size=1, max_size=3),
        "allocation_strategy": some.sampled_from(strategies.get(kind, [""])),
        "placement_group": some.sampled_from(["", "cluster"]),
        "key_pair": some.sampled_from(["", "operators"]),
        "launch_template": some.sampled_from(["", {}, *(spell(key) for key in templates for spell in spellings)]),
        "update_policy": some.fixed_dictionaries(
            {}, optional={"terminate_jobs": some.booleans(), "timeout_minutes": some.integers(1, 7200)}
        ),
    }
    created_only = {
        "name",
        "type",
        "instance_role",
        "service_role",
        "spot_fleet_role",
        "subnets",
        "security_groups",
    }
    spec = lines(draw, "compute_environment", frozenset(created_only), by_hand)
    if kind not in INSTANCES:
        kept = {"state", "max_vcpus", "drain_minutes", *schemas.COMMON}
        spec = {key: value for key, value in spec.items() if key in kept}
    return {**spec, "subnets": draw(some.sampled_from(ZONES)), "security_groups": draw(some_of(groups))}


@fixed("launch_template")
def _(draw, skeleton):
    return skeleton.add("launch_template", **named(draw, skeleton, "launch_template"))


@body("launch_template")
def _(draw, skeleton, name, fields):
    document = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="X"\n\n--X\n\n#!/bin/sh\n--X--\n'
    by_hand = {
        "image": some.sampled_from(["", "ami-0123456789abcdef0"]),
        "root_device": some.sampled_from(["/dev/xvda", "/dev/sda1", "/dev/xvdz"]),
        "user_data": some.sampled_from(["", "#!/bin/sh\necho ü <&>\n", "#cloud-config\na: 1", document]),
        "key_pair": some.sampled_from(["", "operators"]),
    }
    spec = lines(draw, "launch_template", frozenset({"name"}), by_hand)
    says = any(spec.get(key) for key in ("image", "user_data", "key_pair"))
    defaults = ("root_volume_gib", "imdsv2", "hop_limit")
    return spec if says or any(spec.get(key, "default") for key in defaults) else {**spec, "hop_limit": 3}


@fixed("scheduling_policy")
def _(draw, skeleton):
    return skeleton.add("scheduling_policy", **named(draw, skeleton, "scheduling_policy"))


@body("scheduling_policy")
def _(draw, skeleton, name, fields):
    weights = some.integers(1, 9_999_999).map(lambda steps: steps / 10_000)
    by_hand = {"shares": some.dictionaries(some.sampled_from(["a1", "A1", "b*", "c1*", "c2"]), weights, max_size=4)}
    return lines(draw, "scheduling_policy", frozenset({"name"}), by_hand)


@fixed("job_queue")
def _(draw, skeleton):
    if not skeleton.all_of("compute_environment"):
        FIXED["compute_environment"](draw, skeleton)
    fair = draw(some.integers(0, 3)) == 0
    policy = {"scheduling_policy": FIXED["scheduling_policy"](draw, skeleton)} if fair else {}
    return skeleton.add("job_queue", **named(draw, skeleton, "job_queue"), **policy)


@body("job_queue")
def _(draw, skeleton, name, fields):
    there = skeleton.fixed["compute_environment"]
    families = [[key for key, entry in there.items() if (entry["type"] in INSTANCES) is on] for on in (True, False)]
    family = draw(some.sampled_from([family for family in families if family]))
    chosen = draw(some.lists(some.sampled_from(family), min_size=1, max_size=3, unique=True))
    spellings = [lambda key: f"compute_environment.{key}", lambda key: f"${{compute_environment.{key}.name}}"]
    limits = some.lists(time_limits(), max_size=3, unique_by=lambda limit: limit["reason"])
    spec = lines(
        draw, "job_queue", frozenset({"name", "compute_environments", "scheduling_policy"}), {"time_limits": limits}
    )
    return {**spec, "compute_environments": [draw(some.sampled_from(spellings))(key) for key in chosen]}


@some.composite
def time_limits(draw):
    reasons = ["CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"]
    limit = {"reason": draw(some.sampled_from(reasons)), "max_seconds": draw(some.integers(600, 86400))}
    return limit | draw(some.sampled_from([{}, {"state": "RUNNABLE"}, {"action": "CANCEL"}]))
