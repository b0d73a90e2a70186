"""EC2 launch templates. A version never changes: what differs is a new version, which then becomes the default one.

The default version is what the file says. The number of the next one is known before it is made, so that a compute
environment is given it in the same plan. Old versions stay: others may name their numbers, and EC2 takes 10,000.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-launch-template-versions.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from mfinfra.drivers import _launch_data as data
from mfinfra.drivers._declared import Kind
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.drivers._tags import tag_list, tag_map
from mfinfra.errors import UserError
from mfinfra.model import RUN, Call, Document, Effects, Merge, Observed, Resource, Sends, Settle, Spec, Template

MISSING_ID = ("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.NotFoundException")
MISSING_NAME = ("InvalidLaunchTemplateName.NotFoundException",)
MISSING_VERSION = ("InvalidLaunchTemplateId.VersionNotFound",)
FILTER_VALUES = 200
FIRST = 1
# The template or the version is made all the same, and no instance ever starts from it.
WRONG = "Warning.Errors"


def read(resource: Resource) -> Call:
    """The default version, and the latest: after a crash that may be the one that is wished."""
    named = (
        {"LaunchTemplateId": resource.spec["id"]}
        if resource.leftover
        else {"LaunchTemplateName": resource.spec["name"]}
    )
    params = {**named, "Versions": ["$Default", "$Latest"]}
    return Call("ec2", "DescribeLaunchTemplateVersions", params, absent=(*MISSING_ID, *MISSING_NAME))


def parse(answer: Document, resource: Resource) -> Observed | None:
    """The fields of the default version; as facts all that it says, and what the latest one says if that is newer."""
    rows = sorted(answer["LaunchTemplateVersions"], key=lambda row: int(row["VersionNumber"]))
    default = next(row for row in rows if row["DefaultVersion"])
    number, name, said = default["LaunchTemplateId"], default["LaunchTemplateName"], default["LaunchTemplateData"]
    newer = {row["VersionNumber"]: row["LaunchTemplateData"] for row in rows[-1:] if not row["DefaultVersion"]}
    spec = {"name": name, **data.fields(said, resource.spec["root_device"])}
    outputs = {"id": number, "name": name, **numbered(name, default["VersionNumber"])}
    facts = {"said": said, "newer": newer, "latest": rows[-1]["VersionNumber"]}
    return Observed(spec, outputs, {}, number, facts=facts)


def numbered(name: str, version: int) -> dict[str, str]:
    """The attributes that name a version."""
    return {"version": str(version), "pinned": f"{name}:{version}"}


def read_tags(resource: Resource) -> Call:
    """The templates with their tags: by name as a filter, which never fails for a missing one; a leftover by its id."""
    if resource.leftover:
        params: dict[str, Any] = {"LaunchTemplateIds": [resource.spec["id"]]}
        where, key = "LaunchTemplateIds", "LaunchTemplateId"
    else:
        params = {"Filters": [{"Name": "launch-template-name", "Values": [resource.spec["name"]]}]}
        where, key = "Filters.0.Values", "LaunchTemplateName"
    merge = Merge(where, limit=FILTER_VALUES, items="LaunchTemplates", keys=(key,), brittle=resource.leftover)
    return Call("ec2", "DescribeLaunchTemplates", params, absent=MISSING_ID, paginate=True, merge=merge)


def parse_tags(answer: Document | None) -> Mapping[str, str]:
    return {
        key: text for row in (answer or {}).get("LaunchTemplates", ()) for key, text in tag_map(row.get("Tags")).items()
    }


def create(resource: Resource, want: Spec) -> Effects:
    said = data.full({}, want)
    if not said:
        raise UserError(
            f"{resource.address}: a new launch template has to say something, and all its fields are `null` or empty",
            hint="leave one of `imdsv2`, `hop_limit` and `root_volume_gib` out: their defaults are safe",
        )
    params = {
        "LaunchTemplateName": want["name"],
        "ClientToken": Template((f"mfinfra-{digest(dict(resource.tags), want['name'])}-", resource.output(RUN))),
        "LaunchTemplateData": said,
        "TagSpecifications": [{"ResourceType": "launch-template", "Tags": tag_list(resource.tags)}],
    }
    yields = {"id": "LaunchTemplate.LaunchTemplateId"}
    return (Call("ec2", "CreateLaunchTemplate", params, yields=yields, failures=WRONG),)


def write(change: Change) -> Effects:
    """Make the version that is wished, unless it is there, and let it be the default one.

    The token is the same until the latest version is another one: what was sent and never answered is not made twice.
    """
    number, ours = change.output("id"), version(change.observed, change.want)
    default = Call("ec2", "ModifyLaunchTemplate", {"LaunchTemplateId": number, "DefaultVersion": str(ours)})
    if ours in (change.fact("newer") or {}):
        return (default,)
    said = data.full(change.fact("said") or {}, change.want)
    params = {
        "LaunchTemplateId": number,
        "ClientToken": f"mfinfra-{digest(str(number), ours, said)}",
        "LaunchTemplateData": said,
    }
    yields = {"version": "to_string(LaunchTemplateVersion.VersionNumber)"}
    made = Call("ec2", "CreateLaunchTemplateVersion", params, yields=yields, failures=WRONG)
    return (made, seen(change.resource, number, ours), default)


def seen(resource: Resource, number: Any, ours: int) -> Settle:
    """Wait for the version that was made; stop if it has another number than the one that others were promised."""
    row = "LaunchTemplateVersions[0]"
    question = Call(
        "ec2",
        "DescribeLaunchTemplateVersions",
        {"LaunchTemplateId": number, "Versions": [resource.output("version")]},
        absent=(*MISSING_VERSION, *MISSING_ID),
    )
    return Settle(
        question,
        f"{row}.VersionNumber == `{ours}` && 'READY' || {row} && 'TAKEN'",
        f"EC2 is making version {ours} of the launch template `{resource.spec['name']}` known",
        ready=("READY",),
        failed=("TAKEN",),
        reason=f"'somebody else has made version {ours} of the launch template, or deleted it before'",
        timeout=120.0,
    )


def version(observed: Observed | None, want: Spec) -> int:
    """The number of the version that `want`, all fields of it, will be the default under."""
    if observed is None:
        return FIRST
    said = observed.facts.get("said") or {}
    for number, newer in (observed.facts.get("newer") or {}).items():
        if data.equal(newer, data.full(said, want), want["root_device"]):
            return int(number)
    return int(observed.facts["latest"]) + 1


def foretells(resource: Resource, observed: Observed | None) -> Mapping[str, str]:
    """The number is the next one, and EC2 gives none twice."""
    wish = desired(resource)
    have = observed.spec if observed else {}
    want = {name: have.get(name) if value is None else value for name, value in wish.items()}
    return numbered(resource.spec["name"], version(observed, want))


def desired(resource: Resource) -> Spec:
    return {**resource.spec, **data.wished(resource.spec)}


def digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:24]


def put_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], every: Mapping[str, str]) -> Effects:
    return (Call("ec2", "CreateTags", {"Resources": [observed.physical_id], "Tags": tag_list(tags)}),)


def take_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], rest: Mapping[str, str]) -> Effects:
    return (Call("ec2", "DeleteTags", {"Resources": [observed.physical_id], "Tags": tag_list(tags)}),)


def delete(resource: Resource, observed: Observed) -> Effects:
    return (Call("ec2", "DeleteLaunchTemplate", {"LaunchTemplateId": observed.physical_id}, absent=MISSING_ID),)


SENDS = Sends(
    reads=("ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"),
    makes=("ec2:CreateLaunchTemplate",),
    changes=("ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate", "ec2:CreateTags"),
    deletes=("ec2:DeleteLaunchTemplate",),
    forgets=("ec2:DeleteTags",),
    on=("arn:${partition}:ec2:${region}:${account}:launch-template/*",),
    tagged=True,
)

DRIVER = Kind(
    kind="launch_template",
    sends=SENDS,
    held=True,
    arn=r"arn:[^:]+:ec2:[^:]*:\d{12}:launch-template/(?P<id>lt-[0-9a-f]+)",
    read=read,
    parse=parse,
    parts=(Part(("name",)), Part(data.FIELDS, write=write)),
    tagging=Tagging(put=put_tags, take=take_tags, read=read_tags, parse=parse_tags),
    create=create,
    born=lambda resource, want: want,
    delete=delete,
    desired=desired,
    foretells=foretells,
)
