"""The configuration by itself: whether every key is there that Metaflow cannot do without, and has its shape.

Metaflow checks none of this. What it does with a key that is missing stands beside the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mfinfra.metaflow import settings
from mfinfra.metaflow.configuration import shown
from mfinfra.metaflow.parts import DISTRIBUTED_MAP_SETTING, Parts
from mfinfra.metaflow.verify.subject import Asking, Subject, failed, passed
from mfinfra.model import Check, Finding
from mfinfra.plural import counted

GROUP = "Configuration"
_ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12}|aws)?:.+")
_PLACE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/.*)?")
_URL = re.compile(r"https?://[^\s/]+.*")

_Used = Callable[[Parts], bool]


def _batch(parts: Parts) -> bool:
    return parts.written("batch") is not None or _machines(parts)


def _machines(parts: Parts) -> bool:
    return parts.written("step_functions") is not None


# key → (when Metaflow needs it, what it says without it, what to write in the `metaflow` block). The order is that in
# which Metaflow fails.
NEEDED: Mapping[str, tuple[_Used, str, str]] = {
    "METAFLOW_DEFAULT_DATASTORE": (
        lambda _: True,
        "without it data stays on the machine that runs the flow, and nothing runs on Batch",
        "datastore: bucket.NAME",
    ),
    settings.ROOT: (lambda _: True, "without it there is no place in S3", "datastore: bucket.NAME"),
    "METAFLOW_BATCH_JOB_QUEUE": (
        _batch,
        "without it `step-functions create` ends in a `ParamValidationError`",
        "batch: {queue: job_queue.NAME}",
    ),
    "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": (
        _batch,
        "without it no job definition can be registered",
        "batch: {job_role: role.NAME}",
    ),
    "METAFLOW_SFN_IAM_ROLE": (
        _machines,
        "without it `step-functions create` ends in an `AttributeError`",
        "step_functions: {role: role.NAME}",
    ),
    "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": (
        _machines,
        "without it every deployment fails after the state machine was made, with a schedule or without",
        "step_functions: {events_role: role.NAME}",
    ),
    "METAFLOW_SFN_DYNAMO_DB_TABLE": (
        _machines,
        "without it no flow with a `foreach` can be deployed",
        "step_functions: {table: table.NAME}",
    ),
}
# key → (its shape, in words)
SHAPES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "METAFLOW_DEFAULT_DATASTORE": (re.compile("s3"), "`s3`"),
    **dict.fromkeys(
        (settings.ROOT, "METAFLOW_DATATOOLS_S3ROOT", "METAFLOW_CARD_S3ROOT", DISTRIBUTED_MAP_SETTING),
        (_PLACE, "a place like `s3://bucket/prefix`"),
    ),
    **dict.fromkeys(
        (key for key in settings.PLAYED if key.endswith(("IAM_ROLE", "EXECUTION_ROLE"))),
        (re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+"), "the ARN of a role: Metaflow reads the partition in it"),
    ),
    "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": (
        re.compile(r"arn:[a-z-]+:logs:[a-z0-9-]+:\d{12}:log-group:.+:\*"),
        "the ARN of a log group with `:*` at its end",
    ),
    "METAFLOW_SFN_DYNAMO_DB_TABLE": (re.compile(r"[a-zA-Z0-9_.-]{3,255}"), "the name of a table, not its ARN"),
    "METAFLOW_SERVICE_URL": (_URL, "a URL"),
    "METAFLOW_SERVICE_INTERNAL_URL": (_URL, "a URL"),
    "METAFLOW_BATCH_CONTAINER_REGISTRY": (re.compile(r"(?!https?://).+"), "a registry without `https://`"),
}


def checks(subject: Subject) -> tuple[Check, ...]:
    """The checks of this group, in the order in which Metaflow would stumble."""
    found = [
        Check("config.keys", GROUP, "the keys that Metaflow needs", lambda: _told(_keys(subject))),
        Check("config.values", GROUP, "the shape of every value", lambda: _told(_values(subject))),
    ]
    if subject.local is not None:
        local = subject.local
        found.append(Check("config.profile", GROUP, "the profile on this machine", lambda: _told(local)))
    return tuple(found)


def _told(findings: Iterator[Finding] | tuple[Finding, ...]) -> Asking[tuple[Finding, ...]]:
    """A check that asks nobody."""
    yield from ()
    return tuple(findings)


def _keys(subject: Subject) -> Iterator[Finding]:
    missing = False
    for key, (used, without, line) in NEEDED.items():
        if not used(subject.parts) or key in subject.values:
            continue
        missing = True
        if key in subject.waiting:
            yield failed(
                key, "AWS does not tell its value: what it comes from is not there", "MF5111", fix=subject.fix()
            )
        else:
            said = f"is missing: {without}"
            yield failed(key, said, "MF5110", fix=f"write `metaflow: {{{line}}}` in `{subject.file}`")
    if not missing:
        yield passed("", f"{counted(len(subject.values), 'key')}, and none is missing")


def _values(subject: Subject) -> Iterator[Finding]:
    found = [item for key, value in subject.values.items() for item in _value(key, value)]
    yield from found or [passed("", "every value is as Metaflow reads it")]


def _value(key: str, value: Any) -> Iterator[Finding]:
    seen = f"the value is `{shown(key, value)}`"
    if value is None or value in ("", [], {}):
        said = "is empty, and an empty text is a value to Metaflow"
        yield failed(key, said, "MF5112", fix="leave it out of the file")
    elif key in SHAPES and not SHAPES[key][0].fullmatch(settings.text(value)):
        yield failed(key, f"is not {SHAPES[key][1]}", "MF5113", seen, fix=_where(key))
    elif key.endswith("_ARN") and not _ARN.fullmatch(settings.text(value)):
        yield failed(key, "is not an ARN", "MF5113", seen, fix=_where(key))


def _where(key: str) -> str:
    place = settings.WRITTEN.get(key) or f"settings.{key}"
    return f"mend what `metaflow.{place}` says" if key not in settings.PLAYED else "name the resource by its address"
