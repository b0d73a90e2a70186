"""The example pipelines: valid, pinned, of least privilege, and every command line one that mfinfra takes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pipelines
import pytest
import typer.main
from pipelines import EXAMPLES, GITHUB, GITLAB, GITLAB_CI, WORKFLOWS, jobs, scripts, steps, workflow

from mfinfra import __version__
from mfinfra.cli import app

ROOT = EXAMPLES.parent
BIN = Path(sys.executable).parent
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
FORKS = "github.event.pull_request.head.repo.full_name == github.repository"
WRITING = ("plan.yml: comment", "drift.yml: issue")
PAGES = (GITHUB / "README.md", GITLAB / "README.md", EXAMPLES / "policy" / "README.md", ROOT / "docs" / "gates.md")


def all_jobs():
    return [
        pytest.param(name, job, body, id=f"{name}: {job}") for name in WORKFLOWS for job, body in jobs(name).items()
    ]


def test_there_is_something_to_test():
    assert WORKFLOWS.keys() == {"plan.yml", "apply.yml", "drift.yml"}
    assert len(scripts()) > 15


@pytest.mark.slow
@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_valid_by_githubs_schema(name):
    run = [BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOWS[name]]
    assert subprocess.run(run, check=False, capture_output=True, text=True).returncode == 0


@pytest.mark.slow
def test_the_pipeline_is_valid_by_gitlabs_schema():
    schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    done = subprocess.run([BIN / "check-jsonschema", *schema, GITLAB_CI], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_zizmor_finds_nothing_even_when_it_is_pedantic():
    run = [BIN / "zizmor", "--offline", "--no-progress", "--persona", "pedantic", *WORKFLOWS.values()]
    done = subprocess.run(run, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", scripts())
def test_a_script_is_bash_without_a_mistake_that_shellcheck_knows(name):
    text = scripts()[name]
    assert subprocess.run(["bash", "-n"], input=text, check=False, text=True).returncode == 0
    done = subprocess.run(
        [BIN / "shellcheck", "--shell", "bash", "--norc", "-"], input=text, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_by_its_commit_and_says_its_version(name):
    used = re.findall(r"^\s+(?:- )?uses: (.+)$", WORKFLOWS[name].read_text("utf-8"), re.MULTILINE)
    assert used
    for line in used:
        assert PINNED.match(line), line


def test_an_action_has_one_version_everywhere():
    used = {
        line
        for path in WORKFLOWS.values()
        for line in re.findall(r"uses: (.+)$", path.read_text("utf-8"), re.MULTILINE)
    }
    assert len(used) == len({line.partition("@")[0] for line in used})


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_gives_nothing_by_itself_and_runs_on_nothing_dangerous(name):
    found = workflow(name)

    assert found["permissions"] == {}
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(found["on"])
    assert found["concurrency"]["cancel-in-progress"] is (name == "plan.yml")
    assert found["defaults"]["run"]["shell"] == "bash", "which is how GitHub adds pipefail"


@pytest.mark.parametrize(("name", "job", "body"), all_jobs())
def test_a_job_ends_by_itself_and_has_rights_of_its_own(name, job, body):
    assert 0 < body["timeout-minutes"] <= 90
    assert re.fullmatch(r"ubuntu-\d\d\.04", body["runs-on"])
    writing = {right for right, level in body["permissions"].items() if level == "write"}
    assert writing <= {"id-token"} or f"{name}: {job}" in WRITING


@pytest.mark.parametrize(("name", "job", "body"), all_jobs())
def test_a_job_has_either_a_token_for_aws_or_the_right_to_write_in_github(name, job, body):
    rights = body["permissions"]
    code = any("actions/checkout@" in step.get("uses", "") for step in body["steps"])
    if f"{name}: {job}" in WRITING:
        assert len(rights) == 1
        assert not code
    if "configure-aws-credentials" in str(body):
        assert rights["id-token"] == "write"
    else:
        assert "id-token" not in rights


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_checkout_keeps_no_credentials(name):
    for _, step in steps(name):
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"] == {"persist-credentials": False}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_is_put_into_a_script_by_github(name):
    for _, step in steps(name):
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_secret_is_kept_in_github(name):
    assert "secrets." not in WORKFLOWS[name].read_text("utf-8")


def test_a_fork_is_validated_and_not_planned():
    planning = jobs("plan.yml")

    assert planning["plan"]["if"] == FORKS
    assert planning["comment"]["needs"] == "plan"
    assert "skipped" in planning["comment"]["if"]
    assert "if" not in planning["validate"]
    assert planning["validate"]["permissions"] == {"contents": "read"}
    [told] = [step for step in planning["validate"]["steps"] if "fork" in step.get("name", "")]
    assert told["if"] == FORKS.replace("==", "!=")


def test_only_the_protected_environment_takes_on_the_role_that_writes():
    for name in WORKFLOWS:
        for job, body in jobs(name).items():
            assert (body.get("environment") == "production") is ("MFINFRA_APPLY_ROLE" in str(body)), job


def test_what_is_installed_is_of_this_version_and_checked_by_hash():
    assert f"\nmfinfra=={__version__}\n" in (GITHUB / "requirements.in").read_text("utf-8")
    for text in scripts().values():
        for line in text.splitlines():
            assert "pip install" not in line or "--require-hashes" in line


def test_gitlabs_image_is_pinned_by_its_digest_and_every_job_with_a_token_names_its_audience():
    found = pipelines.gitlab()

    assert re.fullmatch(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}", found["default"]["image"])
    assert found[".aws"]["id_tokens"]["MFINFRA_ID_TOKEN"]["aud"] == "https://gitlab.com"
    assert found["apply"]["resource_group"]
    assert found["apply"]["environment"]["name"] == "production"
    assert found["apply"]["rules"][0]["when"] == "manual"
    assert found["apply"]["needs"] == ["plan-main"]
    assert "CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in found["plan"]["rules"][0]["if"]


def every_command():
    pages = {str(page.relative_to(ROOT)): page.read_text("utf-8") for page in PAGES}
    inline = {place: "\n".join(re.findall(r"`(mfinfra [^`]+ [^`]+)`", text)) for place, text in pages.items()}
    blocks = {f"{page.relative_to(ROOT)} ": pipelines.blocks(page) for page in PAGES}
    texts = {**scripts(), **blocks, **inline}
    for place, text in texts.items():
        for words in pipelines.commands(text):
            yield pytest.param(words, id=f"{place}: {' '.join(words)}")


@pytest.mark.parametrize("words", list(every_command()))
def test_every_command_line_is_one_that_mfinfra_takes(words):
    group = typer.main.get_command(app.app)
    command = group.get_command(None, words[0])
    assert command is not None, words[0]
    command.make_context(words[0], list(words[1:]))


def test_the_commands_that_the_pipelines_live_by_are_among_those():
    text = "\n".join(scripts().values())
    used = {words[0] for words in pipelines.commands(text)}

    assert used == {"validate", "plan", "show", "apply", "drift"}
