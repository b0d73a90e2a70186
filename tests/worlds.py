"""Small worlds for tests of planning: groups, compute environments on them, queues on those, and logs."""

from __future__ import annotations

from dataclasses import replace

from mfinfra import catalogue, ownership, schemas
from mfinfra.model import Access, Address, Environment, Observed, Ref, Resource, Scope, Source, refs
from mfinfra.observe import Leftover, Survey
from mfinfra.planning.plan import Options, make

SCOPE = Scope("test", "123456789012", "us-east-1")
ARN = "arn:aws:batch:us-east-1:123456789012:"
WHOLE = {
    "security_group": {"vpc": "vpc-12345678"},
    "compute_environment": {"type": "FARGATE", "subnets": ["subnet-1"], "max_vcpus": 4},
    "job_queue": {},
    "log_group": {},
}
FIELD = {"compute_environment": "security_groups", "job_queue": "compute_environments"}
OUTPUT = {"security_group": "id", "compute_environment": "arn"}


def at(text):
    return Address.parse(text)


def wished(text, *needs, **spec):
    """The resource at an address, with references to what it needs."""
    where, needs = at(text), [at(each) for each in needs]
    more = {FIELD[where.kind]: [Ref(need, OUTPUT[need.kind]) for need in needs]} if where.kind in FIELD else {}
    complete = schemas.complete(where.kind, {"name": where.name, **WHOLE[where.kind], **more, **spec})
    return Resource(where, complete, SCOPE, ownership.tags(SCOPE, where), frozenset(needs))


def outputs(address, name):
    arn = f"{ARN}{address.kind.replace('_', '-')}/{name}"
    return {"security_group": {"id": f"sg-{name}", "name": name}}.get(address.kind, {"arn": arn, "name": name})


def live(resource, tags=None, leaving=False, **spec):
    """What AWS shows of it, all that it needs standing under its own name."""
    want = catalogue.driver(resource.kind).desired(resource)
    shown = {
        field: [outputs(ref.address, ref.address.name)[ref.attribute] for ref in value]
        if isinstance(value, list) and refs(value) else value
        for field, value in want.items()
    }  # fmt: skip
    found = {**shown, **spec}
    made = outputs(resource.address, found["name"])
    physical = made.get("id") or made["arn"]
    return Observed(found, made, resource.tags if tags is None else tags, physical, leaving=leaving)


def left(text, *needs, **spec):
    """Something that the file has no more, under the tags of `text`."""
    was = wished(text, *needs, **spec)
    identity = {**dict.fromkeys(was.spec), "name": was.spec["name"]}
    return Leftover(replace(was, spec=identity, tags={}, depends_on=frozenset(), leftover=True), live(was))


def planned(pairs, leftovers=(), disabled=(), **options):
    environment = Environment(
        SCOPE, {each.address: each for each, _ in pairs}, {each.address: each for each, _ in disabled}, {}, Access(),
        Source("f.yaml", "0"),
    )  # fmt: skip
    observed = {each.address: found for each, found in [*pairs, *disabled]}
    chosen = {name: value if isinstance(value, bool) else frozenset(value.split()) for name, value in options.items()}
    return make(environment, Survey(observed, tuple(leftovers)), Options(**chosen))


G, H, L = wished("security_group.g"), wished("security_group.h"), wished("log_group.l")
C, D = wished("compute_environment.c", "security_group.g"), wished("compute_environment.d", "security_group.h")
Q = wished("job_queue.q", "compute_environment.c")
