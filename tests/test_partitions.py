"""The partition of a region, against the tables that botocore brings along; and one file in three of them."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from botocore.regions import EndpointResolver
from botocore.session import get_session

from mfinfra import catalogue, desired
from mfinfra.aws.session import AWS_DOMAINS
from mfinfra.document import interpolate
from mfinfra.metaflow.settings import settings
from mfinfra.model import Scope, plain


@cache
def resolver() -> EndpointResolver:
    return EndpointResolver(get_session().get_component("data_loader").load_data("endpoints"))


@cache
def tables(name: str) -> list[dict[str, Any]]:
    return get_session().get_component("data_loader").load_data(name)["partitions"]


def regions() -> list[tuple[str, str, str]]:
    """Region, partition and DNS suffix of all that botocore knows; its `…-global` are no regions."""
    found = {(region, row["partition"], row["dnsSuffix"]) for row in tables("endpoints") for region in row["regions"]}
    found |= {
        (region, row["id"], row["outputs"]["dnsSuffix"])
        for row in tables("partitions")
        for region in row["regions"]
        if not region.endswith("-global")
    }
    return sorted(found)


@pytest.mark.parametrize(("region", "partition", "suffix"), regions())
def test_a_region_is_in_the_partition_that_botocore_has_it_in(region, partition, suffix):
    scope = Scope("prod", "123456789012", region)

    assert (scope.partition, scope.dns_suffix) == (partition, suffix)
    assert scope.arn("batch", "job-queue/q") == f"arn:{partition}:batch:{region}:123456789012:job-queue/q"


def test_every_partition_that_botocore_knows_is_compared():
    assert {partition for _, partition, _ in regions()} == {row["id"] for row in tables("partitions")}


FILE = """\
version: 1
environment: prod
account: "123456789012"
region: {region}
tags: {{team: ml}}
resources:
  bucket:
    data:
      name: metaflow-${{environment}}-${{account}}
      policy:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{AWS: "arn:${{partition}}:iam::${{account}}:role/reader"}}
            Action: "s3:GetObject"
            Resource: "${{bucket.data.arn}}/*"
  table:
    foreach: {{name: metaflow}}
  log_group:
    flows: {{name: /aws/vendedlogs/states/metaflow}}
  repository:
    images: {{name: flows}}
  role:
    job: {{name: job, preset: batch_job}}
    sfn: {{name: sfn, preset: step_functions}}
    events: {{name: events, preset: events}}
    instance: {{name: instance, preset: ecs_instance}}
    execution: {{name: execution, preset: fargate_execution}}
    service: {{name: service, preset: batch_service}}
    fleet: {{name: fleet, preset: spot_fleet}}
    user: {{name: user, preset: user, managed_policies: [AmazonS3ReadOnlyAccess]}}
  security_group:
    batch: {{name: batch, vpc: vpc-0123456789abcdef0, description: jobs}}
  endpoint:
    s3: {{vpc: vpc-0123456789abcdef0, service: s3, route_tables: [rtb-0123456789abcdef0]}}
    dynamodb: {{vpc: vpc-0123456789abcdef0, service: dynamodb, route_tables: [rtb-0123456789abcdef0]}}
    ecr-api: {{vpc: vpc-0123456789abcdef0, service: ecr.api, subnets: [subnet-0123456789abcdef0]}}
    ecr-dkr: {{vpc: vpc-0123456789abcdef0, service: ecr.dkr, subnets: [subnet-0123456789abcdef0]}}
    logs: {{vpc: vpc-0123456789abcdef0, service: logs, subnets: [subnet-0123456789abcdef0]}}
    ecs: {{vpc: vpc-0123456789abcdef0, service: ecs, subnets: [subnet-0123456789abcdef0]}}
    ecs-agent: {{vpc: vpc-0123456789abcdef0, service: ecs-agent, subnets: [subnet-0123456789abcdef0]}}
    ecs-telemetry: {{vpc: vpc-0123456789abcdef0, service: ecs-telemetry, subnets: [subnet-0123456789abcdef0]}}
    secretsmanager: {{vpc: vpc-0123456789abcdef0, service: secretsmanager, subnets: [subnet-0123456789abcdef0]}}
    sts: {{vpc: vpc-0123456789abcdef0, service: sts, subnets: [subnet-0123456789abcdef0]}}
  compute_environment:
    cpu:
      name: cpu
      type: EC2
      instance_role: role.instance
      subnets: [subnet-0123456789abcdef0]
      security_groups: [security_group.batch]
  job_queue:
    default: {{name: jobs, compute_environments: [compute_environment.cpu]}}
metaflow:
  datastore: bucket.data
  batch:
    queue: job_queue.default
    job_role: role.job
    execution_role: role.execution
    image: flows:1
    registry: ${{account}}.dkr.ecr.${{region}}.${{dns_suffix}}
    tags: {{team: ml}}
  step_functions:
    role: role.sfn
    events_role: role.events
    table: table.foreach
    log_group: log_group.flows
    prefix: prod
    distributed_map: true
  secrets: {{prefix: metaflow/}}
"""
WORLDS = {"us-east-1": "aws", "us-gov-west-1": "aws-us-gov", "cn-north-1": "aws-cn"}
# The services whose names begin with `cn.` in China; a Gateway's never does.
# https://docs.amazonaws.cn/en_us/vpc/latest/privatelink/aws-services-privatelink-support.html
WITH_CN = {"ecr.api", "ecr.dkr", "sts"}
# What begins like an ARN and is none: a pattern for every partition would end here too.
ARN = re.compile(r"arn:([a-z-]*):([a-z0-9-]*):([a-z0-9-]*):")
GLOBAL = {"iam", "s3"}


@pytest.fixture
def reading(tmp_path):
    def read(region, text=FILE):
        path = tmp_path / f"{region}.yaml"
        path.write_text(text.format(region=region), "utf-8")
        return desired.read(path)

    return read


def everything(environment):
    """All that a file makes us ask AWS for, as text: what each kind wishes, and what Metaflow is told."""
    wishes = [plain(catalogue.driver(item.kind).wish(item)) for item in environment.resources.values()]
    return json.dumps([wishes, settings(environment)])


@pytest.mark.parametrize(("region", "partition"), WORLDS.items())
def test_one_file_has_the_arns_of_its_partition_and_region_everywhere(reading, region, partition):
    found = ARN.findall(everything(reading(region).environment))
    assert len(found) > 40
    assert {one for one, _, _ in found} == {partition}
    assert {place for _, service, place in found if service not in GLOBAL} == {region}
    assert {place for _, service, place in found if service in GLOBAL} == {""}


@pytest.mark.parametrize(("region", "partition"), WORLDS.items())
def test_one_file_has_the_principals_of_its_partition(reading, region, partition):
    roles = [item for item in reading(region).environment.resources.values() if item.kind == "role"]
    trusted = {
        item.address.name: principal
        for item in roles
        for statement in item.spec["trust"]["Statement"]
        for principal in [statement["Principal"].get("Service")]
    }
    ec2 = "ec2.amazonaws.com.cn" if partition == "aws-cn" else "ec2.amazonaws.com"
    assert trusted == {
        "job": "ecs-tasks.amazonaws.com",
        "execution": "ecs-tasks.amazonaws.com",
        "sfn": "states.amazonaws.com",
        "events": "events.amazonaws.com",
        "instance": ec2,
        "service": "batch.amazonaws.com",
        "fleet": "spotfleet.amazonaws.com",
        "user": None,
    }


@pytest.mark.parametrize(("region", "partition"), WORLDS.items())
def test_one_file_has_the_endpoint_services_of_its_partition(reading, region, partition):
    endpoints = [item for item in reading(region).environment.resources.values() if item.kind == "endpoint"]
    names = {item.spec["service"]: catalogue.driver("endpoint").desired(item)["service"] for item in endpoints}
    prefixes = {name: "cn." if partition == "aws-cn" and name in WITH_CN else "" for name in names}
    assert names == {name: f"{prefixes[name]}com.amazonaws.{region}.{name}" for name in names}


@pytest.mark.parametrize(("region", "partition"), WORLDS.items())
def test_one_file_has_the_hosts_of_its_partition(reading, region, partition):
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    environment = reading(region).environment
    told = settings(environment)
    assert told["METAFLOW_BATCH_CONTAINER_REGISTRY"] == f"123456789012.dkr.ecr.{region}.{suffix}"
    assert told["METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN"].startswith(f"arn:{partition}:logs:{region}:")


@pytest.mark.parametrize("region", WORLDS)
@pytest.mark.parametrize("service", ["s3", "dynamodb", "batch", "states", "sts", "iam"])
def test_the_hosts_that_are_asked_are_known_to_be_of_aws(region, service):
    host = resolver().construct_endpoint(service, region)["hostname"]
    assert host.endswith(f".{Scope('prod', '123456789012', region).dns_suffix}")
    assert host.endswith(AWS_DOMAINS)


@pytest.mark.parametrize(("region", "partition"), WORLDS.items())
def test_one_file_warns_of_what_its_partition_cannot_do(reading, region, partition):
    warned = [(one.code, one.subject) for one in reading(region).warnings]
    assert warned == ([] if partition == "aws" else [("MF2115", "metaflow.step_functions.distributed_map")])


@pytest.mark.parametrize(
    ("region", "registry", "warns"),
    [
        ("cn-north-1", "123456789012.dkr.ecr.cn-north-1.amazonaws.com", True),
        ("cn-north-1", "123456789012.dkr.ecr.cn-northwest-1.amazonaws.com.cn", False),
        ("cn-north-1", "123456789012.dkr.ecr.us-east-1.amazonaws.com", True),
        ("us-gov-west-1", "123456789012.dkr.ecr.us-east-1.amazonaws.com", True),
        ("us-gov-west-1", "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", False),
        ("us-east-1", "123456789012.dkr.ecr.us-west-2.amazonaws.com", False),
        ("us-east-1", "registry.example.com", False),
    ],
)
def test_a_registry_of_another_partition_is_told(reading, region, registry, warns):
    text = FILE.replace("${{account}}.dkr.ecr.${{region}}.${{dns_suffix}}", registry)
    assert ("MF2133" in {one.code for one in reading(region, text).warnings}) is warns


def test_text_may_ask_for_all_that_differs_between_partitions():
    assert {"partition", "dns_suffix", "region"} <= set(interpolate.VARIABLES)
