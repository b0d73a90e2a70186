"""What `export terraform` says, held to the provider's own names, and where Terraform is there to Terraform itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import exported
import hcl_read
import pytest
from hcl_read import Expr

from mfinfra import catalogue, desired
from mfinfra.exporting import terraform, written
from mfinfra.exporting.terraform.hcl import Expression, Function, Interpolated, Nested

HERE = Path(__file__).parent
TABLE = json.loads((HERE / "arguments.json").read_text("utf-8"))
OF_ALL = {"lifecycle": {"prevent_destroy": {}, "ignore_changes": {}}}
MAJORS = (5, 6)
each_example = pytest.mark.parametrize("path", exported.EXAMPLES, ids=lambda path: path.stem)
each_kind = pytest.mark.parametrize("kind", catalogue.kinds())
REFERENCE = re.compile(r"(aws_\w+)\.(\w+)\.(\w+)")


def known(major):
    """The arguments of each type in that major version."""
    if major == 5:
        return TABLE["5"]
    found = json.loads(json.dumps(TABLE["5"]))
    for path in TABLE["6"]["removed"]:
        kind, name = path.split(".")
        del found[kind][name]
    for path in TABLE["6"]["added"]:
        kind, *steps = path.split(".")
        place = found[kind]
        for step in steps:
            place = place.setdefault(step, {})
    return found


def strange(body, arguments, place):
    """The arguments in `body` that the provider does not know."""
    for name, value in body.items():
        if name not in arguments:
            yield f"{place}.{name}"
        for inner in value if isinstance(value, tuple) else [value]:
            if isinstance(inner, Nested):
                yield from strange(inner.body, arguments.get(name, {}), f"{place}.{name}")


def plainly(value):
    """A value of ours as `hcl_read` gives it back."""
    match value:
        case Nested(body):
            return [plainly(body)]
        case (Nested(), *_):
            return [plainly(one.body) for one in value]
        case Expression(text):
            return Expr(text)
        case Interpolated(parts):
            return "".join(f"${{{part.text}}}" if isinstance(part, Expression) else part for part in parts)
        case Function(name, argument):
            return name, plainly(argument)
        case dict():
            return {key: plainly(item) for key, item in value.items()}
        case list():
            return [plainly(item) for item in value]
        case _:
            return value


def as_text(value):
    """The same where text with expressions in it is text."""
    match value:
        case Expr(text) if "${" in text:
            return text
        case dict():
            return {key: as_text(item) for key, item in value.items()}
        case list():
            return [as_text(item) for item in value]
        case tuple():
            return tuple(as_text(item) for item in value)
        case _:
            return value


def test_every_kind_has_a_form():
    assert tuple(written.forms(terraform.KINDS)) == catalogue.kinds()


QUICK = [("encrypted", 6), ("gpu", 5)]
"""The examples that have everything in them; to parse all of them takes seconds."""


@pytest.mark.parametrize(
    ("path", "major"),
    [
        pytest.param(
            path, major, id=f"{path.stem}-{major}", marks=() if (path.stem, major) in QUICK else pytest.mark.slow
        )
        for path in exported.EXAMPLES
        for major in MAJORS
        if major == max(MAJORS) or (path.stem, major) in QUICK
    ],
)
def test_the_text_says_what_was_meant(path, major):
    chosen = exported.example(path)
    files = terraform.write(chosen, major).files
    pairs = terraform.blocks(chosen, major)
    found = as_text(hcl_read.document(files["main.tf"])["resource"])
    assert sum(map(len, found.values())) == len(pairs)
    for taken, resource in pairs:
        kind, name = resource.labels
        assert found[kind][name] == plainly(resource.body)
        assert taken.body["to"] == Expression(f"{kind}.{name}")
    imports = hcl_read.document(files["imports.tf"])["import"]
    assert imports == [plainly(dict(taken.body)) for taken, _ in pairs]


@each_example
def test_every_reference_leads_to_a_resource_that_was_written_before(path):
    pairs = terraform.blocks(exported.example(path))
    before = set()
    for _, resource in pairs:
        kind, name = resource.labels
        for other, label, _attribute in REFERENCE.findall(json.dumps(plainly(resource.body), default=str)):
            assert (other, label) in before | {(kind, name)}, resource
        before.add((kind, name))


@pytest.mark.slow
@each_kind
def test_the_provider_knows_every_argument_and_all_that_it_shall_leave_alone(kind):
    for chosen in exported.varied(kind):
        for major in MAJORS:
            table = known(major)
            for _, resource in terraform.blocks(chosen, major):
                of = resource.labels[0]
                assert list(strange(resource.body, {**table[of], **OF_ALL}, of)) == []
                assert list(unknown(resource.body.get("lifecycle"), table[of])) == []


def unknown(lifecycle, arguments):
    """The paths in `ignore_changes` that lead nowhere."""
    for ignored in lifecycle.body.get("ignore_changes", ()) if lifecycle else ():
        place = arguments
        for step in ignored.text.replace("[0]", "").split("."):
            if step not in place:
                yield ignored.text
                break
            place = place[step]


def test_what_is_protected_cannot_be_destroyed_by_terraform_either():
    chosen = exported.example(exported.ROOT / "environments" / "encrypted.yaml")
    kept = {
        resource.labels
        for _, resource in terraform.blocks(chosen)
        if "lifecycle" in resource.body and resource.body["lifecycle"].body.get("prevent_destroy")
    }
    assert {kind for kind, _ in kept} == {
        "aws_s3_bucket", "aws_dynamodb_table", "aws_cloudwatch_log_group", "aws_ecr_repository", "aws_kms_key",
        "aws_secretsmanager_secret",
    }  # fmt: skip


def bodies(resources, tmp_path, major=6, **live):
    pairs = terraform.blocks(exported.chosen_of(resources, tmp_path, **live), major)
    return {resource.labels: plainly(dict(resource.body)) for _, resource in pairs}


GROUP = {"name": "batch", "vpc": "vpc-00000000000000001", "description": "Batch"}


def test_rules_of_the_same_ports_stand_in_one_block_as_the_provider_reads_them(tmp_path):
    rules = [
        {"protocol": "tcp", "port": 443, "cidr": "10.1.0.0/16"},
        {"protocol": "tcp", "port": 443, "cidr": "10.0.0.0/16"},
        {"protocol": "tcp", "port": 443, "security_group": "self"},
        {"protocol": "all", "cidr_ipv6": "::/0", "description": "all of it"},
    ]
    found = bodies({"security_group": {"batch": {**GROUP, "ingress": rules, "egress": []}}}, tmp_path)
    assert found["aws_security_group", "batch"]["ingress"] == [
        {"description": "all of it", "protocol": "-1", "from_port": 0, "to_port": 0, "ipv6_cidr_blocks": ["::/0"]},
        {
            "protocol": "tcp",
            "from_port": 443,
            "to_port": 443,
            "cidr_blocks": ["10.0.0.0/16", "10.1.0.0/16"],
            "self": True,
        },
    ]
    assert found["aws_security_group", "batch"]["egress"] == []


def test_a_field_that_the_file_leaves_to_aws_is_left_by_terraform_too(tmp_path):
    table = {"name": "splits", "billing_mode": "PROVISIONED", "read_capacity": None}
    live = {"read_capacity": 17, "write_capacity": 5}
    found = bodies({"table": {"foreach": table}}, tmp_path, **{"table.foreach": live})
    body = found["aws_dynamodb_table", "foreach"]
    assert (body["read_capacity"], body["write_capacity"]) == (17, 5)
    assert {Expr("read_capacity"), Expr("write_capacity")} <= set(body["lifecycle"][0]["ignore_changes"])


def test_a_role_that_is_not_exclusive_lets_others_add_policies(tmp_path):
    role = {
        "name": "jobs",
        "trust": {"services": ["ecs-tasks.amazonaws.com"]},
        "managed_policies": ["AmazonS3FullAccess"],
    }
    exclusive = {"aws_iam_role_policies_exclusive", "aws_iam_role_policy_attachments_exclusive"}
    alone = {kind for kind, _ in bodies({"role": {"jobs": role}}, tmp_path)}
    shared = {kind for kind, _ in bodies({"role": {"jobs": {**role, "exclusive": False}}}, tmp_path)}
    assert alone - shared == exclusive
    assert shared == {"aws_iam_role", "aws_iam_role_policy_attachment"}


def test_what_others_have_given_a_role_stays_theirs(tmp_path):
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    role = {"name": "jobs", "trust": {"services": ["ecs-tasks.amazonaws.com"]}, "exclusive": False}
    wished = {"policies": {"ours": document}, "managed_policies": ["ReadOnlyAccess"]}
    both = {
        "policies": {"ours": document, "theirs": document},
        "managed_policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/PowerUserAccess"],
    }
    for fields, left in ((wished, ["jobs_ours", "jobs_readonlyaccess"]), (dict.fromkeys(wished), [])):
        found = bodies({"role": {"jobs": {**role, **fields}}}, tmp_path, **{"role.jobs": both})
        assert [name for kind, name in found if kind != "aws_iam_role"] == left


def test_two_addresses_never_share_a_name(tmp_path):
    groups = {"a-b": {"name": "one"}, "a_b": {"name": "two"}}
    found = bodies({"log_group": groups}, tmp_path)
    assert {name: body["name"] for (_, name), body in found.items()} == {"a_b": "one", "a_b_2": "two"}


def test_an_older_provider_is_written_to_in_its_words(tmp_path):
    path = exported.ROOT / "environments" / "fargate.yaml"
    five = {resource.labels: resource.body for _, resource in terraform.blocks(exported.example(path), 5)}
    assert five["aws_batch_compute_environment", "fargate"]["compute_environment_name"] == "metaflow-fargate"
    assert plainly(five["aws_batch_job_queue", "spot"]["compute_environments"]) == [
        Expr("aws_batch_compute_environment.fargate_spot.arn"),
        Expr("aws_batch_compute_environment.fargate.arn"),
    ]


def test_the_version_of_a_launch_template_follows_it_and_a_newer_one_of_others_does_not_count(tmp_path):
    from dataclasses import replace

    from mfinfra.exporting import subjects

    made = exported.planned(desired.read(exported.ROOT / "environments" / "gpu.yaml").environment)

    def version(latest):
        planned = tuple(
            replace(one, observed=replace(one.observed, facts={**one.observed.facts, "latest": latest}))
            if one.step.address.kind == "launch_template"
            else one
            for one in made.planned
        )
        found = {res.labels: res.body for _, res in terraform.blocks(subjects.of(replace(made, planned=planned)))}
        template = found["aws_batch_compute_environment", "scarce"]["compute_resources"].body["launch_template"].body
        return plainly(template["version"])

    assert version(1) == Expr("aws_launch_template.scarce.latest_version")
    assert version(2) == "1"


def test_a_strategy_that_nobody_may_have_named_replaces_no_environment(tmp_path):
    """Batch answers with none where none was asked for, which is the same as `BEST_FIT` there and not in Terraform."""
    resources = {
        "security_group": {"batch": GROUP},
        "role": {"instance": {"name": "ecsInstanceRole", "preset": "ecs_instance"}},
        "compute_environment": {
            "cpu": {
                "name": "cpu",
                "type": "EC2",
                "allocation_strategy": "BEST_FIT",
                "subnets": ["subnet-0000000000000000a"],
                "security_groups": ["security_group.batch"],
                "service_role": "arn:aws:iam::123456789012:role/AWSBatchServiceRole",
                "instance_role": "role.instance",
            }
        },
    }
    body = bodies(resources, tmp_path)["aws_batch_compute_environment", "cpu"]
    assert "allocation_strategy" not in body["compute_resources"][0]
    assert Expr("compute_resources[0].allocation_strategy") in body["lifecycle"][0]["ignore_changes"]
