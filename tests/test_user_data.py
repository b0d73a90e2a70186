"""User data: one script in the bytes that Batch takes, and out again."""

from __future__ import annotations

from email import message_from_string

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mfinfra import user_data

SCRIPT = "#!/bin/bash\nset -e\n\necho hello\n"
TYPES = [
    (SCRIPT, "text/x-shellscript"),
    ("#cloud-config\npackages: [jq]\n", "text/cloud-config"),
    ("#cloud-boothook\n#!/bin/sh\n", "text/cloud-boothook"),
    ("#!/bin/sh\necho für später", "text/x-shellscript"),
]


@pytest.mark.parametrize(("text", "kind"), TYPES)
def test_a_script_becomes_the_one_part_of_a_multipart_document(text, kind):
    document = message_from_string(user_data.document(text))
    assert document["MIME-Version"] == "1.0"
    assert document.get_content_type() == "multipart/mixed"
    [part] = document.get_payload()
    assert (part.get_content_type(), part.get_payload()) == (kind, text)
    assert user_data.problem(text) is None


def test_the_same_script_is_the_same_document_and_another_one_has_another_boundary():
    assert user_data.document(SCRIPT) == user_data.document(SCRIPT)
    first, second = (message_from_string(user_data.document(text)) for text in (SCRIPT, SCRIPT + "#"))
    assert first.get_boundary() != second.get_boundary()


@given(text=some.text(alphabet="#!\n-=mfinfra abcé:", max_size=80), start=some.sampled_from([*user_data.TYPES, ""]))
def test_what_was_wrapped_comes_out_as_it_was_and_is_wrapped_once(text, start):
    whole = start + text
    document = user_data.document(whole)
    assert user_data.written(document) == whole
    assert user_data.document(document) == document
    assert user_data.problem(whole) is None or start == ""


def test_a_document_of_one_s_own_stays_as_it_is():
    own = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="X"\n\n--X\n\n#!/bin/sh\n\n--X--\n'
    assert (user_data.document(own), user_data.written(own), user_data.problem(own)) == (own, own, None)


def test_what_is_longer_than_ec2_takes_is_told_with_its_size():
    frame = len(user_data.document("#!")) - 2
    assert user_data.problem("#!" + "x" * (user_data.LARGEST - frame - 2)) is None
    message, hint = user_data.problem("#!" + "x" * (user_data.LARGEST - frame - 1))
    assert message == "the user data has 16385 bytes, and EC2 takes 16384"
    assert "bucket" in hint
