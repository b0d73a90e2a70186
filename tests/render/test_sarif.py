"""SARIF, compared with golden files and held to the committee's schema."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render import plans
from render.frozen import compare

from mfinfra.render import rules, sarif

VENDORED = Path(__file__).parents[1] / "vendored"
SCHEMA = json.loads((VENDORED / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
OFFICIAL = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
RANGE = {"file": "environments/base.yaml", "start": {"line": 12, "column": 5}}
HINT = "wait, or pass `--allow-disruption`"


def validate(log):
    """By the schema, and by what errata01 tightened in it."""
    OFFICIAL.validate(log)
    assert log["version"] == "2.1.0"
    for result in results(log):
        for location in result["locations"]:
            assert "startLine" in location["physicalLocation"]["region"]


def log(document):
    found = json.loads(sarif.text(document))
    validate(found)
    return found


def results(found):
    return found["runs"][0]["results"]


def check(code, status, message, address=None, hint=None):
    return {"code": code, "status": status, "message": message, "address": address, "hint": hint}


def changed(row, **parts):
    return {**row, **parts}


CASES = {
    "everything": plans.everything(),
    "hostile": plans.hostile(),
    "nothing": plans.document(),
    "guards": plans.document(
        changed(plans.created(), source_range=RANGE),
        changed(plans.deleted(blocked=plans.BLOCK), source_range=None),
        checks=[
            check("MF4201", "fail", "6 deletes are more than `--max-deletes` allows"),
            check("MF4301", "fail", "3 jobs run", "role.batch-job", HINT),
            check("MF2103", "warn", "`aws/s3` cannot be shared", "role.batch-job.policies"),
            check("MF4202", "pass", "the account is the file's"),
        ],
        mfinfra_version="1.2.3",
    ),
    "drift": plans.document(changed(plans.updated(), drift="live"), changed(plans.unchanged(), drift="both")),
}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_as_sarif_reads_as_its_golden_file_and_keeps_to_the_schema(name):
    shown = sarif.text(CASES[name])
    validate(json.loads(shown))
    compare(f"sarif-{name}.json", shown)


@pytest.mark.parametrize(
    "damage",
    [
        lambda run: run["results"][0].update(level="fatal"),
        lambda run: run["results"][0].pop("message"),
        lambda run: run["results"][0].update(line=3),
        lambda run: run["tool"]["driver"].pop("name"),
        lambda run: run["results"][0]["locations"][0]["physicalLocation"]["region"].update(startLine=0),
        lambda run: run["results"][0].update(ruleIndex=-2),
        lambda run: run.update(results={}),
    ],
)
def test_the_schema_refuses_a_log_that_is_not_sarif(damage):
    broken = log(CASES["guards"])
    damage(broken["runs"][0])
    with pytest.raises(jsonschema.ValidationError):
        OFFICIAL.validate(broken)


def test_guards_are_errors_and_stand_before_the_warnings():
    levels = [(result["ruleId"], result["level"]) for result in results(log(CASES["guards"]))]
    assert levels == [
        ("MF4103", "error"),
        ("MF4201", "error"),
        ("MF4301", "error"),
        ("MF5001", "warning"),
        ("MF2103", "warning"),
    ]


def test_a_guard_that_blocks_a_step_is_told_once_and_a_check_that_passes_never():
    found = log(plans.everything())
    codes = [result["ruleId"] for result in results(found)]
    assert codes.count("MF4103") == 1
    assert "MF1000" not in codes


def test_what_is_destroyed_or_replaced_is_a_warning_with_its_reason_whether_a_guard_blocks_it_or_not():
    said = {
        result["message"]["text"]
        for result in results(log(plans.everything()))
        if result["ruleId"] in {rules.DESTROYED, rules.REPLACED}
    }
    old = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/old"
    why = "will be destroyed, because it is not in the file; a guard blocks that"
    assert f"log_group.old (`{old}`) {why}" in said
    assert len(said) == 3


def test_a_replacement_without_a_reason_names_the_fields_that_force_it():
    (found,) = results(log(plans.document(changed(plans.replaced(["create", "delete"]), action_reason=None))))
    assert found["message"]["text"].endswith("(create, then destroy), because of `type`, `subnets[1]`")


def test_creating_and_changing_is_no_finding():
    assert results(log(plans.document(plans.created(), plans.updated(), plans.adopted(), plans.unchanged()))) == []


def test_a_finding_points_at_its_resource_in_its_file_and_else_at_the_first_line_of_the_plan_s():
    found = {result["ruleId"]: result["locations"][0] for result in results(log(CASES["guards"]))}
    assert found["MF4301"]["physicalLocation"] == {
        "artifactLocation": {"uri": "environments/base.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 12, "startColumn": 5},
    }
    assert found["MF2103"]["physicalLocation"] == found["MF4301"]["physicalLocation"]
    assert found["MF5001"]["physicalLocation"] == {
        "artifactLocation": {"uri": "environments/prod.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 1},
    }
    assert "logicalLocations" not in found["MF4201"]
    assert found["MF5001"]["logicalLocations"] == [{"fullyQualifiedName": "log_group.old", "kind": "resource"}]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("./a b/prod#1.yaml", {"uri": "a%20b/prod%231.yaml", "uriBaseId": "%SRCROOT%"}),
        ("c:d.yaml", {"uri": "c%3Ad.yaml", "uriBaseId": "%SRCROOT%"}),
        ("é%.yaml", {"uri": "%C3%A9%25.yaml", "uriBaseId": "%SRCROOT%"}),
        ("/srv/prod.yaml", {"uri": "file:///srv/prod.yaml"}),
        ("\udcff.yaml", {"uri": "%5Cudcff.yaml", "uriBaseId": "%SRCROOT%"}),
    ],
)
def test_a_path_is_a_uri(path, location):
    (found,) = results(log(plans.document(plans.deleted(), source=plans.SOURCE | {"path": path})))
    assert found["locations"][0]["physicalLocation"]["artifactLocation"] == location


def test_a_fingerprint_stays_while_code_and_address_stay_and_tells_equal_findings_apart():
    def fingerprints(*rows, **place):
        document = plans.document(changed(plans.unchanged("bucket.b"), **place), checks=rows)
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results(log(document))]

    one, other = check("MF2103", "warn", "one", "bucket.b"), check("MF2104", "warn", "one", "bucket.b")
    first, second, third = fingerprints(one, one, other, source_range=RANGE)
    assert first.removesuffix(":1") == second.removesuffix(":2")
    assert first.partition(":")[0] != third.partition(":")[0]
    assert fingerprints(changed(one, message="said otherwise"))[0] == first


def test_a_rule_is_listed_for_each_code_that_occurs_and_each_result_points_at_its_own():
    run = log(CASES["guards"])["runs"][0]
    listed = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in listed] == ["MF2103", "MF4103", "MF4201", "MF4301", "MF5001"]
    assert all(listed[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert listed[0]["shortDescription"]["text"].startswith("A bucket is encrypted with KMS")


def test_runs_of_two_environments_do_not_replace_each_other():
    def name(environment):
        document = plans.document(environment=plans.ENVIRONMENT | {"name": environment})
        return log(document)["runs"][0]["automationDetails"]["id"]

    assert (name("prod"), name("dev")) == ("mfinfra/prod/", "mfinfra/dev/")


def test_more_findings_than_may_be_told_leave_out_the_least_and_say_how_many(monkeypatch):
    monkeypatch.setattr(sarif, "MOST_RESULTS", 3)
    warnings = [check("MF2103", "warn", "w", f"bucket.b{number}") for number in range(3)]
    found = log(plans.document(checks=[*warnings, check("MF4201", "fail", "too many")]))
    assert [result["ruleId"] for result in results(found)] == ["MF4201", "MF2103", "MF2103"]
    (note,) = found["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("1 of the findings are left out")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("`${role.a.arn}` is {0}", "`${{role.a.arn}}` is {{0}}"),
        ("[click](https://evil)", "[click] (https://evil)"),
        ("a\n::error::b", "a\\n::error::b"),
        ("x" * 2000, "x" * 999 + "…"),
        ("", "-"),
    ],
)
def test_a_message_is_no_placeholder_no_link_and_no_longer_than_may_be(said, shown):
    (found,) = results(log(plans.document(checks=[check("MF2103", "warn", said)])))
    assert found["message"]["text"] == shown


def test_no_hostile_value_is_an_order_to_the_build_log_and_all_of_it_is_ascii():
    shown = sarif.text(plans.hostile())
    assert shown.isascii()
    assert "##[" not in shown
    assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]


@settings(max_examples=60)
@given(st.text(), st.text(), st.text())
def test_whatever_a_plan_says_is_sarif(said, address, path):
    document = plans.document(
        changed(plans.deleted(), address=address, source_range=RANGE | {"file": path}, action_reason=said),
        checks=[check(said, "fail", said, address, said)],
        source=plans.SOURCE | {"path": path},
    )
    validate(json.loads(sarif.text(document)))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("MF5001", "destroys"),
        ("MF1101", "the same thing in AWS"),
        ("MF4999", "A guard stops the plan"),
        ("MF2000", "not healthy"),
        ("MF2999", "pitfall"),
        ("", "A finding"),
    ],
)
def test_every_code_has_a_sentence(code, words):
    assert words in rules.description(code)


def test_the_codes_of_what_a_plan_does_are_nobody_else_s():
    source = Path(rules.__file__).parents[1]
    used = {
        code
        for path in source.rglob("*.py")
        if path.name != "rules.py"
        for code in re.findall(r"MF\d{4}", path.read_text("utf-8"))
    }
    assert used & {rules.DESTROYED, rules.REPLACED, rules.DRIFTED} == set()
