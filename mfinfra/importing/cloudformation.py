"""A CloudFormation stack as the source of an import: what it holds, what it tells, and how it lets go of it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any, Final

from mfinfra import stacks
from mfinfra.document import template as documents
from mfinfra.errors import UserError
from mfinfra.importing import cloudformation_handover as handover
from mfinfra.importing import cloudformation_parts as parts
from mfinfra.importing import cloudformation_template as templates
from mfinfra.importing.cloudformation_handover import Stack
from mfinfra.importing.cloudformation_parts import NESTED, PROFILE, Held
from mfinfra.importing.start import Start
from mfinfra.model import Answers, Call, Document, Questions, Scope

DELETED: Final = "DELETE_COMPLETE"
REVIEWED: Final = "REVIEW_IN_PROGRESS"
MISSING: Final = ("NoSuchEntity",)
Asked = Generator[Questions, Answers, Stack]


def start(name: str, scope: Scope, folder: str = "") -> Generator[Questions, Answers, Start]:
    """All that the stack of this name or ARN says, and those in it. A deleted one goes by its ARN, for 90 days.

    `folder` is where the templates of the handover are going to be written, empty if nowhere. Raises `UserError` where
    there is no such stack, and for one that is just being changed.
    """
    _check_region(name, scope)
    root = yield from _stack(name, scope)
    every = tuple(root.every())
    given = handover.of(root, scope, folder)
    return Start(
        seeds=tuple(
            seed
            for stack in every
            for held in stack.held
            if not _joined(held, stack) and (seed := parts.seed(held, stack.name, scope))
        ),
        settings={key: value for stack in every for key, value in _settings(stack, scope).items()},
        unmodelled=tuple(
            said
            for stack in every
            for said in (
                *parts.unmodelled([held for held in stack.held if _unmodelled(held, stack)], stack.name),
                *parts.hidden(stack.description, stack.name),
            )
        ),
        handover=given.steps,
        files=given.files,
        stacks=given.stacks,
    )


def _settings(stack: Stack, scope: Scope) -> Mapping[str, str]:
    return parts.settings(stack.description, stack.held, scope)


def _unmodelled(held: Held, stack: Stack) -> bool:
    return (
        held.kind is None
        and held.type_ not in (NESTED, PROFILE)
        and held.logical not in stack.kept
        and not held.released
    )


def _joined(held: Held, stack: Stack) -> bool:
    """Whether an instance profile's role is in the stack itself, and found without it."""
    return held.type_ == PROFILE and held.logical in stack.kept


def _check_region(name: str, scope: Scope) -> None:
    found = stacks.StackId.parse(name)
    if found and (found.region, found.account) != (scope.region, scope.account):
        raise UserError(
            f"the stack `{found.name}` is in {found.region} of account {found.account}, and this is {scope.region} of "
            f"account {scope.account}",
            hint=f"name the region of the stack: `--region {found.region}`",
            code="MF5701",
        )


def _stack(name: str, scope: Scope) -> Asked:
    asked = {"StackName": name}
    description, resources, policy = yield (
        Call("cloudformation", "DescribeStacks", asked, absent=stacks.GONE),
        Call("cloudformation", "ListStackResources", asked, absent=stacks.GONE, paginate=True),
        Call("cloudformation", "GetStackPolicy", asked, absent=stacks.GONE),
    )
    if not description or not description["Stacks"]:
        raise UserError(
            f"there is no stack `{name}` in {scope.region}",
            hint="`aws cloudformation describe-stacks --query 'Stacks[].StackName'` lists them; a deleted one goes by "
            "its ARN for 90 days",
            code="MF5700",
        )
    found = Stack(
        description["Stacks"][0], parts.resources(resources), policed=bool((policy or {}).get("StackPolicyBody"))
    )
    status = str(found.description["StackStatus"])
    if status == REVIEWED:
        raise UserError(
            f"the stack `{found.name}` was never made: there is only a change set that nobody has executed",
            hint="execute the change set, or name another stack",
            code="MF5702",
        )
    if status.endswith("_IN_PROGRESS"):
        raise UserError(
            f"the stack `{found.name}` is being changed: its status is {status}",
            hint="wait until CloudFormation is done with it and run the same command again",
            code="MF5702",
        )
    found = replace(found, inner=(yield from _inner(found, scope)))
    return found if status == DELETED else (yield from _templated(found, scope))


def _inner(stack: Stack, scope: Scope) -> Generator[Questions, Answers, dict[str, Stack]]:
    """The stacks that are resources of this one."""
    found = {}
    for held in stack.held:
        if held.type_ == NESTED and not held.released:
            found[held.logical] = yield from _stack(held.physical, scope)
    return found


def _templated(stack: Stack, scope: Scope) -> Asked:
    """The stack with its template, as it is after transforms, and the ARNs that the rest of that asks for."""
    asked = {"StackName": stack.id, "TemplateStage": "Processed"}
    (answer,) = yield (Call("cloudformation", "GetTemplate", asked),)
    try:
        template = _parsed(answer)
    except ValueError as error:
        return replace(stack, trouble=str(error))
    stack = replace(stack, template=template)
    wanted = [one for one in stack.held if one.kind == "role" or one.type_ == PROFILE]
    asks = {one.logical for one in wanted} & {logical for logical, _ in _attributes(stack)}
    named = [one for one in wanted if one.logical in asks]
    answers = (yield tuple(map(_arn_question, named))) if named else ()
    arns = {one.logical: arn for one, found in zip(named, answers, strict=True) if (arn := _arn(found))}
    stack = replace(stack, arns=arns)
    return replace(stack, trouble=_trouble(stack, scope))


def _attributes(stack: Stack) -> frozenset[tuple[str, str]]:
    try:
        return templates.attributes(stack.template, stack.leaving)
    except ValueError:
        return frozenset()  # what it is, `_trouble` tells


def _trouble(stack: Stack, scope: Scope) -> str:
    try:
        templates.without(stack.template, stack.leaving, handover.literal(stack, scope))
    except ValueError as error:
        return f"it refers to {error}"
    if templates.unseen(stack.template):
        return "it has characters that nobody sees, or escapes of them"
    return ""


def _parsed(answer: Document | None) -> Mapping[str, Any]:
    """A JSON template arrives read, any other as text."""
    body: Any = (answer or {}).get("TemplateBody", "")
    if isinstance(body, str):
        return documents.parse(body)
    return documents.parsed(body)


def _arn_question(held: Held) -> Call:
    if held.type_ == PROFILE:
        return Call("iam", "GetInstanceProfile", {"InstanceProfileName": held.physical}, absent=MISSING)
    return Call("iam", "GetRole", {"RoleName": held.physical}, absent=MISSING)


def _arn(answer: Document | None) -> str:
    found: Any = answer or {}
    return str((found.get("Role") or found.get("InstanceProfile") or {}).get("Arn", ""))
