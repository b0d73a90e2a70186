"""A strict S3. What AWS says of each: `mfinfra.sandbox.corrections.s3.late`."""

import json

import pytest
from botocore.exceptions import ClientError
from looks import LATE, looks_until, refused, trust

BUCKET = "mf-data"
AES = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}]}
ARN = "arn:aws:iam::123456789012:role/reader"


@pytest.fixture
def s3(running, client_of):
    running.reset(transition_polls=2, late_by=LATE)
    return client_of("s3")


@pytest.fixture
def bucket(s3):
    """A bucket that everything knows by now."""
    s3.create_bucket(Bucket=BUCKET)
    looks_until("404", s3.head_bucket, Bucket=BUCKET)
    for name in ("encryption", "versioning", "ownership_controls", "policy", "tagging", "lifecycle_configuration"):
        for _ in range(LATE):
            assert refused(getattr(s3, f"get_bucket_{name}"), Bucket=BUCKET) == "NoSuchBucket"
    for _ in range(LATE):
        assert refused(s3.get_public_access_block, Bucket=BUCKET) == "NoSuchBucket"
    return s3


def test_a_new_bucket_is_there_for_head_before_its_settings_know_it(s3):
    s3.create_bucket(Bucket=BUCKET)
    assert looks_until("404", s3.head_bucket, Bucket=BUCKET) == 1
    put = {"Bucket": BUCKET, "ServerSideEncryptionConfiguration": AES}
    assert looks_until("NoSuchBucket", s3.put_bucket_encryption, **put) == LATE
    assert looks_until("NoSuchBucket", s3.get_bucket_versioning, Bucket=BUCKET) == LATE


def test_a_setting_reads_as_it_was_for_a_look(bucket):
    assert "Status" not in bucket.get_bucket_versioning(Bucket=BUCKET)
    bucket.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    assert "Status" not in bucket.get_bucket_versioning(Bucket=BUCKET)
    assert bucket.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    bucket.put_bucket_tagging(Bucket=BUCKET, Tagging=tags)
    assert refused(bucket.get_bucket_tagging, Bucket=BUCKET) == "NoSuchTagSet"
    assert bucket.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == tags["TagSet"]
    bucket.delete_bucket_tagging(Bucket=BUCKET)
    assert bucket.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == tags["TagSet"]
    assert refused(bucket.get_bucket_tagging, Bucket=BUCKET) == "NoSuchTagSet"


def test_the_second_of_two_writes_at_once_is_aborted_and_a_look_stands_between_others(bucket):
    put = {"Bucket": BUCKET, "ServerSideEncryptionConfiguration": AES}
    bucket.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    assert looks_until("OperationAborted", bucket.put_bucket_encryption, **put) == 1
    bucket.head_bucket(Bucket=BUCKET)
    assert looks_until("OperationAborted", bucket.put_bucket_encryption, **put) == 0


def test_a_name_is_free_some_looks_after_its_bucket_was_deleted(bucket):
    bucket.delete_bucket(Bucket=BUCKET)
    assert bucket.head_bucket(Bucket=BUCKET)["BucketRegion"] == "us-east-1"
    assert refused(bucket.head_bucket, Bucket=BUCKET) == "404"
    assert refused(bucket.get_bucket_versioning, Bucket=BUCKET) == "NoSuchBucket"
    assert looks_until("OperationAborted", bucket.create_bucket, Bucket=BUCKET) == LATE


def test_to_create_ones_own_bucket_again_is_nothing_in_the_first_region_and_refused_in_others(bucket, client_of):
    before = bucket.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert bucket.create_bucket(Bucket=BUCKET)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert bucket.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"] == before
    there = client_of("s3", "eu-west-1")
    place = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    there.create_bucket(Bucket="mf-far", **place)
    assert refused(there.create_bucket, Bucket="mf-far", **place) == "BucketAlreadyOwnedByYou"


def test_objects_are_strongly_consistent_and_written_on_conditions(s3):
    s3.create_bucket(Bucket=BUCKET)
    first = s3.put_object(Bucket=BUCKET, Key="lock", Body=b"1", IfNoneMatch="*")["ETag"]
    assert refused(s3.put_object, Bucket=BUCKET, Key="lock", Body=b"2", IfNoneMatch="*") == "PreconditionFailed"
    s3.put_object(Bucket=BUCKET, Key="lock", Body=b"3", IfMatch=first)
    assert refused(s3.put_object, Bucket=BUCKET, Key="lock", Body=b"4", IfMatch=first) == "PreconditionFailed"
    assert s3.get_object(Bucket=BUCKET, Key="lock")["Body"].read() == b"3"


def policy_for(principal):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "s3:GetObject"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": f"arn:aws:s3:::{BUCKET}/*"}]})


def principal_of(s3):
    s3.head_bucket(Bucket=BUCKET)
    texts = [s3.get_bucket_policy(Bucket=BUCKET)["Policy"] for _ in range(2)]
    return json.loads(texts[-1])["Statement"][0]["Principal"]["AWS"]


def test_a_policy_wants_a_principal_that_is_known_and_keeps_the_id_of_one_that_goes(bucket, client_of):
    iam, put = client_of("iam"), {"Bucket": BUCKET, "Policy": policy_for(ARN)}
    with pytest.raises(ClientError, match=r"\(MalformedPolicy\).*: Invalid principal in policy$"):
        bucket.put_bucket_policy(**put)
    made = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust())["Role"]
    assert looks_until("MalformedPolicy", bucket.put_bucket_policy, **put) == LATE
    assert refused(bucket.get_bucket_policy, Bucket=BUCKET) == "NoSuchBucketPolicy"
    assert principal_of(bucket) == ARN
    iam.delete_role(RoleName="reader")
    assert principal_of(bucket) == made["RoleId"]
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust())
    assert principal_of(bucket) == made["RoleId"]
