"""The example policies over plans: every rule is hit by its own cases, and real plans are judged as they should be.

The interpreter is rego-cpp, which crashes on `with` around a rule that calls a built-in function. So the rule that runs
the cases under `opa test` is the same text in every file, and its work is done here: the case is the input.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from regopy import Interpreter

pytestmark = pytest.mark.slow

POLICY = Path(__file__).parent.parent / "examples" / "policy"
SANDBOX = Path(__file__).parent.parent / "environments" / "sandbox.yaml"
RUNNER = """
# `opa test` and `conftest verify`: every case is denied for exactly what it says. `wrong` shows what was found instead.
wrong[name] := found if {
	some name, case in cases
	found := main.deny with input as case.plan
		with data.approvals as object.get(case, "approvals", {})
		with data.limits as object.get(case, "limits", {})
	found != case.deny
}

test_every_case if {
	count(cases) > 1
	wrong == {}
}
"""
SAMPLES = "samples_test.rego"
MODULES = {path.name: path.read_text("utf-8") for path in sorted(POLICY.glob("*.rego"))}
RULES = {name: text for name, text in MODULES.items() if not name.endswith("_test.rego")}
TESTS = {name: text for name, text in MODULES.items() if name.endswith("_test.rego") and name != SAMPLES}
MAIN = {name: text for name, text in RULES.items() if "package main\n" in text}


def rules_of(text):
    """Each `deny` of a file, from its first line to the one before the next rule or comment."""
    found, lines = [], text.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if line.startswith("deny contains")]
    for start in starts:
        end = start + 1
        if lines[start].rstrip().endswith("{"):
            end = lines.index("}\n", start) + 1
        found.append("".join(lines[start:end]))
    return found


def ask(query, modules, plan=None, data=None):
    interpreter = Interpreter()
    for name, text in modules.items():
        interpreter.add_module(name, text)
    if plan is not None:
        interpreter.set_input(plan)
    if data:
        interpreter.add_data(data)
    [result] = interpreter.query(query).results
    return result.expressions[0]


def denied(plan, modules=RULES, **data):
    return set(ask("data.main.deny", modules, plan, data))


@cache
def cases(name):
    package = re.match(r"package (\S+)", TESTS[name])[1]
    modules = {SAMPLES: MODULES[SAMPLES], name: TESTS[name].removesuffix(RUNNER).replace("import data.main\n", "")}
    return ask(f"data.{package}.cases", modules)


def wrong(name, modules=RULES):
    """The cases of the file that are not denied for exactly what they say."""
    found = {}
    for sentence, case in cases(name).items():
        data = {key: case[key] for key in ("approvals", "limits") if key in case}
        said = denied(case["plan"], modules, **data)
        if said != set(case["deny"]):
            found[sentence] = said
    return found


@pytest.mark.parametrize("name", TESTS)
def test_every_case_is_denied_for_exactly_what_it_says(name):
    assert wrong(name) == {}


@pytest.mark.parametrize("name", MAIN)
def test_every_rule_file_has_its_tests_and_they_pass_and_fail(name):
    tested = cases(name.replace(".rego", "_test.rego"))

    assert any(case["deny"] for case in tested.values())
    assert any(not case["deny"] for case in tested.values())


@pytest.mark.parametrize("name", TESTS)
def test_opa_and_conftest_run_the_same_cases(name):
    assert TESTS[name].endswith(RUNNER)
    assert "\nimport rego.v1\n" in TESTS[name], "older releases of both need it"


@pytest.mark.parametrize("name", RULES)
def test_rules_are_rego_of_version_1_for_older_releases_too(name):
    assert "\nimport rego.v1\n" in RULES[name]


@pytest.mark.parametrize("name", MAIN)
def test_a_rule_file_denies_what_it_cannot_read_before_anything_else(name):
    assert rules_of(MAIN[name])[0] == "deny contains msg if some msg in plan.unreadable\n"
    if "limits." in MAIN[name]:
        assert rules_of(MAIN[name])[1] == "deny contains msg if some msg in limits.wrong\n"


@pytest.mark.parametrize("document", [[], "plan", None, {}, {"resource_changes": {}}, {"format_version": 1.0}])
@pytest.mark.parametrize("name", MAIN)
def test_no_rule_file_alone_lets_pass_what_is_no_plan(name, document):
    alone = {key: text for key, text in RULES.items() if key not in MAIN or key == name}

    assert "this is no mfinfra plan of format_version 1.x" in denied(document, alone)


def own_rules():
    """Each rule that only its own file has, without those that every file begins with."""
    for name, text in MAIN.items():
        for rule in rules_of(text):
            if "plan.unreadable" not in rule and "limits.wrong" not in rule:
                yield pytest.param(name, rule, id=f"{name}: {rule.partition('msg := ')[2][:60] or rule[:60]}".strip())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rule"), list(own_rules()))
def test_without_a_rule_its_tests_fail(name, rule):
    without = {**RULES, name: RULES[name].replace(rule, "")}
    assert without != RULES

    assert wrong(name.replace(".rego", "_test.rego"), without)


def test_what_nobody_approved_is_denied_when_no_approvals_are_given_at_all():
    case = cases("destroy_test.rego")["a destroy that was approved"]

    assert denied(case["plan"]) == {"endpoint.a is destroyed: `approvals.destroy` does not name it"}


def test_the_template_of_approvals_has_every_list_that_a_rule_reads_and_approves_nothing():
    template = json.loads((POLICY / "approvals.json").read_text("utf-8"))
    read = {name for text in MAIN.values() for name in re.findall(r'plan\.approved\("(\w+)"', text)}

    assert template == {"approvals": {name: [] for name in read}}


def test_the_readme_names_every_file_and_every_limit():
    readme = (POLICY / "README.md").read_text("utf-8")

    assert set(re.findall(r"`(\w+\.rego)`", readme)) >= set(RULES)
    assert set(re.findall(r"`(\w+)`", readme)) >= set(re.findall(r"^default (\w+)", RULES["limits.rego"], re.MULTILINE))


def test_the_readmes_own_rule_denies_and_is_not_silent():
    [rule] = re.findall(r"^```rego\n(.*?)^```", (POLICY / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    modules = {"plan.rego": RULES["plan.rego"], "own.rego": rule}
    plan = cases("document_test.rego")["a plan in order"]["plan"]

    assert denied(plan, modules) == {
        "the plan has no `environment.region`: this policy cannot judge it",
        "only eu-central-1",
    }
    plan = {**plan, "environment": {"region": "eu-central-1"}}
    assert denied(plan, modules) == set()
    assert len(denied({}, modules)) == 4


def test_the_kinds_that_hold_data_are_those_that_the_schemas_mark():
    schemas = POLICY.parent.parent / "schemas"
    marked = {path.stem for path in schemas.glob("*.json") if json.loads(path.read_text("utf-8")).get("holdsData")}

    assert set(ask("data.mfinfra.limits.data_kinds", RULES)) == marked


@pytest.mark.slow
class TestRealPlans:
    @pytest.fixture
    def sandbox(self):
        return yaml.safe_load(SANDBOX.read_text("utf-8"))

    def test_the_guides_stack_is_let_pass_when_it_is_made_and_when_it_stands(self, stack, sandbox):
        assert denied(stack.plan(sandbox).document) == set()
        stack.apply(sandbox)
        assert denied(stack.plan(sandbox).document) == set()

    def test_its_destruction_is_denied_for_each_resource(self, stack, sandbox):
        stack.apply(sandbox)
        document = stack.plan(sandbox, destroy=True).document
        found = denied(document)

        going = [change["address"] for change in document["resource_changes"]]
        assert len(going) > 10
        for address in going:
            assert any(line.startswith(f"{address} ") and "destroyed" in line for line in found)
        assert f"{len(going)} resources are destroyed or replaced, more than 3" in found

    def test_loosened_settings_are_denied_by_name(self, stack, sandbox):
        resources = sandbox["resources"]
        resources["bucket"]["datastore"] |= {"block_public_access": False, "tls_only": False}
        resources["repository"]["images"]["immutable_tags"] = False
        resources["compute_environment"]["cpu"]["max_vcpus"] = 5000
        resources["role"]["open"] = {
            "name": "Open",
            "trust": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
            ]},
            "policies": {"all": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
            ]}},
            "managed_policies": ["AdministratorAccess"],
        }  # fmt: skip
        del sandbox["tags"]
        document = stack.plan(sandbox).document
        untagged = {f"{change['address']}: it has no tag `team`" for change in document["resource_changes"]}

        assert denied(document) == untagged | {
            "bucket.datastore: `block_public_access` is not on in all of its four settings",
            "bucket.datastore: requests in clear text are not refused (`tls_only`)",
            "repository.images: its tags can be moved (`immutable_tags`)",
            "the compute environments may reach 5000 vCPUs, more than the 1024 of the budget",
            "role.open: a policy allows every action",
            "role.open: a policy allows an action on every resource that could name its own",
            "role.open: AdministratorAccess is attached",
            "role.open: anybody may take it on",
        }
