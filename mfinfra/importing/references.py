"""What a live resource refers to: the schema says where a reference may stand, and of which kind it is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mfinfra import schemas
from mfinfra.importing import identity
from mfinfra.model import Scope, Spec

Path = tuple[str | int, ...]
_ID = {"security_group": "sg-", "launch_template": "lt-"}
_PROFILE = ":instance-profile/"
AS: Mapping[tuple[str, str], tuple[str, str]] = {
    # Kind and field that refer → what the other one is to it, which makes a name where nobody has a better one.
    ("compute_environment", "instance_role"): ("instance", "the role of its instances"),
    ("compute_environment", "service_role"): ("batch-service", "the role that Batch acts with"),
    ("compute_environment", "spot_fleet_role"): ("spot-fleet", "the role of its Spot fleet"),
    ("compute_environment", "security_groups"): ("batch", "a security group of its instances"),
    ("endpoint", "security_groups"): ("endpoints", "a security group of it"),
    ("compute_environment", "launch_template"): ("", "the launch template of its instances"),
    ("job_queue", "compute_environments"): ("", "a compute environment of it"),
    ("job_queue", "scheduling_policy"): ("", "its scheduling policy"),
    ("security_group", "ingress"): ("", "a group that its rules name"),
    ("security_group", "egress"): ("", "a group that its rules name"),
}
KEY = ("", "the key that encrypts it")


@dataclass(frozen=True, slots=True)
class Reference:
    """`value` at `path` means the resource of `kind` that goes by `identity`.

    `name` is what the other one is called after its part here, empty where it has none; `why` says what it is to this.
    `far` says why it is out of reach.
    """

    path: Path
    kind: str
    value: str
    identity: Spec
    name: str
    why: str
    far: str = ""


def of(kind: str, spec: Spec, scope: Scope) -> tuple[Reference, ...]:
    """Every reference in `spec`, a live one, that may be to a resource which a file can describe."""
    found: dict[tuple[str, str], Reference] = {}
    for path, kinds, value in places(kind, spec):
        for other in kinds:
            if meant := _meant(other, value):
                name, why = AS.get((kind, str(path[0])), KEY)
                far = identity.elsewhere(value, scope)
                one = Reference(path, other, value, meant, name, why, far)
                found.setdefault((other, str(sorted(meant.items()))), one)
    return tuple(found.values())


def places(kind: str, spec: Spec) -> Iterator[tuple[Path, Mapping[str, str], str]]:
    """Every text in `spec` where a reference may stand, with the kinds that may be meant and their attributes."""
    for place, kinds in schemas.traits(kind).refers_to.items():
        for path, value in _below((), spec, place):
            if isinstance(value, str) and value:
                yield path, kinds, value


def replaced(kind: str, field: str, value: Any, change: Callable[[Mapping[str, str], str], str]) -> Any:
    """`value`, that of `field`, with every text where a reference may stand changed."""
    for path, kinds, text in list(places(kind, {field: value})):
        value = _put({field: value}, path, change(kinds, text))[field]
    return value


def _below(path: Path, value: Any, place: tuple[str, ...]) -> Iterator[tuple[Path, Any]]:
    if not place:
        yield path, value
        return
    step, rest = place[0], place[1:]
    match value:
        case Mapping():
            for key in value if step == "*" else [step] if step in value else []:
                yield from _below((*path, key), value[key], rest)
        case list() | tuple() if step == "*":
            for index, item in enumerate(value):
                yield from _below((*path, index), item, rest)


def _put(value: Any, path: Path, new: str) -> Any:
    if not path:
        return new
    if isinstance(value, Mapping):
        return {key: _put(item, path[1:], new) if key == path[0] else item for key, item in value.items()}
    return [_put(item, path[1:], new) if index == path[0] else item for index, item in enumerate(value)]


def _meant(kind: str, value: str) -> Spec | None:
    if kind == "launch_template":
        named = value.partition(":")[0]
        return {"id": named} if named.startswith(_ID[kind]) else {"name": named}
    if kind == "security_group":
        return {"id": value} if value.startswith(_ID[kind]) else None
    if not value.startswith("arn:"):
        return {"name": value} if kind != "key" else None
    if kind == "role" and _PROFILE in value:
        return {identity.PROFILE: value.rpartition("/")[2]}
    if kind == "key" and (alias := value.split(":", identity.ARN_FIELDS - 1)[-1]).startswith("alias/"):
        return None if alias.startswith(identity.AWS_KEY) else {"alias": alias}
    found = identity.located(value)
    return found[1] if found and found[0] == kind else None
