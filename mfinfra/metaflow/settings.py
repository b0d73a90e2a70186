"""Metaflow's configuration: every `METAFLOW_*` key that follows from the `metaflow` block, and what it is made of.

What a managed resource decides is a reference to it (`Ref(job_queue.default, "name")`) until somebody says what stands:
the file (`settings`), or AWS (a plan). The keys are those of Metaflow 2.19.39, in `metaflow_config.py`.

Left out is what Metaflow would get wrong (an empty text is a value to it), what it does by itself (a switch that is
off), and what the bucket does better: with `METAFLOW_S3_SERVER_SIDE_ENCRYPTION=aws:kms` S3 uses AWS's own key, not the
bucket's. Region and profile are no keys: boto3 reads `AWS_DEFAULT_REGION`, and the profile is the file's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from mfinfra.confidential import HIDDEN, is_secret, reference
from mfinfra.metaflow.arns import KINDS
from mfinfra.metaflow.parts import DISTRIBUTED_MAP_FOLDER, DISTRIBUTED_MAP_SETTING, Part, Parts, part_of
from mfinfra.metaflow.places import SCHEME, Root
from mfinfra.model import Address, Environment, Ref, Resource, Template, Unknown, fill, refs

Lookup: TypeAlias = Callable[[Ref], str | None]

ROOT = "METAFLOW_DATASTORE_SYSROOT_S3"
COMPANIONS: Mapping[str, str] = {"METAFLOW_DEFAULT_DATASTORE": ROOT}
"""Keys that say nothing without another one, which a resource decides."""
ANY_STREAM = ":*"
"""How the ARN of a log group must end for Step Functions.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_CloudWatchLogsLogGroup.html
"""

# key → (which part, which attribute of it, what stands behind the attribute).
# Of a table Metaflow takes the name only. Of a role it needs the ARN: it reads the partition in it.
PLAYED: Mapping[str, tuple[str, str, str]] = {
    "METAFLOW_BATCH_JOB_QUEUE": ("queue", "name", ""),
    "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": ("job_role", "arn", ""),
    "METAFLOW_ECS_FARGATE_EXECUTION_ROLE": ("execution_role", "arn", ""),
    "METAFLOW_SFN_IAM_ROLE": ("step_functions_role", "arn", ""),
    "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": ("events_role", "arn", ""),
    "METAFLOW_SFN_DYNAMO_DB_TABLE": ("table", "name", ""),
    "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": ("log_group", "arn", ANY_STREAM),
}
# key → where its value stands in the block.
WRITTEN: Mapping[str, str] = {
    "METAFLOW_BATCH_CONTAINER_IMAGE": "batch.image",
    "METAFLOW_BATCH_CONTAINER_REGISTRY": "batch.registry",
    "METAFLOW_BATCH_DEFAULT_TAGS": "batch.tags",
    "METAFLOW_SFN_STATE_MACHINE_PREFIX": "step_functions.prefix",
    "METAFLOW_SFN_COMPRESS_STATE_MACHINE": "step_functions.compress",
    "METAFLOW_SERVICE_URL": "service.url",
    "METAFLOW_SERVICE_INTERNAL_URL": "service.internal_url",
    "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE": "secrets.backend",
}
HEADERS = "METAFLOW_SERVICE_HEADERS"


def settings(environment: Environment, known: Lookup | None = None) -> dict[str, str]:
    """The configuration as text, as environment variables have it; see `values`."""
    return {key: text(value) for key, value in values(environment, known).items()}


def values(environment: Environment, known: Lookup | None = None) -> dict[str, Any]:
    """The configuration with the types of the file, as Metaflow's JSON takes it, sorted by key.

    Secrets are left out (see `withheld`), and so is what only AWS can tell, unless `known` tells it.
    """

    def lookup(ref: Ref) -> str | None:
        found = named(environment, ref)
        return known(ref) if found is None and known else found

    filled = {key: fill(value, lookup) for key, value in derived(environment).items()}
    return {key: value for key, value in filled.items() if not refs(value)}


def named(environment: Environment, ref: Ref) -> str | None:
    """What the file itself says that `ref` stands for; `None` for what AWS tells."""
    resource = environment.resources.get(ref.address)
    return identity(resource).get(ref.attribute) if resource else None


def derived(environment: Environment) -> dict[str, Any]:
    """Each key with what it is made of: text, and references to the managed resources that decide it; no secrets.

    Raises `InvalidDocument` if the block names an address that no resource has.
    """
    parts = Parts(environment)
    found = {**_datastore(parts), **_played(parts), **_written(parts), **_settings(parts)}
    return {key: found[key] for key in sorted(found) if not is_secret(key, found[key])}


def withheld(environment: Environment) -> dict[str, str | Unknown]:
    """The keys whose value is a secret, each with where that is: the ARN of a secret, or just that there is one."""
    parts = Parts(environment)
    written = {key: value for key, value in _settings(parts).items() if is_secret(key, value)}
    if parts.written("service.headers"):
        written[HEADERS] = parts.written("service.headers")
    return {key: _whereabouts(written[key], environment) for key in sorted(written)}


def _whereabouts(value: Any, environment: Environment) -> str | Unknown:
    named = reference(value)
    if named is None:
        return HIDDEN
    ours = next((address for address in environment.resources if str(address) == named), None)
    return Ref(ours, "arn") if ours else named


def identity(resource: Resource) -> dict[str, str]:
    """What the file says others know a resource by; `{}` where a part of its name is AWS's to tell."""
    known = resource.kind in KINDS and isinstance(resource.spec["name"], str)
    part = part_of(resource) if known else None
    return {"name": part.name, "arn": part.arn} if part else {}


def text(value: Any) -> str:
    """A value as Metaflow reads it from the environment; `${kind.name.attribute}` where AWS has yet to tell."""
    match value:
        case str():
            return value
        case Ref() | Template():
            return _asked(value)
        case _:
            return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_asked)


def _asked(value: Unknown) -> str:
    return str(Template((value,)) if isinstance(value, Ref) else value)


def _datastore(parts: Parts) -> dict[str, Any]:
    """Where data, data of `metaflow.S3` and cards are, at Metaflow's own places below the root, and map results."""
    root, bucket = parts.root, parts.datastore
    if not (root and bucket):
        return {}
    suffix = parts.written("settings.METAFLOW_DATATOOLS_SUFFIX") or "data"
    folders = {
        ROOT: "",
        **({"METAFLOW_DATATOOLS_S3ROOT": suffix} if isinstance(suffix, str) else {}),
        "METAFLOW_CARD_S3ROOT": "mf.cards",
        **({DISTRIBUTED_MAP_SETTING: DISTRIBUTED_MAP_FOLDER} if parts.distributed_map else {}),
    }
    places = {key: _place(root.below(folder), bucket) for key, folder in folders.items()}
    return {"METAFLOW_DEFAULT_DATASTORE": "s3", **places}


def _place(root: Root, bucket: Part) -> str | Unknown:
    if bucket.resource is None:
        return root.url
    behind = root.url.removeprefix(SCHEME + root.bucket)
    return _joined(SCHEME, Ref(bucket.resource.address, "name"), behind)


def _played(parts: Parts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, (name, attribute, behind) in PLAYED.items():
        part: Part | None = getattr(parts, name)
        if part is None:
            continue
        if part.resource is not None:
            found[key] = _joined(Ref(part.resource.address, attribute), behind)
        else:
            found[key] = f"{getattr(part, attribute)}{behind}"
    queue = parts.queue
    if queue and queue.resource is None:
        # As it is written: a queue's ARN has its account and region.
        found["METAFLOW_BATCH_JOB_QUEUE"] = parts.written("batch.queue")
    return found


def _written(parts: Parts) -> dict[str, Any]:
    found = {key: value for key, place in WRITTEN.items() if (value := parts.written(place))}
    if "METAFLOW_BATCH_DEFAULT_TAGS" in found:
        # Metaflow sends tags only if it is told to.
        found["METAFLOW_BATCH_EMIT_TAGS"] = True
    if "METAFLOW_SERVICE_URL" in found:
        found["METAFLOW_DEFAULT_METADATA"] = "service"
    if parts.written("secrets") is not None:
        found["METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION"] = parts.written("secrets.region") or parts.scope.region
    return found


def _settings(parts: Parts) -> dict[str, Any]:
    written = parts.written("settings") or {}
    ours = parts.environment.resources
    return {key: _mention(value, ours) for key, value in written.items() if value is not None and value != ""}


def _mention(value: Any, resources: Mapping[Address, Resource]) -> Any:
    """`value` with a reference in it if it is the ARN of a managed resource, or a place in a managed bucket."""
    if not isinstance(value, str):
        return value
    arn, place = value.removesuffix(ANY_STREAM), Root.parse(value, "")
    for address, resource in sorted(resources.items()):
        known = identity(resource)
        if known and arn == known["arn"]:
            return _joined(Ref(address, "arn"), value.removeprefix(arn))
        if place and address.kind == "bucket" and place.bucket == known.get("name"):
            return _joined(SCHEME, Ref(address, "name"), value.removeprefix(SCHEME + place.bucket))
    return value


def _joined(*pieces: str | Ref) -> Unknown:
    kept = tuple(piece for piece in pieces if piece != "")
    return kept[0] if len(kept) == 1 and isinstance(kept[0], Ref) else Template(kept)
