"""Where an import begins when it is a configuration of Metaflow's that tells: which resource plays which part."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from mfinfra import profile
from mfinfra.confidential import masked
from mfinfra.errors import InvalidDocument, Problem, UserError
from mfinfra.importing import identity
from mfinfra.importing.block import LOCAL, NAMED, PROFILE
from mfinfra.importing.start import Seed, Start, Unmodelled
from mfinfra.metaflow.arns import name_in
from mfinfra.metaflow.parts import DISTRIBUTED_MAP_SETTING
from mfinfra.metaflow.places import Root
from mfinfra.metaflow.settings import ANY_STREAM, ROOT, text
from mfinfra.model import Scope

ELSEWHERE = "MF5653"
DEFAULT = "default"
PARTS: Mapping[str, tuple[str, str]] = {
    # key → (what it is called in a file, "it is …")
    "METAFLOW_BATCH_JOB_QUEUE": ("default", "the queue of Metaflow's jobs"),
    "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": ("batch-job", "the role of Metaflow's jobs"),
    "METAFLOW_ECS_FARGATE_EXECUTION_ROLE": ("fargate", "the role that starts Fargate tasks"),
    "METAFLOW_SFN_IAM_ROLE": ("step-functions", "the role of the state machines"),
    "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": ("events", "the role that starts scheduled flows"),
    "METAFLOW_SFN_DYNAMO_DB_TABLE": ("foreach", "the table of foreach steps"),
    "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": ("step-functions", "the log of the executions"),
}
ROOTS: Mapping[str, tuple[str, str]] = {
    ROOT: ("datastore", "Metaflow's datastore"),
    "METAFLOW_DATATOOLS_S3ROOT": ("datatools", "where `metaflow.S3` keeps its data"),
    "METAFLOW_CARD_S3ROOT": ("cards", "where cards are kept"),
    "METAFLOW_CONDA_PACKAGE_S3ROOT": ("conda", "where Conda packages are kept"),
    DISTRIBUTED_MAP_SETTING: ("distributed-map", "where distributed maps put their results"),
}
REGISTRY = "METAFLOW_BATCH_CONTAINER_REGISTRY"
IMAGE = "METAFLOW_BATCH_CONTAINER_IMAGE"
UNSEEN: Mapping[str, tuple[str, str]] = {
    "METAFLOW_SERVICE_URL": ("the metadata service", "no kind describes it"),
    "METAFLOW_ARGO_EVENTS_EVENT_BUS": ("Argo", "no kind describes it"),
    "METAFLOW_KUBERNETES_NAMESPACE": ("Kubernetes", "no kind describes it"),
}


def of_profile(name: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings of a profile of Metaflow's; an empty name or `default` is `config.json`."""
    called = "" if name == DEFAULT else name
    return {**of_file(profile.path(called, environ)), **({PROFILE: called} if called else {})}


def of_file(path: Path) -> dict[str, str]:
    """The settings in a configuration of Metaflow's; raises `UserError` where there is none, or it is no object."""
    found = profile.read(path)
    if not found.there:
        hint = "`--from-metaflow-config PATH` names another file, `METAFLOW_HOME` another folder"
        raise UserError(f"there is no Metaflow configuration at `{path}`", hint=hint, code="MF5010")
    return {str(key): text(value) for key, value in found.values.items() if value not in (None, "")}


def of_variables(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings in environment variables; raises `UserError` where there are none."""
    found = {key: value for key, value in environ.items() if key.startswith("METAFLOW_") and key not in LOCAL and value}
    if not found:
        said = "no METAFLOW_ setting is in the environment"
        raise UserError(said, hint="`--from-metaflow-profile NAME` reads a profile of Metaflow's", code="MF5654")
    return {**found, **({PROFILE: environ[PROFILE]} if environ.get(PROFILE) else {})}


def start(settings: Mapping[str, str], scope: Scope) -> Start:
    """What the settings name. Raises `InvalidDocument` where all that they name is another account's or region's."""
    known = {key: value for key, value in settings.items() if value}
    _refuse_elsewhere(known, scope)
    seeds = (*_named(known, scope), *_buckets(known, scope), *_images(known, scope))
    left = (
        *(Unmodelled(f"{what} (`{masked(known[key])}`)", why) for key, (what, why) in UNSEEN.items() if key in known),
        *(
            Unmodelled(f"`{known[key]}`, which {key} names", far)
            for key in NAMED
            if key in known and (far := identity.elsewhere(known[key], scope))
        ),
    )
    return Start(seeds, known, left)


def _named(settings: Mapping[str, str], scope: Scope) -> Iterator[Seed]:
    for key, (_, kind, _) in NAMED.items():
        value = settings.get(key)
        if value is None or identity.elsewhere(value, scope):
            continue
        name = name_in(kind, value) if value.startswith("arn:") else value
        called, why = PARTS[key]
        yield Seed(kind, {"name": name.removesuffix(ANY_STREAM)}, f"{why} ({key})", called)


def _buckets(settings: Mapping[str, str], scope: Scope) -> Iterator[Seed]:
    seen = set()
    for key, (called, why) in ROOTS.items():
        root = Root.parse(settings.get(key), scope.partition)
        if root is not None and root.bucket and root.bucket not in seen:
            seen.add(root.bucket)
            yield Seed("bucket", {"name": root.bucket}, f"{why} ({key})", called)


def _images(settings: Mapping[str, str], scope: Scope) -> Iterator[Seed]:
    """The repository of the image that jobs run in, where it is one of this account and region."""
    ours = f"{scope.account}.dkr.ecr.{scope.region}.{scope.dns_suffix}"
    image = settings.get(IMAGE, "")
    if not image.startswith(f"{ours}/"):
        image = f"{settings.get(REGISTRY, '').removesuffix('/')}/{image}" if image and settings.get(REGISTRY) else ""
    if image.startswith(f"{ours}/"):
        name = image.removeprefix(f"{ours}/").partition("@")[0]
        head, slash, last = name.rpartition("/")
        yield Seed(
            "repository",
            {"name": f"{head}{slash}{last.partition(':')[0]}"},
            f"where the image of Metaflow's jobs is ({IMAGE})",
            "images",
        )


def _refuse_elsewhere(settings: Mapping[str, str], scope: Scope) -> None:
    arns = {key: settings[key] for key in NAMED if settings.get(key, "").startswith("arn:")}
    far = {key: why for key, arn in arns.items() if (why := identity.elsewhere(arn, scope))}
    if far and len(far) == len(arns):
        hint = "choose other credentials (`--profile`) or another `--region`"
        raise InvalidDocument(
            [Problem(f"{key} names `{arns[key]}`: {why}", hint=hint, code=ELSEWHERE) for key, why in far.items()]
        )
