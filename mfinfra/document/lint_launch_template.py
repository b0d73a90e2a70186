"""The rules of `lint` for launch templates: user data that Batch refuses late, and changes that reach nobody.

https://docs.aws.amazon.com/batch/latest/userguide/launch-templates.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mfinfra import user_data
from mfinfra.model import Environment, Ref, Resource, Template

MOVING = ("$Default", "$Latest")

Finding = tuple[tuple[str | int, ...], str, str, str | None]


def script(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    """User data that an environment would turn INVALID over, or that cannot be encoded before apply."""
    text = resource.spec.get("user_data")
    if isinstance(text, Ref | Template):
        message = "the user data must be known before apply, and AWS invents a part of it"
        yield ("user_data",), "MF1116", message, "refer to names and ARNs here, not to ids: EC2 takes it encoded"
    elif isinstance(text, str) and (found := user_data.problem(text)):
        yield ("user_data",), "MF1116", *found


def moving_version(resource: Resource, environment: Environment) -> Iterator[Finding]:
    """A version that Batch looks up by itself, of a template whose changes we could bring to the instances."""
    said = resource.spec.get("launch_template")
    if isinstance(said, Mapping):
        named, version = said.get("name") or said.get("id"), said.get("version", MOVING[0])
    elif isinstance(said, str) and said:
        named, _, version = said.partition(":")
    else:
        return
    if (version or MOVING[0]) not in MOVING:
        return
    for address, template in environment.resources.items():
        by_id = isinstance(named, Ref) and named.address == address
        if address.kind == "launch_template" and (by_id or template.spec.get("name") == named):
            message = f"a change of `{address}` would not reach the instances: Batch looks its version up too seldom"
            yield ("launch_template",), "MF2110", message, f"write `launch_template: {address}`: it means the number"
