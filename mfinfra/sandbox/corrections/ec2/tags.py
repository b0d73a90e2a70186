"""Tags of EC2's resources."""

from __future__ import annotations

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.ec2.endpoints import living


@correction(
    "ec2",
    "CreateTags",
    restores="no tag key in AWS's own name space, no tags of an endpoint that is not there",
    aws="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions",
)
def own_tag_keys(call: Call, forward: Forward) -> Answer:
    """Refuse keys that begin with `aws:`."""
    for tag in call.params["Tags"]:
        if tag["Key"].lower().startswith("aws:"):
            text = "Tag keys starting with 'aws:' are reserved for internal use"
            raise ServiceError("InvalidParameterValue", text)
    for name in call.params["Resources"]:
        if name.startswith("vpce-") and name not in living(call):
            raise ServiceError("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{name}' does not exist")
    return forward()
