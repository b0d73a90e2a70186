"""Making, changing and deleting the resources of a stack, each by its own service."""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from mfinfra.document import template as templates
from mfinfra.sandbox.corrections import inside
from mfinfra.sandbox.corrections.call import Call, ServiceError
from mfinfra.sandbox.corrections.cloudformation import access, holding, network, stack
from mfinfra.sandbox.corrections.cloudformation.functions import invalid, resolved
from mfinfra.sandbox.corrections.cloudformation.making import Made, Making, Type
from mfinfra.sandbox.corrections.cloudformation.stack import NESTED, Kept, Stack
from mfinfra.sandbox.corrections.shelves import shelf

TYPES: Final[Mapping[str, Type]] = {**network.TYPES, **access.TYPES, **holding.TYPES}
RETAINED: Final = ("Retain", "RetainExceptOnCreate")
DRAWN: Final = 13


def stacks(call: Call) -> dict[str, Stack]:
    """Every stack of the region by its id, also those that were deleted."""
    found: dict[str, Stack] = shelf("stacks", call.region)
    return found


def find(call: Call, name: str) -> Stack:
    """The stack of that id, or the living one of that name; raises `ServiceError`."""
    for found in stacks(call).values():
        if found.id == name or (found.name == name and not found.gone):
            return found
    raise invalid(f"Stack with id {name} does not exist")


def family(call: Call, root: Stack) -> Iterator[Stack]:
    """The stack and all that are in it."""
    yield root
    for kept in root.kept.values():
        if kept.type_ == NESTED and kept.there:
            yield from family(call, find(call, kept.made.physical))


def read(text: str) -> dict[str, Any]:
    """The template in `text`; raises `ServiceError` for one that is none."""
    try:
        found = templates.parse(text)
    except ValueError as error:
        raise invalid(f"Template format error: {error}") from error
    stack.check(found, TYPES)
    return found


def create(call: Call, name: str, text: str, asked: dict[str, Any], parameters: dict[str, str]) -> Stack:
    """Make a stack and all that is in it; where one fails, all others go again."""
    if any(found.name == name and not found.gone for found in stacks(call).values()):
        raise ServiceError("AlreadyExistsException", f"Stack [{name}] already exists")
    id_ = call.arn(f"stack/{name}/{uuid.uuid4()}")
    made = Stack(id_, name, text, read(text), parameters, asked)
    _check_parameters(made)
    stacks(call)[id_] = made
    for logical in made.wanted(call):
        try:
            _make(call, made, logical)
        except ServiceError as error:
            made.status, made.reason = "ROLLBACK_COMPLETE", stack.refusal(error, logical)
            _unmake_all(call, made, [*made.kept])
            return made
    made.outputs, made.status = made.shown_outputs(call), "CREATE_COMPLETE"
    return made


def update(call: Call, old: Stack, text: str, parameters: dict[str, str]) -> None:
    """Make what is new, change what stays, and take away what the template has no more. Raises `ServiceError`."""
    template = read(text)
    if parameters == old.parameters and stack.same_but_policies(template, old.template):
        raise invalid("No updates are to be performed.")
    old.template, old.parameters, old.text = template, parameters, text
    _check_parameters(old)
    wanted = old.wanted(call)
    for logical in wanted:
        if logical in old.kept and old.kept[logical].there:
            _change(call, old, logical)
        else:
            _make(call, old, logical)
    leaving = [name for name, kept in old.kept.items() if kept.there and name not in wanted]
    old.outputs = old.shown_outputs(call)
    _unmake_all(call, old, leaving)
    old.status = "UPDATE_COMPLETE"


def delete(call: Call, old: Stack) -> None:
    """Delete what somebody asks to be deleted; raises `ServiceError` for what is protected.

    A stack in another one goes with that, or by an update of that, whatever protection it took over from there.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html
    """
    if old.asked.get("EnableTerminationProtection"):
        raise invalid(f"Stack [{old.name}] cannot be deleted while TerminationProtection is enabled")
    _delete(call, old)


def _delete(call: Call, old: Stack) -> None:
    """Delete what is not retained, the last made first."""
    _unmake_all(call, old, [name for name, kept in old.kept.items() if kept.there])
    failed = [kept.logical for kept in old.kept.values() if kept.status == "DELETE_FAILED"]
    old.status = "DELETE_FAILED" if failed else "DELETE_COMPLETE"
    old.reason = f"The following resource(s) failed to delete: [{', '.join(failed)}]. " if failed else ""


def _check_parameters(made: Stack) -> None:
    declared = made.template.get("Parameters", {})
    missing = sorted(name for name, row in declared.items() if "Default" not in row and name not in made.parameters)
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")


def _make(call: Call, made: Stack, logical: str) -> None:
    row = made.template["Resources"][logical]
    properties = resolved(row.get("Properties", {}), made.values(call))
    if row["Type"] == NESTED:
        found = _nested(call, made, logical, properties)
    else:
        type_ = TYPES[row["Type"]]
        found = type_.make(Making(call, row["Type"], properties, _name(made, logical)))
        if type_.tag:
            type_.tag(call, found, {**_own_tags(properties), **made.tags(logical)})
    made.kept[logical] = Kept(logical, row["Type"], found, properties, row.get("DeletionPolicy", "Delete"))


def _change(call: Call, made: Stack, logical: str) -> None:
    """Note what shall happen to it when it goes; the sandbox changes no properties."""
    kept, row = made.kept[logical], made.template["Resources"][logical]
    if resolved(row.get("Properties", {}), made.values(call)) != kept.properties:
        raise invalid(f"The sandbox changes no properties of what a stack has made: [{logical}]")
    if row.get("DeletionPolicy", "Delete") != kept.policy or row.get("Metadata"):
        kept.status, kept.policy = "UPDATE_COMPLETE", row.get("DeletionPolicy", "Delete")


def _unmake_all(call: Call, made: Stack, names: list[str]) -> None:
    """Take them away, the last made first; what something else still needs stays, and is told as failed."""
    for logical in reversed(names):
        kept = made.kept[logical]
        if kept.policy in RETAINED and made.status != "ROLLBACK_COMPLETE":
            kept.status = "DELETE_SKIPPED"
            continue
        try:
            _unmake(call, kept)
            kept.status = "DELETE_COMPLETE"
        except ServiceError:
            kept.status = "DELETE_FAILED"


def _unmake(call: Call, kept: Kept) -> None:
    if kept.type_ == NESTED:
        _delete(call, find(call, kept.made.physical))
    else:
        TYPES[kept.type_].delete(Making(call, kept.type_, kept.properties, ""), kept.made.physical)


def _nested(call: Call, made: Stack, logical: str, properties: Mapping[str, Any]) -> Made:
    """The stack of a template in a bucket: `https://BUCKET.s3.amazonaws.com/KEY`, or the bucket in the path."""
    url = urlsplit(properties["TemplateURL"])
    bucket, _, key = (
        f"{(url.hostname or '').split('.s3')[0]}{url.path}" if ".s3" in url.netloc else url.path[1:]
    ).partition("/")
    text = str(inside.ask(call, "s3", "GetObject", Bucket=bucket, Key=key)["Body"])
    given = {name: str(value) for name, value in properties.get("Parameters", {}).items()}
    found = create(call, _name(made, logical), text, {**made.asked, "RootId": made.id, "ParentId": made.id}, given)
    if found.status != "CREATE_COMPLETE":
        raise invalid(f"Embedded stack {found.id} was not successfully created: {found.reason}")
    return Made(found.id, {f"Outputs.{row['OutputKey']}": row["OutputValue"] for row in found.outputs})


def _name(made: Stack, logical: str) -> str:
    drawn = "".join(random.choices(string.ascii_uppercase + string.digits, k=DRAWN))  # noqa: S311  no secret
    return f"{made.name[:20]}-{logical[:24]}-{drawn}"


def _own_tags(properties: Mapping[str, Any]) -> dict[str, str]:
    """The tags of the template: a list for most types, a mapping for Batch's."""
    written = properties.get("Tags", {})
    return dict(written) if isinstance(written, Mapping) else {row["Key"]: str(row["Value"]) for row in written}
