"""The rules of `lint` for networks: endpoints, and what private subnets cannot reach without them.

A network is known to be private by the endpoints of ECS: no instance with another way to AWS has a use for them. What
an endpoint of images needs beside itself is known without that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mfinfra.document import meant
from mfinfra.document.lint_compute import FARGATE
from mfinfra.document.tree import shown
from mfinfra.model import Environment, Ref, Resource, Scope

GATEWAY_SERVICES = ("s3", "dynamodb")
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
IMAGES = ("ecr.api", "ecr.dkr", "s3")
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
CLUSTER = ("ecs", "ecs-agent", "ecs-telemetry")
LISTED = "`, `"
_ECR = re.compile(r"[0-9]{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.([a-z.]+)")

Finding = tuple[tuple[str | int, ...], str, str, str | None]


def short(resource: Resource) -> str:
    """The short name of an endpoint's service."""
    return str(resource.spec.get("service")).rpartition(f".{resource.scope.region}.")[2]


def endpoint_type(resource: Resource) -> str:
    """`Gateway` or `Interface`; an S3 gateway and an S3 interface may stand in one VPC."""
    said = resource.spec.get("type")
    if said in ("Gateway", "Interface"):
        return str(said)
    return "Gateway" if short(resource) in GATEWAY_SERVICES else "Interface"


def endpoint(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """Fields of the other type, and an Interface that nothing can reach."""
    spec = resource.spec
    service = spec.get("service")
    gateway = endpoint_type(resource) == "Gateway"
    if gateway and isinstance(service, str) and short(resource) not in GATEWAY_SERVICES:
        hint = "write `type: Interface`"
        yield ("type",), "MF1107", f"only `s3` and `dynamodb` have a Gateway, and not `{shown(service)}`", hint
    for name in ("subnets", "security_groups") if gateway else ("route_tables",):
        if spec.get(name):
            message = f"{'a Gateway' if gateway else 'an Interface'} endpoint has no `{name}`"
            hint = f"remove it, or write `type: {'Interface' if gateway else 'Gateway'}`"
            yield (name,), "MF1107", message, hint
    if not gateway and spec.get("subnets") == []:
        hint = "write `subnets`: one for each availability zone that jobs run in"
        yield (), "MF1107", "an Interface endpoint without subnets cannot be reached", hint
    if not gateway and short(resource) == "dynamodb" and spec.get("private_dns"):
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html
        message = "AWS documents no private name for DynamoDB's Interface endpoint, and would refuse this"
        hint = "write `private_dns: false` and give clients the endpoint's own URL, or use a Gateway"
        yield ("private_dns",), "MF2109", message, hint


def missing(resource: Resource, environment: Environment) -> Iterator[Finding]:
    """Endpoints that a compute environment needs beside those that its VPC has in this file."""
    there = _services(environment, resource)
    needed = list(_needed(resource, environment, there))
    absent = [name for name in dict.fromkeys(needed) if name not in there]
    if absent:
        noun = "an endpoint" if len(absent) == 1 else "endpoints"
        message = f"in private subnets this also needs {noun} for `{LISTED.join(absent)}`"
        hint = "add an `endpoint` for each; where they stand outside of this file, suppress this with that reason"
        yield ("subnets",), "MF2128", message, hint


def public_image(environment: Environment) -> Iterator[Finding]:
    """An image of a public registry, for a queue whose environments are all in private networks."""
    queue = meant.played(environment, "batch.queue", "job_queue")
    listed = [
        meant.named(environment, "compute_environment", value)
        for value in (queue.spec.get("compute_environments") if queue else None) or ()
    ]
    if not listed or not all(found is not None and _private(environment, found) for found in listed):
        return
    settings = meant.written(environment, "settings")
    said = settings if isinstance(settings, Mapping) else {}
    image = meant.written(environment, "batch.image") or said.get("METAFLOW_DEFAULT_CONTAINER_IMAGE")
    registry = meant.written(environment, "batch.registry") or said.get("METAFLOW_DEFAULT_CONTAINER_REGISTRY")
    host = _host(image) or registry
    if image is not None and not isinstance(image, str):
        return
    if host is None or (isinstance(host, str) and _public(host)):
        what = f"`{shown(image)}`" if image else "Metaflow's default image"
        message = f"{what} comes from `{shown(host or 'docker.io')}`, which private subnets do not reach"
        hint = "push an image to a `repository`, and write `image` and `registry`"
        yield ("batch", *(("image",) if meant.written(environment, "batch.image") else ())), "MF2129", message, hint


def registry(environment: Environment) -> Iterator[Finding]:
    """A registry of ECR by a host that there is not, or that is in another partition, whose credentials are others."""
    ours = environment.scope
    for name in ("image", "registry"):
        value = meant.written(environment, f"batch.{name}")
        host = value.partition("/")[0] if isinstance(value, str) else ""
        parts = _ECR.fullmatch(host)
        there = Scope(ours.environment, ours.account, parts[1]) if parts else ours
        if parts and parts[2] != there.dns_suffix:
            message = f"`{shown(host)}` is no host: in `{parts[1]}` they end with `{there.dns_suffix}`"
            yield ("batch", name), "MF2133", message, "write `${account}.dkr.ecr.${region}.${dns_suffix}`"
        elif there.partition != ours.partition:
            message = f"jobs in `{ours.partition}` cannot pull from `{shown(host)}`, which is in `{there.partition}`"
            yield ("batch", name), "MF2133", message, "copy the image into a registry of this partition"


def _needed(resource: Resource, environment: Environment, there: Sequence[str]) -> Iterator[str]:
    private = _private(environment, resource)
    if private or set(there) & {"ecr.api", "ecr.dkr"}:
        yield from IMAGES
    if private:
        yield from (*CLUSTER, "logs")
        if meant.written(environment, "step_functions.table"):
            yield "dynamodb"
        if meant.written(environment, "secrets"):
            yield "secretsmanager"


def _private(environment: Environment, resource: Resource) -> bool:
    """Whether instances are certainly in private subnets; of Fargate no endpoint tells."""
    return resource.spec.get("type") not in FARGATE and bool(set(_services(environment, resource)) & set(CLUSTER))


def _services(environment: Environment, resource: Resource) -> tuple[str, ...]:
    """The short names of the services that have an endpoint in the VPC of a compute environment."""
    vpcs = _vpcs(environment, resource)
    return tuple(short(one) for one in _endpoints(environment) if one.spec.get("vpc") in vpcs)


def _vpcs(environment: Environment, resource: Resource) -> frozenset[str]:
    """The VPC of a compute environment, known by its groups or by endpoints in the same subnets."""
    subnets = {name for name in resource.spec.get("subnets") or () if isinstance(name, str)}
    groups = (value.address for value in resource.spec.get("security_groups") or () if isinstance(value, Ref))
    owners = [environment.resources[address] for address in groups if address in environment.resources]
    owners += [one for one in _endpoints(environment) if subnets & set(one.spec.get("subnets") or ())]
    return frozenset(owner.spec["vpc"] for owner in owners if isinstance(owner.spec.get("vpc"), str))


def _endpoints(environment: Environment) -> list[Resource]:
    return [one for one in environment.resources.values() if one.kind == "endpoint"]


def _host(image: object) -> str | None:
    """The registry that an image's name begins with: what has a dot, a port, or is `localhost`."""
    first, slash, _ = str(image or "").partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else None


def _public(host: str) -> bool:
    """Whether a registry is known to be out of reach of endpoints; of one that is not known, nothing is said."""
    name = host.split("/", maxsplit=1)[0]
    return name in ("docker.io", "index.docker.io", "registry-1.docker.io", "quay.io", "ghcr.io", "public.ecr.aws")
