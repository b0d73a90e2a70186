"""Rungs for what Batch and ECS say of a job, in `statusReason` and in the container's `reason`."""

from __future__ import annotations

import re

from mfinfra.metaflow.doctor.rungs import Rung, write

_WALK = "run `mfinfra doctor FILE`: it walks the network of each compute environment"

PULLS: tuple[Rung, ...] = (
    Rung(
        "MF5340",
        re.compile(r"toomanyrequests|pull rate limit|429 Too Many Requests", re.IGNORECASE),
        "METAFLOW_BATCH_CONTAINER_REGISTRY",
        "the registry limits how often images are pulled without a login, and the limit is reached",
        write("{batch: {registry: ${account}.dkr.ecr.${region}.${dns_suffix}}}") + ", with the image copied there",
    ),
    Rung(
        "MF5341",
        re.compile(r"invalid reference format"),
        "METAFLOW_BATCH_CONTAINER_REGISTRY",
        "the image's name is no name of an image; a registry with `https://` before it makes it so",
        write("{batch: {registry: ${account}.dkr.ecr.${region}.${dns_suffix}}}") + ", without `https://`",
    ),
    Rung(
        "MF5342",
        re.compile(
            r"exec format error|no matching manifest for (?P<platform>\S+)|does not match the "
            r"(?:specified|expected) platform|image Manifest does not contain descriptor matching platform"
        ),
        "METAFLOW_BATCH_CONTAINER_IMAGE",
        "the image is built for another processor than the instances have",
        "build it for both: `docker buildx build --platform linux/amd64,linux/arm64 --push …`",
    ),
    Rung(
        "MF5343",
        re.compile(
            r"CannotPull[^\n]*?(?:manifest unknown|: not found|repository does not exist|failed to resolve "
            r"reference [^\n]*not found|RepositoryNotFound|ImageNotFound)"
        ),
        "METAFLOW_BATCH_CONTAINER_IMAGE",
        "the registry has no such image or tag",
        write("{batch: {image: NAME:TAG}}") + " with a tag that was pushed",
    ),
    Rung(
        "MF5344",
        re.compile(
            r"CannotPull[^\n]*?(?:no basic auth credentials|pull access denied|403 Forbidden|"
            r"denied: User|AccessDenied)"
        ),
        "METAFLOW_BATCH_CONTAINER_IMAGE",
        "the registry denies the image to the role that pulls it: the instance's, or the execution role on Fargate",
        "write `role: {NAME: {preset: ecs_instance}}` (`fargate_execution` on Fargate), then `mfinfra apply FILE`",
    ),
    Rung(
        "MF5345",
        re.compile(
            r"CannotPull[^\n]*?(?:i/o timeout|deadline exceeded|connection refused|no such host|"
            r"request canceled|Client\.Timeout|dial tcp)"
        ),
        "network",
        "the registry is not reached over the network",
        _WALK,
    ),
    Rung(
        "MF5346",
        re.compile(r"ResourceInitializationError: (?P<what>[^\n]{0,200})"),
        "network",
        "Fargate could not prepare the task: {what}",
        _WALK + ", and the execution role",
    ),
    Rung(
        "MF5347",
        re.compile(r"CannotPull"),
        "METAFLOW_BATCH_CONTAINER_IMAGE",
        "the image could not be pulled",
        "run `mfinfra doctor FILE`: it looks at the image, the roles and the network",
    ),
)

STOPS: tuple[Rung, ...] = (
    Rung(
        "MF5348",
        re.compile(r"OutOfMemoryError|Container killed due to memory usage"),
        "memory",
        "the task used more memory than it asked for",
        "ask for more in the flow: `@resources(memory=16000)` (MB)",
    ),
    Rung(
        "MF5349",
        re.compile(r"Host EC2 \(instance (?P<instance>i-\w+)\) terminated"),
        "{instance}",
        "the instance went away under the job: a Spot instance was taken back, or somebody ended it",
        "put `@retry` on the step: Metaflow runs it again elsewhere",
    ),
    Rung(
        "MF5350",
        re.compile(r"ECS was unable to assume the role '?(?P<role>arn:[^'\s]+?)'?(?= that|\s|$)"),
        "{role}",
        "the trust of `{role}` does not let ECS tasks in",
        "write `role: {NAME: {preset: batch_job}}` (`fargate_execution` on Fargate), then `mfinfra apply FILE`",
    ),
    Rung(
        "MF5351",
        re.compile(r"failed to (?:create Cloudwatch log stream|initialize logging driver)", re.IGNORECASE),
        "logs",
        "the container's log could not be opened in CloudWatch Logs",
        "run `mfinfra doctor FILE`: `/aws/batch/job` has to exist, and the instance or execution role to write there",
    ),
)

# https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
BLOCKED: tuple[Rung, ...] = (
    Rung(
        "MF5352",
        re.compile(r"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"),
        "instance_types",
        "AWS has no instances of these types to give at present",
        "write more kinds: `instance_types: [optimal]`, more `subnets` in other zones, or a second compute environment",
    ),
    Rung(
        "MF5353",
        re.compile(r"MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"),
        "max_vcpus",
        "the job asks for more than the `max_vcpus` of every compute environment of its queue",
        "write a larger `max_vcpus`, or ask for less in the flow",
    ),
    Rung(
        "MF5354",
        re.compile(r"MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"),
        "instance_types",
        "no instance type of the queue's compute environments is large enough for the job",
        "write a larger type into `instance_types`, or ask for less in the flow",
    ),
    Rung(
        "MF5355",
        re.compile(r"MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED"),
        "instance_types",
        "EC2 does not offer what the compute environment asks for: the types in these zones, with this launch template",
        "write `instance_types` that every zone of the `subnets` has: `aws ec2 describe-instance-type-offerings`",
    ),
    Rung(
        "MF5356",
        re.compile(r"MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS"),
        "service_role",
        "the service role of the compute environment may not do what Batch does with it",
        "leave `service_role` out, so that Batch uses its own service-linked role, then `mfinfra apply FILE`",
    ),
    Rung(
        "MF5357",
        re.compile(r"\bACTION_REQUIRED\b"),
        "compute_environment",
        "instances of the compute environment started and cannot join its cluster",
        _WALK + ", the instance role and its profile",
    ),
    Rung(
        "MF5358",
        re.compile(r"\bUNDETERMINED\b"),
        "job",
        "Batch sees that the job blocks its queue and does not know why",
        "run `mfinfra doctor FILE`: it looks at everything that can be seen",
    ),
)

CONTAINER: tuple[Rung, ...] = (*BLOCKED, *PULLS, *STOPS)
