"""The pipelines' own scripts with the real tool on the sandbox: a pull request is planned, merged, applied."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from pipelines import EXAMPLES, gitlab, script

pytestmark = pytest.mark.slow
ROOT = EXAMPLES.parent
SHIM = f'#!/bin/sh\nexec "{sys.executable}" -m mfinfra "$@"\n'


class Runner:
    """A checkout on a runner of GitHub: a folder, and what GitHub sets in the environment."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "bin").mkdir()
        (folder / "bin" / "mfinfra").write_text(SHIM, "utf-8")
        (folder / "bin" / "mfinfra").chmod(0o755)
        (folder / "environments").mkdir()
        self.file = folder / "environments" / "production.yaml"
        self.file.write_text((ROOT / "environments" / "sandbox.yaml").read_text("utf-8"), "utf-8")
        for name in ("output", "summary"):
            (folder / name).touch()

    def run(self, text):
        known = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "MFINFRA_SANDBOX_DIR": str(self.folder / "box"),
            "ENVIRONMENT_FILE": "environments/production.yaml",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            env=known, cwd=self.folder, check=False, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def said(self, name):
        return (self.folder / name).read_text("utf-8")

    def works(self, text):
        done = self.run(text)
        assert done.returncode == 0, done.stderr
        return done

    def plan(self):
        """The job of the pull request; its artifact is put where the apply looks for it."""
        self.works(script("plan.yml", "Plan"))
        self.works(script("plan.yml", "Write the comment"))
        self.works(script("plan.yml", "Gate"))
        (self.folder / "reviewed").mkdir(exist_ok=True)
        (self.folder / "reviewed" / "plan.json").write_text(self.said("plan.json"), "utf-8")

    def apply(self):
        return self.run(script("apply.yml", "Apply"))


@pytest.fixture
def runner(tmp_path):
    found = Runner(tmp_path)
    yield found
    found.run("mfinfra sandbox stop")


def test_what_was_reviewed_is_applied_and_a_stale_plan_is_not(runner):
    runner.plan()
    assert "changes=true\n" in runner.said("output")
    assert runner.said("comment.md").startswith("<!-- mfinfra:plan environment=sandbox -->\n")
    runner.works(script("apply.yml", "Show the approver what is to be approved"))

    done = runner.apply()
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in runner.said("events.jsonl").splitlines()]
    assert len(events) > 20

    again = runner.apply()
    assert again.returncode == 4
    assert "nothing was changed" in runner.said("summary")

    runner.plan()
    assert "changes=false\n" in runner.said("output")
    reviewed = runner.said("environments/production.yaml")
    runner.file.write_text(reviewed + "# another commit\n", "utf-8")
    assert runner.apply().returncode == 4, "the file is another now than when it was reviewed"
    runner.file.write_text(reviewed, "utf-8")
    assert runner.apply().returncode == 0, "a merge that changes nothing in AWS is no failure"


def test_gitlabs_plan_has_its_report_and_note(runner):
    for line in gitlab()[".plan"]["script"]:
        runner.works(line)

    assert "<testsuite" in runner.said("plan.xml")
    assert runner.said("comment.md").startswith("<!-- mfinfra:plan environment=")
    runner.works(gitlab()["apply"]["script"][0])
