"""Whether an environment serves Metaflow: its checks, made from the file, from this machine and from AWS."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mfinfra import checking, configure, observe, profile
from mfinfra.aws.session import Aws
from mfinfra.checking import Run
from mfinfra.client import Runner
from mfinfra.errors import Problem, UserError
from mfinfra.metaflow import configuration, configuration_warnings, needs, verify
from mfinfra.metaflow.configuration_warnings import Surroundings
from mfinfra.metaflow.needs import Need
from mfinfra.metaflow.parts import Parts
from mfinfra.metaflow.verify import Client, Subject
from mfinfra.model import Check, Environment, Finding, Ref, Verdict, refs

TOKEN = 6
"""Random bytes in the names of what is made."""


def run(aws: Aws, checks: Sequence[Check]) -> Run:
    """A run of `checks` that can also run programs."""
    return Run(aws, checks, Runner(aws))


def checks(  # noqa: PLR0913 - where everything comes from that a check starts with
    aws: Aws,
    environment: Environment,
    client: Client | None,
    *,
    job: bool = False,
    patience: float = 900.0,
    environ: Mapping[str, str] = os.environ,
) -> tuple[Check, ...]:
    """Every check of an environment; with `job` a job of Batch is run too, for `patience` seconds at most."""
    produced = configure.produce(environment, aws)
    subject = Subject(
        Parts(environment),
        produced.values,
        secrets.token_hex(TOKEN),
        tuple(produced.waiting),
        client,
        local(environment, produced, environ),
        job,
        patience,
    )
    return verify.checks(subject, filled(aws, environment))


def chosen(every: Sequence[Check], only: Sequence[str], skip: Sequence[str]) -> list[Check]:
    """The checks that are wanted; raises `UserError` for a name that none has, and where nothing is left."""
    for name in checking.unknown(every, [*only, *skip]):
        groups = ", ".join(f"`{group}`" for group in dict.fromkeys(check.id.partition(".")[0] for check in every))
        raise UserError(f"no check is called `{name}`", hint=f"there are {groups}, and what stands in the report")
    found = checking.wanted(every, only, skip)
    if not found:
        raise UserError("no check is left", hint="`--only` takes more, or `--skip` takes less")
    return found


def filled(aws: Aws, environment: Environment) -> tuple[Need, ...]:
    """What every role needs, with the ARNs of keys as AWS tells them."""
    found = needs.of(Parts(environment))
    wanted = {ref.address for need in found for ref in refs(need.resource)}
    seen = {address: observe.look_again(aws, environment.resources[address]) for address in sorted(wanted)}

    def known(ref: Ref) -> str | None:
        observed = seen.get(ref.address)
        return observed.outputs.get(ref.attribute) if observed else None

    return needs.filled(found, known)


def local(
    environment: Environment, produced: configuration.Produced, environ: Mapping[str, str]
) -> tuple[Finding, ...]:
    """What this machine makes of the configuration: its profile, its shell, the folder that this runs in."""
    name = str(environment.metaflow.get("profile") or "")
    where, kinds = profile.path(name, environ), configure.kinds()
    write = f"mfinfra config {environment.source.path} --write"
    try:
        stands = profile.read(where)
    except UserError as error:
        return (Finding(Verdict.WARNING, str(where), str(error), error.code or "", fix=error.hint),)
    if not stands.there:
        return (Finding(Verdict.WARNING, str(where), "is not there", "MF5114", fix=write),)
    rows = [row for row in configuration.compare(produced, stands.values, kinds) if row.writes]
    found = [Finding(Verdict.WARNING, row.key, f"`{where}` says something else", "MF5115", fix=write) for row in rows]
    project, chosen = profile.project(Path.cwd()), environ.get("METAFLOW_PROFILE", "")
    named = profile.path(chosen, environ)
    around = Surroundings(
        environ,
        name,
        str(where),
        stands.values,
        str(project[0]) if project else "",
        project[1] if project else {},
        environ.get("AWS_DEFAULT_REGION") or environment.scope.region,
        str(named) if chosen not in {"", name} and not named.exists() else "",
    )
    found += map(_warning, configuration_warnings.of_profile(environment, produced, around, kinds))
    return tuple(found) or (Finding(Verdict.PASSED, str(where), f"{where} says the same"),)


def _warning(problem: Problem) -> Finding:
    finding = Finding(Verdict.WARNING, problem.subject, problem.message, problem.code)
    return replace(finding, fix=problem.hint)
