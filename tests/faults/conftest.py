from __future__ import annotations

from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config
from botocore.retries.quota import RetryQuota

from mfinfra.sandbox import network


@pytest.fixture
def client(embedded):
    """Makes clients that send each request once; the sandbox is empty and without faults."""
    embedded.reset(transition_polls=0)
    made = []

    def make(service, url=embedded.endpoint, **config):
        config = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}} | config
        credentials = {
            "aws_access_key_id": network.ACCESS_KEY_ID,
            "aws_secret_access_key": network.SECRET_ACCESS_KEY,
            "region_name": network.REGION,
        }
        made.append(boto3.client(service, endpoint_url=url, config=Config(**config), **credentials))
        return made[-1]

    yield make
    embedded.reset()
    for each in made:
        each.close()


@pytest.fixture
def no_back_off(monkeypatch):
    """botocore repeats at once, as the pace of mfinfra's clock does not reach its own pauses: seconds a request.

    What repetitions it has left is filled up afterwards: the clients, and so their quotas, are the whole process's.
    """
    quotas = set()
    acquire = RetryQuota.acquire

    def remembered(quota, amount):
        quotas.add(quota)
        return acquire(quota, amount)

    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))
    monkeypatch.setattr(RetryQuota, "acquire", remembered)
    yield
    for quota in quotas:
        quota.release(500)
