"""An account that answers from a table, and somebody who types what a test says."""

from __future__ import annotations

from dataclasses import dataclass, field

from mfinfra.aws.calls import Answer
from mfinfra.errors import AccessDenied
from mfinfra.model import Scope

ACCOUNT = "123456789012"
PUBLIC, PRIVATE, ISOLATED = (f"subnet-0000000000000000{letter}" for letter in "abc")
VPC, OTHER_VPC = "vpc-0000000000000000a", "vpc-0000000000000000b"


class Nothing(dict):
    """An answer in which every list is empty."""

    def __bool__(self):
        return True

    def __missing__(self, name):
        return []

    def get(self, name, default=None):
        return super().get(name, [] if default is None else default)


@dataclass
class Live:
    """Stands in for AWS: `rows` by operation, the codes of denied ones, names of buckets and other things there are."""

    rows: dict = field(default_factory=dict)
    denied: set = field(default_factory=set)
    buckets: set = field(default_factory=set)
    foreign: set = field(default_factory=set)
    queues: set = field(default_factory=set)
    roles: set = field(default_factory=lambda: {"AWSServiceRoleForBatch"})
    scope: Scope = field(default_factory=lambda: Scope("init", ACCOUNT, "us-east-1"))
    caller: str = f"arn:aws:iam::{ACCOUNT}:user/ana"
    endpoint: str | None = None
    parallelism: int = 4
    asked: list = field(default_factory=list)

    def ask(self, call):
        self.asked.append(str(call))
        if str(call) in self.denied or (call.operation == "HeadBucket" and call.params["Bucket"] in self.foreign):
            raise AccessDenied("no", service=call.service, operation=call.operation, aws_code="AccessDenied")
        return Answer(self._document(call))

    def _document(self, call):
        match call.operation:
            case "HeadBucket":
                return {} if call.params["Bucket"] in self.buckets else None
            case "GetRole" if call.params["RoleName"] == "AWSServiceRoleForBatch":
                return {} if call.params["RoleName"] in self.roles else None
            case "DescribeJobQueues":
                asked = set(call.params["jobQueues"]) & self.queues
                return {"jobQueues": [queue(name) for name in sorted(asked)]}
        if call.operation in self.rows:
            return self.rows[call.operation]
        return None if call.absent else Nothing()


def queue(name):
    arn = f"arn:aws:batch:us-east-1:{ACCOUNT}:job-queue/{name}"
    return {
        "jobQueueName": name,
        "jobQueueArn": arn,
        "state": "ENABLED",
        "status": "VALID",
        "priority": 1,
        "computeEnvironmentOrder": [],
        "tags": {},
    }


def rows(*vpcs, subnets, endpoints=(), nats=True):
    """EC2's answers: `subnets` are id → (VPC, kind)."""
    tables = [
        {
            "RouteTableId": f"rtb-{id_.partition('-')[2]}",
            "VpcId": vpc,
            "Associations": [{"SubnetId": id_}],
            "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", **target} for target in [TARGETS[kind]] if target],
        }
        for id_, (vpc, kind) in subnets.items()
    ]
    return {
        "DescribeVpcs": {"Vpcs": list(vpcs)},
        "DescribeSubnets": {
            "Subnets": [
                {
                    "SubnetId": id_,
                    "VpcId": vpc,
                    "AvailabilityZone": f"us-east-1{id_[-1]}",
                    "CidrBlock": "10.0.0.0/24",
                    "MapPublicIpOnLaunch": kind == "open",
                }
                for id_, (vpc, kind) in subnets.items()
            ]
        },
        "DescribeRouteTables": {"RouteTables": tables},
        "DescribeNatGateways": {"NatGateways": []},
        "DescribeVpcEndpoints": {"VpcEndpoints": list(endpoints)},
    }


TARGETS = {
    "public": {"GatewayId": "igw-1"},
    "open": {"GatewayId": "igw-1"},
    "nat": {"NatGatewayId": "nat-1"},
    "isolated": None,
}


def vpc(id_=VPC, *, default=False, name="", cidr="10.0.0.0/16"):
    return {
        "VpcId": id_,
        "CidrBlock": cidr,
        "IsDefault": default,
        "Tags": [{"Key": "Name", "Value": name}] if name else [],
    }


@dataclass
class Typing:
    """Somebody who types these answers, one after the other."""

    answers: list
    questions: list = field(default_factory=list)
    told: list = field(default_factory=list)

    def ask(self, question):
        self.questions.append(question)
        return self.answers.pop(0)

    def tell(self, said):
        self.told.append(said)
