"""The image that a job runs in: its name as Metaflow makes it, and what its registry says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mfinfra.metaflow.doctor.case import Case, Compute
from mfinfra.metaflow.doctor.merging import merged
from mfinfra.metaflow.doctor.reading import Asked
from mfinfra.model import Call, CheckQuestions, Document, Finding, Verdict

DEFAULT = "python:3.x"
"""Metaflow takes `python:` and the version of the Python that launches the flow, from Docker Hub."""
# As Metaflow's `get_docker_registry` splits it.
_REGISTRY = re.compile(r"^(?P<host>[^/]+?[:.][^/]*)/(?P<rest>.+)$")
_ECR = re.compile(r"^(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.(?:com(?:\.cn)?|eu)$")
_SCHEME = re.compile(r"^[a-z]+://")
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# Graviton: a `g` behind the generation's number (`m7g`, `c6gn`, `im4gn`), and the first of them, `a1`.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
_GRAVITON = re.compile(r"^(?:[a-z]+\d+g[a-z]*|a1)(?:$|[.-])")
ARM, X86 = "arm64", "amd64"


@dataclass(frozen=True, slots=True)
class Image:
    """An image's name taken apart. `registry`, `account` and `region` are set for one in ECR only."""

    name: str
    registry: str | None = None
    account: str | None = None
    region: str | None = None
    repository: str = ""
    reference: str = "latest"

    @property
    def digest(self) -> bool:
        """Whether it is named by what is in it."""
        return self.reference.startswith("sha256:")

    @classmethod
    def parse(cls, name: str) -> Image:
        """Take a name apart; one that is none is kept whole."""
        host = _REGISTRY.match(name)
        ecr = _ECR.match(host["host"]) if host else None
        if not (host and ecr):
            return cls(name)
        repository, _, digest = host["rest"].partition("@")
        repository, _, tag = repository.partition(":")
        return cls(name, host["host"], ecr["account"], ecr["region"], repository, digest or tag or "latest")


def wanted(case: Case) -> Image:
    """The image of the job that was asked about, or the one that Metaflow takes where a step names none."""
    if case.job and case.jobs:
        return Image.parse(str((case.jobs[0].get("container") or {}).get("image") or DEFAULT))
    name = case.setting("METAFLOW_BATCH_CONTAINER_IMAGE", "METAFLOW_DEFAULT_CONTAINER_IMAGE") or DEFAULT
    registry = case.setting("METAFLOW_BATCH_CONTAINER_REGISTRY", "METAFLOW_DEFAULT_CONTAINER_REGISTRY")
    if registry and not _REGISTRY.match(name):
        name = f"{registry.rstrip('/')}/{name}"
    return Image.parse(name)


def architectures(compute: Compute) -> frozenset[str]:
    """What the instances of an environment run; Metaflow asks for no platform, and Fargate's is x86 then."""
    if compute.fargate:
        return frozenset({X86})
    return frozenset(
        ARM if _GRAVITON.match(kind) or kind == "default_arm64" else X86 for kind in compute.instance_types
    )


def check(case: Case) -> CheckQuestions:
    """Whether the image is there, and for these processors."""
    asked, image, looked = Asked(), wanted(case), False
    found = [*_name(case, image)]
    if image.registry and not found:
        call = Call(
            "ecr",
            "BatchGetImage",
            {
                "registryId": image.account,
                "repositoryName": image.repository,
                "imageIds": [{"imageDigest" if image.digest else "imageTag": image.reference}],
                "acceptedMediaTypes": list(_MANIFESTS),
            },
            absent=("RepositoryNotFoundException",),
        )
        if image.account != case.scope.account:
            found.append(_foreign(image, case))
        else:
            answer = yield from asked(call)
            if looked := answer.known:
                found += _stored(case, image, answer.document)
    said = "the image is as jobs need it" if looked else "the image is in no registry that can be asked here"
    return merged([*asked.unread, *found]) or (Finding(Verdict.PASSED, image.name, said),)


def _name(case: Case, image: Image) -> Iterator[Finding]:
    if scheme := _SCHEME.match(image.name):
        yield Finding(
            Verdict.FAILED,
            "METAFLOW_BATCH_CONTAINER_REGISTRY",
            f"the registry begins with `{scheme[0]}`, and no image has such a name: `invalid reference format`",
            "MF5430",
            (f"image `{image.name}`",),
            f"write `metaflow: {{batch: {{registry: {_SCHEME.sub('', image.name).split('/')[0]}}}}}`",
        )
    elif image.region and image.region != case.scope.region:
        yield Finding(
            Verdict.WARNING,
            image.name,
            f"the image is in `{image.region}`, and jobs run in `{case.scope.region}`: no endpoint of the VPC "
            "leads there",
            "MF5434",
            (f"image `{image.name}`",),
            f"push it to `{image.account}.dkr.ecr.{case.scope.region}.{case.scope.dns_suffix}`, and write that as "
            "`registry`",
        )


def _foreign(image: Image, case: Case) -> Finding:
    return Finding(
        Verdict.WARNING,
        image.name,
        f"the image is in account `{image.account}`: whether it is there, and may be pulled from "
        f"`{case.scope.account}`, only that account can tell",
        "MF5435",
        (f"repository `{image.repository}`, `{image.reference}`",),
        f"see that its repository policy lets `{case.scope.account}` use `ecr:BatchGetImage`",
    )


def _stored(case: Case, image: Image, answer: Document | None) -> Iterator[Finding]:
    if answer is None:
        yield Finding(
            Verdict.FAILED,
            image.repository,
            "ECR has no such repository",
            "MF5431",
            (f"image `{image.name}`",),
            f"write `repository: {{NAME: {{name: {image.repository}}}}}`, `mfinfra apply FILE`, and push the image",
        )
        return
    rows = answer.get("images") or ()
    if not rows and case.environment.access.endpoint == "sandbox":
        yield Finding(Verdict.SKIPPED, image.name, "no such image: the sandbox runs jobs without one")
        return
    if not rows:
        reason = next(
            (str(each.get("failureReason")) for each in answer.get("failures") or ()), "no image in the answer"
        )
        yield Finding(
            Verdict.FAILED,
            image.name,
            f"the repository has no image `{image.reference}`",
            "MF5432",
            (f"ECR: {reason}",),
            f"`docker push {image.name}`",
        )
        return
    built = _platforms(rows[0])
    if built is None:
        meant = ", ".join(sorted({each for one in case.managed for each in architectures(one)}))
        said = f"the image is there; whether it is built for {meant}, a single image's manifest does not tell"
        look = f"`docker buildx imagetools inspect {image.name}` tells"
        yield Finding(Verdict.PASSED, image.name, said, evidence=(look,))
        return
    for compute in case.managed if built else ():
        lacking = architectures(compute) - built
        if lacking:
            yield _other(image, compute, built, lacking)


def _other(image: Image, compute: Compute, built: frozenset[str], lacking: frozenset[str]) -> Finding:
    types = "Fargate" if compute.fargate else ", ".join(compute.instance_types)
    return Finding(
        Verdict.FAILED,
        compute.name,
        f"the image is not built for {' or '.join(sorted(lacking))}: `exec format error`, or no matching manifest",
        "MF5433",
        (f"image `{image.name}` has {', '.join(sorted(built))}", f"{compute.name} runs {types}"),
        f"`docker buildx build --platform linux/amd64,linux/arm64 --push -t {image.name} .`",
    )


def _platforms(row: Document) -> frozenset[str] | None:
    """The architectures that a manifest list names; `None` for a single image: its own is in a blob, which is not read.

    https://github.com/opencontainers/image-spec/blob/main/config.md
    """
    try:
        manifest: Any = json.loads(str(row.get("imageManifest") or "{}"))
    except json.JSONDecodeError:
        return None
    listed = manifest.get("manifests") if isinstance(manifest, dict) else None
    if listed is None:
        return None
    found = {str((each.get("platform") or {}).get("architecture")) for each in listed or ()}
    return frozenset(found & {ARM, X86})
