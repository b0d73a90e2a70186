"""Inline policies that name no version."""

from __future__ import annotations

import json

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward
from mfinfra.sandbox.corrections.documents import MalformedDocumentError, parsed
from mfinfra.sandbox.corrections.iam.roles import backend

TODAY = "2012-10-17"


@correction(
    "iam",
    "PutRolePolicy",
    restores="inline policies without `Version`, which means the one of 2008; moto refuses them",
    aws="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html",
)
def old_version(call: Call, forward: Forward) -> Answer:
    """Let moto check it as today's, and keep it as it was written."""
    written = call.params["PolicyDocument"]
    try:
        document = parsed(written)
    except MalformedDocumentError:
        return forward()
    if not isinstance(document, dict) or "Version" in document:
        return forward()
    call.params["PolicyDocument"] = json.dumps({"Version": TODAY, **document})
    answer = forward()
    backend(call).get_role(call.params["RoleName"]).put_policy(call.params["PolicyName"], written)
    return answer
