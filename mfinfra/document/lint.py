"""What the schema cannot say: rules across fields and resources.

Only what is certain is said; a value that is not known, or not managed, is never judged. What each code means, with an
example that fails and one that passes, is in `mfinfra/explanations`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from mfinfra import schemas
from mfinfra.document import (
    lint_bucket,
    lint_compute,
    lint_key,
    lint_launch_template,
    lint_metaflow,
    lint_network,
    lint_permissions,
    lint_queue,
    lint_tags,
)
from mfinfra.document.tree import Tree
from mfinfra.errors import Problem
from mfinfra.model import Environment, Ref, Resource, Template

Finding = tuple[tuple[str | int, ...], str, str, str | None]


def findings(environment: Environment, tree: Tree) -> list[Problem]:
    """Every finding about the resources of `environment`, which is what of `tree` is valid so far."""
    found = [*_twice(environment, tree)]
    for resource in (*environment.resources.values(), *environment.disabled.values()):
        for rule in (_policies, *RULES.get(resource.kind, ())):
            found += [_problem(tree, resource, finding) for finding in rule(resource, environment)]
    return [*found, *lint_tags.findings(environment, tree), *lint_metaflow.findings(environment, tree)]


def _problem(tree: Tree, resource: Resource, finding: Finding) -> Problem:
    path, code, message, hint = finding
    whole = ("resources", resource.kind, resource.address.name, *path)
    severity = "warning" if code.startswith("MF2") else "error"
    return tree.problem(whole, message, code=code, hint=hint, severity=severity, key=not path)


def _twice(environment: Environment, tree: Tree) -> Iterator[Problem]:
    seen: dict[Hashable, Resource] = {}
    for resource in environment.resources.values():
        identity = _identity(resource)
        if identity is None:
            continue
        first = seen.setdefault(identity, resource)
        if first is not resource:
            what = " and ".join(f"`{name}`" for name in _identifying(resource.kind))
            message = f"`{first.address}` has the same {what}: both would be one thing in AWS"
            yield _problem(tree, resource, ((_identifying(resource.kind)[0],), "MF1101", message, None))


def _identifying(kind: str) -> tuple[str, ...]:
    known = schemas.traits(kind)
    return tuple(name for name in known.fields if name in known.required & known.create_only)


def _identity(resource: Resource) -> Hashable | None:
    values = [resource.spec[name] for name in _identifying(resource.kind)]
    if not values or not all(isinstance(value, str | int | Ref | Template | None) for value in values):
        return None
    if resource.kind == "endpoint":
        values.append(lint_network.endpoint_type(resource))
    return (resource.kind, *values)


def _policies(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    for place in schemas.traits(resource.kind).policies:
        for path, document in _at(resource.spec, place):
            # Every document has statements; a shorthand for one (services and accounts) is the schema's matter.
            if isinstance(document, Mapping) and any(key[:1].isupper() for key in document):
                # Most files have no policy of their own, and never pay for this import.
                from mfinfra import policy_lint  # noqa: PLC0415 - a file without policies does without

                kind = _policy_kind(path)
                for inner, message in policy_lint.problems(document, kind=kind):
                    yield (*path, *inner), "MF1102", message, None


def _policy_kind(path: tuple[str | int, ...]) -> Any:
    return {"trust": "trust", "policies": "identity"}.get(str(path[0]), "resource")


def _at(value: Any, place: tuple[str, ...], path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, Any]]:
    if not place:
        yield path, value
    elif isinstance(value, Mapping):
        for key in [place[0]] if place[0] != "*" else list(value):
            if key in value:
                yield from _at(value[key], place[1:], (*path, key))
    elif isinstance(value, list) and place[0] == "*":
        for index, item in enumerate(value):
            yield from _at(item, place[1:], (*path, index))


def _billing(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    names = ("read_capacity", "write_capacity")
    billing = resource.spec.get("billing_mode")
    for name in names:
        if billing == "PAY_PER_REQUEST" and resource.spec.get(name) is not None:
            message = f"`{name}` counts with `billing_mode: PROVISIONED` only"
            yield (name,), "MF1106", message, f"remove `{name}`"
    if billing == "PROVISIONED" and any(resource.spec.get(name) is None for name in names):
        message = "the reserved capacity is not said: a new table starts with 5 units each for reads and writes"
        yield ("billing_mode",), "MF2104", message, "write `read_capacity` and `write_capacity`"


def _retention(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    if resource.spec.get("retention_days") == 0:
        hint = "write how many days they are needed, such as 365, or remove the field: 30 is the default"
        yield ("retention_days",), "MF2130", "these logs are kept, and paid for, for ever", hint


RULES: Mapping[str, tuple[Callable[[Resource, Environment], Iterator[Finding]], ...]] = {
    "bucket": (lint_bucket.encryption, lint_bucket.lifecycle, lint_permissions.bucket, lint_key.region),
    "compute_environment": (
        lint_compute.fargate,
        lint_compute.vcpus,
        lint_compute.architecture,
        lint_compute.best_fit,
        lint_compute.service_role,
        lint_compute.update_policy,
        lint_compute.gpu,
        lint_compute.families,
        lint_network.missing,
        lint_launch_template.moving_version,
    ),
    "endpoint": (lint_network.endpoint,),
    "job_queue": (lint_queue.families, lint_queue.architectures, lint_queue.literal, lint_queue.time_limits),
    "launch_template": (lint_launch_template.script,),
    "key": (lint_key.alias,),
    "log_group": (_retention, lint_key.region, lint_key.closed),
    "repository": (lint_permissions.repository, lint_key.region),
    "role": (lint_permissions.role,),
    "scheduling_policy": (lint_queue.shares,),
    "secret": (lint_key.region, lint_key.ending),
    "table": (_billing, lint_key.region),
}
