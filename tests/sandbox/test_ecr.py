import json

import pytest
from botocore.exceptions import ClientError

LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 3},
            "action": {"type": "expire"},
        }
    ]
}


def refused(code, call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code


@pytest.fixture
def ecr(sandbox, client_of):
    return client_of("ecr")


def test_one_missing_repository_fails_the_whole_description(ecr):
    ecr.create_repository(repositoryName="metaflow")
    refused("RepositoryNotFoundException", ecr.describe_repositories, repositoryNames=["metaflow", "ghost"])
    assert len(ecr.describe_repositories(repositoryNames=["metaflow"])["repositories"]) == 1


def test_a_repository_is_born_with_the_settings_of_aws(ecr):
    said = ecr.create_repository(repositoryName="metaflow")["repository"]
    assert said["imageTagMutability"] == "MUTABLE"
    assert said["imageScanningConfiguration"] == {"scanOnPush": False}
    assert said["encryptionConfiguration"] == {"encryptionType": "AES256"}


def test_facets_are_set_and_missing_ones_have_their_own_errors(ecr):
    ecr.create_repository(repositoryName="metaflow")
    refused("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName="metaflow")
    refused("RepositoryPolicyNotFoundException", ecr.get_repository_policy, repositoryName="metaflow")
    ecr.put_lifecycle_policy(repositoryName="metaflow", lifecyclePolicyText=json.dumps(LIFECYCLE))
    said = ecr.get_lifecycle_policy(repositoryName="metaflow")["lifecyclePolicyText"]
    assert json.loads(said) == LIFECYCLE
    ecr.put_image_tag_mutability(repositoryName="metaflow", imageTagMutability="IMMUTABLE")
    said = ecr.describe_repositories(repositoryNames=["metaflow"])["repositories"][0]
    assert said["imageTagMutability"] == "IMMUTABLE"
