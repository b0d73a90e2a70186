"""What `export cloudformation` says, held to AWS's own schemas by AWS's own checker."""

from __future__ import annotations

import json
import re

import exported
import pytest
import yaml

from mfinfra import catalogue
from mfinfra.exporting import cloudformation, written
from mfinfra.exporting.cloudformation import template
from mfinfra.exporting.cloudformation.template import Intrinsic

each_example = pytest.mark.parametrize("path", exported.EXAMPLES, ids=lambda path: path.stem)
each_kind = pytest.mark.parametrize("kind", catalogue.kinds())
REGION = "us-east-1"


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


for function in ("Ref", "GetAtt", "Sub", "Base64"):
    Loader.add_constructor(
        f"!{function}", lambda loader, node, function=function: Intrinsic(function, loader.construct_scalar(node))
    )


def read(text):
    return yaml.load(text, Loader)  # a SafeLoader with four more tags


def named(value):
    """The logical ids that are referred to in `value`."""
    match value:
        case Intrinsic("Ref", text):
            yield text
        case Intrinsic("GetAtt", text):
            yield text.partition(".")[0]
        case Intrinsic("Sub", text):
            yield from (name.partition(".")[0] for name in re.findall(r"\$\{([^!}][^}]*)\}", text))
        case dict():
            for item in value.values():
                yield from named(item)
        case list():
            for item in value:
                yield from named(item)


def test_every_kind_has_a_form():
    assert tuple(written.forms(cloudformation.KINDS)) == catalogue.kinds()


@each_example
def test_everything_is_retained_and_imported(path):
    done = cloudformation.write(exported.example(path))
    resources = read(done.files[cloudformation.TEMPLATE])["Resources"]
    imports = json.loads(done.files[cloudformation.IMPORTS])
    assert [row["LogicalResourceId"] for row in imports] == list(resources)
    for row in imports:
        resource = resources[row["LogicalResourceId"]]
        assert row["ResourceType"] == resource["Type"]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
        for name, value in row["ResourceIdentifier"].items():
            said = resource["Properties"].get(name, value)
            assert said == value or isinstance(said, Intrinsic)


@each_example
def test_every_reference_leads_to_a_resource_that_was_written_before(path):
    before = set()
    for logical, resource in read(cloudformation.write(exported.example(path)).whole)["Resources"].items():
        assert set(named(resource)) <= before
        before.add(logical)


def test_the_commands_fit_the_template():
    path = exported.ROOT / "environments" / "gpu.yaml"
    head = cloudformation.write(exported.example(path)).whole.partition("AWSTemplate")[0]
    assert all(line.startswith("#") for line in head.splitlines())
    assert "--template-body file://template.yaml" in head
    assert f"mfinfra forget {path} all" in head
    assert "--change-set-type IMPORT" in head


@pytest.mark.slow
def test_cfn_lint_finds_nothing():
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    for path in exported.EXAMPLES:
        found = lint(cloudformation.write(exported.example(path)).whole, config=ManualArgs(regions=[REGION]))
        assert [str(one) for one in found] == [], path.stem


def sample(value):
    """`value` with a text for everything that is a reference: the schema is asked about the rest."""
    match value:
        case Intrinsic("GetAtt", text) if text.endswith("VersionNumber"):
            return "1"
        case Intrinsic(_, text):
            return f"arn:aws:iam::123456789012:role/{re.sub('[^A-Za-z0-9]', '-', text)}"
        case dict():
            return {key: sample(item) for key, item in value.items()}
        case list():
            return [sample(item) for item in value]
        case _:
            return value


@pytest.mark.slow
@each_kind
def test_every_value_of_every_field_fits_the_schema_of_its_type(kind):
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
    from jsonschema import Draft7Validator

    for chosen in exported.varied(kind):
        done = cloudformation.write(chosen)
        imports = json.loads(done.files[cloudformation.IMPORTS])
        found = read(done.whole)["Resources"]
        for row in imports:
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, row["ResourceType"]).schema
            properties = sample(found[row["LogicalResourceId"]]["Properties"])
            problems = [
                f"{row['ResourceType']} {list(one.absolute_path)}: {one.message[:200]}"
                for one in Draft7Validator(schema).iter_errors(properties)
            ]
            assert problems == []
            assert schema["primaryIdentifier"] == [f"/properties/{name}" for name in row["ResourceIdentifier"]]


@pytest.mark.slow
def test_the_sandbox_takes_the_template_for_one(stack):
    path = exported.ROOT / "environments" / "encrypted.yaml"
    client = stack.client("cloudformation")
    answer = client.validate_template(TemplateBody=cloudformation.write(exported.example(path)).whole)
    assert answer["Description"] == "Resources of `encrypted` (account 123456789012, us-east-1)"


TEXTS = [
    "",
    "yes",
    "No",
    "null",
    "a",
    "1",
    "a: b",
    "${x}",
    "- a",
    "#",
    "é漢😀",
    '"',
    "\\",
    "\n",
    "\x7f\x85\u2028",
    "AWS::S3::Bucket",
]


@pytest.mark.parametrize("text", [*TEXTS, " ".join(TEXTS)])
def test_text_comes_back_as_it_was(text):
    value = {"it": [text, {text: [text], "deep": [[text], {}]}], "none": [], "n": 1.5, "b": True}
    assert yaml.safe_load(template.document({"top": value})) == {"top": value}


@pytest.mark.parametrize(
    "text", ["a\nb\n", "#!/bin/sh\necho ${x}\n\n  y\n", "a\n \nb\n", " a\nb\n", "a\nb", "\na\nb\n", "a\nb\n\n"]
)
def test_a_script_comes_back_as_it_was(text):
    assert read(template.document({"it": Intrinsic("Base64", text)})) == {"it": Intrinsic("Base64", text)}


def test_what_is_no_reference_inside_of_one_stays_text(tmp_path):
    bucket = {
        "name": "prod-metaflow-123456789012",
        "policy": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::prod-metaflow-123456789012/home/$${aws:username}/*",
                }
            ],
        },
    }
    role = {
        "name": "people",
        "trust": {"services": ["ec2.amazonaws.com"]},
        "policies": {
            "own": {
                "Version": "2012-10-17",
                "Statement": bucket["policy"]["Statement"]
                and [
                    {
                        "Effect": "Allow",
                        "Action": "s3:GetObject",
                        "Resource": bucket["policy"]["Statement"][0]["Resource"],
                    }
                ],
            }
        },
    }
    done = cloudformation.write(exported.chosen_of({"bucket": {"data": bucket}, "role": {"people": role}}, tmp_path))
    found = read(done.whole)["Resources"]["RolePeople"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
    assert found["Resource"] == Intrinsic("Sub", "${BucketData.Arn}/home/${!aws:username}/*")


def test_a_rule_from_the_group_itself_names_it_by_its_id(tmp_path):
    rule = {"protocol": "tcp", "port": 443, "security_group": "self"}
    group = {"name": "batch", "vpc": "vpc-00000000000000001", "ingress": [rule], "egress": [rule]}
    done = cloudformation.write(exported.chosen_of({"security_group": {"batch": group}}, tmp_path))
    own = json.loads(done.files[cloudformation.IMPORTS])[0]["ResourceIdentifier"]["Id"]
    found = read(done.whole)["Resources"]["SecurityGroupBatch"]["Properties"]
    assert found["SecurityGroupIngress"][0]["SourceSecurityGroupId"] == own
    assert found["SecurityGroupEgress"][0]["DestinationSecurityGroupId"] == own
