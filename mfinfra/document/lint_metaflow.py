"""The rules of `lint` for the settings of the `metaflow` block, and all findings about the block.

Which resource plays which part is in `lint_parts`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from mfinfra.confidential import HIDDEN, LOGIN, is_secret, reference
from mfinfra.document import lint_network, lint_parts, meant
from mfinfra.document.nearest import did_you_mean
from mfinfra.document.tree import Tree, shown
from mfinfra.errors import Problem
from mfinfra.model import Environment

SSE = "METAFLOW_S3_SERVER_SIDE_ENCRYPTION"
SHORTEST = 4
"""Characters of what is taken out of a sentence: a shorter text would be part of many words."""
LOGIN_HINT = "leave `NAME:PASSWORD@` out; `service.headers: {secret: ARN}` authenticates without showing it"
ROLES = (
    "METAFLOW_SFN_IAM_ROLE",
    "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE",
    "METAFLOW_ECS_S3_ACCESS_IAM_ROLE",
    "METAFLOW_ECS_FARGATE_EXECUTION_ROLE",
)
ROOTS = (
    "METAFLOW_DATASTORE_SYSROOT_S3",
    "METAFLOW_DATATOOLS_S3ROOT",
    "METAFLOW_CARD_S3ROOT",
    "METAFLOW_CONDA_PACKAGE_S3ROOT",
    "METAFLOW_SFN_S3_DISTRIBUTED_MAP_OUTPUT_PATH",
)
IMAGES = tuple(f"METAFLOW_{of}_CONTAINER_{what}" for of in ("BATCH", "DEFAULT") for what in ("IMAGE", "REGISTRY"))
LOG_GROUP = "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN"
_ROLE = re.compile(r"arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/.+")
_LOG_GROUP = re.compile(r"arn:aws(-[a-z]+)*:logs:[a-z0-9-]+:[0-9]{12}:log-group:[^:]+:\*")
# How Metaflow reads a text that stands for something else.
_READ: Mapping[str, str] = {"integer": "a whole number", "object": "a JSON object", "list": "a JSON list"}

Finding = tuple[tuple[str | int, ...], str, str, str | None]


def findings(environment: Environment, tree: Tree) -> list[Problem]:
    """Every finding about the `metaflow` block."""
    found = []
    for rule in RULES:
        for path, code, message, hint in rule(environment):
            severity = "warning" if code.startswith("MF2") else "error"
            whole = path if path[0] == "resources" else ("metaflow", *path)
            key = path[:1] == ("settings",)
            found.append(tree.problem(whole, message, code=code, hint=hint, severity=severity, key=key))
    return [_discreet(one, list(confidential_texts(environment))) for one in found]


def _discreet(problem: Problem, secrets: list[str]) -> Problem:
    """`problem` without a source line that holds one of the `secrets`, and without a login in its words."""
    for text in filter(None, secrets):
        if len(text) >= SHORTEST:
            hint = problem.hint and problem.hint.replace(text, HIDDEN)
            problem = replace(problem, message=problem.message.replace(text, HIDDEN), hint=hint)
        if text in problem.source:
            problem = replace(problem, source="")
    return problem


def confidential_texts(environment: Environment) -> Iterator[str]:
    """What no message may repeat: secrets that stand in the block, and logins of its URLs."""
    for block in ("settings", "service", "batch"):
        part = meant.written(environment, block)
        for name, value in part.items() if isinstance(part, Mapping) else ():
            if is_secret(name, value) and reference(value) is None:
                yield from _texts(value)
            elif isinstance(value, str):
                yield from (found.group() for found in LOGIN.finditer(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    else:
        yield str(value)


@cache
def settings() -> Mapping[str, Any]:
    """Metaflow's settings: `known` are their names, `derived` says which field of the block says the same."""
    found: Mapping[str, Any] = json.loads(Path(__file__).with_name("metaflow_settings.json").read_text("utf-8"))
    return found


def names(environment: Environment) -> Iterator[Finding]:
    """Settings that Metaflow does not know, and those that the block says already."""
    known = settings()
    for name in _said(environment):
        if name not in known["known"] and name.startswith("METAFLOW_"):
            message = f"`{shown(name)}` is not a setting of Metaflow, which would ignore it"
            yield ("settings", name), "MF1110", message, did_you_mean(name, known["known"])
        field = known["derived"].get(name)
        if field and meant.written(environment, field) is not None:
            yield ("settings", name), "MF1111", f"`metaflow.{field}` says this already", "remove the setting"


def forms(environment: Environment) -> Iterator[Finding]:
    """Values that Metaflow or AWS cannot read."""
    said = _said(environment)
    for name in ROLES:
        if _text(said, name) and not _ROLE.fullmatch(said[name]):
            message = "Metaflow wants the whole ARN of a role here: it reads the partition in it"
            yield ("settings", name), "MF1120", message, "write `arn:${partition}:iam::${account}:role/NAME`"
    for name in ROOTS:
        if _text(said, name) and not said[name].startswith("s3://"):
            yield ("settings", name), "MF1120", "Metaflow wants a place in S3 here", "write `s3://BUCKET/PREFIX`"
    for name, value in said.items():
        wanted = settings()["known"].get(name)
        if isinstance(value, str) and wanted in _READ and not _reads(value, wanted):
            message = f"Metaflow wants {_READ[wanted]} here, and stops at every start without one"
            yield ("settings", name), "MF1122", message, f"write {_READ[wanted]} without quotes around it"
    if _text(said, LOG_GROUP) and not _LOG_GROUP.fullmatch(said[LOG_GROUP]):
        message = "Step Functions refuses an ARN of a log group that does not end in `:*`"
        yield ("settings", LOG_GROUP), "MF1121", message, "write `metaflow.step_functions.log_group`: it adds that"


def scheme(environment: Environment) -> Iterator[Finding]:
    """Images and registries with `https://`, which is no part of an image's name.

    https://github.com/Netflix/metaflow-tools/issues/6
    """
    said = _said(environment)
    places = [("batch", "image"), ("batch", "registry"), *(("settings", name) for name in IMAGES)]
    for block, name in places:
        value = said.get(name) if block == "settings" else meant.written(environment, f"{block}.{name}")
        if isinstance(value, str) and "://" in value:
            message = f"`{shown(value.partition('://')[0])}://` is no part of an image's name: no container starts"
            yield (block, name), "MF1119", message, f"write `{shown(value.partition('://')[2])}`"


def secrets(environment: Environment) -> Iterator[Finding]:
    """A secret in a file is a secret in a repository, in every plan and in every log of it."""
    written = meant.written(environment, "settings")
    for name, value in written.items() if isinstance(written, Mapping) else ():
        if is_secret(name, value) and reference(value) is None and value not in (None, ""):
            message = f"`{name}` is a secret, and this file is no place for one"
            hint = f"put it into Secrets Manager, and write `{name}: {{secret: ARN}}`"
            yield ("settings", name), "MF1118", message, hint
        elif isinstance(value, str) and LOGIN.search(value):
            yield ("settings", name), "MF1118", "this URL holds a login, which is a secret", LOGIN_HINT
    for field in ("url", "internal_url"):
        value = meant.written(environment, f"service.{field}")
        if isinstance(value, str) and LOGIN.search(value):
            yield ("service", field), "MF1118", "this URL holds a login, which is a secret", LOGIN_HINT


def tags(environment: Environment) -> Iterator[Finding]:
    """Tags of jobs that nothing sends."""
    said = _said(environment)
    if "METAFLOW_BATCH_DEFAULT_TAGS" not in said:
        return
    if "METAFLOW_BATCH_EMIT_TAGS" not in said and not meant.written(environment, "batch.tags"):
        message = "without `METAFLOW_BATCH_EMIT_TAGS` these tags do nothing"
        yield ("settings", "METAFLOW_BATCH_DEFAULT_TAGS"), "MF2105", message, "write `metaflow.batch.tags` instead"


def encryption(environment: Environment) -> Iterator[Finding]:
    """A setting that goes before the bucket's own key."""
    _, bucket = meant.datastore(environment)
    said = bucket.spec.get("encryption") if bucket else None
    key = said.get("key") if isinstance(said, Mapping) else None
    if key and _said(environment).get(SSE) == "aws:kms":
        message = "with this, S3 uses the key `aws/s3` and not the key of the bucket"
        yield ("settings", SSE), "MF2107", message, "remove it: the bucket encrypts by itself"


def _said(environment: Environment) -> Mapping[str, Any]:
    found = meant.written(environment, "settings")
    return found if isinstance(found, Mapping) else {}


def _text(said: Mapping[str, Any], name: str) -> bool:
    return isinstance(said.get(name), str)


def _reads(text: str, wanted: str) -> bool:
    try:
        value = int(text) if wanted == "integer" else json.loads(text)
    except ValueError:
        return False
    return isinstance(value, {"integer": int, "object": dict, "list": list}[wanted])


RULES: tuple[Callable[[Environment], Iterator[Finding]], ...] = (
    *lint_parts.RULES,
    names,
    forms,
    scheme,
    secrets,
    tags,
    encryption,
    lint_network.public_image,
    lint_network.registry,
)
