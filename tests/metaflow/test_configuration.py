"""What a profile becomes: values in, rows and text out."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest
from fragments import EVERYTHING, environment, merged
from test_settings import SECRET_ARN, WHOLE

from mfinfra import configure
from mfinfra.metaflow import configuration
from mfinfra.metaflow.configuration import DERIVABLE, Produced, Sign, compare, exports, misread, produce
from mfinfra.metaflow.settings import derived, withheld
from mfinfra.model import Address, Ref, Template

KINDS = configure.kinds()
QUEUE, ROOT, UI = "METAFLOW_BATCH_JOB_QUEUE", "METAFLOW_DATASTORE_SYSROOT_S3", "METAFLOW_UI_URL"
TAGS, EMIT, RETRY = "METAFLOW_BATCH_DEFAULT_TAGS", "METAFLOW_BATCH_EMIT_TAGS", "METAFLOW_S3_RETRY_COUNT"
HEADERS = "METAFLOW_SERVICE_HEADERS"


def said(values, *, secrets=(), waiting=()):
    return Produced(values, dict(secrets), dict(waiting))


def signs(produced, live, **options):
    return {row.key: row.sign for row in compare(produced, live, KINDS, **options)}


def test_every_key_that_an_environment_may_set_without_naming_it_is_known_as_derivable():
    whole = environment(WHOLE)
    named = set(whole.metaflow["settings"])
    assert {*derived(whole), *withheld(whole)} - named == DERIVABLE
    assert KINDS.keys() >= DERIVABLE


def test_what_stands_is_compared_key_by_key():
    live = {QUEUE: "old", ROOT: "s3://b/p", "METAFLOW_SERVICE_URL": "https://old", "METAFLOW_USER": "me"}
    found = signs(said({QUEUE: "new", ROOT: "s3://b/p", UI: "https://ui"}), live)
    assert found == {
        QUEUE: Sign.CHANGED,
        ROOT: Sign.SAME,
        "METAFLOW_SERVICE_URL": Sign.STALE,
        UI: Sign.ADDED,
        "METAFLOW_USER": Sign.KEPT,
    }


@pytest.mark.parametrize(
    ("key", "live", "wished"),
    [
        (EMIT, "true", True),
        (EMIT, "1", True),
        (EMIT, "True", True),
        (TAGS, '{"a":"b"}', {"a": "b"}),
        (RETRY, "3", 3),
        (UI, "https://x", "https://x"),
    ],
)
def test_what_metaflow_reads_as_the_same_is_the_same(key, live, wished):
    assert signs(said({key: wished}), {key: live}) == {key: Sign.SAME}


@pytest.mark.parametrize(
    ("key", "live", "wished"),
    [(EMIT, "false", True), (EMIT, "0", True), (TAGS, '{"a":"c"}', {"a": "b"}), (RETRY, "4", 3), (TAGS, "{", {}),
     (TAGS, "[" * 100_000, {}), (UI, "", "https://x"), (EMIT, None, False)],
)  # fmt: skip
def test_what_metaflow_reads_as_something_else_differs(key, live, wished):
    assert signs(said({key: wished}), {key: live}) == {key: Sign.CHANGED}


def test_only_pruning_takes_away_what_follows_from_nothing_and_never_what_is_somebody_elses():
    live = {QUEUE: "old", UI: "", "METAFLOW_USER": "me", "OTHER": None}
    rows = compare(said({}), live, KINDS)
    assert configuration.merged(live, rows, {}) == live
    rows = compare(said({}), live, KINDS, prune=True)
    assert configuration.merged(live, rows, {}) == {"METAFLOW_USER": "me"}


def test_what_aws_has_yet_to_tell_stays_as_it_stands():
    waiting = {QUEUE: (Ref(Address("job_queue", "default"), "name"),)}
    live = {QUEUE: "old"}
    rows = compare(said({}, waiting=waiting), live, KINDS, prune=True)
    assert configuration.merged(live, rows, {}) == live


def test_a_secret_is_never_shown_and_compared_only_when_it_was_read():
    wished, live = said({}, secrets={HEADERS: SECRET_ARN}), {HEADERS: {"x": "hunter1"}}
    assert signs(wished, {}) == {HEADERS: Sign.ADDED}
    assert signs(wished, live) == {HEADERS: Sign.UNREAD}
    assert signs(wished, live, secrets={HEADERS: {"x": "hunter2"}}) == {HEADERS: Sign.CHANGED}
    assert signs(wished, live, secrets={HEADERS: {"x": "hunter1"}}) == {HEADERS: Sign.SAME}
    for secrets in ({}, {HEADERS: {"x": "hunter2"}}):
        assert "hunter" not in str(compare(wished, live, KINDS, secrets=secrets))


def test_secrets_of_others_and_logins_are_not_shown_either():
    live = {"METAFLOW_SERVICE_AUTH_KEY": "hunter2", "METAFLOW_SERVICE_URL": "https://me:hunter2@m"}
    live["METAFLOW_DATATOOLS_SESSION_VARS"] = '{"aws_secret_access_key": "hunter2"}'
    assert "hunter2" not in str(compare(said({}), live, KINDS))
    two = {"METAFLOW_SERVICE_URL": "https://me:hunter1@hunter2@m/a@b"}
    assert [row.before for row in compare(said({}), two, KINDS)] == ["https://(not shown)@m/a@b"]


def test_an_environment_says_values_where_secrets_are_and_what_it_waits_for():
    ours = {"metaflow": {"service": {"url": "https://m", "headers": {"secret": "secret.db"}}}}
    found = produce(environment(merged(EVERYTHING, ours)))
    assert found.secrets == {HEADERS: "metaflow/db"}
    assert found.waiting == {}
    group = Ref(Address("security_group", "g"), "id")
    waiting = environment({"metaflow": {"batch": {"image": Template(("a-", group))}}})
    assert produce(waiting).waiting == {"METAFLOW_BATCH_CONTAINER_IMAGE": (group,)}
    known = produce(waiting, {group: "sg-1"}.get)
    assert (known.waiting, known.values["METAFLOW_BATCH_CONTAINER_IMAGE"]) == ({}, "a-sg-1")


def test_a_profile_is_written_as_the_wizard_does():
    assert (
        configuration.document({"b": "é", "a": {"x": 1}})
        == '{\n    "a": {\n        "x": 1\n    },\n    "b": "\\u00e9"\n}'
    )


HOSTILE = ["it's", "a b", '"', "$(touch /tmp/x)", "`id`", "a\nb", "\\", "!", "", "é", "*", "~", "; rm -rf /"]


def test_what_is_exported_arrives_unchanged_in_a_shell():
    values = {f"METAFLOW_X{number}": text for number, text in enumerate(HOSTILE)}
    values[TAGS] = {"it's": "$HOME"}
    script = exports(values) + "".join(f'printf "%s\\0" "${{{key}}}"\n' for key in values)
    done = subprocess.run(["sh", "-eu"], input=script, capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[:-1] == [*HOSTILE, json.dumps(values[TAGS])]


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        (RETRY, "many", "a whole number"),
        (RETRY, 1.5, "a whole number"),
        (RETRY, True, "a whole number"),
        (EMIT, 1, "`true` or `false`"),
        (TAGS, "a=b", "an object"),
        (TAGS, ["a"], "an object"),
        ("METAFLOW_SPIN_ALLOWED_DECORATORS", {"a": 1}, "a list"),
        (UI, {"a": 1}, "text"),
    ],
)
def test_a_setting_that_metaflow_could_not_read_is_found(key, value, wanted):
    assert misread({key: value}, KINDS) == {key: wanted}


@pytest.mark.parametrize(
    ("key", "value"), [(RETRY, "7"), (RETRY, 7), (EMIT, "no"), (EMIT, False), (TAGS, "{}"), (UI, 7), (UI, False)]
)
def test_what_it_can_read_is_not(key, value):
    assert misread({key: value}, KINDS) == {}


def test_without_a_service_nothing_of_it_is_left():
    wished = environment(WHOLE)
    found = configure.without_service(produce(wished))
    assert not [key for key in found.keys if "SERVICE" in key]
    assert "METAFLOW_DEFAULT_METADATA" not in found.values
    assert replace(found, secrets={}) == found
