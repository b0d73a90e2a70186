"""Conditional writes of S3, which a lock is made of."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError
from moto.s3.models import S3Backend


@pytest.fixture
def s3(sandbox, client_of):
    client_of("s3").create_bucket(Bucket="store")
    return client_of("s3")


@pytest.fixture
def etag(s3):
    return s3.put_object(Bucket="store", Key="lock", Body=b"0")["ETag"]


@pytest.fixture
def together(etag, monkeypatch):
    """Two requests that find out what is there before either of them writes, where the sandbox lets them."""
    met, put = threading.Barrier(2), S3Backend.put_object

    def slow(*args, **named):
        with suppress(threading.BrokenBarrierError):  # the other one was kept out
            met.wait(0.2)
        return put(*args, **named)

    monkeypatch.setattr(S3Backend, "put_object", slow)


def code(call, **params):
    try:
        call(**params)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "taken"


@pytest.mark.parametrize("condition", ["IfNoneMatch", "IfMatch"])
def test_of_two_conditional_writes_at_once_one_is_taken(s3, etag, together, condition):
    params = {"Key": "new", "IfNoneMatch": "*"} if condition == "IfNoneMatch" else {"Key": "lock", "IfMatch": etag}
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda body: code(s3.put_object, Bucket="store", Body=body, **params), [b"1", b"2"])
    assert sorted(answers) == ["PreconditionFailed", "taken"]


def test_what_is_gone_matches_nothing(s3, etag):
    s3.delete_object(Bucket="store", Key="lock", IfMatch=etag)
    assert code(s3.put_object, Bucket="store", Key="lock", Body=b"1", IfMatch=etag) == "NoSuchKey"
    assert code(s3.delete_object, Bucket="store", Key="lock", IfMatch=etag) == "NoSuchKey"


def test_in_a_bucket_with_versions_a_deleted_object_is_none(s3):
    s3.put_bucket_versioning(Bucket="store", VersioningConfiguration={"Status": "Enabled"})
    etag = s3.put_object(Bucket="store", Key="lock", Body=b"0")["ETag"]
    assert code(s3.put_object, Bucket="store", Key="lock", Body=b"1", IfNoneMatch="*") == "PreconditionFailed"
    assert code(s3.delete_object, Bucket="store", Key="lock", IfMatch='"another"') == "PreconditionFailed"
    s3.delete_object(Bucket="store", Key="lock", IfMatch=etag)
    assert code(s3.put_object, Bucket="store", Key="lock", Body=b"1", IfNoneMatch="*") == "taken"
