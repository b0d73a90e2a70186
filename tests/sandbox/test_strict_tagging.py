"""A strict tagging service: https://github.com/boto/boto3/issues/3341 ."""

import pytest
from looks import LATE

ARN = "arn:aws:ecr:us-east-1:123456789012:repository/images"
NAME = {"repositoryName": "images"}


@pytest.fixture
def tagging(running, client_of):
    running.reset(transition_polls=2, late_by=LATE)
    return client_of("resourcegroupstaggingapi")


def looks(tagging, number):
    """What each of some looks finds: the value of the tag, if the thing is listed."""
    return [found(tagging) for _ in range(number)]


def found(tagging):
    answer = tagging.get_resources(TagFilters=[{"Key": "mf"}])["ResourceTagMappingList"]
    return next((row["Tags"][0]["Value"] for row in answer if row["ResourceARN"] == ARN), None)


def test_what_is_new_is_listed_some_looks_later_and_what_is_gone_goes_on_to_be_listed(tagging, client_of):
    ecr = client_of("ecr")
    ecr.create_repository(**NAME, tags=[{"Key": "mf", "Value": "prod"}])
    assert looks(tagging, LATE + 1) == [None] * LATE + ["prod"]
    ecr.delete_repository(**NAME)
    assert looks(tagging, LATE + 1) == ["prod"] * LATE + [None]


def test_new_tags_are_listed_some_looks_later(tagging, client_of):
    batch = client_of("batch")
    arn = batch.create_compute_environment(computeEnvironmentName="ce", type="UNMANAGED", tags={"mf": "old"})
    arn = arn["computeEnvironmentArn"]

    def listed():
        rows = tagging.get_resources(ResourceARNList=[arn])["ResourceTagMappingList"]
        return [row["Tags"][0]["Value"] for row in rows]

    assert [listed() for _ in range(LATE + 1)][-1] == ["old"]
    batch.tag_resource(resourceArn=arn, tags={"mf": "new"})
    assert [listed() for _ in range(LATE + 1)] == [["old"]] * LATE + [["new"]]


def test_what_comes_back_meanwhile_was_never_gone(tagging, client_of):
    ecr = client_of("ecr")
    tags = {"tags": [{"Key": "mf", "Value": "prod"}]}
    ecr.create_repository(**NAME, **tags)
    looks(tagging, LATE + 1)
    ecr.delete_repository(**NAME)
    assert looks(tagging, LATE) == ["prod"] * LATE
    ecr.create_repository(**NAME, **tags)
    assert looks(tagging, LATE) == ["prod"] * LATE


def test_all_pages_of_one_list_are_one_look(tagging, client_of):
    for number in range(4):
        tags = {"tags": [{"Key": "mf", "Value": "prod"}]}
        client_of("ecr").create_repository(repositoryName=f"images-{number}", **tags)
    looks(tagging, LATE)

    def listed():
        pages = tagging.get_paginator("get_resources").paginate(TagFilters=[{"Key": "mf"}], ResourcesPerPage=1)
        return [row["ResourceARN"] for page in pages for row in page["ResourceTagMappingList"]]

    assert len(listed()) == 4
    client_of("ecr").delete_repository(repositoryName="images-0")
    assert [len(listed()) for _ in range(LATE + 1)] == [4] * LATE + [3]
