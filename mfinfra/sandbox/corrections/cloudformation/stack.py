"""A stack: its template, what was made of it, and what a template's functions see of that."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from mfinfra.sandbox.corrections.call import Call, ServiceError
from mfinfra.sandbox.corrections.cloudformation.functions import Values, holds, invalid, referred, resolved
from mfinfra.sandbox.corrections.cloudformation.making import Made

TAG: Final = "aws:cloudformation:"
NESTED: Final = "AWS::CloudFormation::Stack"


@dataclass(slots=True)
class Kept:
    """A resource of a stack, with the properties that it was last given."""

    logical: str
    type_: str
    made: Made
    properties: dict[str, Any]
    policy: str
    status: str = "CREATE_COMPLETE"
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def there(self) -> bool:
        """Whether the stack holds it still."""
        return not self.status.startswith("DELETE_")


@dataclass(slots=True)
class Stack:
    """`kept` are its resources in the order in which they were made, `asked` what the request for it gave besides."""

    id: str
    name: str
    text: str
    template: dict[str, Any]
    parameters: dict[str, str]
    asked: dict[str, Any]
    status: str = "CREATE_IN_PROGRESS"
    reason: str = ""
    kept: dict[str, Kept] = field(default_factory=dict)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def gone(self) -> bool:
        """Whether it was deleted: then it is known by its id only."""
        return self.status == "DELETE_COMPLETE"

    def values(self, call: Call) -> Values:
        """What functions see now."""
        said = {**{name: row.get("Default", "") for name, row in self._declared.items()}, **self.parameters}
        typed = {
            name: said[name].split(",") if self._declared[name]["Type"].startswith(("List<", "Comma")) else said[name]
            for name in self._declared
        }
        refs = {
            "AWS::AccountId": call.account,
            "AWS::Region": call.region,
            "AWS::Partition": call.partition,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackId": self.id,
            "AWS::StackName": self.name,
            **typed,
            **{kept.logical: kept.made.physical for kept in self.kept.values() if kept.there},
        }
        zones = call.ask("ec2", "DescribeAvailabilityZones")["AvailabilityZones"]
        names = tuple(zone["ZoneName"] for zone in zones)
        conditions, mappings = self.template.get("Conditions", {}), self.template.get("Mappings", {})
        return Values(refs, self._attribute, conditions, mappings, names)

    def _attribute(self, logical: str, name: str) -> str:
        kept = self.kept.get(logical)
        if kept is None or not kept.there:
            raise invalid(f"Template error: instance of Fn::GetAtt references undefined resource {logical}")
        if name not in kept.made.attributes:
            text = f"Template error: resource {logical} does not support attribute type {name} in Fn::GetAtt"
            raise invalid(text)
        return kept.made.attributes[name]

    @property
    def _declared(self) -> dict[str, Any]:
        found: dict[str, Any] = self.template.get("Parameters", {})
        return found

    def tags(self, logical: str) -> dict[str, str]:
        """The tags of a resource of this stack.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-add-tags.html
        """
        own = {row["Key"]: row["Value"] for row in self.asked.get("Tags", ())}
        return {**own, f"{TAG}stack-id": self.id, f"{TAG}stack-name": self.name, f"{TAG}logical-id": logical}

    def wanted(self, call: Call) -> list[str]:
        """The logical ids that the template wants, each behind those that it needs."""
        resources, values = self.template["Resources"], self.values(call)
        wanted = [name for name, row in resources.items() if "Condition" not in row or holds(row["Condition"], values)]
        return list(_ordered(wanted, {name: _needs(resources[name]) for name in wanted}))

    def shown_outputs(self, call: Call) -> list[dict[str, Any]]:
        """The outputs whose condition holds."""
        values, found = self.values(call), []
        for name, row in self.template.get("Outputs", {}).items():
            if "Condition" not in row or holds(row["Condition"], values):
                told = {"Description": row["Description"]} if "Description" in row else {}
                found.append({"OutputKey": name, "OutputValue": str(resolved(row["Value"], values)), **told})
        return found


def check(template: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse a template that names a type which is not known, or refers to what is not in it."""
    types = sorted({row["Type"] for row in template["Resources"].values()} - {*known, NESTED})
    if types:
        raise invalid(f"Template format error: Unrecognized resource types: [{', '.join(types)}]")
    there = {*template["Resources"], *template.get("Parameters", {})}
    for block in ("Resources", "Outputs"):
        found = {name for name in referred(template.get(block, {})) if not name.startswith("AWS::")}
        needed = {name for row in template["Resources"].values() for name in _listed(row.get("DependsOn", ()))}
        missing = sorted((found | needed if block == "Resources" else found) - there)
        if missing:
            text = f"Unresolved resource dependencies [{', '.join(missing)}] in the {block} block of the template"
            raise invalid(f"Template format error: {text}")


def _needs(row: Mapping[str, Any]) -> set[str]:
    return {*referred(row.get("Properties", {})), *_listed(row.get("DependsOn", ()))}


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _ordered(names: list[str], needs: Mapping[str, set[str]]) -> Iterator[str]:
    done: set[str] = set()
    while left := [name for name in names if name not in done]:
        ready = [name for name in left if not needs[name] & ({*left} - {name})]
        if not ready:
            raise invalid(f"Circular dependency between resources: [{', '.join(left)}]")
        done.update(ready)
        yield from ready


def same_but_policies(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two templates differ in nothing but what shall happen to resources that go.

    That alone is no update: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-direct.html
    """

    def bare(template: Mapping[str, Any]) -> str:
        left = ("DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy")
        rows = {
            name: {key: value for key, value in row.items() if key not in left}
            for name, row in template["Resources"].items()
        }
        return json.dumps({**template, "Resources": rows}, sort_keys=True)

    return bare(one) == bare(other)


def refusal(error: ServiceError, logical: str) -> str:
    """Why a stack was rolled back."""
    return f"The following resource(s) failed to create: [{logical}]: {error.message}"
