import boto3
import pytest
from botocore.config import Config

from mfinfra.sandbox.embedded import EmbeddedServer
from mfinfra.sandbox.network import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY


@pytest.fixture(scope="session")
def running():
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def sandbox(running):
    """The sandbox, empty, with statuses that turn at once."""
    running.reset(transition_polls=0)
    return running


@pytest.fixture
def slow_sandbox(running):
    """The sandbox, empty, whose statuses are seen passing by one read."""
    running.reset(transition_polls=1)
    return running


@pytest.fixture(scope="session")
def client_of(running):
    session = boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=REGION
    )
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    made = {}

    def client(service, region=REGION):
        if (service, region) not in made:
            made[service, region] = session.client(
                service, endpoint_url=running.endpoint, region_name=region, config=config
            )
        return made[service, region]

    yield client
    for each in made.values():
        each.close()
