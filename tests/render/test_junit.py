"""JUnit, compared with golden files and held to the schema of Jenkins' plugin that reads it."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from render import plans
from render.frozen import compare

from mfinfra.render import junit

SCHEMA = xmlschema.XMLSchema10(str(Path(__file__).parents[1] / "vendored" / "junit-10.xsd"))
CASES = {
    "everything": plans.everything(),
    "hostile": plans.hostile(),
    "nothing": plans.document(),
    "no-change": plans.document(plans.unchanged(), created="2026-10-20T10:00:00Z"),
}


def report(document):
    found = junit.text(document)
    SCHEMA.validate(found)
    return ET.fromstring(found)


def case(document, name):
    (found,) = [one for one in report(document).iter("testcase") if one.get("name") == name]
    return found


def check(code, status, message, address=None, **parts):
    return {"code": code, "status": status, "message": message, "address": address, **parts}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_as_junit_reads_as_its_golden_file_and_keeps_to_the_schema(name):
    shown = junit.text(CASES[name])
    SCHEMA.validate(shown)
    compare(f"junit-{name}.xml", shown)


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        (' errors="0">\n  <testsuite', ' bugs="0">\n  <testsuite'),
        ('<testsuite name="role"', "<testsuite"),
        ("<system-out>", "<system-out><b/>"),
        ("<failure ", "<fault "),
        ('<testcase classname="role" name="role.batch-job">', '<testcase classname="role">'),
    ],
)
def test_the_schema_refuses_a_report_that_is_not_junit(sound, broken):
    whole = junit.text(plans.everything())
    assert sound in whole
    damaged = whole.replace(sound, broken, 1).replace("</failure>", "</fault>" if "fault" in broken else "</failure>")
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        SCHEMA.validate(damaged)


def test_each_kind_is_a_suite_and_each_resource_a_case_in_it():
    found = {
        suite.get("name"): [one.get("name") for one in suite.iter("testcase")]
        for suite in report(plans.everything()).iter("testsuite")
    }
    assert found == {
        "checks": ["compute_environment.cpu MF2000", "MF1000"],
        "role": ["role.batch-job"],
        "bucket": ["bucket.datastore", "bucket.archive"],
        "compute_environment": ["compute_environment.cpu"],
        "log_group": ["log_group.flows", "log_group.old"],
        "job_queue": ["job_queue.default"],
    }


def test_the_counts_are_those_of_what_is_there():
    root = report(plans.everything())
    for element in (root, *root.iter("testsuite")):
        assert int(element.get("tests")) == len(list(element.iter("testcase")))
        assert int(element.get("failures")) == len(list(element.iter("failure")))
        assert element.get("errors") == "0"
    assert (root.get("tests"), root.get("failures")) == ("9", "1")


def test_a_step_that_a_guard_blocks_fails_once_with_what_lifts_it():
    found = case(plans.everything(), "log_group.old").find("failure")
    assert found.attrib == {"type": plans.BLOCK["code"], "message": plans.BLOCK["message"]}
    assert found.text == f"hint: {plans.BLOCK['hint']}"
    assert junit.text(plans.everything()).count("<failure") == 1


def test_a_check_that_fails_the_whole_plan_is_a_failure_of_its_own():
    rows = [check("MF4201", "fail", "6 deletes", hint="`--max-deletes 6`"), check("MF4201", "fail", "a third goes")]
    found = case(plans.document(checks=rows), "MF4201")
    assert found.get("classname") == "plan"
    assert found.find("failure").attrib == {"type": "MF4201", "message": "6 deletes"}
    assert found.find("failure").text == "hint: `--max-deletes 6`"


def test_a_warning_passes_and_is_told_and_a_check_that_passes_is_silent():
    rows = [check("MF2103", "warn", "careful", "bucket.data"), check("MF4001", "pass", "the account is right")]
    found = case(plans.document(checks=rows), "bucket.data MF2103")
    assert found.get("classname") == "bucket"
    assert [(one.tag, one.text) for one in found] == [("system-out", "warning: careful")]
    assert list(case(plans.document(checks=rows), "MF4001")) == []


def test_changes_are_told_and_are_no_failures_not_even_to_destroy():
    document = plans.document(plans.deleted(), plans.created(), plans.replaced(["create", "delete"]))
    assert report(document).get("failures") == "0"
    assert case(document, "log_group.old").find("system-out").text.splitlines() == [
        "- log_group.old will be destroyed",
        "  because it is not in the file",
        '  physical_id: "arn:aws:logs:us-east-1:123456789012:log-group:/aws/old"',
    ]
    assert '  ~ type: "EC2" -> "FARGATE"  # forces replacement' in case(document, "compute_environment.cpu")[0].text


def test_what_does_not_change_passes_without_a_word():
    assert list(case(plans.document(plans.unchanged()), "job_queue.default")) == []


def test_equal_names_are_told_apart():
    rows = [check("MF2103", "warn", "one"), check("MF2103", "warn", "two"), check("MF2103", "warn", "three")]
    names = [one.get("name") for one in report(plans.document(checks=rows)).iter("testcase")]
    assert names == ["MF2103", "MF2103 (2)", "MF2103 (3)"]


def test_a_suite_says_when_the_plan_was_made():
    (suite,) = report(CASES["no-change"])
    assert suite.get("timestamp") == "2026-10-20T10:00:00"


def test_no_hostile_value_is_an_order_to_the_build_log_and_all_of_it_is_ascii():
    shown = junit.text(plans.hostile())
    assert shown.isascii()
    assert "##[" not in shown
    assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]


@settings(max_examples=60)
@given(st.text(), st.text())
def test_whatever_a_plan_says_is_xml_and_junit(said, address):
    block = {"code": said, "message": said, "hint": said}
    row = {**plans.deleted(blocked=block), "address": address, "kind": said, "action_reason": said}
    document = plans.document(row, plans.updated(), checks=[check(said, "warn", said, address)])
    report(document)
    report(plans.document(checks=[check(said, "fail", said, said, hint=said)]))
