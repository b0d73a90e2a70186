"""Whole environments as hypothesis draws them: values by the kinds' own schemas, and by hand what a schema cannot say.

An environment is drawn as a `Skeleton` (which resources there are, and what of them AWS never changes) and as bodies
for it (everything else); two bodies for one skeleton are a file and its next version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as some

from mfinfra import schemas
from mfinfra.sandbox import network

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
"""Stands for a key that the test makes."""

NAMES = {
    "bucket": ["data-{}", "d.{}-x", "{}23"],
    "table": ["steps-{}", "A_{}.b", "{}{}{}"],
    "log_group": ["/aws/vendedlogs/states/{}", "a#b.c-{}", "_{}"],
    "role": ["Role-{}", "a+b=c,d.e@f-_{}", "{}"],
    "security_group": ["metaflow-{}", "a *{} #{}", "{}!(x);&", "*{}"],
    "secret": ["metaflow/database-{}", "a+b=c.d@e_{}", "{}/{}"],
    "repository": ["metaflow/image-{}", "a_b.c-{}", "{}/{}/{}"],
    "launch_template": ["template-{}", "a(b).c/_{}", "{}{}"],
    "scheduling_policy": ["fair-{}", "{}_", "_-{}"],
    "compute_environment": ["ce-{}", "{}_"],
    "job_queue": ["queue-{}", "{}_"],
}
SERVICES = ["s3", "dynamodb", "ecr.api", "ecr.dkr", "batch", "logs", "states", "sts", "secretsmanager"]
GATEWAYS = ["s3", "dynamodb"]
MANAGED = ["AmazonS3ReadOnlyAccess", "service-role/AWSBatchServiceRole", "arn:aws:iam::aws:policy/ReadOnlyAccess"]
NETWORKS = ["10.20.0.0/16", "10.20.3.7/20", "0.0.0.0/0", "192.0.2.1/32", "192.0.2.1", "172.16.0.0/12"]
NETWORKS_IPV6 = ["2001:DB8:0::/32", "::/0", "2001:db8::1", "2001:db8:0:0:0:0:0:1/64", "::ffff:192.0.2.1/128"]
ZONES = [
    [network.PRIVATE_SUBNET_A],
    [network.PRIVATE_SUBNET_B],
    [network.PRIVATE_SUBNET_B, network.PUBLIC_SUBNET],
    [network.PRIVATE_SUBNET_A, network.PRIVATE_SUBNET_B],
]
INSTANCES = ("EC2", "SPOT")


@dataclass
class Skeleton:
    """Kind → name → what AWS never changes of it, in an order in which each refers to earlier ones only."""

    fixed: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def add(self, kind: str, **fields: Any) -> str:
        """Put another resource of `kind` in, and return its address."""
        named = self.fixed.setdefault(kind, {})
        name = f"r{len(named)}"
        named[name] = fields
        return f"{kind}.{name}"

    def before(self, kind: str, name: str) -> list[str]:
        """The addresses of `kind` that the resource `name` may refer to."""
        return [f"{kind}.{other}" for other in self.fixed.get(kind, {}) if other < name]

    def all_of(self, kind: str) -> list[str]:
        return [f"{kind}.{name}" for name in self.fixed.get(kind, {})]


def sometimes(values):
    """A value, or nothing at all: the field is left out."""
    return some.just({}) | values


def from_schema(node: dict[str, Any], root: dict[str, Any]) -> some.SearchStrategy[Any]:
    """Values that the schema `node` takes, where types, choices, bounds and a plain pattern say it all."""
    node = schemas.resolve(root, node["$ref"]) if "$ref" in node else node
    if "enum" in node:
        return some.sampled_from(node["enum"])
    if "anyOf" in node:
        return some.one_of([from_schema(branch, root) for branch in node["anyOf"]])
    match [word for word in node["type"] if word != "null"] if isinstance(node["type"], list) else [node["type"]]:
        case ["boolean"]:
            return some.booleans()
        case ["integer"]:
            return some.integers(node.get("minimum", 0), node.get("maximum", 1000))
        case ["string"]:
            return _text(node)
        case ["array"]:
            unique = str if node.get("uniqueItems") or node.get("insertionOrder") is False else None
            most = min(node.get("maxItems", 3), 3)
            return some.lists(
                from_schema(node["items"], root), min_size=node.get("minItems", 0), max_size=most, unique_by=unique
            )
        case ["object"]:
            return _mapping(node, root)
    raise AssertionError(f"no strategy for {node}")


def _text(node):
    longest = min(node.get("maxLength", 12), 24)
    if "pattern" in node:
        return some.from_regex(re.compile(node["pattern"], re.ASCII), fullmatch=True).filter(
            lambda text: len(text) <= longest
        )
    return some.text("abc XYZ-09", min_size=node.get("minLength", 0), max_size=longest).map(str.strip)


def _mapping(node, root):
    needed = node.get("required", ())
    parts = {name: from_schema(prop, root) for name, prop in node.get("properties", {}).items()}
    return some.fixed_dictionaries(
        {name: parts[name] for name in needed},
        optional={name: part for name, part in parts.items() if name not in needed},
    )


def lines(draw, kind: str, skip: frozenset[str] = frozenset(), by_hand: dict[str, Any] | None = None) -> dict[str, Any]:
    """Every field of `kind` but `skip`: left out, written, with its default, or `null`."""
    schema, chosen = schemas.load(kind), {}
    by_hand = by_hand or {}
    for name, node in schema["properties"].items():
        if name in skip or name in schemas.COMMON:
            continue
        match draw(some.sampled_from(["omitted", "written", "written", "written", "default", "null"])):
            case "written":
                chosen[name] = draw(by_hand[name] if name in by_hand else from_schema(node, schema))
            case "default":
                chosen[name] = node.get("default")
            case "null":
                chosen[name] = None
    return {**chosen, **draw(common())}


@some.composite
def common(draw):
    """What every resource takes. Nothing is protected, so that it can be destroyed again."""
    tags = some.dictionaries(
        some.sampled_from(["team", "Cost Center", "a/b:c=d+e@f-1", "équipe"]),
        some.sampled_from(["", "ml", "x = y", "ü"]),
    )
    return {"protect": False, **draw(some.fixed_dictionaries({}, optional={"tags": tags, "adopt": some.booleans()}))}


FIXED: dict[str, Any] = {}
BODIES: dict[str, Any] = {}


def fixed(kind):
    """Draws what AWS never changes of a resource of `kind`; it may put others into the skeleton before."""
    return lambda function: FIXED.setdefault(kind, function)


def body(kind):
    """Draws all the rest."""
    return lambda function: BODIES.setdefault(kind, function)


def named(draw, skeleton: Skeleton, kind: str) -> dict[str, Any]:
    """A name that no other resource of the file has."""
    text = draw(some.sampled_from(NAMES[kind]))
    return {"name": text.replace("{}", f"x{len(skeleton.fixed.get(kind, {}))}")}


@some.composite
def skeletons(draw):
    """One to about eight resources of any kinds."""
    skeleton = Skeleton()
    for kind in draw(some.lists(some.sampled_from(sorted(FIXED)), min_size=1, max_size=6)):
        FIXED[kind](draw, skeleton)
    return skeleton


@some.composite
def bodies(draw, skeleton: Skeleton):
    """`resources` of a file: the skeleton, dressed."""
    return {
        kind: {name: {**BODIES[kind](draw, skeleton, name, fields), **fields} for name, fields in entries.items()}
        for kind, entries in skeleton.fixed.items()
    }
