"""Tags of EC2's resources."""

from __future__ import annotations

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError


@correction(
    "ec2",
    "CreateTags",
    restores="no tag key in AWS's own name space",
    aws="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions",
)
def own_tag_keys(call: Call, forward: Forward) -> Answer:
    """Refuse keys that begin with `aws:`."""
    for tag in call.params["Tags"]:
        if tag["Key"].lower().startswith("aws:"):
            text = "Tag keys starting with 'aws:' are reserved for internal use"
            raise ServiceError("InvalidParameterValue", text)
    return forward()
