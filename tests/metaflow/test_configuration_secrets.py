"""Promise 13 in the environment file: a secret that stands there is refused, and not shown by what refuses it."""

from __future__ import annotations

import pytest

from mfinfra import desired
from mfinfra.cli.app import main
from mfinfra.errors import InvalidDocument

FILE = """\
version: 1
environment: prod
account: "123456789012"
region: us-east-1
resources: {}
metaflow:
"""
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-AbCdEf"
LITERALS = {
    "a key": "settings: {METAFLOW_SERVICE_AUTH_KEY: hunter2}",
    "headers": "settings: {METAFLOW_SERVICE_HEADERS: {Authorization: hunter2}}",
    "headers as text": """settings: {METAFLOW_SERVICE_HEADERS: '{"Authorization": "hunter2"}'}""",
    "an access key": "settings: {METAFLOW_DATATOOLS_CLIENT_PARAMS: {aws_secret_access_key: hunter2}}",
    "a session as text": """settings: {METAFLOW_DATATOOLS_SESSION_VARS: '{"aws_session_token": "hunter2"}'}""",
    "a login": 'service: {url: "https://me:hunter2@m.example.com"}',
    "a login inside": 'service: {url: "https://m", internal_url: "https://me:hunter2@m"}',
    "a login of a setting": 'settings: {METAFLOW_S3_ENDPOINT_URL: "https://me:hunter2@minio"}',
    "a login of a registry": 'settings: {METAFLOW_BATCH_CONTAINER_REGISTRY: "https://me:hunter2@r.example.com"}',
    "beside another mistake": "settings: {METAFLOW_NO_SUCH: 1, METAFLOW_SERVICE_AUTH_KEY: hunter2}",
}


@pytest.mark.parametrize("block", LITERALS.values(), ids=LITERALS)
def test_promise_13_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path, capsys, block):
    path = tmp_path / "prod.yaml"
    path.write_text(f"{FILE}  {block}\n")
    for words in ([], ["--format", "json"]):
        assert main(["validate", str(path), *words]) == 1
        shown = capsys.readouterr()
        assert "MF1118" in shown.out + shown.err
        assert "hunter2" not in shown.out + shown.err


@pytest.mark.parametrize(
    "block",
    [
        f'settings: {{METAFLOW_SERVICE_AUTH_KEY: {{secret: "{ARN}"}}}}',
        f'settings: {{METAFLOW_DATATOOLS_CLIENT_PARAMS: {{secret: "{ARN}"}}}}',
        "settings: {METAFLOW_DATATOOLS_CLIENT_PARAMS: {use_ssl: false}}",
        "settings: {METAFLOW_ARGO_EVENTS_WEBHOOK_AUTH: service}",
        'settings: {METAFLOW_S3_ENDPOINT_URL: "https://minio/a@b"}',
    ],
)
def test_where_a_secret_is_may_be_said(tmp_path, block):
    path = tmp_path / "prod.yaml"
    path.write_text(f"{FILE}  {block}\n")
    assert desired.read(path).environment.metaflow


@pytest.mark.parametrize("where", ["secret.nope", "arn:aws:s3:::bucket"])
def test_a_secret_that_cannot_be_one_is_refused(tmp_path, where):
    path = tmp_path / "prod.yaml"
    path.write_text(f"{FILE}  settings: {{METAFLOW_SERVICE_AUTH_KEY: {{secret: '{where}'}}}}\n")
    with pytest.raises(InvalidDocument):
        desired.read(path)
