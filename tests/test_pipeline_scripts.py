"""The scripts of the example pipelines at work, against stand-ins for `gh` and `mfinfra`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pipelines
import pytest
from pipelines import script

GH = f"""#!{sys.executable}
import json, os, pathlib, sys
import jq
words = sys.argv[1:]
flags = {{"--method": "GET", "--jq": "."}}
fields, path = {{}}, None
assert words.pop(0) == "api"
while words:
    word = words.pop(0)
    if word in {{"--method", "--jq"}}:
        flags[word] = words.pop(0)
    elif word in {{"--field", "--raw-field"}}:
        key, _, value = words.pop(0).partition("=")
        read = word == "--field" and value.startswith("@")
        fields[key] = pathlib.Path(value[1:]).read_text() if read else value
    elif not word.startswith("--"):
        path = word
here = pathlib.Path(os.environ["STANDIN"])
with (here / "asked").open("a") as log:
    log.write(json.dumps([flags["--method"], path, fields]) + "\\n")
answers = json.loads((here / "answers").read_text())
if flags["--method"] == "GET":
    if path not in answers:
        sys.exit(f"404 {{path}}")
    for line in jq.compile(flags["--jq"]).input_value(answers[path]).all():
        print(line if isinstance(line, str) else json.dumps(line))
"""
MFINFRA = """#!/bin/sh
echo "the report"
exit "$CODE"
"""


class Runner:
    """A folder in which a step's script runs with stand-ins for `gh` and `mfinfra`, as GitHub would run it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "bin").mkdir()
        for name, text in (("gh", GH), ("mfinfra", MFINFRA)):
            (folder / "bin" / name).write_text(text, "utf-8")
            (folder / "bin" / name).chmod(0o755)

    def run(self, text, answers=(), **variables):
        (self.folder / "answers").write_text(json.dumps(dict(answers)), "utf-8")
        (self.folder / "asked").write_text("", "utf-8")
        files = {name: str(self.folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            Path(path).write_text("", "utf-8")
        known = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "STANDIN": str(self.folder), "GH_REPO": "o/r"}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            env={**known, **files, **variables}, cwd=self.folder, check=False, capture_output=True, text=True,
        )  # fmt: skip

    def asked(self):
        return [json.loads(line) for line in (self.folder / "asked").read_text("utf-8").splitlines()]

    def writes(self):
        return [row for row in self.asked() if row[0] != "GET"]

    def text(self, name):
        return (self.folder / name).read_text("utf-8")


@pytest.fixture
def runner(tmp_path):
    return Runner(tmp_path)


MARK = "<!-- mfinfra:plan environment=production -->"
COMMENT = f"{MARK}\n\n$(touch owned) `touch owned` @everyone"


@pytest.mark.slow
class TestTheComment:
    SCRIPT = script("plan.yml", "Update the comment in place")
    NOTES = "repos/o/r/issues/7/comments?per_page=100"

    def run(self, runner, *notes, body=COMMENT):
        (runner.folder / "comment.md").write_text(body, "utf-8")
        rows = [{"id": number, "user": {"login": login}, "body": text} for number, login, text in notes]
        return runner.run(self.SCRIPT, {self.NOTES: rows}, NUMBER="7")

    def test_the_first_one_is_written(self, runner):
        done = self.run(runner, (1, "ana", "looks good"))

        assert done.returncode == 0, done.stderr
        assert runner.writes() == [["POST", "repos/o/r/issues/7/comments", {"body": COMMENT}]]
        assert not (runner.folder / "owned").exists()

    def test_the_next_one_takes_its_place(self, runner):
        self.run(runner, (1, "ana", "no"), (2, "github-actions[bot]", f"{MARK}\nold"), (3, "github-actions[bot]", MARK))

        assert runner.writes() == [["PATCH", "repos/o/r/issues/comments/2", {"body": COMMENT}]]

    def test_a_comment_of_somebody_else_or_another_environment_is_left_alone(self, runner):
        staging = MARK.replace("production", "staging")
        self.run(runner, (1, "mallory", MARK), (2, "github-actions[bot]", staging))

        assert [row[0] for row in runner.writes()] == ["POST"]

    def test_what_is_no_comment_of_mfinfra_is_not_written(self, runner):
        assert self.run(runner, body="buy now").returncode == 1
        assert runner.asked() == []

    def test_a_question_that_fails_writes_no_second_comment(self, runner):
        (runner.folder / "comment.md").write_text(COMMENT, "utf-8")

        assert runner.run(self.SCRIPT, {}, NUMBER="7").returncode != 0
        assert runner.writes() == []


@pytest.mark.slow
class TestFindingTheReviewedPlan:
    SCRIPT = script("apply.yml", "Find")
    WORKFLOW = ".github/workflows/mfinfra-plan.yml"

    def answers(self, *, expired=False, fork=False, merged="beef", **run):
        origin = {"id": 5, "repository_id": 1, "head_repository_id": 2 if fork else 1}
        return {
            "repos/o/r/commits/beef/pulls": [
                {"merge_commit_sha": "other", "merged_at": "2026-01-01", "head": {"sha": "dead"}},
                {"merge_commit_sha": merged, "merged_at": "2026-01-02", "head": {"sha": "feed"}},
            ],
            "repos/o/r/actions/artifacts?name=mfinfra-plan-feed&per_page=100": {
                "artifacts": [{"id": 9, "expired": expired, "workflow_run": origin}]
            },
            "repos/o/r/actions/runs/5": {"event": "pull_request", "path": self.WORKFLOW, "head_sha": "feed", **run},
        }

    def run(self, runner, **parts):
        return runner.run(self.SCRIPT, self.answers(**parts), GITHUB_SHA="beef", PLANNED_BY=self.WORKFLOW)

    def test_it_is_the_one_of_the_merged_pull_requests_last_commit(self, runner):
        done = self.run(runner)

        assert done.returncode == 0, done.stderr
        assert runner.text("GITHUB_OUTPUT") == "run=5\nartifact=9\n"

    @pytest.mark.parametrize(
        "parts",
        [
            {"expired": True},
            {"fork": True},
            {"event": "push"},
            {"path": ".github/workflows/other.yml"},
            {"head_sha": "dead"},
        ],
        ids=str,
    )
    def test_any_other_artifact_of_that_name_is_not_it(self, runner, parts):
        done = self.run(runner, **parts)

        assert done.returncode == 1
        assert runner.text("GITHUB_OUTPUT") == ""
        assert "has no plan, or it has expired" in runner.text("GITHUB_STEP_SUMMARY")

    def test_a_commit_without_a_pull_request_applies_nothing(self, runner):
        assert self.run(runner, merged="cafe").returncode == 1
        assert "nobody has reviewed a plan" in runner.text("GITHUB_STEP_SUMMARY")

    @pytest.mark.parametrize(("destroy", "code"), [(False, 0), (True, 1)])
    def test_a_plan_that_destroys_the_environment_is_never_applied(self, runner, destroy, code):
        plan = {"complete": True, "summary": {"blocked": 0}, "options": {"destroy": destroy}}
        (runner.folder / "plan.json").write_text(json.dumps(plan), "utf-8")
        (runner.folder / "comment.md").write_text(COMMENT, "utf-8")

        done = runner.run(script("apply.yml", "Show the approver what is to be approved"))

        assert done.returncode == code
        assert (runner.text("GITHUB_STEP_SUMMARY") == COMMENT) is (code == 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "Applied."), (1, "exit code 1"), (3, "guard"), (4, "stale"), (5, "holds the lock"), (6, "part-way")],
)
def test_every_end_of_an_apply_is_said_in_words_and_keeps_its_exit_code(runner, code, words):
    done = runner.run(script("apply.yml", "Apply"), CODE=str(code))

    assert done.returncode == code
    assert words in runner.text("GITHUB_STEP_SUMMARY")
    assert ("::error" in done.stdout) is (code != 0)
    [text] = pipelines.gitlab()["apply"]["script"]
    done = runner.run(text, CODE=str(code))
    assert done.returncode == code
    assert words in done.stdout


@pytest.mark.slow
class TestDrift:
    ISSUES = "repos/o/r/issues?state=open&creator=github-actions%5Bbot%5D&per_page=100"
    TITLE = "AWS has drifted from the environment file"

    @pytest.mark.parametrize(("code", "output"), [(0, "drifted=false\n"), (2, "drifted=true\n"), (1, ""), (3, "")])
    def test_only_a_comparison_that_worked_is_an_answer(self, runner, code, output):
        done = runner.run(script("drift.yml", "Compare"), CODE=str(code), ENVIRONMENT_FILE="x.yaml")

        assert done.returncode == (0 if output else code)
        assert runner.text("GITHUB_OUTPUT") == output

    @pytest.mark.parametrize(
        ("drifted", "there", "expected"),
        [
            ("true", False, [["POST", "repos/o/r/issues", {"title": TITLE, "body": "what drifted"}]]),
            ("true", True, [["PATCH", "repos/o/r/issues/4", {"body": "what drifted"}]]),
            (
                "false",
                True,
                [
                    ["POST", "repos/o/r/issues/4/comments", {"body": "AWS is as the file says again."}],
                    ["PATCH", "repos/o/r/issues/4", {"state": "closed", "state_reason": "completed"}],
                ],
            ),
            ("false", False, []),
        ],
    )
    def test_one_issue_is_opened_updated_and_closed(self, runner, drifted, there, expected):
        (runner.folder / "drift.md").write_text("what drifted", "utf-8")
        others = [{"number": 2, "title": "else"}, {"number": 3, "title": self.TITLE, "pull_request": {}}]
        answers = {self.ISSUES: [*others, *([{"number": 4, "title": self.TITLE}] if there else [])]}

        done = runner.run(script("drift.yml", "Open, update or close"), answers, DRIFTED=drifted)

        assert done.returncode == 0, done.stderr
        assert runner.writes() == expected
