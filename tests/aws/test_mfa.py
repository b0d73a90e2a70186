import sys

import boto3
import pytest

from mfinfra.aws import mfa
from mfinfra.errors import UserError


@pytest.fixture
def terminals(monkeypatch):
    def are(stdin, stderr):
        monkeypatch.setattr(sys.stdin, "isatty", lambda: stdin, raising=False)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: stderr, raising=False)

    return are


@pytest.mark.parametrize(("stdin", "stderr"), [(False, False), (True, False), (False, True)])
def test_a_code_is_not_asked_for_where_nobody_sees_the_question_or_can_answer(terminals, stdin, stderr):
    terminals(stdin, stderr)
    with pytest.raises(UserError, match="no terminal to ask on"):
        mfa.ask("Enter MFA code: ")


def test_a_person_at_a_terminal_is_asked(terminals, monkeypatch):
    terminals(True, True)
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"answer to {prompt}")
    assert mfa.ask("Enter MFA code: ") == "answer to Enter MFA code: "


def test_botocore_asks_as_we_do_when_it_assumes_the_role_of_a_profile(tmp_path, monkeypatch, terminals):
    terminals(False, False)
    (tmp_path / "config").write_text(
        "[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/me\n"
        "[profile base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = none\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = mfa.attended(boto3.Session(profile_name="mfa", region_name="us-east-1"))
    with pytest.raises(UserError, match="the code of an MFA device"):
        session.get_credentials().get_frozen_credentials()
