"""What a file says of a bucket in a word of its own, both targets write out: nothing that guards it may get lost."""

from __future__ import annotations

import exported
import pytest

from mfinfra.exporting import buckets, cloudformation, terraform
from mfinfra.exporting.subjects import Subject
from mfinfra.model import Address, Ref, Scope, Template

SCOPE = Scope("prod", "123456789012", "us-east-1")
DATA = Address("bucket", "data")
ARN = Ref(DATA, "arn")
READ = {"Sid": "Read", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}


def policy(**spec):
    return buckets.policy(Subject(DATA, spec, SCOPE))


def refusals(document):
    return [one for one in document["Statement"] if one["Effect"] == "Deny"]


@pytest.mark.parametrize(
    "statements", [[], [READ], READ], ids=["no policy of its own", "a policy", "a statement without a list"]
)
def test_requests_in_clear_text_are_refused_behind_what_the_file_says(statements):
    found = policy(tls_only=True, policy={"Version": "2012-10-17", "Statement": statements} if statements else None)
    *others, refusal = found["Statement"]
    assert others == ([READ] if statements else [])
    assert (refusal["Effect"], refusal["Principal"], refusal["Action"]) == ("Deny", "*", "s3:*")
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert refusal["Resource"] == [ARN, Template((ARN, "/*"))]
    assert found["Version"] == "2012-10-17"


def test_where_clear_text_is_let_in_the_policy_is_the_file_s_own():
    own = {"Version": "2008-10-17", "Statement": [READ]}
    assert policy(tls_only=False, policy=own) == own
    assert policy(tls_only=False, policy=None) == {}


@pytest.mark.parametrize(
    ("value", "on"),
    [
        (True, 4),
        (False, 0),
        (None, 0),
        ({"block_public_acls": False}, 3),
        (dict.fromkeys(buckets.ACCESS, False), 0),
    ],
)
def test_the_block_of_public_access_is_written_out(value, on):
    found = buckets.access(value)
    assert sum(found.values()) == on
    assert set(found) == (set(buckets.ACCESS) if on else set())


@pytest.mark.parametrize("write", [terraform.write, cloudformation.write])
def test_both_targets_have_the_refusal(write, tmp_path):
    for tls_only in (True, False):
        data = {"name": "data", "tls_only": tls_only}
        text = write(exported.chosen_of({"bucket": {"data": data}}, tmp_path)).whole
        assert text.count("aws:SecureTransport") == tls_only


def test_what_is_off_is_told_where_no_target_says_it(tmp_path):
    off = {"name": "old-123456789012", "versioning": False, "block_public_access": False, "tls_only": False}
    chosen = exported.chosen_of({"bucket": {"old": {**off, "object_ownership": "ObjectWriter"}}}, tmp_path)
    common = ("versioning is not on", "public access is not blocked")
    for target, tool, more in (
        (terraform, "Terraform", ("objects belong to whoever writes them",)),
        (cloudformation, "CloudFormation", ()),
    ):
        said = [f"`bucket.old`: {what}, and {tool} is told nothing of it" for what in (*common, *more)]
        assert list(target.write(chosen).notes) == said
