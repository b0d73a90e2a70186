"""Launch templates and their versions."""

from __future__ import annotations

import base64
import binascii
import copy
import json
import re
from typing import Any, Final

from moto.ec2.models import ec2_backends

from mfinfra.sandbox.corrections import correction, propagation
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.shelves import shelf

API: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
CONSISTENCY: Final = "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"
NAME: Final = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}")
OF_TEMPLATES: Final = (
    *("CreateLaunchTemplateVersion", "ModifyLaunchTemplate"),
    *("DescribeLaunchTemplateVersions", "DeleteLaunchTemplate"),
)
LARGEST_USER_DATA: Final = 16384
MOST_HOPS: Final = 64
PAGE: Final = 200


@correction(
    "ec2",
    "CreateLaunchTemplate",
    "CreateLaunchTemplateVersion",
    restores="that a token makes one thing, however often it is sent",
    aws="https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html",
)
def one_for_a_token(call: Call, forward: Forward) -> Answer:
    """Answer a token that is known as before; refuse it with other parameters."""
    token = call.params.get("ClientToken")
    if not token:
        return forward()
    asked = json.dumps({**call.params, "Operation": call.operation}, sort_keys=True, default=str)
    known = shelf("launch template tokens", call.region)
    if token not in known:
        known[token] = asked, copy.deepcopy(forward())
    before, answer = known[token]
    if before != asked:
        text = "Client token already used before, but with different parameters."
        raise ServiceError("IdempotentParameterMismatch", text)
    found: Answer = copy.deepcopy(answer)
    return found


@correction(
    "ec2",
    *OF_TEMPLATES,
    restores="the codes for a template that is not there; strict: each operation misses a new one once",
    aws="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
)
def known_templates(call: Call, forward: Forward) -> Answer:
    """Refuse what is not there, by the code that tells whether a name or an id was given."""
    name, number = call.params.get("LaunchTemplateName"), call.params.get("LaunchTemplateId")
    if name and number:
        text = "Either a launch template ID or a launch template name must be specified in the request, but not both."
        raise ServiceError("InvalidParameterCombination", text)
    found = next((each for each in _templates(call) if (name and each.name == name) or each.id == number), None)
    late = found is not None and propagation.pending(f"template {call.operation}", call.region, found.id)
    if (name or number) and (found is None or late):
        raise _unknown(name, number)
    return forward()


@correction(
    "ec2",
    "CreateLaunchTemplate",
    restores="names and data that are refused, and that the template's own tags are none of its instances'",
    aws=f"{API}/API_CreateLaunchTemplate.html",
)
def create_template(call: Call, forward: Forward) -> Answer:
    """Make a template; moto writes its tags into the data of the first version."""
    if not NAME.fullmatch(call.params["LaunchTemplateName"]):
        text = (
            "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the "
            "following characters: - ( ) . / _."
        )
        raise ServiceError("InvalidLaunchTemplateName.MalformedException", text)
    _check(call.params.get("LaunchTemplateData") or {})
    answer = forward()
    made = _template(call, answer["LaunchTemplate"]["LaunchTemplateId"])
    said = made.versions[0].data
    said.pop("TagSpecifications", None)
    if given := (call.params.get("LaunchTemplateData") or {}).get("TagSpecifications"):
        said["TagSpecifications"] = given
    for operation in (*OF_TEMPLATES, "CreateTags"):
        propagation.begin(f"template {operation}", call.region, made.id, looks=propagation.ONE)
    return answer


@correction(
    "ec2",
    "CreateLaunchTemplateVersion",
    restores="data that is refused; strict: a version that is not known at once",
    aws=f"{API}/API_CreateLaunchTemplateVersion.html",
)
def create_version(call: Call, forward: Forward) -> Answer:
    """Make a version of data that EC2 takes."""
    _check(call.params.get("LaunchTemplateData") or {})
    answer = forward()
    made = answer["LaunchTemplateVersion"]
    for operation in ("DescribeLaunchTemplateVersions", "ModifyLaunchTemplate"):
        about = made["LaunchTemplateId"], str(made["VersionNumber"])
        propagation.begin(f"template {operation}", call.region, *about, looks=propagation.ONE)
    propagation.begin("latest version", call.region, made["LaunchTemplateId"])
    return answer


@correction(
    "ec2",
    "ModifyLaunchTemplate",
    restores="strict: that a new version is refused as a default for a moment",
    aws=CONSISTENCY,
    strict=True,
)
def default_version(call: Call, forward: Forward) -> Answer:
    """Refuse a version that is not known here yet."""
    template = _asked(call)
    number = str(call.params.get("DefaultVersion"))
    if template and propagation.pending(f"template {call.operation}", call.region, template.id, number):
        raise _no_version(template.id, number)
    return forward()


@correction(
    "ec2",
    "DescribeLaunchTemplateVersions",
    restores="all versions that are asked for, each once, of which moto shows 15; strict: the latest one known late",
    aws=f"{API}/API_DescribeLaunchTemplateVersions.html",
)
def describe_versions(call: Call, forward: Forward) -> Answer:
    """The versions that are asked for, without members that say nothing."""
    template, asked = _asked(call), call.params.get("Versions") or []
    stale = bool(template) and "$Latest" in asked and propagation.pending("latest version", call.region, template.id)
    for number in asked:
        if template and propagation.pending(f"template {call.operation}", call.region, template.id, number):
            raise _no_version(template.id, number)
    if stale:
        before = str(len(template.versions) - 1)
        call.params["Versions"] = [before if number == "$Latest" else number for number in asked]
    call.params.setdefault("MaxResults", PAGE)
    rows = {(row["LaunchTemplateId"], row["VersionNumber"]): row for row in forward()["LaunchTemplateVersions"]}
    for row in rows.values():
        said = row["LaunchTemplateData"]
        row["LaunchTemplateData"] = {member: value for member, value in said.items() if value not in (None, "")}
    return {"LaunchTemplateVersions": list(rows.values())}


@correction(
    "ec2",
    "DescribeLaunchTemplates",
    restores="every template that is asked for, in pages, of which moto shows 15; the code for an id that is unknown",
    aws=f"{API}/API_DescribeLaunchTemplates.html",
)
def describe_templates(call: Call, forward: Forward) -> Answer:
    """One page of the templates."""
    there = {template.id for template in _templates(call)}
    for number in call.params.get("LaunchTemplateIds") or []:
        if number not in there:
            raise _unknown(None, number)
    size, start = call.params.pop("MaxResults", None), int(call.params.pop("NextToken", None) or 0)
    call.params["MaxResults"] = len(there) or 1
    rows = forward().get("LaunchTemplates", [])
    end = start + (size or PAGE)
    return {"LaunchTemplates": rows[start:end]} | ({"NextToken": str(end)} if end < len(rows) else {})


@correction(
    "ec2",
    "CreateTags",
    "DeleteTags",
    restores="tags of a launch template that are changed after it was made",
    aws=f"{API}/API_CreateTags.html",
)
def retag(call: Call, forward: Forward) -> Answer:
    """Change tags; moto shows those that a template was made with, for ever."""
    named = [number for number in call.params["Resources"] if number.startswith("lt-")]
    for number in named:
        late = propagation.pending(f"template {call.operation}", call.region, number)
        if late or number not in {template.id for template in _templates(call)}:
            raise _unknown(None, number)
    answer = forward()
    for number in named:
        template = _template(call, number)
        template.tags = template.get_tags()
    return answer


def _check(data: dict[str, Any]) -> None:
    if not data:
        raise ServiceError("MissingParameter", "You must specify at least one parameter for the launch template data.")
    try:
        user_data = base64.b64decode(data.get("UserData") or "", validate=True)
    except binascii.Error as error:
        raise ServiceError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from error
    if len(user_data) > LARGEST_USER_DATA:
        raise ServiceError("InvalidParameterValue", f"User data is limited to {LARGEST_USER_DATA} bytes")
    hops = (data.get("MetadataOptions") or {}).get("HttpPutResponseHopLimit", 1)
    if not 1 <= hops <= MOST_HOPS:
        text = (
            f"The specified value for HttpPutResponseHopLimit is not valid. Specify a value between 1 and {MOST_HOPS}."
        )
        raise ServiceError("InvalidParameterValue", text)


def _templates(call: Call) -> list[Any]:
    return list(ec2_backends[call.account][call.region].launch_templates.values())


def _template(call: Call, number: str) -> Any:
    return ec2_backends[call.account][call.region].launch_templates[number]


def _asked(call: Call) -> Any:
    """The template that a request names, if it names one."""
    name, number = call.params.get("LaunchTemplateName"), call.params.get("LaunchTemplateId")
    return next((each for each in _templates(call) if each.name == name or each.id == number), None)


def _unknown(name: str | None, number: str | None) -> ServiceError:
    code, what = ("Name.NotFoundException", f"name {name}") if name else ("Id.NotFound", f"ID {number}")
    text = f"The specified launch template, with template {what}, does not exist."
    return ServiceError(f"InvalidLaunchTemplate{code}", text)


def _no_version(template: str, number: str) -> ServiceError:
    text = f"Could not find the specified version {number} for the launch template with ID {template}."
    return ServiceError("InvalidLaunchTemplateId.VersionNotFound", text)
