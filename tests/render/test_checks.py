"""What checks found, as a tree, a document and JUnit."""

import io
import json as stdlib

import pytest
from jsonschema import Draft202012Validator
from render import hostile, inertness, inertness_markup
from render.streams import Terminal
from test_junit import SCHEMA

from mfinfra import schemas
from mfinfra.model import Check, Checked, Finding, Scope, Verdict
from mfinfra.render import checks, checks_junit, console, json

SCOPE = Scope("prod", "123456789012", "us-east-1")
DENIED = Finding(
    Verdict.FAILED,
    "role.batch-job",
    "may not `s3:PutObject` on arn:aws:s3:::bucket/metaflow/*",
    "MF5170",
    ("IAM's simulator says implicitDeny", "in a job: s3:PutObject"),
    "allow `s3:PutObject`",
)


def checked(id_, *findings, group="Group", seconds=0.0, touched=()):
    return Checked(Check(id_, group, f"the title of {id_}", lambda: iter(())), findings, seconds, touched)


def finding(verdict, message="a message", **more):
    return Finding(verdict, "subject", message, **more)


EVERYTHING = [
    checked("config.keys", finding(Verdict.PASSED, "all keys are there"), group="Configuration"),
    checked(
        "config.profile", finding(Verdict.WARNING, "is not there", code="MF5114", fix="write it"), group="Configuration"
    ),
    checked("datastore.object", group="Datastore", seconds=0.42, touched=("made and removed s3://bucket/key",)),
    checked("roles.job", DENIED, finding(Verdict.WARNING), group="Roles", seconds=80.0),
    checked("client.job", finding(Verdict.SKIPPED, "not checked: `roles.job` did not pass"), group="Client"),
]


def shown(found, stream=None, *, verbose=False, **environ):
    stream = stream or io.StringIO()
    console.write(checks.lines(found, verbose=verbose), stream, environ)
    return stream.getvalue()


def test_the_tree_reads_like_this():
    assert (
        shown(EVERYTHING)
        == """\
Configuration
  ok    config.keys       all keys are there
  warn  config.profile    the title of config.profile
        subject: is not there [MF5114]
          fix: write it

Datastore
  ok    datastore.object  the title of datastore.object  0.4 s

Roles
  FAIL  roles.job         the title of roles.job  1 min 20 s
        role.batch-job: may not `s3:PutObject` on arn:aws:s3:::bucket/metaflow/* [MF5170]
          seen: IAM's simulator says implicitDeny
          seen: in a job: s3:PutObject
          fix: allow `s3:PutObject`
        subject: a message

Client
  skip  client.job        not checked: `roles.job` did not pass

Touched
  made and removed s3://bucket/key

Failed: 1 of 5 checks, 3 passed, 1 with warnings, 1 skipped.
"""
    )


def test_what_passed_is_told_of_only_if_that_is_wanted():
    found = [checked("a", finding(Verdict.PASSED, "fine", evidence=("a fact",)), finding(Verdict.PASSED, "fine too"))]
    assert "fine" not in shown(found)
    assert "seen: a fact" in shown(found, verbose=True)
    assert "fine too" in shown(found, verbose=True)


def test_a_run_that_only_read_says_so():
    assert "Touched: nothing" in shown([checked("a")])


@pytest.mark.parametrize(
    ("verdicts", "line", "worst"),
    [
        ([], "Passed: 0 checks.", Verdict.PASSED),
        ([Verdict.PASSED], "Passed: 1 check.", Verdict.PASSED),
        ([Verdict.PASSED, Verdict.SKIPPED], "Passed: 1 check, 1 skipped.", Verdict.PASSED),
        ([Verdict.WARNING, Verdict.PASSED], "Passed: 2 checks, 1 with warnings.", Verdict.WARNING),
        ([Verdict.STOPPED, Verdict.PASSED], "Stopped: 1 of 2 checks not finished, 1 passed.", Verdict.STOPPED),
        ([Verdict.STOPPED, Verdict.FAILED], "Failed: 1 of 2 checks, 0 passed.", Verdict.FAILED),
        ([Verdict.FAILED, Verdict.WARNING], "Failed: 1 of 2 checks, 1 passed, 1 with warnings.", Verdict.FAILED),
    ],
)
def test_the_verdict_counts_every_check_once(verdicts, line, worst):
    found = [checked(f"c{number}", finding(verdict)) for number, verdict in enumerate(verdicts)]
    assert shown(found).splitlines()[-1] == line
    assert checks.worst(found) is worst


def test_the_document_keeps_to_its_schema():
    schema = schemas.load("checks")
    Draft202012Validator.check_schema(schema)
    document = checks.document("verify", SCOPE, EVERYTHING)
    Draft202012Validator(schema).validate(document)
    assert document["summary"] == {"passed": 2, "warning": 1, "skipped": 1, "stopped": 0, "failed": 1}
    assert document["touched"] == ["made and removed s3://bucket/key"]


@pytest.mark.parametrize("broken", [{"verdict": "fine"}, {"code": "5170"}, {"more": 1}])
def test_the_schema_refuses_another_document(broken):
    document = stdlib.loads(json.text(checks.document("verify", SCOPE, EVERYTHING)))
    document["checks"][3]["findings"][0].update(broken)
    assert not Draft202012Validator(schemas.load("checks")).is_valid(document)


def test_junit_keeps_to_the_schema_and_tells_failures_and_skips():
    text = checks_junit.text("verify", SCOPE, EVERYTHING)
    SCHEMA.validate(text)
    assert '<testsuites name="mfinfra verify: prod" tests="5" failures="1" errors="0"' in text
    assert '<skipped message="subject: not checked: `roles.job` did not pass"' in text
    assert '<failure type="MF5170" message="role.batch-job: may not' in text
    assert '<testcase classname="verify.datastore" name="datastore.object" time="0.420">' in text


def nasty(text):
    """A report that has `text` in every place that AWS, a user or a program fills."""
    found = Finding(Verdict.FAILED, text, text, "MF5170", (text,), text)
    return [
        Checked(Check("a.b", text, text, lambda: iter(())), (found, found), 1.0, (text,)),
        Checked(Check("a.c", text, text, lambda: iter(())), (Finding(Verdict.SKIPPED, text, text),)),
        Checked(Check("a.d", text, text, lambda: iter(())), (Finding(Verdict.PASSED, text, text),)),
    ]


@pytest.mark.parametrize("name", hostile.PAYLOADS)
def test_hostile_text_is_inert_in_every_form(name):
    found = nasty(hostile.PAYLOADS[name])
    inertness.text(shown(found, verbose=True), None)
    inertness.coloured(shown(found, FORCE_COLOR="1", TERM="xterm"), None)
    document = checks.document("verify", SCOPE, found)
    inertness.as_json(json.text(document), document)
    text = checks_junit.text("verify", SCOPE, found)
    SCHEMA.validate(text)
    inertness_markup.xml(lambda calm: checks_junit.text("verify", SCOPE, calm), nasty("calm"))(text, None)


def test_on_a_narrow_terminal_a_value_never_begins_a_line():
    lines = shown(nasty("x" * 300), Terminal(), COLUMNS="80", NO_COLOR="1").splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines[1:] if line.startswith("x") and line != "x" * 80]
