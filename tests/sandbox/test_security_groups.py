import pytest
from botocore.exceptions import ClientError

from mfinfra.sandbox.network import DEFAULT_SECURITY_GROUP, PRIVATE_SUBNET_A, VPC_ID


def refused(code, call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code


@pytest.fixture
def ec2(sandbox, client_of):
    return client_of("ec2")


def group(ec2, name):
    return ec2.create_security_group(GroupName=name, Description=name, VpcId=VPC_ID)["GroupId"]


def test_a_range_is_written_with_its_host_bits_at_zero(ec2):
    made = group(ec2, "g")
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.50.3.7/16"}]}
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[rule])
    said = ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["IpPermissions"]
    assert said[0]["IpRanges"] == [{"CidrIp": "10.50.0.0/16"}]
    ec2.revoke_security_group_ingress(GroupId=made, IpPermissions=[rule])
    assert ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["IpPermissions"] == []


def test_a_rule_of_ipv6_goes_again_and_leaves_the_others(ec2):
    made = group(ec2, "g")
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}
    ec2.authorize_security_group_egress(GroupId=made, IpPermissions=[rule])
    ec2.revoke_security_group_egress(GroupId=made, IpPermissions=[rule])
    said = ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["IpPermissionsEgress"]
    assert [permission["IpRanges"] for permission in said] == [[{"CidrIp": "0.0.0.0/0"}]]
    refused("InvalidPermission.NotFound", ec2.revoke_security_group_egress, GroupId=made, IpPermissions=[rule])


def test_a_protocol_without_ports_needs_none(ec2):
    made = group(ec2, "g")
    rule = {"IpProtocol": "50", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[rule])
    said = ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["IpPermissions"]
    assert [permission["IpProtocol"] for permission in said] == ["50"]


def test_a_described_rule_about_a_group_is_described_anew_and_revoked(ec2):
    made = group(ec2, "g")

    def rules(**description):
        return [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": made, **description}]}]

    def told():
        permissions = ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["IpPermissions"]
        return [pair.get("Description") for permission in permissions for pair in permission["UserIdGroupPairs"]]

    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=rules(Description="a"))
    ec2.update_security_group_rule_descriptions_ingress(GroupId=made, IpPermissions=rules(Description="b"))
    assert told() == ["b"]
    ec2.update_security_group_rule_descriptions_ingress(GroupId=made, IpPermissions=rules())
    assert told() == [None]
    ec2.update_security_group_rule_descriptions_ingress(GroupId=made, IpPermissions=rules(Description="b"))
    ec2.revoke_security_group_ingress(GroupId=made, IpPermissions=rules())
    assert told() == []


def test_brackets_of_a_name_mean_themselves_in_a_filter(ec2):
    made = group(ec2, "a (b) [c]+")
    for pattern in ("a (b) [c]+", "a (?) *"):
        said = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [pattern]}])["SecurityGroups"]
        assert [row["GroupId"] for row in said] == [made]


def test_a_malformed_range_is_refused(ec2):
    made = group(ec2, "g")
    refused(
        "InvalidParameterValue",
        ec2.authorize_security_group_ingress,
        GroupId=made,
        IpProtocol="tcp",
        FromPort=1,
        ToPort=2,
        CidrIp="10.0.0/8",
    )


def test_a_group_that_another_refers_to_is_not_deleted(ec2):
    used, user = group(ec2, "used"), group(ec2, "user")
    rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": used}]}
    ec2.authorize_security_group_ingress(GroupId=user, IpPermissions=[rule])
    refused("DependencyViolation", ec2.delete_security_group, GroupId=used)
    ec2.revoke_security_group_ingress(GroupId=user, IpPermissions=[rule])
    ec2.delete_security_group(GroupId=used)


def test_a_group_that_refers_to_itself_is_deleted(ec2):
    made = group(ec2, "g")
    rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": made}]}
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[rule])
    ec2.delete_security_group(GroupId=made)
    refused("InvalidGroup.NotFound", ec2.describe_security_groups, GroupIds=[made])


def test_the_group_of_an_endpoint_is_not_deleted(ec2):
    made = group(ec2, "g")
    endpoint = ec2.create_vpc_endpoint(
        VpcId=VPC_ID,
        ServiceName="com.amazonaws.us-east-1.logs",
        VpcEndpointType="Interface",
        SubnetIds=[PRIVATE_SUBNET_A],
        SecurityGroupIds=[made],
    )["VpcEndpoint"]["VpcEndpointId"]
    refused("DependencyViolation", ec2.delete_security_group, GroupId=made)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    ec2.delete_security_group(GroupId=made)


def test_a_default_group_is_not_deleted_and_a_name_is_no_id(ec2):
    refused("CannotDelete", ec2.delete_security_group, GroupId=DEFAULT_SECURITY_GROUP)
    refused("InvalidParameterValue", ec2.create_security_group, GroupName="sg-x", Description="x", VpcId=VPC_ID)


def test_groups_are_found_by_vpc_name_and_tag_and_in_pages(ec2):
    made = group(ec2, "wanted")
    ec2.create_tags(Resources=[made], Tags=[{"Key": "owner", "Value": "me"}])
    refused("InvalidParameterValue", ec2.create_tags, Resources=[made], Tags=[{"Key": "aws:x", "Value": ""}])
    for name, value in (("group-name", "wanted"), ("tag:owner", "me")):
        filters = [{"Name": "vpc-id", "Values": [VPC_ID]}, {"Name": name, "Values": [value]}]
        found = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        assert [each["GroupId"] for each in found] == [made]
    for number in range(7):
        group(ec2, f"g{number}")
    pages = list(ec2.get_paginator("describe_security_groups").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["SecurityGroups"]) for page in pages] == [5, 5]
