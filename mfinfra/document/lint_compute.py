"""The rules of `lint` for compute environments: what one type has and another not, and what AWS cannot change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mfinfra import schemas
from mfinfra.document import meant
from mfinfra.document.tree import shown
from mfinfra.model import Environment, Resource

FARGATE = frozenset({"FARGATE", "FARGATE_SPOT"})
EC2_ONLY = (
    "min_vcpus",
    "initial_vcpus",
    "instance_types",
    "allocation_strategy",
    "bid_percentage",
    "instance_role",
    "launch_template",
    "image_type",
    "placement_group",
    "key_pair",
    "spot_fleet_role",
)
SERVICE_LINKED = re.compile("/aws-service-role/|^AWSServiceRoleForBatch$")
# What takes the place of an environment goes by its name, shortened where it is very long, and eight digits.
LONGEST_STEM = 119
# `g6e.xlarge` → g, 6, e; `p6-b200.48xlarge` → p, 6, nothing. A family without a size is an instance type to Batch, too.
_TYPE = re.compile(r"([a-z]+)([0-9]+)([a-z]*)(-[a-z0-9]+)*(\.[a-z0-9-]+)?")
_SETS = {"optimal": "x86_64", "default_x86_64": "x86_64", "default_arm64": "arm64"}

Finding = tuple[tuple[str | int, ...], str, str, str | None]


def fargate(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """Fields that only EC2 and SPOT know."""
    spec = resource.spec
    if spec.get("type") not in FARGATE:
        return
    defaults = schemas.traits(resource.kind).defaults
    for name in EC2_ONLY:
        value = spec.get(name)
        if value not in (None, "", [], {}, 0) and value != defaults.get(name):
            yield (name,), "MF1103", f"`{spec['type']}` has no `{name}`", "only `EC2` and `SPOT` know it: remove it"


def vcpus(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """Limits that contradict each other."""
    least, most, first = (resource.spec.get(f"{name}_vcpus") for name in ("min", "max", "initial"))
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield ("min_vcpus",), "MF1104", f"`min_vcpus` is {least}, and `max_vcpus` is only {most}", None
    if isinstance(first, int) and isinstance(most, int) and first > most:
        yield ("initial_vcpus",), "MF1104", f"`initial_vcpus` is {first}, and `max_vcpus` is only {most}", None


def architecture(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """Instance types of two processor architectures, which Batch refuses.

    https://docs.aws.amazon.com/batch/latest/userguide/create-compute-environment.html
    """
    first: tuple[str, str] | None = None
    for index, name in enumerate(resource.spec.get("instance_types") or ()):
        found = _architecture(name)
        if found is None:
            continue
        first = first or (name, found)
        if found != first[1]:
            message = f"`{shown(name)}` is {found} and `{shown(first[0])}` is {first[1]}: Batch takes one architecture"
            yield ("instance_types", index), "MF1123", message, "make a compute environment and a queue for each"


def architecture_of(resource: Resource) -> str | None:
    """The processor architecture of a compute environment's instances; `None` where it is not known."""
    if resource.spec.get("type") in FARGATE:
        return None
    return next((found for name in resource.spec.get("instance_types") or () if (found := _architecture(name))), None)


def best_fit(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """A strategy without updates in place."""
    if resource.spec.get("allocation_strategy") == "BEST_FIT":
        hint = "`BEST_FIT_PROGRESSIVE` lets AWS change it in place"
        message = "with `BEST_FIT` nearly every change replaces the compute environment"
        yield ("allocation_strategy",), "MF2101", message, hint


def service_role(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """A role without updates in place; `BEST_FIT` has none anyway, and Fargate's need no role."""
    spec = resource.spec
    said = str(spec.get("service_role") or "")
    if said and not SERVICE_LINKED.search(said) and spec.get("type") not in FARGATE:
        if spec.get("allocation_strategy") == "BEST_FIT":
            return
        message = "with a `service_role` of its own nearly every change replaces the compute environment"
        yield (
            ("service_role",),
            "MF2120",
            message,
            "leave it out: Batch's service-linked role lets AWS change it in place",
        )


def update_policy(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """A policy for infrastructure updates where there are none."""
    spec = resource.spec
    role = spec.get("service_role")
    if spec.get("update_policy") is None:
        return
    if spec.get("type") in FARGATE:
        where = "on Fargate"
    elif spec.get("allocation_strategy") == "BEST_FIT":
        where = "with `BEST_FIT`"
    elif role and "/aws-service-role/" not in str(role):
        where = "with a `service_role` other than Batch's service-linked role"
    else:
        return
    message = f"there are no infrastructure updates {where}: `update_policy` is left as AWS has it"
    yield ("update_policy",), "MF2108", message, "remove it"


def gpu(resource: Resource, environment: Environment) -> Iterator[Finding]:
    """GPU instances from an image without NVIDIA's driver: no job with a GPU ever starts there.

    https://docs.aws.amazon.com/batch/latest/userguide/batch-gpu-ami.html
    """
    spec = resource.spec
    image, types = spec.get("image_type"), spec.get("instance_types") or ()
    if not isinstance(image, str) or image.endswith("_NVIDIA") or not types or not all(map(_nvidia, types)):
        return
    template = spec.get("launch_template")
    if template:
        known = meant.named(environment, "launch_template", template)
        if known is None or known.spec.get("image"):
            return  # an image of its own may have the driver
    message = f"`{image}` has no driver for the GPUs of `{shown(types[0])}`: jobs that ask for one never start"
    hint = f"write `image_type: {image}_NVIDIA`, or leave it out: Batch takes the right one"
    yield ("image_type",), "MF2119", message, hint


def families(resource: Resource, environment: Environment) -> Iterator[Finding]:
    """A name that the replacement of another environment of the file may take."""
    name = resource.spec.get("name")
    for other in environment.resources.values():
        stem = other.spec.get("name")
        if other.kind != "compute_environment" or not isinstance(name, str) or not isinstance(stem, str):
            continue
        if re.fullmatch(rf"{re.escape(stem[:LONGEST_STEM])}-[0-9a-f]{{8}}", name):
            message = f"`{shown(name)}` is a name that what replaces `{other.address}` may take"
            yield ("name",), "MF2118", message, "choose a name that does not end in eight hexadecimal digits"


def _architecture(name: object) -> str | None:
    """`x86_64` or `arm64`; `None` where the name does not tell."""
    if not isinstance(name, str):
        return None
    if name in _SETS:
        return _SETS[name]
    parts = _TYPE.fullmatch(name)
    if parts is None:
        return None
    family = parts[1] + parts[2]
    return "arm64" if "g" in parts[3] or family == "a1" else "x86_64"


def _nvidia(name: object) -> bool:
    """Whether an instance type has GPUs of NVIDIA; those of `g4ad` are AMD's."""
    parts = _TYPE.fullmatch(name) if isinstance(name, str) else None
    return parts is not None and parts[1] in ("g", "gr", "p") and not (parts[1] == "g" and parts[3] == "ad")
