"""What around a profile makes Metaflow read something else than it says: the shell, the project, the file itself. Pure.

The order is Metaflow's: a variable of the shell, `.metaflow/config.json` of the project, the profile, its own default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mfinfra.errors import Problem
from mfinfra.metaflow.configuration import Kinds, Produced, meaning
from mfinfra.metaflow.parts import Parts
from mfinfra.model import Environment

ENCRYPTION = "METAFLOW_S3_SERVER_SIDE_ENCRYPTION"
FEW = 3
MOST = 10
"""Unknown keys that are told one by one."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a profile is used: the variables of the shell, and the two files that Metaflow reads besides.

    `profile` is its name, empty for `config.json`. `aws_region` is what boto3 takes for the region here, `missing` the
    file of the profile that the shell names, if that is another one and not there.
    """

    environ: Mapping[str, str]
    profile: str
    path: str
    live: Mapping[str, Any]
    project_path: str = ""
    project: Mapping[str, Any] | None = None
    aws_region: str | None = None
    missing: str = ""


Found = Iterator[tuple[str, str, str | None]]


def of_profile(environment: Environment, produced: Produced, around: Surroundings, kinds: Kinds) -> list[Problem]:
    """Every warning for somebody who uses the profile here."""
    return [*_run(PROFILE, environment, produced, around, kinds), *of_exports(environment, produced, around, kinds)]


def of_exports(environment: Environment, produced: Produced, around: Surroundings, kinds: Kinds) -> list[Problem]:
    """Those for somebody who exports all keys into this shell, where they win over everything."""
    return _run(ALWAYS, environment, produced, around, kinds)


def of_project(environment: Environment, produced: Produced, around: Surroundings, kinds: Kinds) -> list[Problem]:
    """Those of the project alone, for a shell that was made for the profile."""
    return _run((_project,), environment, produced, around, kinds)


Rule = Callable[[Environment, Produced, Surroundings, Kinds], Found]


def _run(
    rules: tuple[Rule, ...], environment: Environment, produced: Produced, around: Surroundings, kinds: Kinds
) -> list[Problem]:
    found = (item for rule in rules for item in rule(environment, produced, around, kinds))
    return [Problem(message, hint=hint, code=code, severity="warning") for code, message, hint in found]


def _shell(_: Environment, produced: Produced, around: Surroundings, kinds: Kinds) -> Found:
    keys = _overriding(produced, around.environ, kinds)
    if keys:
        yield "MF5020", f"this shell sets {_listed(keys)}, which wins over the profile", f"unset {' '.join(keys)}"


def _project(_: Environment, produced: Produced, around: Surroundings, kinds: Kinds) -> Found:
    if around.project is None:
        said = f"`{around.project_path}` cannot be read as a JSON object: Metaflow does not start in this folder"
        yield "MF5021", said, "mend it, or take it away"
        return
    keys = _overriding(produced, around.project, kinds)
    if keys:
        said = f"`{around.project_path}` sets {_listed(keys)}, which wins over the profile in this project"
        yield "MF5021", said, "take the keys out of that file, or mean them"


def _unknown(_: Environment, __: Produced, around: Surroundings, kinds: Kinds) -> Found:
    keys = sorted(around.live.keys() - kinds.keys())
    for key in keys[:MOST]:
        near = get_close_matches(key, kinds, n=1)
        said = f"`{key}` in `{around.path}` is no key of Metaflow, which ignores it"
        yield "MF5022", said, f"did you mean `{near[0]}`?" if near else None
    if len(keys) > MOST:
        yield (
            "MF5022",
            f"{len(keys) - MOST} more keys in `{around.path}` are none of Metaflow, which ignores them",
            None,
        )


def _empty(_: Environment, produced: Produced, around: Surroundings, __: Kinds) -> Found:
    keys = [key for key in sorted(around.live) if around.live[key] == "" and key not in produced.keys]
    if keys:
        said = f"{_listed(keys)} in `{around.path}` is empty, and an empty text is a value to Metaflow"
        yield "MF5029", said, "`--write --prune` takes it out"


def _profile(_: Environment, __: Produced, around: Surroundings, ___: Kinds) -> Found:
    chosen = around.environ.get("METAFLOW_PROFILE", "")
    if chosen and chosen != around.profile and not around.missing:
        said = f"`METAFLOW_PROFILE` is `{chosen}` in this shell, and this is about {_called(around.profile)}"
        yield (
            "MF5024",
            said,
            f"export METAFLOW_PROFILE={around.profile}" if around.profile else "unset METAFLOW_PROFILE",
        )


def _absent(_: Environment, __: Produced, around: Surroundings, ___: Kinds) -> Found:
    if around.missing:
        said = f"`METAFLOW_PROFILE` names a profile without a file, `{around.missing}`: Metaflow does not start"
        yield (
            "MF5024",
            said,
            f"export METAFLOW_PROFILE={around.profile}" if around.profile else "unset METAFLOW_PROFILE",
        )


def _home(environment: Environment, __: Produced, around: Surroundings, ___: Kinds) -> Found:
    if "METAFLOW_HOME" in around.environ and not _in_sandbox(environment, around):
        said = f"`METAFLOW_HOME` is set, so the profile is `{around.path}`: a shell without it looks elsewhere"
        yield "MF5025", said, None


def _region(environment: Environment, _: Produced, around: Surroundings, __: Kinds) -> Found:
    wanted = environment.scope.region
    if around.aws_region == wanted or environment.access.endpoint == "sandbox":
        return  # of the sandbox there is more to say than its region
    said = (
        f"the shell and the AWS configuration say no region: Metaflow's calls fail, and it has no key for `{wanted}`"
        if around.aws_region is None
        else f"the region is `{around.aws_region}` in this shell, and the environment is in `{wanted}`"
    )
    yield "MF5026", said, f"export AWS_DEFAULT_REGION={wanted}"


def _encryption(environment: Environment, _: Produced, around: Surroundings, __: Kinds) -> Found:
    if not Parts(environment).datastore_keys:
        return
    places = {"this shell": around.environ, f"`{around.project_path}`": around.project or {}}
    places[f"`{around.path}`"] = around.live
    for place, values in places.items():
        if values.get(ENCRYPTION) == "aws:kms":
            said = f"{place} sets `{ENCRYPTION}` to `aws:kms`: S3 uses the key `aws/s3` then, not that of the bucket"
            yield "MF5023", said, "take it out: the bucket encrypts by itself"


def _credentials(environment: Environment, _: Produced, around: Surroundings, __: Kinds) -> Found:
    access, chosen = environment.access, around.environ.get("AWS_PROFILE") or around.environ.get("AWS_DEFAULT_PROFILE")
    if access.profile and chosen != access.profile:
        said = f"the file's AWS profile `{access.profile}` is mfinfra's alone: Metaflow uses {_called(chosen or '')}"
        yield "MF5027", said, f"export AWS_PROFILE={access.profile}"
    if access.assume_role:
        said = f"the file's role `{access.assume_role['arn']}` is mfinfra's alone: Metaflow does not assume it"
        yield "MF5027", said, "have an AWS profile with `role_arn`, and export it as `AWS_PROFILE`"


def _in_sandbox(environment: Environment, around: Surroundings) -> bool:
    """Whether this is about the sandbox, in a shell that leads there and nowhere else."""
    reached = around.environ.get("AWS_ENDPOINT_URL", "").startswith("http://127.0.0.1:")
    return environment.access.endpoint == "sandbox" and reached


def _endpoint(environment: Environment, _: Produced, around: Surroundings, __: Kinds) -> Found:
    endpoint = environment.access.endpoint
    if endpoint == "sandbox" and not _in_sandbox(environment, around):
        said = "the file is for the sandbox, and Metaflow in this shell goes to AWS"
        yield "MF5028", said, f"`mfinfra sandbox shell {environment.source.path}` opens one that does not"
    elif endpoint not in {"sandbox", None, around.environ.get("AWS_ENDPOINT_URL")}:
        said = f"the file's endpoint `{endpoint}` is mfinfra's alone: Metaflow in this shell goes to AWS"
        yield "MF5028", said, f"export AWS_ENDPOINT_URL={endpoint}"


def _overriding(produced: Produced, values: Mapping[str, Any], kinds: Kinds) -> list[str]:
    """The keys of ours that `values` set to something else; of a secret nobody says whether it is the same."""

    def differs(key: str) -> bool:
        kind = kinds.get(key, "text")
        return key not in produced.values or meaning(values[key], kind) != meaning(produced.values[key], kind)

    return [key for key in sorted(produced.keys & values.keys()) if differs(key)]


def _listed(keys: list[str]) -> str:
    named = [f"`{key}`" for key in keys[:FEW]]
    more = len(keys) - FEW
    return " and ".join([", ".join(named), f"{more} more"] if more > 0 else named)


def _called(profile: str) -> str:
    return f"`{profile}`" if profile else "the default profile"


PROFILE: tuple[Rule, ...] = (_shell, _project, _unknown, _empty, _profile, _home, _region)
ALWAYS: tuple[Rule, ...] = (_absent, _encryption, _credentials, _endpoint)
