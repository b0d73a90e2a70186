"""Service-linked roles that are missing, as data: what AWS says where one is, and the command that makes it.

AWS makes each on the first use of its service, if the caller may `iam:CreateServiceLinkedRole`.
https://docs.aws.amazon.com/batch/latest/userguide/using-service-linked-roles.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
"""

from __future__ import annotations

import re

# What AWS's texts have in them → the service whose role it is; the first that is found counts. The wordings:
# https://github.com/nathanpeck/aws-cloudformation-fargate/issues/3 https://github.com/LeanerCloud/AutoSpotting/issues/187
SAID = (
    ("spot fleet service-linked role", "spotfleet.amazonaws.com"),
    ("service-linked role for ec2 spot fleet", "spotfleet.amazonaws.com"),
    ("service-linked role for ec2 spot instances", "spot.amazonaws.com"),
    ("ecs service linked role", "ecs.amazonaws.com"),
    ("unable to assume the service linked role", "ecs.amazonaws.com"),
    ("service-linked role for aws batch", "batch.amazonaws.com"),
)
CREATION = "iam:CreateServiceLinkedRole"
ROLE = re.compile(r"aws-service-role/([a-z0-9.-]+\.amazonaws\.com)/")
NAMES = {
    "AWSServiceRoleForBatch": "batch.amazonaws.com",
    "AWSServiceRoleForECS": "ecs.amazonaws.com",
    "AWSServiceRoleForEC2SpotFleet": "spotfleet.amazonaws.com",
    "AWSServiceRoleForEC2Spot": "spot.amazonaws.com",
    "AWSServiceRoleForAutoScaling": "autoscaling.amazonaws.com",
}
"""Role → service; of two names of which one begins with the other, the longer stands first."""


def service(message: str) -> str | None:
    """The service whose role is missing, by what AWS says."""
    lowered = message.lower()
    if said := next((owner for text, owner in SAID if text in lowered), None):
        return said
    if CREATION.lower() in lowered:
        found = ROLE.search(message)
        named = next((owner for name, owner in NAMES.items() if name in message), None)
        return found[1] if found else named or "batch.amazonaws.com"
    return next((owner for name, owner in NAMES.items() if name in message and "does not exist" in lowered), None)


def hint(message: str) -> str | None:
    """The command that makes the role which a refusal is about, if it is about one."""
    owner = service(message)
    if owner is None:
        return None
    return (
        f"somebody who may `{CREATION}` runs, once for the account, "
        f"`aws iam create-service-linked-role --aws-service-name {owner}`; then run the same command again"
    )
