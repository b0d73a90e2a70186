"""Answers of EC2 in pages, which moto gives whole."""

from __future__ import annotations

from typing import Final

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError

LISTED: Final = {
    "DescribeVpcEndpoints": "VpcEndpoints",
    "DescribeSecurityGroups": "SecurityGroups",
    "DescribeSecurityGroupRules": "SecurityGroupRules",
    "DescribeSubnets": "Subnets",
    "DescribeRouteTables": "RouteTables",
    "DescribeVpcs": "Vpcs",
}
LEAST: Final = 5


@correction(
    "ec2",
    *LISTED,
    restores="MaxResults and NextToken",
    aws="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination",
)
def paged(call: Call, forward: Forward) -> Answer:
    """At most `MaxResults` items, and a token that leads to the rest."""
    size, start = call.params.pop("MaxResults", None), int(call.params.pop("NextToken", None) or 0)
    if size is not None and size < LEAST:
        raise ServiceError("InvalidParameterValue", f"Value ( {size} ) for parameter maxResults is invalid.")
    answer, key = forward(), LISTED[call.operation]
    items = answer.get(key, [])
    end = start + (size or len(items))
    rest = {"NextToken": str(end)} if end < len(items) else {}
    return {key: items[start:end]} | rest
