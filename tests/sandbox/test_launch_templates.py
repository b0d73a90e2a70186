import base64

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "team", "Value": "ml"}]
DATA = {"EbsOptimized": True}


def refused(code, call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


@pytest.fixture
def ec2(sandbox, client_of):
    return client_of("ec2")


@pytest.fixture
def strict_ec2(running, client_of):
    running.reset(transition_polls=0, late_by=2)
    return client_of("ec2")


def create(ec2, name="gpu", data=DATA, **more):
    return ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data, **more)["LaunchTemplate"]


def again(ec2, made, data, **more):
    answer = ec2.create_launch_template_version(
        LaunchTemplateId=made["LaunchTemplateId"], LaunchTemplateData=data, **more
    )
    return answer["LaunchTemplateVersion"]["VersionNumber"]


def versions(ec2, *asked, name="gpu"):
    answer = ec2.describe_launch_template_versions(LaunchTemplateName=name, Versions=list(asked))
    return {row["VersionNumber"]: row["LaunchTemplateData"] for row in answer["LaunchTemplateVersions"]}


def described(ec2, **params):
    return ec2.describe_launch_templates(**params)["LaunchTemplates"]


def test_a_template_has_its_tags_and_its_data_has_them_not(ec2):
    instance = [{"ResourceType": "instance", "Tags": [{"Key": "stage", "Value": "prod"}]}]
    create(ec2, TagSpecifications=[{"ResourceType": "launch-template", "Tags": TAGS}])
    create(
        ec2,
        "cpu",
        {**DATA, "TagSpecifications": instance},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": TAGS}],
    )
    assert [row["Tags"] for row in described(ec2)] == [TAGS, TAGS]
    assert versions(ec2, "$Default") == {1: DATA}
    assert versions(ec2, "$Default", name="cpu") == {1: {**DATA, "TagSpecifications": instance}}


def test_tags_are_changed_after_a_template_was_made(ec2):
    made = create(ec2)
    ec2.create_tags(Resources=[made["LaunchTemplateId"]], Tags=TAGS)
    assert described(ec2)[0]["Tags"] == TAGS
    ec2.delete_tags(Resources=[made["LaunchTemplateId"]], Tags=TAGS)
    assert described(ec2)[0].get("Tags", []) == []


def test_a_version_is_made_and_becomes_the_default(ec2):
    made = create(ec2)
    assert again(ec2, made, {"EbsOptimized": False}) == 2
    assert versions(ec2, "$Default", "$Latest") == {1: DATA, 2: {"EbsOptimized": False}}
    ec2.modify_launch_template(LaunchTemplateId=made["LaunchTemplateId"], DefaultVersion="2")
    assert versions(ec2, "$Default", "$Latest") == {2: {"EbsOptimized": False}}
    assert [described(ec2)[0][key] for key in ("DefaultVersionNumber", "LatestVersionNumber")] == [2, 2]


def test_a_token_makes_one_thing(ec2):
    first, second = (create(ec2, ClientToken="t") for _ in range(2))
    assert first["LaunchTemplateId"] == second["LaunchTemplateId"]
    numbers = [again(ec2, first, {"EbsOptimized": False}, ClientToken="v") for _ in range(2)]
    assert (numbers, len(versions(ec2, "1", "2"))) == ([2, 2], 2)
    refused("IdempotentParameterMismatch", again, ec2=ec2, made=first, data=DATA, ClientToken="v")
    assert again(ec2, first, DATA, ClientToken="w") == 3


def test_a_name_is_taken_once(ec2):
    create(ec2)
    refused("InvalidLaunchTemplateName.AlreadyExistsException", create, ec2=ec2)


@pytest.mark.parametrize("name", ["ab", "with space", "x" * 129])
def test_names_that_ec2_refuses_are_refused(ec2, name):
    refused("InvalidLaunchTemplateName.MalformedException", create, ec2=ec2, name=name)


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("MissingParameter", {}),
        ("InvalidUserData.Malformed", {"UserData": "#!/bin/sh"}),
        ("InvalidParameterValue", {"UserData": base64.b64encode(b"x" * 16385).decode()}),
        ("InvalidParameterValue", {"MetadataOptions": {"HttpPutResponseHopLimit": 65}}),
    ],
    ids=lambda value: str(value)[:60],
)
def test_data_that_ec2_refuses_is_refused(ec2, code, data):
    made = create(ec2)
    refused(code, create, ec2=ec2, name="other", data=data)
    refused(code, again, ec2=ec2, made=made, data=data)


def test_user_data_of_just_the_limit_is_taken_and_read_back(ec2):
    text = base64.b64encode(b"x" * 16384).decode()
    create(ec2, data={"UserData": text})
    assert versions(ec2, "$Default") == {1: {"UserData": text}}


def test_what_is_not_there_is_told_by_the_code_for_an_id_or_a_name(ec2):
    by_id = {"LaunchTemplateId": "lt-00000000000000000"}
    by_name = {"LaunchTemplateName": "ghost"}
    for call, params in (
        (ec2.delete_launch_template, {}),
        (ec2.modify_launch_template, {"DefaultVersion": "1"}),
        (ec2.create_launch_template_version, {"LaunchTemplateData": DATA}),
        (ec2.describe_launch_template_versions, {"Versions": ["$Latest"]}),
    ):
        refused("InvalidLaunchTemplateId.NotFound", call, **by_id, **params)
        refused("InvalidLaunchTemplateName.NotFoundException", call, **by_name, **params)
    ids, names = ["lt-00000000000000000"], ["ghost"]
    refused("InvalidLaunchTemplateId.NotFound", ec2.describe_launch_templates, LaunchTemplateIds=ids)
    refused("InvalidLaunchTemplateName.NotFoundException", ec2.describe_launch_templates, LaunchTemplateNames=names)
    refused("InvalidLaunchTemplateId.NotFound", ec2.create_tags, Resources=ids, Tags=TAGS)
    assert described(ec2, Filters=[{"Name": "launch-template-name", "Values": names}]) == []


def test_a_version_that_is_not_there_is_refused(ec2):
    made = create(ec2)
    code = "InvalidLaunchTemplateId.VersionNotFound"
    refused(code, ec2.modify_launch_template, LaunchTemplateId=made["LaunchTemplateId"], DefaultVersion="2")
    refused(code, ec2.describe_launch_template_versions, LaunchTemplateName="gpu", Versions=["7"])


def test_templates_come_in_pages_and_none_is_left_out(ec2):
    names = [f"gpu-{number:02}" for number in range(17)]
    for name in names:
        create(ec2, name)
    assert [row["LaunchTemplateName"] for row in described(ec2)] == names
    pages = ec2.get_paginator("describe_launch_templates").paginate(PaginationConfig={"PageSize": 5})
    assert [len(page["LaunchTemplates"]) for page in pages] == [5, 5, 5, 2]


def test_a_deleted_template_takes_its_versions_along(ec2):
    made = create(ec2)
    again(ec2, made, {"EbsOptimized": False})
    ec2.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"])
    assert described(ec2) == []
    assert create(ec2)["LatestVersionNumber"] == 1


def test_a_strict_sandbox_misses_a_new_template_once_for_each_operation(strict_ec2):
    made = create(strict_ec2)
    asked = {"LaunchTemplateId": made["LaunchTemplateId"], "Versions": ["$Default"]}
    refused("InvalidLaunchTemplateId.NotFound", strict_ec2.describe_launch_template_versions, **asked)
    assert strict_ec2.describe_launch_template_versions(**asked)["LaunchTemplateVersions"]
    tagging = {"Resources": [made["LaunchTemplateId"]], "Tags": TAGS}
    refused("InvalidLaunchTemplateId.NotFound", strict_ec2.create_tags, **tagging)
    strict_ec2.create_tags(**tagging)


def test_a_strict_sandbox_knows_a_new_version_late(strict_ec2):
    made = create(strict_ec2)
    number = {"LaunchTemplateId": made["LaunchTemplateId"]}
    code = "InvalidLaunchTemplateId.VersionNotFound"
    for operation in (strict_ec2.create_launch_template_version, strict_ec2.modify_launch_template):
        refused("InvalidLaunchTemplateId.NotFound", operation, **number, **MISSED[operation.__name__])
    refused("InvalidLaunchTemplateName.NotFoundException", versions, ec2=strict_ec2)
    assert again(strict_ec2, made, {"EbsOptimized": False}) == 2
    assert [*versions(strict_ec2, "$Latest"), *versions(strict_ec2, "$Latest"), *versions(strict_ec2, "$Latest")] == [
        *(1, 1, 2)
    ]
    refused(code, strict_ec2.describe_launch_template_versions, **number, Versions=["2"])
    refused(code, strict_ec2.modify_launch_template, **number, DefaultVersion="2")
    strict_ec2.modify_launch_template(**number, DefaultVersion="2")
    assert versions(strict_ec2, "$Default") == {2: {"EbsOptimized": False}}


MISSED = {
    "create_launch_template_version": {"LaunchTemplateData": DATA},
    "modify_launch_template": {"DefaultVersion": "1"},
}
