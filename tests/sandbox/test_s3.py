import json

import pytest
from botocore.exceptions import ClientError

TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}


def refused(code, call, /, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def policy(**changes):
    usual = {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}
    usual["Resource"] = ["arn:aws:s3:::store", "arn:aws:s3:::store/*"]
    return json.dumps({"Version": "2012-10-17", "Statement": [{**usual, **changes}]})


@pytest.fixture
def s3(sandbox, client_of):
    return client_of("s3")


@pytest.fixture
def store(s3):
    s3.create_bucket(Bucket="store")
    return s3


def test_a_new_bucket_blocks_public_access(store):
    block = store.get_public_access_block(Bucket="store")["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert all(block.values())


def test_a_new_bucket_is_encrypted_and_has_no_acls(store):
    rules = store.get_bucket_encryption(Bucket="store")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules == [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
    ownership = store.get_bucket_ownership_controls(Bucket="store")["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    refused("AccessControlListNotSupported", store.put_bucket_acl, Bucket="store", ACL="public-read")
    assert store.put_object(Bucket="store", Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"


def test_encryption_goes_back_to_aes256(store):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    store.put_bucket_encryption(Bucket="store", ServerSideEncryptionConfiguration={"Rules": [rule]})
    said = store.get_bucket_encryption(Bucket="store")["ServerSideEncryptionConfiguration"]["Rules"]
    assert said == [rule]
    bare = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    store.put_bucket_encryption(Bucket="store", ServerSideEncryptionConfiguration=bare)
    said = store.get_bucket_encryption(Bucket="store")["ServerSideEncryptionConfiguration"]["Rules"]
    assert said == [bare["Rules"][0] | {"BucketKeyEnabled": False}]
    store.delete_bucket_encryption(Bucket="store")
    said = store.get_bucket_encryption(Bucket="store")["ServerSideEncryptionConfiguration"]["Rules"]
    assert said[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_making_a_bucket_again_changes_nothing_in_it(store):
    store.delete_public_access_block(Bucket="store")
    store.create_bucket(Bucket="store")
    refused("NoSuchPublicAccessBlockConfiguration", store.get_public_access_block, Bucket="store")


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_bucket_is_born_with_tags_in_its_region(sandbox, client_of, region):
    s3, tags = client_of("s3", region), [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(Bucket="tagged", CreateBucketConfiguration={**place, "Tags": tags})
    found = s3.get_bucket_tagging(Bucket="tagged")["TagSet"]
    assert sorted(found, key=lambda tag: tag["Key"]) == tags
    assert s3.head_bucket(Bucket="tagged")["BucketRegion"] == region


@pytest.mark.parametrize("name", ["UPPER", "a..b", "192.168.5.4", "-ab", "xn--ab", "ab-s3alias"])
def test_bad_bucket_names_are_refused(s3, name):
    refused("InvalidBucketName", s3.create_bucket, Bucket=name)


def test_a_region_that_does_not_exist_is_refused(s3):
    place = {"LocationConstraint": "mars-1"}
    refused("InvalidLocationConstraint", s3.create_bucket, Bucket="abc", CreateBucketConfiguration=place)


def test_tags_that_s3_refuses_are_refused(store):
    many = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    refused("BadRequest", store.put_bucket_tagging, Bucket="store", Tagging={"TagSet": many})
    for key in ("aws:x", "bad!"):
        tags = {"TagSet": [{"Key": key, "Value": ""}]}
        refused("InvalidTag", store.put_bucket_tagging, Bucket="store", Tagging=tags)


def test_objects_come_and_go_under_a_policy_that_demands_tls(store):
    store.put_bucket_policy(Bucket="store", Policy=policy(Condition=TLS_ONLY))
    store.put_object(Bucket="store", Key="a/b c", Body=b"x")
    assert store.get_object(Bucket="store", Key="a/b c")["Body"].read() == b"x"
    assert store.list_objects_v2(Bucket="store")["KeyCount"] == 1
    store.delete_object(Bucket="store", Key="a/b c")


def test_what_a_policy_denies_is_denied(store):
    store.put_object(Bucket="store", Key="a", Body=b"x")
    store.put_bucket_policy(
        Bucket="store", Policy=policy(Action="s3:PutObject", Resource="arn:aws:s3:::store/locked/*")
    )
    refused("AccessDenied", store.put_object, Bucket="store", Key="locked/a", Body=b"x")
    store.put_object(Bucket="store", Key="open/a", Body=b"x")
    over_tls = policy(Action="s3:GetObject", Condition={"Bool": {"aws:SecureTransport": "true"}})
    store.put_bucket_policy(Bucket="store", Policy=over_tls)
    refused("AccessDenied", store.get_object, Bucket="store", Key="a")


def test_a_policy_is_kept_as_it_was_written_until_it_is_deleted(store):
    refused("NoSuchBucketPolicy", store.get_bucket_policy, Bucket="store")
    store.put_bucket_policy(Bucket="store", Policy=policy(Condition=TLS_ONLY))
    assert store.get_bucket_policy(Bucket="store")["Policy"] == policy(Condition=TLS_ONLY)
    for _ in range(2):
        store.delete_bucket_policy(Bucket="store")
    refused("NoSuchBucketPolicy", store.get_bucket_policy, Bucket="store")


def test_a_policy_does_not_outlive_its_bucket(store):
    store.put_bucket_policy(Bucket="store", Policy=policy())
    store.delete_bucket(Bucket="store")
    refused("NoSuchBucket", store.get_bucket_policy, Bucket="store")
    store.create_bucket(Bucket="store")
    refused("NoSuchBucketPolicy", store.get_bucket_policy, Bucket="store")


def test_a_public_policy_is_refused_while_public_access_is_blocked(store):
    public = policy(Effect="Allow", Action="s3:GetObject", Resource="arn:aws:s3:::store/*")
    refused("AccessDenied", store.put_bucket_policy, Bucket="store", Policy=public)
    narrowed = policy(Effect="Allow", Condition={"StringEquals": {"aws:PrincipalAccount": "123456789012"}})
    store.put_bucket_policy(Bucket="store", Policy=narrowed)
    assert store.get_bucket_policy_status(Bucket="store")["PolicyStatus"]["IsPublic"] is False
    store.delete_public_access_block(Bucket="store")
    store.put_bucket_policy(Bucket="store", Policy=public)
    assert store.get_bucket_policy_status(Bucket="store")["PolicyStatus"]["IsPublic"] is True


@pytest.mark.parametrize(
    "text",
    [
        "{",
        policy(Resource="arn:aws:s3:::other/*"),
        policy(Principal={"AWS": "arn:aws:iam::123456789012:role/ghost"}),
        policy(Action="foo:Bar"),
        policy(Principal={"AWS": "nobody"}),
        json.dumps({"Version": "2012-10-17", "Statement": []}),
    ],
)
def test_malformed_policies_are_refused(store, text):
    refused("MalformedPolicy", store.put_bucket_policy, Bucket="store", Policy=text)


def test_an_account_is_written_as_its_root(store):
    store.put_bucket_policy(Bucket="store", Policy=policy(Effect="Allow", Principal={"AWS": "123456789012"}))
    said = json.loads(store.get_bucket_policy(Bucket="store")["Policy"])
    assert said["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}


def test_lifecycle_rules_are_named_and_checked(store):
    put = store.put_bucket_lifecycle_configuration
    rule = {"Status": "Enabled", "Filter": {"Prefix": "tmp/"}}
    expire = {**rule, "Expiration": {"Days": 7}}
    put(Bucket="store", LifecycleConfiguration={"Rules": [expire]})
    said = store.get_bucket_lifecycle_configuration(Bucket="store")["Rules"]
    assert said[0]["ID"]
    assert said[0]["Expiration"] == {"Days": 7}
    refused("InvalidRequest", put, Bucket="store", LifecycleConfiguration={"Rules": [rule]})
    early = {**rule, "Transitions": [{"Days": 1, "StorageClass": "STANDARD_IA"}]}
    refused("InvalidArgument", put, Bucket="store", LifecycleConfiguration={"Rules": [early]})


def test_a_lifecycle_rule_keeps_all_that_it_was_given(store):
    sizes = {"ObjectSizeGreaterThan": 10, "ObjectSizeLessThan": 999}
    rule = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "a/", **sizes}},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 3},
    }
    store.put_bucket_lifecycle_configuration(Bucket="store", LifecycleConfiguration={"Rules": [rule]})
    assert store.get_bucket_lifecycle_configuration(Bucket="store")["Rules"] == [rule]
    store.delete_bucket_lifecycle(Bucket="store")
    refused("NoSuchLifecycleConfiguration", store.get_bucket_lifecycle_configuration, Bucket="store")


def test_values_that_the_schema_has_not_are_refused(store):
    versioning = {"Status": "Disabled"}
    refused("MalformedXML", store.put_bucket_versioning, Bucket="store", VersioningConfiguration=versioning)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "ROT13"}}
    sse = {"Rules": [rule]}
    refused("MalformedXML", store.put_bucket_encryption, Bucket="store", ServerSideEncryptionConfiguration=sse)


def test_a_bucket_of_another_owner_than_expected_is_denied(store):
    refused("AccessDenied", store.get_bucket_versioning, Bucket="store", ExpectedBucketOwner="222222222222")
    store.get_bucket_versioning(Bucket="store", ExpectedBucketOwner="123456789012")


def test_buckets_are_listed_by_prefix_and_region_in_pages(sandbox, client_of):
    for name in ("mf-a", "mf-b", "mf-c", "other"):
        client_of("s3").create_bucket(Bucket=name)
    place = {"LocationConstraint": "eu-west-1"}
    client_of("s3", "eu-west-1").create_bucket(Bucket="mf-eu", CreateBucketConfiguration=place)
    s3 = client_of("s3")
    page = s3.list_buckets(Prefix="mf-", BucketRegion="us-east-1", MaxBuckets=2)
    assert [bucket["Name"] for bucket in page["Buckets"]] == ["mf-a", "mf-b"]
    token = page["ContinuationToken"]
    rest = s3.list_buckets(Prefix="mf-", BucketRegion="us-east-1", MaxBuckets=2, ContinuationToken=token)
    assert [(bucket["Name"], bucket["BucketRegion"]) for bucket in rest["Buckets"]] == [("mf-c", "us-east-1")]
    assert "ContinuationToken" not in rest


def test_conditional_writes_hold(store):
    put = store.put_object(Bucket="store", Key="lock", Body=b"1", IfNoneMatch="*")
    refused("PreconditionFailed", store.put_object, Bucket="store", Key="lock", Body=b"2", IfNoneMatch="*")
    store.put_object(Bucket="store", Key="lock", Body=b"3", IfMatch=put["ETag"])
    refused("PreconditionFailed", store.delete_object, Bucket="store", Key="lock", IfMatch=put["ETag"])
