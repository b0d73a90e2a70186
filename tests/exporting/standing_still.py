"""An environment as AWS shows it once everything is applied, without AWS: what is invented there is invented here."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from mfinfra import catalogue, desired, schemas
from mfinfra.exporting import subjects
from mfinfra.model import Observed, fill
from mfinfra.observe import Survey
from mfinfra.planning import order, plan

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted((ROOT / "environments").glob("*.yaml"))
INVENTED = {"security_group": "sg-0{}", "endpoint": "vpce-0{}", "launch_template": "lt-0{}"}


def planned(environment, **live):
    """The plan of a file that was just applied; `live` maps addresses to fields that are otherwise in AWS."""
    known, observed = {}, {}
    for address in order.creation_order(environment.resources):
        resource = plan.filled(environment.resources[address], known)
        observed[address] = standing(resource, live.get(str(address), {}))
        known[address] = observed[address].outputs
    return plan.make(environment, Survey(observed))


def chosen(path, **live):
    return subjects.of(planned(desired.read(path).environment, **live))


def standing(resource, live):
    """What AWS answers about a resource that is as it is wished."""
    driver, outputs = catalogue.driver(resource.kind), invented(resource)
    spec = fill({**driver.wish(resource), **live}, lambda ref: outputs.get(ref.attribute))
    facts = {}
    if resource.kind == "launch_template":
        from mfinfra.drivers import _launch_data

        want = {name: spec.get(name) for name in _launch_data.FIELDS}
        facts = {"said": _launch_data.full({}, want), "newer": {}, "latest": 1}
    if resource.kind in ("secret", "key"):
        facts = {"status": driver.usable, "name": resource.spec.get("name"), "id": outputs.get("id"), "deletion": ""}
    return Observed(spec, outputs, resource.tags, outputs.get("arn", outputs.get("id", "")), facts=facts)


def invented(resource):
    """Every attribute of the kind, those that follow from the file as that has them."""
    digest = hashlib.sha256(str(resource.address).encode()).hexdigest()
    number = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    scope, name = resource.scope, resource.spec.get("name")
    special = {
        "id": INVENTED.get(resource.kind, "{}").format(digest[:16]) if resource.kind in INVENTED else number,
        "version": "1",
        "pinned": f"{name}:1",
        "name": name,
        "arn": {
            "key": scope.arn("kms", f"key/{number}"),
            "secret": scope.arn("secretsmanager", f"secret:{name}-AbCdEf"),
            "compute_environment": scope.arn("batch", f"compute-environment/{name}"),
        }.get(resource.kind),
    }
    found = {}
    for attribute, known in schemas.traits(resource.kind).attributes.items():
        value = known.get("value")
        if value is None:
            found[attribute] = special[attribute]
            continue
        for field, given in {**resource.spec, **vars_of(scope)}.items():
            value = value.replace(f"${{self.{field}}}", str(given)).replace(f"${{{field}}}", str(given))
        found[attribute] = value
    return found


def vars_of(scope):
    return {
        "account": scope.account,
        "region": scope.region,
        "partition": scope.partition,
        "dns_suffix": scope.dns_suffix,
        "environment": scope.environment,
    }


def retagged(environment, **tags):
    """The environment with more tags on everything."""
    resources = {at: replace(one, tags={**one.tags, **tags}) for at, one in environment.resources.items()}
    return replace(environment, resources=resources)
