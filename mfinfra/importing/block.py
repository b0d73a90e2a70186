"""The `metaflow` block from Metaflow's settings: the inverse of `mfinfra.metaflow.settings`. Pure.

A setting stands in the block where the block says exactly that; else, with all that would follow from its place in the
block, it stands under `settings`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mfinfra import schemas
from mfinfra.confidential import LOGIN, SECRET, is_secret
from mfinfra.document import lint_metaflow
from mfinfra.importing.book import Book
from mfinfra.metaflow.arns import arn_of
from mfinfra.metaflow.configuration import meaning
from mfinfra.metaflow.parts import DATASTORE_PREFIX, DISTRIBUTED_MAP_FOLDER, DISTRIBUTED_MAP_SETTING
from mfinfra.metaflow.places import Root
from mfinfra.metaflow.settings import ANY_STREAM, HEADERS, ROOT
from mfinfra.model import Scope

_KEY = re.compile(r"METAFLOW_[A-Z0-9_]+")
PROFILE = "METAFLOW_PROFILE"
LOCAL = frozenset({PROFILE, "METAFLOW_HOME"})
"""What says where Metaflow's settings are, and is none."""
EMIT = "METAFLOW_BATCH_EMIT_TAGS"
TAGS = "METAFLOW_BATCH_DEFAULT_TAGS"
METADATA = "METAFLOW_DEFAULT_METADATA"
DATASTORE = "METAFLOW_DEFAULT_DATASTORE"
URL = "METAFLOW_SERVICE_URL"
BACKEND = "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE"
SECRETS_REGION = "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION"
SECRETS_MANAGER = "aws-secrets-manager"
LOG_GROUP = "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN"
NAMED: Mapping[str, tuple[str, str, str]] = {
    # key → (place in the block, kind, the attribute that a reference stands for)
    "METAFLOW_BATCH_JOB_QUEUE": ("batch.queue", "job_queue", "name"),
    "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": ("batch.job_role", "role", "arn"),
    "METAFLOW_ECS_FARGATE_EXECUTION_ROLE": ("batch.execution_role", "role", "arn"),
    "METAFLOW_SFN_IAM_ROLE": ("step_functions.role", "role", "arn"),
    "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": ("step_functions.events_role", "role", "arn"),
    "METAFLOW_SFN_DYNAMO_DB_TABLE": ("step_functions.table", "table", "name"),
    LOG_GROUP: ("step_functions.log_group", "log_group", "arn"),
}
PLAIN: Mapping[str, str] = {
    "METAFLOW_BATCH_CONTAINER_IMAGE": "batch.image",
    "METAFLOW_BATCH_CONTAINER_REGISTRY": "batch.registry",
    "METAFLOW_SFN_STATE_MACHINE_PREFIX": "step_functions.prefix",
}
FOLDERS: Mapping[str, str] = {"METAFLOW_DATATOOLS_S3ROOT": "data", "METAFLOW_CARD_S3ROOT": "mf.cards"}


@dataclass(frozen=True, slots=True)
class Block:
    """`written` is the block; `withheld` are the keys of secrets, and `strange` those that are no settings."""

    written: Mapping[str, Any]
    withheld: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()


def of(settings: Mapping[str, str], book: Book, scope: Scope) -> Block:
    """The block that says what `settings` say."""
    known = lint_metaflow.settings()["known"]
    said = {key: meaning(value, known.get(key, "text")) for key, value in settings.items() if value != ""}
    secret = {key for key, value in said.items() if _withheld(key, value)}
    strange = {key for key in said if not _KEY.fullmatch(key) or key in LOCAL}
    left = {key: value for key, value in said.items() if key not in secret | strange}
    found: dict[str, Any] = {"profile": settings[PROFILE]} if settings.get(PROFILE) else {}
    for rule in (_datastore, _named, _plain, _switches, _tags, _service, _secrets):
        for place, value, keys in rule(_Case(left, book, scope)):
            _put(found, place, value)
            left = {key: item for key, item in left.items() if key not in keys}
    if left:
        found["settings"] = {key: left[key] for key in sorted(left)}
    return Block(_in_order(found), tuple(sorted(secret)), tuple(sorted(strange - LOCAL)))


@dataclass(frozen=True, slots=True)
class _Case:
    """What no rule has spoken of yet, and who is who."""

    said: Mapping[str, Any]
    book: Book
    scope: Scope


Said = Iterator[tuple[str, Any, frozenset[str]]]
"""A place in the block, what stands there, and the keys that follow from it."""


def _datastore(case: _Case) -> Said:
    root = Root.parse(case.said.get(ROOT), case.scope.partition)
    if (
        root is None
        or not root.prefix
        or case.said.get(DATASTORE, "s3") != "s3"
        or "METAFLOW_DATATOOLS_SUFFIX" in case.said
    ):
        return
    address = case.book.of("bucket", "name", root.bucket)
    bucket = str(address) if address else root.bucket
    usual = {key for key, folder in FOLDERS.items() if case.said.get(key) in (None, root.below(folder).url)}
    value = bucket if root.prefix == DATASTORE_PREFIX else {"bucket": bucket, "prefix": root.prefix}
    if usual == FOLDERS.keys():
        yield "datastore", value, frozenset({ROOT, DATASTORE, *FOLDERS})
    else:
        yield "datastore", value, frozenset({ROOT, DATASTORE, *usual})
    if case.said.get(DISTRIBUTED_MAP_SETTING) == root.below(DISTRIBUTED_MAP_FOLDER).url:
        yield "step_functions.distributed_map", True, frozenset({DISTRIBUTED_MAP_SETTING})


def _named(case: _Case) -> Said:
    for key, (place, kind, attribute) in NAMED.items():
        value = case.said.get(key)
        if not isinstance(value, str):
            continue
        bare = value.removesuffix(ANY_STREAM) if kind == "log_group" else value
        address = case.book.of(kind, "arn" if bare.startswith("arn:") else attribute, bare)
        if address is not None and bare.startswith("arn:") and attribute == "name":
            own = case.book.outputs[address].get("name", "")
            address = address if arn_of(kind, own, case.scope) == bare else None
        yield place, str(address) if address else bare, frozenset({key})


def _plain(case: _Case) -> Said:
    for key, place in PLAIN.items():
        if isinstance(case.said.get(key), str):
            yield place, case.said[key], frozenset({key})


def _switches(case: _Case) -> Said:
    key = "METAFLOW_SFN_COMPRESS_STATE_MACHINE"
    if case.said.get(key) is True:
        yield "step_functions.compress", True, frozenset({key})


def _tags(case: _Case) -> Said:
    """Tags of jobs, where Metaflow is told to send them."""
    tags = case.said.get(TAGS)
    texts = isinstance(tags, Mapping) and all(isinstance(value, str) for value in tags.values())
    if texts and tags and case.said.get(EMIT) is True:
        yield "batch.tags", dict(tags), frozenset({TAGS, EMIT})


def _service(case: _Case) -> Said:
    if not isinstance(case.said.get(URL), str) or case.said.get(METADATA) != "service":
        return
    yield "service.url", case.said[URL], frozenset({URL, METADATA})
    if isinstance(case.said.get("METAFLOW_SERVICE_INTERNAL_URL"), str):
        key = "METAFLOW_SERVICE_INTERNAL_URL"
        yield "service.internal_url", case.said[key], frozenset({key})


def _secrets(case: _Case) -> Said:
    """The backend of `@secrets`. The block says the region too, so that one that nobody names stays a setting."""
    if case.said.get(BACKEND) != SECRETS_MANAGER or not isinstance(case.said.get(SECRETS_REGION), str):
        return
    yield "secrets.backend", SECRETS_MANAGER, frozenset({BACKEND})
    here = case.said[SECRETS_REGION] == case.scope.region
    if here:
        yield "secrets.backend", SECRETS_MANAGER, frozenset({SECRETS_REGION})
    else:
        yield "secrets.region", case.said[SECRETS_REGION], frozenset({SECRETS_REGION})


def _withheld(key: str, value: Any) -> bool:
    """Whether the value must not stand in a file: it is a secret, or a URL with a login in it."""
    return is_secret(key, value) or key in {*SECRET, HEADERS} or bool(LOGIN.search(str(value)))


def _in_order(found: Mapping[str, Any]) -> dict[str, Any]:
    """The block in the schema's order, which is that of every example."""
    known = schemas.load("environment")["properties"]["metaflow"]["properties"]
    return {name: _sorted(found[name], known[name]) for name in known if name in found}


def _sorted(value: Any, schema: Mapping[str, Any]) -> Any:
    """A closed mapping in the order of its schema; all else as it is."""
    if schema.get("additionalProperties") is not False or not isinstance(value, Mapping):
        return value
    return {key: value[key] for key in schema["properties"] if key in value}


def _put(block: dict[str, Any], place: str, value: Any) -> None:
    name, _, inner = place.partition(".")
    if inner:
        block.setdefault(name, {})[inner] = value
    else:
        block[name] = value
