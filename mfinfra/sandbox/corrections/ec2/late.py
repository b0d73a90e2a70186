"""A strict EC2: what is new is not found at once, and what used a security group lets go of it late.

https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
"""

from __future__ import annotations

from typing import Any, Final

from mfinfra.sandbox.corrections import correction, lag, propagation
from mfinfra.sandbox.corrections.batch.records import environments, find
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.ec2.endpoints import living

API: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
CONSISTENCY: Final = "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"
OF_GROUPS: Final = (
    *("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"),
    *("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"),
    *("UpdateSecurityGroupRuleDescriptionsIngress", "UpdateSecurityGroupRuleDescriptionsEgress"),
    *("DescribeSecurityGroups", "CreateTags"),
)
OF_ENDPOINTS: Final = ("DescribeVpcEndpoints", "ModifyVpcEndpoint", "CreateTags")


@correction(
    "ec2",
    "CreateSecurityGroup",
    "CreateVpcEndpoint",
    restores="that what is new is not known everywhere at once",
    aws=CONSISTENCY,
    strict=True,
)
def new_thing(call: Call, forward: Forward) -> Answer:
    """Make it; each operation misses its id once."""
    before = set(living(call))
    answer = forward()
    is_group = call.operation == "CreateSecurityGroup"
    made = answer["GroupId"] if is_group else answer["VpcEndpoint"]["VpcEndpointId"]
    if made not in before:
        for operation in OF_GROUPS if is_group else OF_ENDPOINTS:
            propagation.begin(f"ec2 {operation}", call.region, made, looks=propagation.ONE)
    return answer


@correction(
    "ec2",
    *dict.fromkeys((*OF_GROUPS, *OF_ENDPOINTS)),
    restores="NotFound for an id that was given just now; lists find what is new at once",
    aws=CONSISTENCY,
    strict=True,
)
def unknown_thing(call: Call, forward: Forward) -> Answer:
    """Refuse an id that this operation does not know yet."""
    for name in _named(call.params):
        if propagation.pending(f"ec2 {call.operation}", call.region, name):
            if name.startswith("vpce-"):
                raise ServiceError("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{name}' does not exist")
            raise ServiceError("InvalidGroup.NotFound", f"The security group '{name}' does not exist")
    return forward()


@correction(
    "ec2",
    "DeleteVpcEndpoints",
    "ModifyVpcEndpoint",
    restores="network interfaces and private names that outlive their endpoint",
    aws="https://docs.aws.amazon.com/vpc/latest/privatelink/delete-interface-endpoint.html",
    strict=True,
)
def let_go_by_endpoints(call: Call, forward: Forward) -> Answer:
    """Keep the groups in use for a while: https://github.com/hashicorp/terraform-provider-aws/issues/24820 ."""
    known = living(call)
    wanted = [known[name] for name in _named(call.params) if name in known]
    held = [(endpoint, list(endpoint.security_group_ids or [])) for endpoint in wanted]
    answer = forward()
    for endpoint, groups in held:
        deleted = call.operation == "DeleteVpcEndpoints"
        for group in groups:
            if deleted or group not in endpoint.security_group_ids:
                propagation.begin("group use", call.region, group)
        if deleted and endpoint.private_dns_enabled:
            propagation.begin("private names", endpoint.vpc_id, endpoint.service_name)
    return answer


@correction(
    "batch",
    "DeleteComputeEnvironment",
    "UpdateComputeEnvironment",
    restores="network interfaces of instances that outlive their compute environment",
    aws=f"{API}/API_DeleteSecurityGroup.html",
    strict=True,
)
def let_go_by_batch(call: Call, forward: Forward) -> Answer:
    """Keep the groups in use for a while."""
    record = find(environments(call.region), call.params["computeEnvironment"])
    before = _groups(record.said) if record else set()
    answer = forward()
    kept = _groups(record.said) if record and call.operation == "UpdateComputeEnvironment" else set()
    for group in before - kept:
        propagation.begin("group use", call.region, group)
    return answer


def held(call: Call, group: str) -> bool:
    """Whether a compute environment uses the group, or something that did has not let go of it yet; this look counts.

    https://github.com/hashicorp/terraform-provider-aws/issues/1671
    """
    if lag.strict() and any(group in _groups(record.said) for record in environments(call.region).values()):
        return True
    return propagation.pending("group use", call.region, group)


def _groups(said: Answer) -> set[str]:
    return set((said.get("computeResources") or {}).get("securityGroupIds") or [])


def _named(params: dict[str, Any]) -> list[str]:
    lists = [params.get(key) or [] for key in ("GroupIds", "VpcEndpointIds", "Resources")]
    single = [params.get(key) for key in ("GroupId", "VpcEndpointId")]
    return [*(name for names in lists for name in names), *(name for name in single if name)]
