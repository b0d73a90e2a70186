"""The steps by which CloudFormation lets go of resources without a change to one of them. Pure.

A stack lets go of what its template retains, once that leaves the template, or the stack is deleted.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mfinfra.importing import cloudformation_template as templates
from mfinfra.importing.cloudformation_parts import NESTED, PARTS, PROFILE, Held
from mfinfra.importing.cloudformation_template import Template
from mfinfra.model import Document, Scope
from mfinfra.plural import counted

LARGEST: Final = 51_200
"""Bytes of a template in a request; a larger one goes through a bucket: AWS CloudFormation quotas."""
OPEN_POLICY: Final = '{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}'
STUCK: Final[Mapping[str, str]] = {
    # What no update gets through, by status: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
    "UPDATE_ROLLBACK_FAILED": "its rollback has to be ended first: `aws cloudformation continue-update-rollback`",
    "DELETE_FAILED": "delete it once more in place of the updates, and name what it has to retain: "
    "`aws cloudformation delete-stack --retain-resources`",
    "CREATE_FAILED": "roll it back first, which deletes what it made: what is to stay has to be made again",
    "ROLLBACK_FAILED": "it can only be deleted, with all that it has; a deletion that fails may be done again with "
    "`--retain-resources`",
    "ROLLBACK_COMPLETE": "it can only be deleted, with all that it has",
}
CDK: Final = "AWS::CDK::Metadata"
GENERAL: Final[Mapping[tuple[str, str], str]] = {
    # What `Fn::GetAtt` gives of a kind's resource, where its physical id tells it.
    ("bucket", "Arn"): "arn:{partition}:s3:::{id}",
    ("bucket", "DomainName"): "{id}.s3.{suffix}",
    ("bucket", "RegionalDomainName"): "{id}.s3.{region}.{suffix}",
    ("compute_environment", "ComputeEnvironmentArn"): "{id}",
    ("endpoint", "Id"): "{id}",
    ("job_queue", "JobQueueArn"): "{id}",
    ("key", "Arn"): "arn:{partition}:kms:{region}:{account}:key/{id}",
    ("key", "KeyId"): "{id}",
    ("launch_template", "LaunchTemplateId"): "{id}",
    ("log_group", "Arn"): "arn:{partition}:logs:{region}:{account}:log-group:{id}:*",
    ("repository", "Arn"): "arn:{partition}:ecr:{region}:{account}:repository/{id}",
    ("repository", "RepositoryUri"): "{account}.dkr.ecr.{region}.{suffix}/{id}",
    ("scheduling_policy", "Arn"): "{id}",
    ("secret", "Id"): "{id}",
    ("security_group", "GroupId"): "{id}",
    ("security_group", "Id"): "{id}",
    ("table", "Arn"): "arn:{partition}:dynamodb:{region}:{account}:table/{id}",
}


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as CloudFormation tells it: its description, what it holds, its template and what is in the way.

    `inner` are the stacks in it by their logical ids, `arns` those of its roles and profiles by theirs. `trouble` says
    why the template cannot be changed by a program, empty if it can.
    """

    description: Document
    held: tuple[Held, ...]
    template: Template = field(default_factory=lambda: {"Resources": {}})
    policed: bool = False
    inner: Mapping[str, Stack] = field(default_factory=dict)
    arns: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.description["StackName"])

    @property
    def id(self) -> str:
        """Its ARN."""
        return str(self.description["StackId"])

    @property
    def kept(self) -> frozenset[str]:
        """The logical ids that have to be retained: what a kind describes, and what is a part of that."""
        there = {one.logical for one in self.held if not one.released}
        chosen = {one.logical for one in self.held if one.kind and not one.released}
        if not self.template["Resources"]:  # nobody knows of what they are parts
            return frozenset(there & (chosen | {one.logical for one in self.held if one.type_ in PARTS}))
        return frozenset(there & (chosen | templates.parts(self.template, chosen)))

    @property
    def leaving(self) -> frozenset[str]:
        """The logical ids that go out of the template: those, and stacks in it that then have nothing left."""
        return self.kept | {logical for logical, stack in self.inner.items() if stack.held and not stack.rest}

    @property
    def rest(self) -> tuple[Held, ...]:
        """What stays in the stack."""
        return tuple(one for one in self.held if not one.released and one.logical not in self.leaving)

    def every(self) -> Iterator[Stack]:
        """It and all stacks in it, the innermost first."""
        for stack in self.inner.values():
            yield from stack.every()
        yield self


@dataclass(frozen=True, slots=True)
class Handover:
    """The steps in order, each a sentence or a command; the files that they name, by name; the stacks that let go."""

    steps: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    stacks: frozenset[str] = frozenset()


def of(root: Stack, scope: Scope, folder: str = "") -> Handover:
    """How the stack and those in it let go; nothing to do where they hold nothing that a kind describes.

    With a `folder` the steps name the files that are to be written there.
    """
    holding = [stack for stack in root.every() if stack.kept]
    if not holding:
        return Handover()
    files: dict[str, str] = {}
    steps = [_opening(root, holding), *(step for stack in holding for step in _cautions(stack))]
    for stack in holding:
        steps += _retain(stack, scope, folder, files)
    if root.rest:
        steps += [step for stack in root.every() if stack.leaving and stack.rest
                  for step in _remove(stack, scope, folder, files)]  # fmt: skip
    else:
        steps += _delete(root, scope)
    return Handover(tuple(steps), files, frozenset(stack.name for stack in holding))


def literal(stack: Stack, scope: Scope) -> templates.Literal:
    """What an attribute of one of the stack's resources is, as far as that can be known from outside."""
    held = {one.logical: one for one in stack.held}
    known = {"partition": scope.partition, "region": scope.region, "account": scope.account}

    def found(logical: str, attribute: str) -> str | None:
        one = held.get(logical)
        if one is None:
            return None
        if not attribute:
            return one.physical
        if one.type_ == NESTED and logical in stack.inner:
            return _outputs(stack.inner[logical]).get(attribute.removeprefix("Outputs."))
        if attribute == "Arn" and (one.kind == "role" or one.type_ == PROFILE):
            return stack.arns.get(logical)
        form = GENERAL.get((one.kind or "", attribute))
        return form.format(id=one.physical, suffix=scope.dns_suffix, **known) if form else None

    return found


def _outputs(stack: Stack) -> dict[str, str]:
    return {row["OutputKey"]: row["OutputValue"] for row in stack.description.get("Outputs", ())}


def _opening(root: Stack, holding: Iterable[Stack]) -> str:
    count = counted(sum(len(stack.kept) for stack in holding), "resource")
    return (
        f"The stack `{root.name}` lets go of {count}; no step changes any of them, and until the last one is done a "
        "plan refuses them"
    )


def _cautions(stack: Stack) -> Iterator[str]:
    if stuck := STUCK.get(str(stack.description.get("StackStatus"))):
        yield f"`{stack.name}` takes no update, for its status is {stack.description['StackStatus']}: {stuck}"
    if stack.policed:
        yield (
            f"`{stack.name}` has a stack policy: add `--stack-policy-during-update-body {shlex.quote(OPEN_POLICY)}` "
            "to its updates"
        )
    if any(row.get("ResolvedValue") for row in stack.description.get("Parameters", ())):
        yield (
            f"`{stack.name}` has parameters from the Parameter Store, which an update reads anew: look at what they "
            "are now before it"
        )
    if any(one.type_ == CDK for one in stack.held):
        yield f"`{stack.name}` is made by CDK: take the same resources out of its program, or it makes them again"
    if stack.description.get("ParentId"):
        yield (
            f"`{stack.name}` is in another stack: put its new template where the `TemplateURL` there leads, too, or "
            "the next update of that one brings the old one back"
        )


def _retain(stack: Stack, scope: Scope, folder: str, files: dict[str, str]) -> Iterator[str]:
    ids = ", ".join(sorted(stack.kept))
    name = f"{stack.name}.1-retain.json"
    if not folder or stack.trouble:
        yield _by_hand(stack)
        yield f"aws cloudformation get-template {_named(stack, scope)} --template-stage Processed"
        yield (
            f"Into a copy of it, write `DeletionPolicy: Retain`, `UpdateReplacePolicy: Retain` and anything new under "
            f"`Metadata` (alone, the policies are no update) at: {ids}; call it `{name}`"
        )
    else:
        files[name] = _written(templates.retaining(stack.template, stack.kept))
        yield f"`{name}` is the template of `{stack.name}` that retains: {ids}"
    yield from _update(stack, scope, folder, name, files)


def _by_hand(stack: Stack) -> str:
    if stack.trouble:
        return f"The template of `{stack.name}` has to be changed by hand: {stack.trouble}"
    return (
        f"`mfinfra import - --from-cloudformation {stack.name} --handover DIR` writes the templates of these steps; "
        "by hand it goes like this"
    )


def _remove(stack: Stack, scope: Scope, folder: str, files: dict[str, str]) -> Iterator[str]:
    name = f"{stack.name}.2-without.json"
    rest = ", ".join(sorted(one.logical for one in stack.rest))
    if not folder or stack.trouble:
        yield (
            f"Write `{name}`, a copy of that without these resources: what referred to one (`Ref`, `Fn::GetAtt`, "
            f"`Fn::Sub`, `DependsOn`, outputs) has to name it as it is; in the stack stay: {rest}"
        )
    else:
        kept = templates.retaining(stack.template, stack.kept)
        files[name] = _written(templates.without(kept, stack.leaving, literal(stack, scope)))
        yield f"`{name}` is that without them, and names them where it referred to them; in the stack stay: {rest}"
    yield from _update(stack, scope, folder, name, files)


def _update(stack: Stack, scope: Scope, folder: str, name: str, files: Mapping[str, str]) -> Iterator[str]:
    path = f"{folder or '.'}/{name}"
    place = f"--template-body {shlex.quote(f'file://{path}')}"
    if len(files.get(name, "").encode()) > LARGEST:
        yield f"aws s3 cp {shlex.quote(path)} s3://BUCKET/{name}"
        place = f"--template-url https://BUCKET.s3.{scope.region}.{scope.dns_suffix}/{name}"
    words = [f"aws cloudformation update-stack {_named(stack, scope)}", place]
    if parameters := sorted(row["ParameterKey"] for row in stack.description.get("Parameters", ())):
        words.append("--parameters " + " ".join(f"ParameterKey={key},UsePreviousValue=true" for key in parameters))
    if capabilities := stack.description.get("Capabilities"):
        words.append(f"--capabilities {' '.join(capabilities)}")
    yield " ".join(words)
    yield f"aws cloudformation wait stack-update-complete {_named(stack, scope)}"


def _delete(root: Stack, scope: Scope) -> Iterator[str]:
    if root.description.get("EnableTerminationProtection"):
        yield (
            f"aws cloudformation update-termination-protection {_named(root, scope)} --no-enable-termination-protection"
        )
    if any(row.get("ExportName") for row in root.description.get("Outputs", ())):
        yield f"`{root.name}` exports values: while another stack imports one, it cannot be deleted"
    yield f"aws cloudformation delete-stack {_named(root, scope)}"
    yield f"aws cloudformation wait stack-delete-complete {_named(root, scope)}"


def _named(stack: Stack, scope: Scope) -> str:
    return f"--region {scope.region} --stack-name {stack.name}"


def _written(template: Template) -> str:
    """As JSON, which CloudFormation takes as well; without indentation where it only fits like that."""
    text = json.dumps(template, indent=1, ensure_ascii=False)
    return text if len(text.encode()) <= LARGEST else json.dumps(template, separators=(",", ":"), ensure_ascii=False)
