"""VPC endpoints: made, listed, deleted."""

from __future__ import annotations

import json
from typing import Any, Final

from moto.ec2.models import ec2_backends

from mfinfra.sandbox.corrections import correction, propagation
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.ec2 import services
from mfinfra.sandbox.corrections.shelves import shelf
from mfinfra.sandbox.corrections.turning import Turning

API: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
GONE: Final = ""


@correction(
    "ec2",
    "CreateVpcEndpoint",
    restores="the checks of AWS, the type, the default security group, pending before available, ClientToken",
    aws=f"{API}/API_CreateVpcEndpoint.html",
)
def create_endpoint(call: Call, forward: Forward) -> Answer:
    """Make an endpoint that AWS would make."""
    params = call.params
    kind = params.setdefault("VpcEndpointType", "Gateway")
    token = params.get("ClientToken")
    asked = json.dumps(params, sort_keys=True, default=str)
    known = shelf("endpoint tokens", call.region).get(token) if token else None
    if known and known[1] in living(call):
        if known[0] != asked:
            text = "Client token already used before with different request parameters."
            raise ServiceError("IdempotentParameterMismatch", text)
        return {"VpcEndpoint": _described(call, known[1]), "ClientToken": token}
    call.ask("ec2", "DescribeVpcs", VpcIds=[params["VpcId"]])
    services.check(params["ServiceName"], kind, call.region)
    check_policy(params.get("PolicyDocument"))
    if kind == "Gateway":
        _prepare_gateway(call)
    else:
        _prepare_interface(call)
    made = forward()["VpcEndpoint"]["VpcEndpointId"]
    shelf("endpoint states", call.region)[made] = Turning("pending", "available")
    if token:
        shelf("endpoint tokens", call.region)[token] = (asked, made)
    return {"VpcEndpoint": _described(call, made)} | ({"ClientToken": token} if token else {})


@correction(
    "ec2",
    "DescribeVpcEndpoints",
    restores="the states pending and deleting, and that what is deleted goes",
    aws=f"{API}/API_DescribeVpcEndpoints.html",
)
def describe_endpoints(call: Call, forward: Forward) -> Answer:
    """List endpoints in their states of now."""
    living(call)
    answer = forward()
    states = shelf("endpoint states", call.region)
    answer["VpcEndpoints"] = [
        _completed(call, said) | {"State": states[said["VpcEndpointId"]].read()} for said in answer["VpcEndpoints"]
    ]
    return answer


@correction(
    "ec2",
    "DeleteVpcEndpoints",
    restores="Unsuccessful for unknown ids in an answer of 200, and the state deleting",
    aws=f"{API}/API_DeleteVpcEndpoints.html",
)
def delete_endpoints(call: Call, forward: Forward) -> Answer:
    """Delete what is there, and tell what is not."""
    known, failed = living(call), []
    for wanted in call.params["VpcEndpointIds"]:
        if wanted not in known:
            text = f"The Vpc Endpoint Id '{wanted}' does not exist"
            failed.append({"ResourceId": wanted, "Error": {"Code": "InvalidVpcEndpoint.NotFound", "Message": text}})
    call.params["VpcEndpointIds"] = [wanted for wanted in call.params["VpcEndpointIds"] if wanted in known]
    fresh = [wanted for wanted in call.params["VpcEndpointIds"] if known[wanted].state != "deleting"]
    call.params["VpcEndpointIds"] = fresh
    if fresh:
        forward()
    for wanted in fresh:
        shelf("endpoint states", call.region)[wanted] = Turning("deleting", GONE)
    return {"Unsuccessful": failed}


@correction(
    "ec2",
    "DescribeVpcEndpointServices",
    restores="an answer: moto fails",
    aws=f"{API}/API_DescribeVpcEndpointServices.html",
)
def describe_services(call: Call, _forward: Forward) -> Answer:
    """The services that endpoints are offered for."""
    wanted = call.params.get("ServiceNames")
    found = [said for said in services.details(call.region) if not wanted or said["ServiceName"] in wanted]
    missing = set(wanted or []) - {said["ServiceName"] for said in found}
    if missing:
        raise ServiceError("InvalidServiceName", f"The Vpc Endpoint Service '{min(missing)}' does not exist")
    return {"ServiceNames": sorted({str(said["ServiceName"]) for said in found}), "ServiceDetails": found}


def living(call: Call) -> dict[str, Any]:
    """Moto's endpoints of the region, each in its state of now, without those that are gone."""
    endpoints: dict[str, Any] = ec2_backends[call.account][call.region].vpc_end_points
    states = shelf("endpoint states", call.region)
    for name, endpoint in list(endpoints.items()):
        state = states.setdefault(name, Turning("available", "available")).now
        if state == GONE:
            del endpoints[name]
        else:
            endpoint.state = state
    return endpoints


def check_policy(document: str | None) -> None:
    """A policy of an endpoint is JSON."""
    if document:
        try:
            json.loads(document)
        except ValueError as error:
            raise ServiceError("InvalidPolicyDocument", "Policy document is not valid JSON") from error


def check_free_routes(call: Call, service: str, tables: list[str], but: str = "") -> None:
    """A route table leads to a service by one gateway."""
    for name, endpoint in living(call).items():
        same = endpoint.service_name == service and endpoint.vpc_endpoint_type == "Gateway" and name != but
        if not same or endpoint.state == "deleting":
            continue
        for table in set(tables) & set(endpoint.route_table_ids):
            prefix = endpoint.destination_prefix_list_id
            text = f"route table {table} already has a route with destination-prefix-list-id {prefix}"
            raise ServiceError("RouteAlreadyExists", text)


def check_private_dns(call: Call, vpc_id: str, service: str, but: str = "") -> None:
    """Private DNS needs a VPC that resolves names, and no other endpoint that claims the name.

    The text: https://github.com/hashicorp/terraform-provider-aws/issues/17535 .
    """
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        answer = call.ask("ec2", "DescribeVpcAttribute", VpcId=vpc_id, Attribute=attribute)
        if not answer[attribute[0].upper() + attribute[1:]]["Value"]:
            text = (
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true"
            )
            raise ServiceError("InvalidParameter", f"{text} for {vpc_id}")
    others = [endpoint for name, endpoint in living(call).items() if name != but and endpoint.private_dns_enabled]
    taken = any((endpoint.vpc_id, endpoint.service_name) == (vpc_id, service) for endpoint in others)
    if taken or propagation.pending("private names", vpc_id, service):
        domain = ".".join(reversed(service.split(".")))
        text = f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {domain}"
        raise ServiceError("InvalidParameter", f"{text} in the VPC {vpc_id}")


def check_subnets(call: Call, subnets: list[str]) -> None:
    """An interface endpoint has one network interface in a zone."""
    found = call.ask("ec2", "DescribeSubnets", SubnetIds=subnets)["Subnets"] if subnets else []
    if len({subnet["AvailabilityZone"] for subnet in found}) < len(found):
        text = "Found another VPC endpoint subnet in the availability zone of a subnet"
        raise ServiceError("DuplicateSubnetsInSameZone", text)


def _prepare_gateway(call: Call) -> None:
    params = call.params
    if extra := [key for key in ("SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled") if params.get(key)]:
        raise ServiceError("InvalidParameter", f"{extra[0]} cannot be set for an endpoint of type Gateway")
    params["RouteTableIds"] = list(dict.fromkeys(params.get("RouteTableIds") or []))
    if params["RouteTableIds"]:
        call.ask("ec2", "DescribeRouteTables", RouteTableIds=params["RouteTableIds"])
    check_free_routes(call, params["ServiceName"], params["RouteTableIds"])


def _prepare_interface(call: Call) -> None:
    params = call.params
    if params.get("RouteTableIds"):
        raise ServiceError("InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint.")
    check_subnets(call, params.setdefault("SubnetIds", []))
    if params.setdefault("PrivateDnsEnabled", True):
        check_private_dns(call, params["VpcId"], params["ServiceName"])
    if groups := params.get("SecurityGroupIds"):
        call.ask("ec2", "DescribeSecurityGroups", GroupIds=groups)
        return
    filters = [{"Name": "vpc-id", "Values": [params["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    found = call.ask("ec2", "DescribeSecurityGroups", Filters=filters)["SecurityGroups"]
    params["SecurityGroupIds"] = [group["GroupId"] for group in found]


def _described(call: Call, name: str) -> Answer:
    living(call)
    said = call.ask("ec2", "DescribeVpcEndpoints", VpcEndpointIds=[name])["VpcEndpoints"][0]
    return _completed(call, said)


def _completed(call: Call, said: Answer) -> Answer:
    """AWS tells every member of an endpoint, whatever its type."""
    endpoint = ec2_backends[call.account][call.region].vpc_end_points[said["VpcEndpointId"]]
    return {
        **said,
        "VpcEndpointType": endpoint.vpc_endpoint_type,
        "PrivateDnsEnabled": bool(endpoint.private_dns_enabled),
        "RequesterManaged": False,
        "OwnerId": call.account,
        "RouteTableIds": said.get("RouteTableIds", []),
        "SubnetIds": said.get("SubnetIds", []),
        "Groups": said.get("Groups", []),
        "NetworkInterfaceIds": said.get("NetworkInterfaceIds", []),
        "DnsEntries": said.get("DnsEntries", []),
    } | ({"IpAddressType": "ipv4"} if endpoint.vpc_endpoint_type == "Interface" else {})
