"""What the roles of an environment may do, by IAM's rules: their expanded policies against needs and dangers."""

from __future__ import annotations

import json
from functools import cache

from mfinfra.evaluate import decide
from mfinfra.metaflow import dangers, needs, presets
from mfinfra.metaflow.parts import Parts
from mfinfra.model import fill

PRESET_OF = {
    "job_role": "batch_job",
    "execution_role": "fargate_execution",
    "step_functions_role": "step_functions",
    "events_role": "events",
    "user": "user",
}


@cache
def written_by_aws():
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    return json.loads(aws_managed_policies_data)


def aws_written(arn):
    """A managed policy of AWS's, as moto brings it along from AWS."""
    return written_by_aws()[arn.rpartition("/")[2]]["Document"]


def key_arn(ref):
    return f"arn:aws:kms:us-east-1:123456789012:key/{ref.address.name}"


def policies(environment, preset):
    """The identity policies of the role with this preset; of the user's, also when the file has no such role."""
    expanded = presets.expand(environment)
    for resource in expanded.resources.values():
        if resource.kind == "role" and resource.spec.get("preset") == preset:
            managed = [aws_written(arn) for arn in resource.spec["managed_policies"]]
            return fill([*resource.spec["policies"].values(), *managed], key_arn)
    return fill([presets.permissions(preset, Parts(environment))], key_arn)


def needed(environment):
    return needs.filled(needs.of(Parts(environment)), key_arn)


def dangerous(environment):
    return dangers.of(Parts(environment))


def asked(item):
    """A need or a danger as a line to read in a failure."""
    return (item.role, item.action, str(fill(item.resource, key_arn)), item.why)


def holes(environment, roles=None, documents=None):
    """Needs that are denied, and dangers that are not."""
    found = []
    documents = documents or {role: policies(environment, preset) for role, preset in PRESET_OF.items()}
    for wanted, items in ((True, needed(environment)), (False, dangerous(environment))):
        for item in items:
            if roles and item.role not in roles:
                continue
            request = type(item.request)(item.action, fill(item.resource, key_arn), item.context)
            if (decide(request, documents[item.role]) == "allowed") is not wanted:
                found.append(asked(item))
    return found
