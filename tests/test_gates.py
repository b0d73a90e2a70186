"""Every `jq` line of docs/gates.md is run on real plans, and on what is none."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import jq
import pytest
import yaml
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "gates.md").read_text("utf-8")
SANDBOX = ROOT / "environments" / "sandbox.yaml"


def rows(title):
    """The rows of the table under `title`, as lists of cells; a bar inside of a cell is written `\\|`."""
    section = TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    cells = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in cells if "`" in row[-1] and not row[-1].startswith("`jq")]


GATES = {row[0].strip("`"): row[2].strip("`") for row in rows("A gate that cannot be silent")}
QUESTIONS = {row[0]: row[1].strip("`") for row in rows("Questions")}
IS_A_PLAN = re.search(r"```jq\n(.*?)\n```", TEXT, re.DOTALL)[1]


def passes(name, plan):
    """As `jq -e` would have it: the last answer is neither false nor null; what cannot be asked does not pass."""
    try:
        answers = jq.compile(GATES.get(name, name)).input_value(plan).all()
    except ValueError:
        return False
    return bool(answers) and answers[-1] not in {False, None}


def change(address, *actions, **more):
    kind = address.partition(".")[0]
    row = {"address": address, "kind": kind, "blocked": None, "drift": "none", "disruption": {}, "calls": [], **more}
    return {**row, "change": {"actions": list(actions), "before": None, "after": {}, "fields": []}}


QUIET = {
    "format_version": "1.0",
    "created": "2999-01-01T00:00:00Z",
    "complete": True,
    "environment": {
        "name": "sandbox", "account": "123456789012", "region": "us-east-1", "caller": "arn:c", "endpoint": None,
    },
    "source": {"path": "p.yaml", "git_commit": "4f54592", "git_dirty": False},
    "resource_changes": [change("bucket.data", "no-op"), change("job_queue.default", "update", drift="file")],
    "checks": [{"code": "MF4103", "status": "pass", "address": None}, {"status": "warn", "address": None}],
    "metaflow_changes": {"METAFLOW_DATATOOLS_S3ROOT": {"before": None, "after": "s3://b"}},
    "required_actions": ["batch:UpdateJobQueue"],
}  # fmt: skip


def with_(**parts):
    return {**copy.deepcopy(QUIET), **parts}


def and_change(*args, **more):
    return with_(resource_changes=[*QUIET["resource_changes"], change(*args, **more)])


# Gate → plans that it stops. All others of this table, and `QUIET`, are let pass.
STOPPED = {
    "incomplete": [with_(complete=False), with_(complete="no")],
    "destroy": [and_change("endpoint.s3", "delete"), and_change("job_queue.b", "create", "delete")],
    "replace": [and_change("job_queue.b", "create", "delete"), and_change("job_queue.b", "delete", "create")],
    "adopt-only": [QUIET, and_change("bucket.b", "adopt", "update")],
    "kind": [and_change("table.t", "delete"), and_change("bucket.b", "delete", "create")],
    "blocked": [
        and_change("bucket.b", "adopt", blocked={"code": "MF4101"}),
        with_(checks=[{"code": "MF4108", "status": "fail", "address": None}]),
    ],
    "live": [and_change("bucket.b", "update", drift="live"), and_change("bucket.b", "update", drift="both")],
    "iam": [with_(required_actions=["iam:PassRole"]), and_change("role.r", "adopt")],
    "metaflow": [
        with_(metaflow_changes={"METAFLOW_X": {"before": "a", "after": "b"}}),
        with_(metaflow_changes={"METAFLOW_X": {"after": "b"}}),
    ],
    "outside": [and_change("bucket.b", "create"), and_change("role.r", "forget")],
    "count": [with_(resource_changes=[change(f"bucket.b{n}", "create") for n in range(4)])],
    "age": [with_(created="2020-01-01T00:00:00Z"), with_(created="yesterday")],
    "where": [with_(environment={**QUIET["environment"], "account": "210987654321"})],
    "aws": [with_(environment={**QUIET["environment"], "endpoint": "http://127.0.0.1:5000"})],
    "commit": [
        with_(source={**QUIET["source"], "git_dirty": True}),
        with_(source={"path": "p", "git_commit": None, "git_dirty": None}),
    ],
    "running": [and_change("job_queue.b", "update", disruption={"running_jobs": 2, "jobs": {}})],
}
LET_PASS = {
    "adopt-only": [with_(resource_changes=[change("bucket.b", "adopt"), change("role.r", "no-op")])],
    "destroy": [and_change("bucket.b", "forget")],
    "replace": [and_change("bucket.b", "delete")],
    "kind": [and_change("endpoint.s3", "delete")],
    "iam": [and_change("role.r", "no-op")],
}
NO_PLANS = [None, [], {}, "plan", {"resource_changes": None}, {"format_version": "2.0", "errors": ["AccessDenied"]}]


def test_every_gate_has_plans_that_it_stops():
    assert GATES.keys() == STOPPED.keys()
    assert len(QUESTIONS) >= 10


@pytest.mark.parametrize("name", GATES)
def test_a_gate_stops_what_it_is_for(name):
    for plan in STOPPED[name]:
        assert not passes(name, plan), plan


@pytest.mark.parametrize("name", GATES)
def test_a_gate_lets_pass_what_is_harmless(name):
    for plan in [*([QUIET] if name != "adopt-only" else []), *LET_PASS.get(name, [])]:
        assert passes(name, plan), plan


@pytest.mark.parametrize("document", NO_PLANS, ids=str)
@pytest.mark.parametrize("name", GATES)
def test_no_gate_lets_pass_what_is_no_plan(name, document):
    assert not passes(name, document)


@pytest.mark.parametrize("document", NO_PLANS, ids=str)
def test_the_first_question_tells_a_plan_from_anything_else(document):
    assert passes(IS_A_PLAN, QUIET)
    assert not passes(IS_A_PLAN, document)


def test_the_gate_in_the_shell_block_is_one_that_runs():
    [line] = re.findall(r"^jq -e '(.*?)' plan\.json", TEXT, re.MULTILINE)

    assert passes(line, with_(summary={"blocked": 0}))
    assert not passes(line, with_(summary={"blocked": 1}))
    assert not passes(line, {})


@pytest.fixture(scope="module")
def plans(embedded, tmp_path_factory):
    from stack import Stack

    embedded.reset(transition_polls=0)
    stack = Stack(embedded, tmp_path_factory.mktemp("plans"))
    sandbox = yaml.safe_load(SANDBOX.read_text("utf-8"))
    made = {"made": stack.plan(sandbox).document}
    stack.apply(sandbox)
    made["settled"] = stack.plan(sandbox).document
    del sandbox["resources"]["endpoint"]["ecr-dkr"]
    sandbox["resources"]["compute_environment"]["cpu"]["max_vcpus"] = 512
    sandbox["resources"]["role"]["user"]["description"] = "People"
    made["changed"] = stack.plan(sandbox).document
    made["destroyed"] = stack.plan(sandbox, destroy=True).document
    return {name: json.loads(json.dumps(document)) for name, document in made.items()}


@pytest.mark.slow
class TestRealPlans:
    """What the tool itself writes has the keys that the lines ask for."""

    def test_they_are_what_the_schema_says(self, plans):
        schema = json.loads((ROOT / "schemas" / "plan.json").read_text("utf-8"))
        for plan in plans.values():
            assert list(Draft202012Validator(schema).iter_errors(plan)) == []

    def test_a_settled_environment_passes_every_gate_but_those_about_this_machine(self, plans):
        stopped = {name for name in GATES if not passes(name, plans["settled"])}

        assert stopped <= {"aws", "commit"}

    def test_the_gates_stop_real_plans(self, plans):
        assert not passes("destroy", plans["changed"])
        assert not passes("iam", plans["changed"])
        assert not passes("outside", plans["changed"])
        assert not passes("kind", plans["destroyed"])
        assert not passes("count", plans["destroyed"])
        assert not passes("iam", plans["made"])
        assert not passes("adopt-only", plans["made"])
        assert passes("destroy", plans["made"])
        assert passes("replace", plans["destroyed"])

    def test_the_questions_have_answers(self, plans):
        def ask(question, plan):
            [line] = [line for words, line in QUESTIONS.items() if words.startswith(question)]
            return jq.compile(line).input_value(plans[plan]).all()

        assert ask("which are destroyed", "changed") == ["endpoint.ecr-dkr"]
        [counts] = ask("how many of each action", "changed")
        assert counts["delete"] == 1
        assert counts["update"] == 2
        assert "ec2:DeleteVpcEndpoints" in ask("which IAM actions", "changed")
        assert "123456789012 us-east-1" in ask("who planned what", "changed")[0]
        assert "compute_environment.cpu: max_vcpus" in ask("which settings", "changed")
        assert "role.user: description" in ask("which settings", "changed")
        assert ask("which calls", "changed")
        assert all(":" in call for call in ask("which calls", "changed"))
        assert ask("what is to be approved", "changed") == [plans["changed"]["integrity"]["plan_sha256"]]
        assert ask("what did somebody change", "settled") == []
        assert ask("which keys of Metaflow", "settled") == []

    def test_every_line_runs_on_every_real_plan(self, plans):
        for line in (*GATES.values(), *QUESTIONS.values()):
            for plan in plans.values():
                jq.compile(line).input_value(plan).all()
