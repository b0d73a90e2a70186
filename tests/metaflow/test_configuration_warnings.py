"""What makes Metaflow read something else than the profile says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fragments import environment
from test_settings import WHOLE

from mfinfra import configure
from mfinfra.metaflow.configuration import Produced
from mfinfra.metaflow.configuration_warnings import Surroundings, of_exports, of_profile
from mfinfra.model import Access

KINDS = configure.kinds()
QUEUE, SSE, HEADERS = "METAFLOW_BATCH_JOB_QUEUE", "METAFLOW_S3_SERVER_SIDE_ENCRYPTION", "METAFLOW_SERVICE_HEADERS"
PRODUCED = Produced({QUEUE: "jobs", "METAFLOW_BATCH_EMIT_TAGS": True}, {HEADERS: "arn:x"}, {})
QUIET = Surroundings({}, "prod", "~/config_prod.json", {}, "", {}, "us-east-1")
ENCRYPTED = {"resources": {"bucket": {"datastore": {"encryption": {"type": "aws:kms", "key": "arn:aws:kms:k"}}}}}
ROLE = {"arn": "arn:aws:iam::123456789012:role/deploy"}


def found(rules=of_profile, *, access=None, fragment=None, **changes):
    wished = environment(fragment)
    wished = replace(wished, access=access or Access())
    return rules(wished, PRODUCED, replace(QUIET, **changes), KINDS)


def codes(**changes):
    return [one.code for one in found(**changes)]


def test_where_nothing_is_in_the_way_nothing_is_said():
    assert found() == []
    assert found(environ={"METAFLOW_PROFILE": "prod", QUEUE: "jobs", "METAFLOW_BATCH_EMIT_TAGS": "1"}) == []


CASES = {
    "the shell has another value": ("MF5020", {"environ": {QUEUE: "theirs"}}),
    "the shell has an empty value": ("MF5020", {"environ": {QUEUE: ""}}),
    "the shell has a secret": ("MF5020", {"environ": {HEADERS: "{}"}}),
    "the project has another value": ("MF5021", {"project_path": "p", "project": {QUEUE: "theirs"}}),
    "the project is no JSON": ("MF5021", {"project_path": "p", "project": None}),
    "a key of the file is unknown": ("MF5022", {"live": {"METAFLOW_BATCH_JOB_QUEU": "x"}}),
    "the shell encrypts": ("MF5023", {"environ": {SSE: "aws:kms"}, "fragment": ENCRYPTED}),
    "the project encrypts": ("MF5023", {"project": {SSE: "aws:kms"}, "fragment": ENCRYPTED}),
    "the file encrypts": ("MF5023", {"live": {SSE: "aws:kms"}, "fragment": ENCRYPTED}),
    "another profile": ("MF5024", {"environ": {"METAFLOW_PROFILE": "dev"}}),
    "another profile than the default": ("MF5024", {"environ": {"METAFLOW_PROFILE": "dev"}, "profile": ""}),
    "a profile without a file": ("MF5024", {"environ": {"METAFLOW_PROFILE": "dev"}, "missing": "~/config_dev.json"}),
    "another home": ("MF5025", {"environ": {"METAFLOW_HOME": "/x"}}),
    "no region": ("MF5026", {"aws_region": None}),
    "another region": ("MF5026", {"aws_region": "eu-west-1"}),
    "an AWS profile": ("MF5027", {"access": Access(profile="admin")}),
    "another AWS profile": ("MF5027", {"access": Access(profile="admin"), "environ": {"AWS_PROFILE": "dev"}}),
    "a role": ("MF5027", {"access": Access(assume_role=ROLE)}),
    "the sandbox": ("MF5028", {"access": Access(endpoint="sandbox")}),
    "an endpoint": ("MF5028", {"access": Access(endpoint="http://127.0.0.1:4566")}),
    "an empty key": ("MF5029", {"live": {"METAFLOW_SFN_IAM_ROLE": ""}}),
}


@pytest.mark.parametrize(("code", "changes"), CASES.values(), ids=CASES)
def test_what_is_in_the_way_is_warned_of(code, changes):
    assert codes(**changes) == [code]


@pytest.mark.parametrize(
    "changes",
    [
        {"environ": {SSE: "AES256"}, "fragment": ENCRYPTED},
        {"environ": {SSE: "aws:kms"}},
        {"access": Access(profile="admin"), "environ": {"AWS_PROFILE": "admin"}},
        {"access": Access(endpoint="sandbox"), "environ": {"AWS_ENDPOINT_URL": "http://127.0.0.1:5055"}},
        {"access": Access(endpoint="http://x"), "environ": {"AWS_ENDPOINT_URL": "http://x"}},
        {
            "access": Access(endpoint="sandbox"),
            "environ": {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "METAFLOW_HOME": "/sandbox/metaflow"},
        },
        {"live": {QUEUE: ""}},
    ],
)  # fmt: skip
def test_what_is_as_it_should_be_is_not(changes):
    assert codes(**changes) == []


def test_of_a_secret_in_the_shell_only_the_name_is_said():
    (one,) = found(environ={HEADERS: "hunter2"})
    assert HEADERS in one.message
    assert "hunter2" not in str(one)
    assert one.hint == f"unset {HEADERS}"


def test_an_unknown_key_comes_with_the_one_that_was_meant():
    (one,) = found(live={"METAFLOW_BATCH_JOB_QUEU": "x"})
    assert one.hint == f"did you mean `{QUEUE}`?"


def test_of_very_many_unknown_keys_the_rest_is_counted():
    told = found(live={f"KEY_{number}": 1 for number in range(12)})
    assert [one.code for one in told] == ["MF5022"] * 11
    assert told[-1].message.startswith("2 more keys in ")


def test_many_keys_are_counted_and_all_are_in_the_hint():
    values = {key: f"{key}" for key in environment(WHOLE).metaflow["settings"]} | dict.fromkeys("abcde", "x")
    wished = replace(PRODUCED, values=dict.fromkeys(values, "y"))
    around = replace(QUIET, environ=values)
    one = of_profile(environment(), wished, around, KINDS)[0]
    assert f"and {len(values) - 3} more" in one.message
    assert one.hint == f"unset {' '.join(sorted(values))}"


def test_for_exported_keys_only_that_counts_which_they_do_not_override():
    busy = {"environ": {QUEUE: "theirs", "METAFLOW_HOME": "/x", "METAFLOW_PROFILE": "dev"}, "aws_region": None}
    assert codes(rules=of_exports, **busy) == []
    assert codes(rules=of_exports, missing="~/config_dev.json") == ["MF5024"]
    assert codes(rules=of_exports, access=Access(assume_role=ROLE)) == ["MF5027"]
