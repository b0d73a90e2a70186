"""An environment as AWS shows it once everything is applied, without AWS: what is invented there is invented here."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from copy import deepcopy
from functools import cache
from pathlib import Path

import golden
import yaml
from stack import DUMPER, environment, merged

from mfinfra import catalogue, desired, schemas
from mfinfra.exporting import subjects
from mfinfra.model import Observed, fill
from mfinfra.observe import Survey
from mfinfra.planning import order, plan

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "environments").glob("*.yaml"))
SHOWN = {
    "compute_environment": {"update_policy": {"terminate_jobs": False, "timeout_minutes": 30}},
    "security_group": {"description": "made by somebody"},
    "table": {"read_capacity": 5, "write_capacity": 5},
}
"""What AWS shows where a file leaves it open."""
INVENTED = {"security_group": "sg-0{}", "endpoint": "vpce-0{}", "launch_template": "lt-0{}"}


def planned(environment, **live):
    """The plan of a file that was just applied; `live` maps addresses to fields that are otherwise in AWS."""
    known, observed = {}, {}
    for address in order.creation_order(environment.resources):
        resource = plan.filled(environment.resources[address], known)
        observed[address] = standing(resource, live.get(str(address), {}))
        known[address] = observed[address].outputs
    return plan.make(environment, Survey(observed))


@cache
def example(path):
    """What is exported of an example file; nobody changes it."""
    return chosen(path)


def chosen(path, **live):
    return subjects.of(planned(desired.read(path).environment, **live))


def variations(kind):
    """Every value that the sheet of a kind gives each field, as the resources of a file."""
    sheet = golden.sheet(kind)
    specs = [sheet["base"]]
    for section in ("variations", "replacing"):
        for field, values in sheet.get(section, {}).items():
            specs += [{**sheet["base"], **beside(value)[0], field: beside(value)[1]} for value in values]
    return [merged(deepcopy(sheet.get("needs", {})), {kind: {"main": spec}}) for spec in specs]


@cache
def varied(kind):
    """What is exported of each of them; both targets are tested with it."""
    with tempfile.TemporaryDirectory() as folder:
        return tuple(chosen_of(resources, Path(folder)) for resources in variations(kind))


def beside(value):
    """The fields that a variation brings along, and the value itself."""
    if isinstance(value, dict) and "value" in value and set(value) <= {"with", "also", "value"}:
        return {**value.get("with", {}), **value.get("also", {})}, value["value"]
    return {}, value


def chosen_of(resources, folder, **live):
    path = folder / "environment.yaml"
    path.write_text(yaml.dump(environment(resources), Dumper=DUMPER, sort_keys=False), "utf-8")
    return chosen(path, **live)


def standing(resource, live):
    """What AWS answers about a resource that is as it is wished."""
    driver, outputs = catalogue.driver(resource.kind), invented(resource)
    shown = SHOWN.get(resource.kind, {})
    spec = fill({**shown, **driver.wish(resource), **live}, lambda ref: outputs.get(ref.attribute))
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


def terraform(folder, *arguments, check=True):
    """Run Terraform in `folder`, without this machine's settings."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environ |= {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    command = ["terraform", arguments[0], "-no-color", *arguments[1:]]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done
