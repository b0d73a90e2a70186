"""VPC endpoints: changed in place."""

from __future__ import annotations

import json
from typing import Any, Final

from moto.ec2.models import ec2_backends
from moto.ec2.utils import random_private_ip

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.ec2.endpoints import (
    check_free_routes,
    check_policy,
    check_private_dns,
    check_subnets,
    living,
)
from mfinfra.sandbox.corrections.shelves import shelf
from mfinfra.sandbox.corrections.turning import Turning

OF_GATEWAYS: Final = ("AddRouteTableIds", "RemoveRouteTableIds")
OF_INTERFACES: Final = (
    "AddSubnetIds",
    "RemoveSubnetIds",
    "AddSecurityGroupIds",
    "RemoveSecurityGroupIds",
    "PrivateDnsEnabled",
)


@correction(
    "ec2",
    "ModifyVpcEndpoint",
    restores="every member that moto accepts and drops: subnets, groups, private DNS, ResetPolicy, routes of tables",
    aws="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html",
)
def modify_endpoint(call: Call, _forward: Forward) -> Answer:
    """Change an endpoint that is available."""
    params = call.params
    endpoint = living(call).get(params["VpcEndpointId"])
    if endpoint is None or endpoint.state == "deleting":
        text = f"The Vpc Endpoint Id '{params['VpcEndpointId']}' does not exist"
        raise ServiceError("InvalidVpcEndpointId.NotFound", text)
    if endpoint.state != "available":
        raise ServiceError("IncorrectState", f"The endpoint {endpoint.id} is {endpoint.state}")
    foreign = OF_INTERFACES if endpoint.vpc_endpoint_type == "Gateway" else OF_GATEWAYS
    if extra := [key for key in foreign if params.get(key)]:
        text = f"{extra[0]} cannot be set for an endpoint of type {endpoint.vpc_endpoint_type}"
        raise ServiceError("InvalidParameter", text)
    check_policy(params.get("PolicyDocument"))
    if endpoint.vpc_endpoint_type == "Gateway":
        _route(call, endpoint)
    else:
        _place(call, endpoint)
        _group(call, endpoint)
        if "PrivateDnsEnabled" in params:
            if params["PrivateDnsEnabled"]:
                check_private_dns(call, endpoint.vpc_id, endpoint.service_name, but=endpoint.id)
            endpoint.private_dns_enabled = params["PrivateDnsEnabled"]
        shelf("endpoint states", call.region)[endpoint.id] = Turning("pending", "available")
    if params.get("ResetPolicy"):
        endpoint.policy_document = json.dumps(endpoint.DEFAULT_POLICY)
    elif params.get("PolicyDocument"):
        endpoint.policy_document = params["PolicyDocument"]
    return {"Return": True}


def _route(call: Call, endpoint: Any) -> None:
    ec2, params = ec2_backends[call.account][call.region], call.params
    added = [table for table in params.get("AddRouteTableIds", []) if table not in endpoint.route_table_ids]
    removed = [table for table in params.get("RemoveRouteTableIds", []) if table in endpoint.route_table_ids]
    if added:
        call.ask("ec2", "DescribeRouteTables", RouteTableIds=added)
    check_free_routes(call, endpoint.service_name, added, but=endpoint.id)
    prefix = endpoint.destination_prefix_list_id
    for table in added:
        ec2.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix)
    for table in removed:
        ec2.delete_route(table, prefix)
    endpoint.route_table_ids = [table for table in [*endpoint.route_table_ids, *added] if table not in removed]


def _place(call: Call, endpoint: Any) -> None:
    ec2, params = ec2_backends[call.account][call.region], call.params
    removed = set(params.get("RemoveSubnetIds", []))
    added = [subnet for subnet in params.get("AddSubnetIds", []) if subnet not in (endpoint.subnet_ids or [])]
    wanted = [subnet for subnet in endpoint.subnet_ids or [] if subnet not in removed] + added
    check_subnets(call, wanted)
    kept = []
    for name in endpoint.network_interface_ids:
        if ec2.enis[name].subnet.id in removed:
            del ec2.enis[name]
        else:
            kept.append(name)
    kept += [ec2.create_network_interface(subnet, random_private_ip()).id for subnet in added]
    endpoint.network_interface_ids, endpoint.subnet_ids = kept, wanted


def _group(call: Call, endpoint: Any) -> None:
    added, removed = call.params.get("AddSecurityGroupIds", []), call.params.get("RemoveSecurityGroupIds", [])
    if added:
        call.ask("ec2", "DescribeSecurityGroups", GroupIds=added)
    before = endpoint.security_group_ids
    wanted = [group for group in dict.fromkeys([*before, *added]) if group not in removed]
    if not wanted:
        raise ServiceError("InvalidParameter", "An interface endpoint needs at least one security group")
    endpoint.security_group_ids = wanted
