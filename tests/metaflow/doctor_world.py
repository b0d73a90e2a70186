"""A small account as AWS would describe it, whole and healthy, to be broken one piece at a time.

Every question is checked against botocore's model of it, and every answer too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.session import get_session
from botocore.validate import ParamValidator

from mfinfra import checking
from mfinfra.errors import AccessDenied
from mfinfra.evaluate import Request, judge
from mfinfra.metaflow.doctor import causes
from mfinfra.metaflow.doctor.case import Case
from mfinfra.model import Access, Address, Call, Checked, Environment, Resource, Scope, Source, Verdict

ACCOUNT, REGION, NOW = "123456789012", "us-east-1", 1_700_000_000.0
BATCH = f"arn:aws:batch:{REGION}:{ACCOUNT}"
IAM = f"arn:aws:iam::{ACCOUNT}"
QUEUE, CPU = f"{BATCH}:job-queue/jobs", f"{BATCH}:compute-environment/cpu"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
MANAGED = "arn:aws:iam::aws:policy/service-role/"
INDEX = "application/vnd.oci.image.index.v1+json"
SERVICES = ("ecs", "ecs-agent", "ecs-telemetry", "ecr.api", "ecr.dkr", "logs", "secretsmanager", "sts")
OPEN = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def trust(principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(name: str, principal: str, *, path: str = "/") -> dict[str, Any]:
    return {
        "Path": path,
        "RoleName": name,
        "RoleId": "AROAEXAMPLEEXAMPLE",
        "Arn": f"{IAM}:role{path}{name}",
        "CreateDate": "2023-01-01T00:00:00Z",
        "AssumeRolePolicyDocument": trust(principal),
    }


def subnet(id_: str, cidr: str, zone: str, *, public: bool = False) -> dict[str, Any]:
    return {
        "SubnetId": id_,
        "VpcId": "vpc-1",
        "CidrBlock": cidr,
        "AvailabilityZone": f"{REGION}{zone}",
        "AvailableIpAddressCount": 250,
        "MapPublicIpOnLaunch": public,
    }


def table(id_: str, subnets: list[str], *routes: dict[str, Any], main: bool = False) -> dict[str, Any]:
    local = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}
    associations: list[dict[str, Any]] = [{"SubnetId": each, "Main": False} for each in subnets]
    if main:
        associations.append({"Main": True})
    return {"RouteTableId": id_, "VpcId": "vpc-1", "Associations": associations, "Routes": [local, *routes]}


def default(target: str, member: str = "GatewayId") -> dict[str, Any]:
    return {"DestinationCidrBlock": "0.0.0.0/0", member: target, "State": "active"}


def endpoint(service: str) -> dict[str, Any]:
    gateway = service in {"s3", "dynamodb"}
    return {
        "VpcEndpointId": f"vpce-{service.replace('.', '-')}",
        "VpcEndpointType": "Gateway" if gateway else "Interface",
        "VpcId": "vpc-1",
        "ServiceName": f"com.amazonaws.{REGION}.{service}",
        "State": "available",
        "PolicyDocument": json.dumps(
            {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
        ),
        "RouteTableIds": ["rtb-private"] if gateway else [],
        "SubnetIds": [] if gateway else ["subnet-a", "subnet-b"],
        "Groups": [] if gateway else [{"GroupId": "sg-endpoints"}],
        "PrivateDnsEnabled": not gateway,
    }


def rule(number: int, *, egress: bool, **more: Any) -> dict[str, Any]:
    whole = {"CidrBlock": "0.0.0.0/0", "Protocol": "-1", "RuleAction": "allow", "Egress": egress, "RuleNumber": number}
    return {**whole, **more}


def job(status: str = "RUNNABLE", **more: Any) -> dict[str, Any]:
    return {
        "jobId": "job-1",
        "jobName": "flow-step",
        "jobQueue": QUEUE,
        "status": status,
        "startedAt": 0,
        "createdAt": int((NOW - 3600) * 1000),
        "stoppedAt": int((NOW - 60) * 1000) if status == "FAILED" else 0,
        "jobDefinition": f"{BATCH}:job-definition/metaflow_x:1",
        "container": {
            "image": f"{HOST}/flows:1.0",
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "4096"}],
        },
        **more,
    }


@dataclass
class World:
    """The account. `denied` are operations that the credentials may not ask; `calls` are all that were asked."""

    metaflow: dict[str, Any]
    queue: dict[str, Any]
    cpu: dict[str, Any]
    subnets: dict[str, dict[str, Any]]
    tables: dict[str, dict[str, Any]]
    nats: dict[str, dict[str, Any]]
    endpoints: dict[str, dict[str, Any]]
    groups: dict[str, dict[str, Any]]
    acl: dict[str, Any]
    dns: dict[str, bool]
    profiles: dict[str, list[dict[str, Any]]]
    roles: dict[str, dict[str, Any]]
    attached: dict[str, list[str]]
    simulated: dict[str, str] = field(default_factory=dict)
    own: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    repositories: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    logs: dict[str, str] = field(default_factory=dict)
    types: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    queues_there: bool = True
    environments_there: bool = True
    denied: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    parallelism: int = 4

    @property
    def resources(self) -> dict[str, Any]:
        return self.cpu["computeResources"]

    def ask(self, call: Call) -> Any:
        self.calls.append(call)
        assert not (said := problems(call, call.params, out=False)), said
        if call.operation in self.denied:
            raise AccessDenied("no", service=call.service, operation=call.operation, aws_code="AccessDenied")
        answer = getattr(self, re.sub(r"(?<!^)(?=[A-Z])", "_", call.operation).lower())(call.params)
        assert answer is not None or call.absent, f"{call} has no error code that means absent"
        if answer is not None:
            assert not (said := problems(call, answer, out=True)), f"the faked answer of {call} is not AWS's: {said}"
        return _Answer(answer)

    def describe_job_queues(self, params: Any) -> Any:
        there = self.queues_there and QUEUE in params["jobQueues"]
        return {"jobQueues": [self.queue] if there else []}

    def describe_compute_environments(self, _: Any) -> Any:
        return {"computeEnvironments": [self.cpu] if self.environments_there else []}

    def list_jobs(self, params: Any) -> Any:
        members = ("jobId", "jobName", "createdAt", "stoppedAt", "status")
        rows = [{name: row[name] for name in members} for row in self.jobs if row["status"] == params["jobStatus"]]
        return {"jobSummaryList": rows}

    def describe_jobs(self, params: Any) -> Any:
        return {"jobs": [row for row in self.jobs if row["jobId"] in params["jobs"]]}

    def describe_subnets(self, params: Any) -> Any:
        return {"Subnets": _filtered(self.subnets, params)}

    def describe_route_tables(self, _: Any) -> Any:
        return {"RouteTables": list(self.tables.values())}

    def describe_nat_gateways(self, _: Any) -> Any:
        return {"NatGateways": list(self.nats.values())}

    def describe_vpc_endpoints(self, _: Any) -> Any:
        return {"VpcEndpoints": list(self.endpoints.values())}

    def describe_network_acls(self, _: Any) -> Any:
        return {"NetworkAcls": [self.acl]}

    def describe_security_groups(self, params: Any) -> Any:
        return {"SecurityGroups": _filtered(self.groups, params)}

    def describe_vpc_attribute(self, params: Any) -> Any:
        name = params["Attribute"]
        return {"VpcId": "vpc-1", name[0].upper() + name[1:]: {"Value": self.dns[name]}}

    def get_instance_profile(self, params: Any) -> Any:
        name = params["InstanceProfileName"]
        if name not in self.profiles:
            return None
        head = {"Path": "/", "InstanceProfileName": name, "InstanceProfileId": "AIPAEXAMPLEEXAMPLE"}
        arn = {"Arn": f"{IAM}:instance-profile/{name}", "CreateDate": "2023-01-01T00:00:00Z"}
        return {"InstanceProfile": {**head, **arn, "Roles": self.profiles[name]}}

    def get_role(self, params: Any) -> Any:
        found = self.roles.get(params["RoleName"])
        return None if found is None else {"Role": found}

    def list_attached_role_policies(self, params: Any) -> Any:
        names = self.attached.get(params["RoleName"], [])
        return {"AttachedPolicies": [{"PolicyName": name, "PolicyArn": MANAGED + name} for name in names]}

    def simulate_principal_policy(self, params: Any) -> Any:
        name = params["PolicySourceArn"].rpartition("/")[2]
        if name in self.own:
            held = {"Version": "2012-10-17", "Statement": self.own[name]}
            (resource,) = params["ResourceArns"]
            judged = [(action, judge(Request(action, resource), [held])) for action in params["ActionNames"]]
            return {
                "EvaluationResults": [
                    {
                        "EvalActionName": action,
                        "EvalResourceName": resource,
                        "EvalDecision": one.decision.value,
                        "MissingContextValues": list(one.missing),
                    }
                    for action, one in judged
                ]
            }
        managed = self.attached.get(params["PolicySourceArn"].rpartition("/")[2])
        otherwise = "allowed" if managed else "implicitDeny"
        rows = [
            {"EvalActionName": action, "EvalDecision": self.simulated.get(action, otherwise)}
            for action in params["ActionNames"]
        ]
        return {"EvaluationResults": rows}

    def batch_get_image(self, params: Any) -> Any:
        tags = self.repositories.get(params["repositoryName"])
        if tags is None:
            return None
        tag = params["imageIds"][0].get("imageTag")
        if tag not in tags:
            return {"images": [], "failures": [{"failureCode": "ImageNotFound", "failureReason": "not found"}]}
        if not tags[tag]:
            single = {"mediaType": INDEX.replace("index", "manifest"), "config": {"digest": "sha256:0"}, "layers": []}
            return {"images": [{"imageManifest": json.dumps(single)}], "failures": []}
        rows = [{"platform": {"architecture": each, "os": "linux"}} for each in tags[tag]]
        return {"images": [{"imageManifest": json.dumps({"mediaType": INDEX, "manifests": rows})}], "failures": []}

    def describe_instance_types(self, params: Any) -> Any:
        wanted = [re.escape(each).replace(r"\*", ".*") for each in params["Filters"][0]["Values"]]
        return {
            "InstanceTypes": [
                {
                    "InstanceType": name,
                    "VCpuInfo": {"DefaultVCpus": vcpus},
                    "MemoryInfo": {"SizeInMiB": memory},
                    **({"GpuInfo": {"Gpus": [{"Count": gpus}]}} if gpus else {}),
                }
                for name, (vcpus, memory, gpus) in self.types.items()
                if any(re.fullmatch(each, name) for each in wanted)
            ]
        }

    def get_log_events(self, params: Any) -> Any:
        text = self.logs.get(params["logStreamName"])
        return None if text is None else {"events": [{"message": line} for line in text.splitlines()]}


@dataclass
class _Answer:
    document: Any


def _filtered(rows: dict[str, dict[str, Any]], params: Any) -> list[dict[str, Any]]:
    return [rows[id_] for id_ in params["Filters"][0]["Values"] if id_ in rows]


@cache
def _model(service: str) -> Any:
    return get_session().get_service_model(service)


def problems(call: Call, value: Any, *, out: bool) -> str:
    operation = _model(call.service).operation_model(call.operation)
    shape = operation.output_shape if out else operation.input_shape
    return ParamValidator().validate(dict(value), shape).generate_report()


def private() -> World:
    """EC2 in private subnets without a way out, with an endpoint for all that jobs need."""
    batch = role("batch", "ecs-tasks.amazonaws.com")
    instance = role("instance", "ec2.amazonaws.com")
    subnets = {"subnet-a": subnet("subnet-a", "10.0.0.0/20", "a"), "subnet-b": subnet("subnet-b", "10.0.16.0/20", "b")}
    return World(
        metaflow={
            "datastore": {"bucket": "data", "prefix": "metaflow"},
            "batch": {"queue": "jobs", "job_role": "batch", "image": "flows:1.0", "registry": HOST},
            "step_functions": {"table": "foreach"},
            "secrets": {"backend": "aws-secrets-manager", "prefix": "metaflow/"},
            "settings": {"METAFLOW_DEFAULT_SECRETS_ROLE": f"{IAM}:role/secrets"},
        },
        queue={
            "jobQueueName": "jobs",
            "jobQueueArn": QUEUE,
            "state": "ENABLED",
            "status": "VALID",
            "priority": 1,
            "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": CPU}],
        },
        cpu={
            "computeEnvironmentName": "cpu",
            "computeEnvironmentArn": CPU,
            "ecsClusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/cpu",
            "type": "MANAGED",
            "state": "ENABLED",
            "status": "VALID",
            "serviceRole": f"{IAM}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch",
            "computeResources": {
                "type": "EC2",
                "maxvCpus": 64,
                "subnets": ["subnet-a", "subnet-b"],
                "securityGroupIds": ["sg-batch"],
                "instanceTypes": ["c5", "m5.large"],
                "instanceRole": f"{IAM}:instance-profile/instance",
                "allocationStrategy": "BEST_FIT_PROGRESSIVE",
            },
        },
        subnets=subnets,
        tables={"rtb-private": table("rtb-private", ["subnet-a"], main=True)},
        nats={},
        endpoints={service: endpoint(service) for service in ("s3", "dynamodb", *SERVICES)},
        groups={
            "sg-batch": {"GroupId": "sg-batch", "IpPermissions": [], "IpPermissionsEgress": [OPEN]},
            "sg-endpoints": {
                "GroupId": "sg-endpoints",
                "IpPermissions": [
                    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": "sg-batch"}]}
                ],
                "IpPermissionsEgress": [],
            },
        },
        acl={
            "NetworkAclId": "acl-1",
            "Associations": [{"SubnetId": "subnet-a"}, {"SubnetId": "subnet-b"}],
            "Entries": [rule(number, egress=egress) for egress in (True, False) for number in (100,)],
        },
        dns={"enableDnsSupport": True, "enableDnsHostnames": True},
        profiles={"instance": [instance]},
        roles={
            "batch": batch,
            "instance": instance,
            "AWSServiceRoleForBatch": role(
                "AWSServiceRoleForBatch", "batch.amazonaws.com", path="/aws-service-role/b/"
            ),
        },
        attached={"instance": ["AmazonEC2ContainerServiceforEC2Role"]},
        repositories={"flows": {"1.0": ["amd64", "arm64"]}},
        types={"c5.large": (2, 4096, 0), "c5.24xlarge": (96, 196_608, 0), "m5.large": (2, 8192, 0)},
    )


def nat() -> World:
    """The same without endpoints: a NAT gateway in a public subnet leads out."""
    world = private()
    world.endpoints = {}
    world.subnets["subnet-public"] = subnet("subnet-public", "10.0.32.0/20", "a", public=True)
    world.tables["rtb-private"]["Routes"].append(default("nat-1", "NatGatewayId"))
    world.tables["rtb-public"] = table("rtb-public", ["subnet-public"], default("igw-1"))
    world.nats["nat-1"] = {"NatGatewayId": "nat-1", "SubnetId": "subnet-public", "VpcId": "vpc-1", "State": "available"}
    return world


def public() -> World:
    """The same in public subnets, as the official templates have it, with a public image."""
    world = private()
    world.endpoints = {}
    for each in world.subnets.values():
        each["MapPublicIpOnLaunch"] = True
    world.tables["rtb-private"]["Routes"].append(default("igw-1"))
    world.metaflow["batch"] = {"queue": "jobs", "job_role": "batch"}
    return world


def fargate() -> World:
    """Fargate in private subnets, which needs no endpoint of ECS."""
    world = private()
    world.resources.update(type="FARGATE")
    for name in ("instanceTypes", "instanceRole", "allocationStrategy"):
        del world.resources[name]
    for name in ("ecs", "ecs-agent", "ecs-telemetry"):
        del world.endpoints[name]
    world.metaflow["batch"]["execution_role"] = "execution"
    world.roles["execution"] = role("execution", "ecs-tasks.amazonaws.com")
    world.attached["execution"] = ["AmazonECSTaskExecutionRolePolicy"]
    return world


def environment(world: World) -> Environment:
    scope = Scope("prod", ACCOUNT, REGION)
    address = Address("compute_environment", "cpu")
    resources = {address: Resource(address, {"name": "cpu"}, scope)}
    return Environment(scope, resources, {}, world.metaflow, Access(), Source("prod.yaml", ""))


def diagnose(world: World, job_id: str | None = None) -> list[Checked]:
    found = list(checking.run(world, causes.checks(Case(environment(world), NOW, job_id))))
    return causes.sorted_by_cause(found)


def told(found: list[Checked]) -> dict[str, Verdict]:
    """Code → verdict of everything that is not in order."""
    every = [each for one in found for each in one.findings]
    return {
        each.code or each.message: each.verdict for each in every if each.verdict in {Verdict.FAILED, Verdict.WARNING}
    }
