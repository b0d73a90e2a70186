"""What both targets say of a compute environment, which the file says in its own words."""

from __future__ import annotations

from typing import Any

from mfinfra.drivers import _compute_resources as held
from mfinfra.drivers import _pinned
from mfinfra.exporting.subjects import Subject
from mfinfra.model import Ref

MEMBERS = {"launchTemplateId": "id", "launchTemplateName": "name", "version": "version"}


def on_instances(subject: Subject) -> bool:
    """Whether it starts EC2 instances."""
    return subject.spec["type"] in held.INSTANCES


def service_role(subject: Subject) -> Any:
    """The role that Batch acts with; empty for its service-linked one, which nobody names."""
    role = subject.spec.get("service_role")
    return None if not role or held.service_linked(role) else role


def bid(subject: Subject) -> int:
    """The highest price of a spot instance in percent; 0 where it is all of the price on demand, which goes unsaid."""
    percentage = subject.spec.get("bid_percentage") or held.WHOLE_BID
    return 0 if subject.spec["type"] != "SPOT" or percentage == held.WHOLE_BID else int(percentage)


def launch_template(subject: Subject) -> dict[str, Any]:
    """`id` or `name`, and `version`; empty without a launch template."""
    pinned = subject.spec.get("launch_template")
    if not pinned:
        return {}
    if isinstance(pinned, Ref):
        return {"name": Ref(pinned.address, "name"), "version": Ref(pinned.address, "version")}
    return {MEMBERS[member]: value for member, value in _pinned.members(pinned).items() if value}
