"""One thing wrong at a time, each shown by its own code and no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

import doctor_world
import pytest
from doctor_world import (
    ACCOUNT,
    HOST,
    IAM,
    REGION,
    World,
    diagnose,
    fargate,
    job,
    nat,
    private,
    public,
    role,
    rule,
    told,
    trust,
)

from mfinfra.checking import READING
from mfinfra.metaflow.doctor import causes, endpoints, images, service, services
from mfinfra.metaflow.doctor.case import Case, Compute
from mfinfra.metaflow.doctor.routes import Network
from mfinfra.model import Verdict

Break = Callable[[World], Any]
LAMBDA = trust("lambda.amazonaws.com")
ANYONE = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
LAYERS = f"arn:aws:s3:::prod-{REGION}-starport-layer-bucket/*"
DENIED = (
    f"ClientError: User: arn:aws:sts::{ACCOUNT}:assumed-role/batch/x is not authorized to perform: s3:PutObject on "
    "resource: arn:aws:s3:::data/metaflow/x because no identity-based policy allows it"
)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def requires(vcpus: str, memory: str, *more: dict[str, str]) -> dict[str, Any]:
    needs = [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": memory}, *more]
    return {"container": {"image": f"{HOST}/flows:1.0", "resourceRequirements": needs}}


def runnable(reason: str) -> Break:
    return lambda world: world.jobs.append(job("RUNNABLE", statusReason=reason))


def failed(reason: str = "Essential container in task exited", **container: Any) -> Break:
    inner = {"image": f"{HOST}/flows:1.0", **container}
    return lambda world: world.jobs.append(job("FAILED", statusReason=reason, container=inner))


def route(*, state: str = "active", **target: str) -> Break:
    def broken(world: World) -> None:
        added = {"DestinationCidrBlock": "0.0.0.0/0", "State": state, **target}
        world.tables["rtb-private"]["Routes"] = [world.tables["rtb-private"]["Routes"][0], added]

    return broken


def put(where: str, path: str, value: Any) -> Break:
    def broken(world: World) -> None:
        *inner, last = path.split("/")
        found = getattr(world, where)
        for name in inner:
            found = found[name]
        found[last] = value

    return broken


def logged(text: str, **simulated: str) -> Break:
    def broken(world: World) -> None:
        failed(logStreamName="stream-1", exitCode=1)(world)
        world.logs["stream-1"] = text
        world.simulated = {name.replace("_", ":"): decision for name, decision in simulated.items()}

    return broken


def both(*breaks: Break) -> Break:
    def broken(world: World) -> None:
        for each in breaks:
            each(world)

    return broken


def drop(where: str, *names: str) -> Break:
    def broken(world: World) -> None:
        for name in names:
            del getattr(world, where)[name]

    return broken


def inline(world: World) -> None:
    """An instance role without the managed policy, whose own policies leave something out."""
    world.attached["instance"] = []
    world.simulated = dict.fromkeys(("ecs:Poll", "ecs:RegisterContainerInstance"), "allowed")


FAILED, WARNING = Verdict.FAILED, Verdict.WARNING
# what is wrong: (the healthy world, how it is broken, every code that is then shown)
BREAKS: dict[str, tuple[Callable[[], World], Break, dict[str, Verdict]]] = {
    # queues and compute environments
    "no queue": (private, lambda w: setattr(w, "queues_there", False), {"MF5360": FAILED}),
    "a queue that is off": (private, put("queue", "state", "DISABLED"), {"MF5361": FAILED}),
    "a queue that is INVALID": (private, put("queue", "status", "INVALID"), {"MF5362": FAILED}),
    "a queue without environments": (private, put("queue", "computeEnvironmentOrder", []), {"MF5363": FAILED}),
    "an environment that is INVALID": (
        private,
        both(put("cpu", "status", "INVALID"), put("cpu", "statusReason", "CLIENT_ERROR - no")),
        {"MF5363": FAILED, "MF5364": FAILED},
    ),
    "an environment that is off": (private, put("cpu", "state", "DISABLED"), {"MF5363": FAILED, "MF5365": FAILED}),
    "an environment that is not there": (
        private,
        lambda w: setattr(w, "environments_there", False),
        {"MF5363": FAILED, "MF5366": FAILED},
    ),
    # jobs
    "a job that waits for no known reason": (private, lambda w: w.jobs.append(job()), {"MF5367": WARNING}),
    "a job that does not start": (private, lambda w: w.jobs.append(job("STARTING")), {"MF5371": WARNING}),
    "a job whose code failed": (private, failed(exitCode=1), {"MF5368": WARNING}),
    "a job that was killed": (private, failed(exitCode=137), {"MF5369": FAILED}),
    "a job that asks for too much": (
        private,
        runnable("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - x"),
        {"MF5354": FAILED},
    ),
    "a job without capacity": (private, runnable("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - x"), {"MF5352": FAILED}),
    "a job that could not pull": (
        private,
        failed(reason="CannotPullContainerError: manifest unknown"),
        {"MF5343": FAILED},
    ),
    "a job whose image is limited": (
        private,
        failed(reason="CannotPullContainerError: toomanyrequests: x"),
        {"MF5340": FAILED},
    ),
    "a job that was denied, and is still": (
        private,
        logged(DENIED, s3_PutObject="implicitDeny"),
        {"MF5368": WARNING, "MF5304": FAILED, "MF5460": FAILED},
    ),
    "a job that was denied, and is no more": (
        private,
        logged(DENIED, s3_PutObject="allowed"),
        {"MF5368": WARNING, "MF5304": FAILED, "MF5461": WARNING},
    ),
    # the way out
    "no way and no endpoint": (private, drop("endpoints", "logs"), {"MF5380": FAILED}),
    "a route to nothing": (nat, route(NatGatewayId="nat-0", state="blackhole"), {"MF5381": FAILED}),
    "a NAT gateway that failed": (nat, put("nats", "nat-1/State", "failed"), {"MF5382": FAILED}),
    "a NAT gateway that is private": (nat, put("nats", "nat-1/ConnectivityType", "private"), {"MF5383": FAILED}),
    "a NAT gateway among private subnets": (
        nat,
        lambda w: w.tables["rtb-public"]["Routes"].pop(),
        {"MF5384": FAILED},
    ),
    "an internet gateway without public addresses": (nat, route(GatewayId="igw-1"), {"MF5385": FAILED}),
    "public subnets whose instances get no public address": (
        public,
        both(*(put("subnets", f"subnet-{each}/MapPublicIpOnLaunch", False) for each in "ab")),
        {"MF5385": FAILED},
    ),
    "a public image that needs the broken way": (
        private,
        both(route(NatGatewayId="nat-0", state="blackhole"), put("metaflow", "batch", {"queue": "jobs"})),
        {"MF5381": WARNING, "MF5399": FAILED},
    ),
    "a transit gateway": (nat, route(TransitGatewayId="tgw-1"), {"MF5386": WARNING}),
    "a launch template that may give addresses": (
        nat,
        both(route(GatewayId="igw-1"), lambda w: w.resources.update(launchTemplate={"launchTemplateName": "x"})),
        {"MF5386": WARNING},
    ),
    "a broken way that is not needed": (private, route(NatGatewayId="nat-0", state="blackhole"), {"MF5381": WARNING}),
    # endpoints
    "a gateway endpoint elsewhere": (private, put("endpoints", "s3/RouteTableIds", ["rtb-x"]), {"MF5387": FAILED}),
    "an endpoint that failed": (private, put("endpoints", "logs/State", "failed"), {"MF5388": FAILED}),
    "an endpoint that nobody accepted": (
        private,
        put("endpoints", "logs/State", "pendingAcceptance"),
        {"MF5388": FAILED},
    ),
    "an endpoint without private DNS": (private, put("endpoints", "logs/PrivateDnsEnabled", False), {"MF5389": FAILED}),
    "a VPC without host names": (private, put("dns", "enableDnsHostnames", False), {"MF5390": FAILED}),
    "an endpoint that lets nobody in": (private, put("groups", "sg-endpoints/IpPermissions", []), {"MF5391": FAILED}),
    "an endpoint that lets others in": (
        private,
        put("groups", "sg-endpoints/IpPermissions", [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "192.168.0.0/16"}]}]),
        {"MF5391": FAILED},
    ),
    "an endpoint beside a NAT gateway that lets nobody in": (
        nat,
        both(
            lambda w: w.endpoints.update(logs=doctor_world.endpoint("logs")),
            put("groups", "sg-endpoints/IpPermissions", []),
        ),
        {"MF5391": FAILED},
    ),
    "instances that may ask nobody": (private, put("groups", "sg-batch/IpPermissionsEgress", []), {"MF5392": FAILED}),
    "instances that may ask others only": (
        private,
        put(
            "groups", "sg-batch/IpPermissionsEgress", [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "192.168.0.0/16"}]}]
        ),
        {"MF5392": FAILED},
    ),
    "an ACL that lets nothing out": (
        private,
        lambda w: w.acl["Entries"].append(rule(50, egress=True, RuleAction="deny")),
        {"MF5393": FAILED},
    ),
    "an ACL that lets answers in on no port": (
        private,
        put(
            "acl",
            "Entries",
            [rule(1, egress=True), rule(2, egress=False, Protocol="6", PortRange={"From": 443, "To": 443})],
        ),
        {"MF5394": FAILED},
    ),
    "an ACL with rules for some addresses": (
        nat,
        put("acl", "Entries", [rule(1, egress=True, CidrBlock="10.0.0.0/16"), rule(2, egress=False)]),
        {"MF5393": WARNING},
    ),
    "a policy of an endpoint that denies": (
        private,
        put("endpoints", "dynamodb/PolicyDocument", policy({**ANYONE, "Action": "dynamodb:GetItem"})),
        {"MF5395": FAILED},
    ),
    "a policy of an endpoint that forgets ECR's layers": (
        private,
        put(
            "endpoints",
            "s3/PolicyDocument",
            policy({**ANYONE, "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]}),
        ),
        {"MF5396": FAILED},
    ),
    "an endpoint in another zone": (private, put("endpoints", "logs/SubnetIds", ["subnet-a"]), {"MF5397": WARNING}),
    "a subnet that is full": (private, put("subnets", "subnet-a/AvailableIpAddressCount", 0), {"MF5398": WARNING}),
    "subnets that are full": (
        private,
        both(*(put("subnets", f"subnet-{each}/AvailableIpAddressCount", 0) for each in "ab")),
        {"MF5398": FAILED},
    ),
    "a public image in a private network": (
        private,
        put("metaflow", "batch", {"queue": "jobs", "job_role": "batch"}),
        {"MF5399": FAILED},
    ),
    "a subnet that is not there": (private, drop("subnets", "subnet-b"), {"MF5401": FAILED}),
    "a security group that is not there": (public, drop("groups", "sg-batch"), {"MF5402": FAILED}),
    # roles
    "no instance profile": (private, drop("profiles", "instance"), {"MF5410": FAILED}),
    "a role for an instance profile": (
        private,
        lambda w: w.resources.update(instanceRole=f"{IAM}:role/other"),
        {"MF5410": FAILED},
    ),
    "an instance profile without a role": (private, put("profiles", "instance", []), {"MF5411": FAILED}),
    "an instance role of another service": (
        private,
        lambda w: w.profiles["instance"][0].update(AssumeRolePolicyDocument=LAMBDA),
        {"MF5412": FAILED},
    ),
    "an instance role that may not": (private, inline, {"MF5413": FAILED}),
    "Fargate without an execution role": (
        fargate,
        lambda w: w.metaflow["batch"].pop("execution_role"),
        {"MF5414": FAILED},
    ),
    "an execution role that is not there": (fargate, drop("roles", "execution"), {"MF5415": FAILED}),
    "a job role that is not there": (private, drop("roles", "batch"), {"MF5415": FAILED}),
    "a job role of another service": (
        private,
        put("roles", "batch/AssumeRolePolicyDocument", LAMBDA),
        {"MF5416": FAILED},
    ),
    "an execution role that may not": (fargate, put("attached", "execution", []), {"MF5417": FAILED}),
    "no service-linked role of Batch": (private, drop("roles", "AWSServiceRoleForBatch"), {"MF5418": FAILED}),
    "no service-linked role of Spot, which Batch makes": (
        private,
        lambda w: w.resources.update(type="SPOT"),
        {"MF5419": WARNING},
    ),
    "no service-linked role of Spot, and no right to make it": (
        private,
        lambda w: (w.resources.update(type="SPOT"), w.cpu.update(serviceRole=f"{IAM}:role/batch-service")),
        {"MF5419": FAILED},
    ),
    "SPOT that fits best without a fleet role": (
        private,
        both(
            lambda w: w.resources.update(type="SPOT", allocationStrategy="BEST_FIT"),
            put("roles", "AWSServiceRoleForEC2Spot", role("AWSServiceRoleForEC2Spot", "spot.amazonaws.com")),
            put("roles", "AWSServiceRoleForEC2SpotFleet", role("AWSServiceRoleForEC2SpotFleet", "spotfleet")),
        ),
        {"MF5420": FAILED},
    ),
    # image
    "a registry with a scheme": (
        nat,
        lambda w: w.metaflow["batch"].update(registry=f"https://{HOST}"),
        {"MF5430": FAILED},
    ),
    "no repository": (private, drop("repositories", "flows"), {"MF5431": FAILED}),
    "no such tag": (private, put("repositories", "flows", {}), {"MF5432": FAILED}),
    "an image for another processor": (
        private,
        both(put("repositories", "flows/1.0", ["amd64"]), lambda w: w.resources.update(instanceTypes=["m7g"])),
        {"MF5433": FAILED},
    ),
    "an image for another processor than Fargate's": (
        fargate,
        put("repositories", "flows/1.0", ["arm64"]),
        {"MF5433": FAILED},
    ),
    "an image in another region": (
        nat,
        lambda w: w.metaflow["batch"].update(registry=HOST.replace(REGION, "eu-west-1")),
        {"MF5434": WARNING},
    ),
    "an image in another account": (
        private,
        lambda w: w.metaflow["batch"].update(registry=HOST.replace(ACCOUNT, "210987654321")),
        {"MF5435": WARNING},
    ),
    # capacity
    "no vCPUs": (private, lambda w: w.resources.update(maxvCpus=0), {"MF5440": FAILED}),
    "more vCPUs than there may be": (
        private,
        lambda w: w.jobs.append(job(**requires("128", "4096"))),
        {"MF5367": WARNING, "MF5441": FAILED},
    ),
    "more memory than any type has": (
        private,
        lambda w: w.jobs.append(job(**requires("1", "196608"))),
        {"MF5367": WARNING, "MF5442": FAILED},
    ),
    "memory that Fargate does not pair": (
        fargate,
        lambda w: w.jobs.append(job(**requires("1", "16384"))),
        {"MF5367": WARNING, "MF5443": FAILED},
    ),
    "a GPU that no type has": (
        private,
        lambda w: w.jobs.append(job(**requires("1", "4096", {"type": "GPU", "value": "1"}))),
        {"MF5367": WARNING, "MF5444": FAILED},
    ),
    # the metadata service
    "a service that only the VPC reaches": (
        private,
        put("metaflow", "service", {"url": "http://10.0.0.9/"}),
        {"MF5450": WARNING},
    ),
    "a public service that jobs cannot reach": (
        private,
        put("metaflow", "service", {"url": "https://x.execute-api.us-east-1.amazonaws.com/api"}),
        {"MF5451": FAILED},
    ),
    "a service in the clear": (
        nat,
        put("metaflow", "service", {"url": "http://203.0.113.9.example.org/"}),
        {"MF5452": WARNING},
    ),
    "a service without a scheme": (
        nat,
        put("metaflow", "service", {"url": "metadata.example.org"}),
        {"MF5454": FAILED},
    ),
}


@pytest.mark.parametrize("base", [private, nat, public, fargate], ids=lambda base: base.__name__)
def test_in_a_healthy_account_nothing_is_found(base: Callable[[], World]) -> None:
    assert told(diagnose(base())) == {}


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_broken_is_found_and_nothing_else(name: str) -> None:
    base, broken, codes = BREAKS[name]
    world = base()
    broken(world)
    found = diagnose(world)
    assert told(found) == codes
    for one in found:
        for finding in one.findings:
            if finding.code:
                assert finding.evidence, "a finding says what was seen"
                assert finding.fix, "a finding says what to do"
                assert not finding.message.endswith(".")


@pytest.mark.parametrize("how", ["isTerminated", "isCancelled"])
def test_a_job_that_somebody_ended_lacks_no_memory_and_is_told_of_only_if_it_is_asked_about(how) -> None:
    world = private()
    failed(exitCode=137)(world)
    world.jobs[0][how] = True
    assert told(diagnose(world)) == {}
    assert told(diagnose(world, "job-1")) == {"MF5368": WARNING}


def test_a_job_that_is_asked_about_brings_its_own_queue_image_and_log() -> None:
    world = private()
    failed(logStreamName="stream-1", exitCode=1, image=f"{HOST}/other:2")(world)
    world.logs["stream-1"] = "An error occurred (ExpiredToken) when calling the GetObject operation: expired"
    codes = told(diagnose(world, "job-1"))
    assert codes == {"MF5368": WARNING, "MF5332": FAILED, "MF5431": FAILED}
    assert "ListJobs" not in {call.operation for call in world.calls}


def test_a_job_that_batch_does_not_know_is_said_to_be_unknown() -> None:
    assert told(diagnose(private(), "job-9")) == {"MF5370": FAILED}


def test_the_last_lines_of_a_job_are_shown_where_nothing_explains_them() -> None:
    world = private()
    logged("line one\nZeroDivisionError: division by zero")(world)
    shown = [each for one in diagnose(world, "job-1") for each in one.findings if "last lines" in each.message]
    assert shown[0].evidence == ("line one", "ZeroDivisionError: division by zero")


def test_a_young_job_that_waits_is_no_finding() -> None:
    world = private()
    world.jobs.append(job(createdAt=int((doctor_world.NOW - 60) * 1000)))
    assert told(diagnose(world)) == {}


def test_an_old_failure_is_no_news() -> None:
    world = private()
    world.jobs.append(job("FAILED", stoppedAt=int((doctor_world.NOW - 3 * 86400) * 1000)))
    assert told(diagnose(world)) == {}


@pytest.mark.parametrize(
    "operation",
    [
        "DescribeJobQueues",
        "DescribeComputeEnvironments",
        "ListJobs",
        "DescribeSubnets",
        "DescribeRouteTables",
        "DescribeNatGateways",
        "DescribeVpcEndpoints",
        "DescribeNetworkAcls",
        "DescribeSecurityGroups",
        "DescribeVpcAttribute",
        "GetInstanceProfile",
        "GetRole",
        "ListAttachedRolePolicies",
        "BatchGetImage",
    ],
)
def test_what_is_denied_is_never_taken_for_not_there(operation: str) -> None:
    world = private()
    world.denied = {operation}
    assert told(diagnose(world)) == {"MF5400": WARNING}


def narrow(repository: str) -> list[dict[str, Any]]:
    """What an instance does, allowed on no more than it does it on."""
    region = "us-east-1:123456789012"
    allowed = {
        "*": ["ecr:GetAuthorizationToken", "ecs:DiscoverPollEndpoint", "ecs:SubmitTaskStateChange"],
        f"arn:aws:ecs:{region}:cluster/cpu": ["ecs:RegisterContainerInstance"],
        f"arn:aws:ecs:{region}:container-instance/cpu/*": ["ecs:Poll"],
        f"arn:aws:ecr:{region}:repository/{repository}": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        f"arn:aws:logs:{region}:log-group:/aws/batch/job:*": ["logs:CreateLogStream", "logs:PutLogEvents"],
    }
    return [{"Effect": "Allow", "Action": actions, "Resource": where} for where, actions in allowed.items()]


@pytest.mark.parametrize(("repository", "codes"), [("flows", {}), ("others", {"MF5413": FAILED})])
def test_a_role_is_asked_about_what_it_works_on_and_not_about_everything(repository: str, codes: Any) -> None:
    world = private()
    world.attached["instance"] = []
    world.own["instance"] = narrow(repository)
    assert told(diagnose(world)) == codes


def test_a_denial_that_hangs_on_a_condition_is_not_believed() -> None:
    world = private()
    world.attached["instance"] = []
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": elsewhere}
    world.own["instance"] = [*narrow("flows"), deny]
    assert told(diagnose(world)) == {}


@pytest.mark.parametrize(
    ("platforms", "said"),
    [
        (["amd64", "arm64"], "the image is as jobs need it"),
        ([], "the image is there; whether it is built for amd64, a single image's manifest does not tell"),
    ],
)
def test_what_a_manifest_does_not_tell_of_an_image_is_not_claimed(platforms: list[str], said: str) -> None:
    world = private()
    world.repositories["flows"]["1.0"] = platforms
    assert said in [finding.message for one in diagnose(world) for finding in one.findings]


ALLOWED = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::data/*"}
QUOTED = DENIED.replace("arn:aws:s3:::data/metaflow/x", '"arn:aws:s3:::data/metaflow/x"')


@pytest.mark.parametrize(
    ("text", "held", "code"),
    [
        (QUOTED, [ALLOWED], "MF5461"),
        (QUOTED, [], "MF5460"),
        (DENIED.partition(" on resource")[0], [ALLOWED], None),
        (DENIED, [{**ALLOWED, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}], None),
    ],
    ids=["by now", "still", "nobody knows of what", "under a condition"],
)
def test_whether_a_denial_still_holds_is_said_only_where_that_is_known(text: str, held: list[Any], code: Any) -> None:
    world = private()
    logged(text)(world)
    world.own["batch"] = held
    codes = told(diagnose(world))
    assert [one for one in ("MF5460", "MF5461") if one in codes] == ([code] if code else [])


def test_a_spot_fleet_acts_as_a_role_of_its_own() -> None:
    world = private()
    fleet = f"{IAM}:role/fleet"
    world.resources.update(type="SPOT", allocationStrategy="BEST_FIT", spotIamFleetRole=fleet)
    subjects = {finding.subject for one in diagnose(world) for finding in one.findings if finding.code == "MF5419"}
    assert subjects == {"AWSServiceRoleForEC2Spot", "AWSServiceRoleForEC2SpotFleet"}


def test_simulation_that_is_denied_claims_nothing() -> None:
    world = private()
    inline(world)
    world.denied = {"SimulatePrincipalPolicy"}
    assert told(diagnose(world)) == {"MF5400": WARNING}


def test_conditions_and_principals_of_an_endpoints_policy_are_not_guessed_at() -> None:
    world = private()
    limited = {**ANYONE, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}
    stranger = {**ANYONE, "Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}}
    world.endpoints["s3"]["PolicyDocument"] = policy(limited, stranger)
    assert told(diagnose(world)) == {}


def test_the_way_is_told_step_by_step() -> None:
    world = nat()
    world.nats["nat-1"]["State"] = "failed"
    found = next(each for one in diagnose(world) for each in one.findings if each.code == "MF5382")
    assert found.evidence[0] == "subnet-a → rtb-private → nat-1 → failed"
    assert "`logs`" in found.evidence[1]


def test_one_cause_in_several_subnets_is_one_finding() -> None:
    world = private()
    world.endpoints = {}
    found = [each for one in diagnose(world) for each in one.findings if each.code]
    assert [each.code for each in found] == ["MF5380"]
    assert {"subnet-a → rtb-private → no default route", "subnet-b → rtb-private → no default route"} <= set(
        found[0].evidence
    )


@pytest.mark.parametrize("base", [private, nat, public, fargate], ids=lambda base: base.__name__)
def test_a_diagnosis_only_reads_with_a_bounded_number_of_questions(base: Callable[[], World]) -> None:
    world = base()
    world.jobs = [job(jobId=f"job-{number}") for number in range(200)]
    diagnose(world)
    assert all(call.operation.startswith(READING) for call in world.calls)
    assert {str(call) for call in world.calls} <= causes.READS
    assert len(world.calls) <= 25, [str(call) for call in world.calls]


def test_every_operation_that_is_declared_is_one_that_some_diagnosis_sends() -> None:
    sent = set[str]()
    for base, broken, _ in BREAKS.values():
        world = base()
        broken(world)
        diagnose(world)
        sent |= {str(call) for call in world.calls}
    assert sent == causes.READS


def test_more_environments_and_subnets_take_no_more_questions_about_the_network() -> None:
    world = private()
    diagnose(world)
    few = [str(call) for call in world.calls if call.service == "ec2"]
    world.calls.clear()
    more = [f"subnet-{number}" for number in range(40)]
    world.resources["subnets"] += more
    for number, id_ in enumerate(more):
        world.subnets[id_] = doctor_world.subnet(id_, f"10.1.{number}.0/24", "a")
    diagnose(world)
    assert [str(call) for call in world.calls if call.service == "ec2"] == few


def test_the_worst_cause_comes_first_and_traces_come_after_causes() -> None:
    world = private()
    world.jobs.append(job())
    world.subnets["subnet-a"]["AvailableIpAddressCount"] = 0
    del world.profiles["instance"]
    found = diagnose(world)
    likely = doctor_world.causes.likeliest(found)
    assert likely is not None
    assert likely.code == "MF5410"
    assert found[0].check.id == "roles.start"
    firsts = [next(iter(group)) for _, group in groupby(found, key=lambda one: one.check.group)]
    assert len({one.check.group for one in found}) == len(firsts), "a group stands in one place"
    assert [one.verdict for one in firsts] == sorted(
        (one.verdict for one in firsts), key=[FAILED, WARNING, Verdict.PASSED].index
    )


def test_a_trace_is_the_likeliest_only_where_no_cause_is_found() -> None:
    world = private()
    world.jobs.append(job())
    likely = doctor_world.causes.likeliest(diagnose(world))
    assert likely is not None
    assert likely.code == "MF5367"


@pytest.mark.parametrize(
    ("region", "partition", "service", "host"),
    [
        ("us-gov-west-1", "aws-us-gov", "com.amazonaws.us-gov-west-1.ecr.api", "us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "aws-cn", "cn.com.amazonaws.cn-north-1.ecr.api", "cn-north-1.amazonaws.com.cn"),
    ],
)
def test_other_partitions_have_their_own_names(region: str, partition: str, service: str, host: str) -> None:
    world = private()
    world.metaflow["batch"]["registry"] = f"{ACCOUNT}.dkr.ecr.{host}"
    whole = doctor_world.environment(world)
    case = Case(replace(whole, scope=replace(whole.scope, region=region)), doctor_world.NOW)
    image = images.wanted(case)
    assert (image.region, image.repository, image.reference) == (region, "flows", "1.0")
    needs = services.needed(case, Compute(world.cpu), image)
    asked = [request.resource for need in needs for _, request in need.requests if request.resource.startswith("arn:")]
    assert {arn.split(":")[1] for arn in asked if ":role/" not in arn} == {partition}
    there = {**doctor_world.endpoint("ecr.api"), "ServiceName": service}
    found = endpoints.of_service(Network(endpoints=(there,)), world.subnets["subnet-a"], "ecr.api", region)
    assert found == [there]


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("http://10.1.2.3:8080/", True),
        ("http://8.8.8.8/", False),
        ("http://internal-lb-1.us-east-1.elb.amazonaws.com/", True),
        ("http://metadata.internal/", True),
        ("http://metadata:8080", True),
        ("https://x.execute-api.us-east-1.amazonaws.com/api", False),
        ("https://metadata.example.org/", None),
    ],
)
def test_an_address_is_private_or_public_or_only_dns_could_tell(url: str, *, inside: bool | None) -> None:
    assert service.private(urlsplit(url)) is inside


@pytest.mark.parametrize(
    ("kind", "arm"),
    [
        ("m7g.large", True),
        ("c6gn.xlarge", True),
        ("im4gn.large", True),
        ("a1.medium", True),
        ("t4g", True),
        ("default_arm64", True),
        ("g4dn.xlarge", False),
        ("m5.large", False),
        ("c6i", False),
        ("optimal", False),
    ],
)
def test_graviton_is_told_by_the_name_of_the_type(kind: str, *, arm: bool) -> None:
    compute = Compute({"computeResources": {"type": "EC2", "instanceTypes": [kind]}})
    assert images.architectures(compute) == {images.ARM if arm else images.X86}
