"""The operations on stacks: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html ."""

from __future__ import annotations

from typing import Any, Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.cloudformation.engine import create, delete, family, find, read, stacks, update
from mfinfra.sandbox.corrections.cloudformation.functions import invalid
from mfinfra.sandbox.corrections.cloudformation.stack import Stack

API: Final = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference"
POLICIES: Final = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"
)
PAGE: Final = 100
IAM: Final = "AWS::IAM::"
NAMED: Final = {"RoleName", "InstanceProfileName", "ManagedPolicyName"}


@correction(
    "cloudformation",
    "CreateStack",
    restores="resources as their own services make them",
    aws=f"{API}/API_CreateStack.html",
)
def create_stack(call: Call, _forward: Forward) -> Answer:
    """Make the stack; whoever asks afterwards finds it complete, or rolled back."""
    text, given = _body(call), {row["ParameterKey"]: row["ParameterValue"] for row in call.params.get("Parameters", ())}
    _check_capabilities(call, read(text))
    asked = {name: value for name, value in call.params.items() if name not in ("TemplateBody", "Parameters")}
    return {"StackId": create(call, call.params["StackName"], text, asked, given).id}


@correction(
    "cloudformation",
    "UpdateStack",
    restores="that resources stay which the template retained, that deletion policies alone are no update",
    aws=POLICIES,
)
def update_stack(call: Call, _forward: Forward) -> Answer:
    """Change the stack."""
    stack = find(call, call.params["StackName"])
    if stack.gone or stack.status == "ROLLBACK_COMPLETE":
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
    text = stack.text if call.params.get("UsePreviousTemplate") else _body(call)
    _check_capabilities(call, read(text))
    given = {}
    for row in call.params.get("Parameters", ()):
        name = row["ParameterKey"]
        if not row.get("UsePreviousValue"):
            given[name] = row["ParameterValue"]
        elif name in stack.parameters:
            given[name] = stack.parameters[name]
    if stack.asked.get("StackPolicyBody") and not call.params.get("StackPolicyDuringUpdateBody"):
        raise invalid("Action denied by stack policy: the sandbox takes every policy for one that denies all updates")
    update(call, stack, text, given)
    stack.asked["Capabilities"] = call.params.get("Capabilities", [])
    return {"StackId": stack.id}


@correction(
    "cloudformation",
    "DeleteStack",
    restores="that resources stay which the template retained, that a protected stack stays; none is no error",
    aws=POLICIES,
)
def delete_stack(call: Call, _forward: Forward) -> Answer:
    """Delete the stack."""
    try:
        stack = find(call, call.params["StackName"])
    except ServiceError:
        return {}
    if not stack.gone:
        delete(call, stack)
    return {}


@correction(
    "cloudformation",
    "UpdateTerminationProtection",
    restores="the protection that DeleteStack heeds",
    aws=f"{API}/API_UpdateTerminationProtection.html",
)
def protect_stack(call: Call, _forward: Forward) -> Answer:
    """Turn it on or off, for the stacks in it too."""
    stack = find(call, call.params["StackName"])
    for one in family(call, stack):
        one.asked["EnableTerminationProtection"] = call.params["EnableTerminationProtection"]
    return {"StackId": stack.id}


@correction(
    "cloudformation",
    "SetStackPolicy",
    "GetStackPolicy",
    restores="the policies of these corrections' stacks, which UpdateStack heeds",
    aws="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html",
)
def stack_policy(call: Call, _forward: Forward) -> Answer:
    """Keep it, or show it."""
    stack = find(call, call.params["StackName"])
    if call.operation == "SetStackPolicy":
        stack.asked["StackPolicyBody"] = call.params["StackPolicyBody"]
        return {}
    body = stack.asked.get("StackPolicyBody")
    return {"StackPolicyBody": body} if body else {}


@correction(
    "cloudformation",
    "DescribeStacks",
    restores="the stacks of these corrections; deleted ones by their id only",
    aws=f"{API}/API_DescribeStacks.html",
)
def describe_stacks(call: Call, _forward: Forward) -> Answer:
    """One stack, or all that are there."""
    if name := call.params.get("StackName"):
        return {"Stacks": [_described(find(call, name))]}
    return {"Stacks": [_described(stack) for stack in stacks(call).values() if not stack.gone]}


@correction(
    "cloudformation",
    "ListStackResources",
    restores="the status of each resource, pages of a hundred, and those of deleted stacks by the stack's id",
    aws=f"{API}/API_ListStackResources.html",
)
def list_stack_resources(call: Call, _forward: Forward) -> Answer:
    """One page of a stack's resources."""
    rows = [
        {
            "LogicalResourceId": kept.logical,
            "PhysicalResourceId": kept.made.physical,
            "ResourceType": kept.type_,
            "ResourceStatus": kept.status,
            "LastUpdatedTimestamp": kept.at,
        }
        for kept in find(call, call.params["StackName"]).kept.values()
    ]
    start = int(call.params.get("NextToken") or 0)
    more = {"NextToken": str(start + PAGE)} if start + PAGE < len(rows) else {}
    return {"StackResourceSummaries": rows[start : start + PAGE], **more}


@correction(
    "cloudformation",
    "GetTemplate",
    restores="the template of these corrections' stacks",
    aws=f"{API}/API_GetTemplate.html",
)
def get_template(call: Call, _forward: Forward) -> Answer:
    """The text that the stack was last made of: there are no transforms here, so both stages are the same."""
    return {
        "TemplateBody": find(call, call.params["StackName"]).text,
        "StagesAvailable": ["Original", "Processed"],
    }


def _described(stack: Stack) -> dict[str, Any]:
    asked: dict[str, Any] = {
        name: stack.asked[name]
        for name in ("Tags", "Capabilities", "RoleARN", "EnableTerminationProtection", "RootId", "ParentId")
        if name in stack.asked
    }
    declared = stack.template.get("Parameters", {})
    said = {name: stack.parameters.get(name, row.get("Default", "")) for name, row in declared.items()}
    secret = {name for name, row in declared.items() if row.get("NoEcho") in (True, "true")}
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "CreationTime": stack.at,
        "StackStatus": stack.status,
        **({"StackStatusReason": stack.reason} if stack.reason else {}),
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": "****" if name in secret else str(value)}
            for name, value in said.items()
        ],
        "Outputs": [] if stack.gone else stack.outputs,
        **asked,
    }


def _body(call: Call) -> str:
    if "TemplateBody" not in call.params:
        raise invalid("Either Template URL or Template Body must be specified.")
    text: str = call.params["TemplateBody"]
    return text


def _check_capabilities(call: Call, template: dict[str, Any]) -> None:
    """Who makes roles has to say so: `Capabilities` of CreateStack and UpdateStack."""
    rows = [row for row in template["Resources"].values() if row["Type"].startswith(IAM)]
    named = any(NAMED & row.get("Properties", {}).keys() for row in rows)
    enough = {"CAPABILITY_NAMED_IAM"} if named else {"CAPABILITY_NAMED_IAM", "CAPABILITY_IAM"}
    if rows and not enough & {*call.params.get("Capabilities", ())}:
        needed = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
        raise ServiceError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")
