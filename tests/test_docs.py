"""Nothing in the documents goes stale unnoticed."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import yaml
from stack import Stack

from mfinfra import desired
from mfinfra.cli import app
from mfinfra.render import console, text

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
DECISIONS = ROOT / "docs" / "decisions"


def block_under(title, language):
    """The first fenced block of `language` after the heading `title`."""
    found = re.search(rf"^## {re.escape(title)}$.*?^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert found, title
    return found[1]


def test_each_of_the_two_commands_is_one_line_that_does_all_the_set_up():
    for title in ("Two commands", "Run the tests"):
        command = block_under(title, "bash").strip()
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && ")


def test_ci_runs_the_readmes_own_commands():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "readme_block '^## Run the tests'" in script
    assert "readme_block '^## Two commands'" in script


def test_the_smallest_file_is_valid(tmp_path):
    file = tmp_path / "demo.yaml"
    file.write_text(block_under("A real account", "yaml"), "utf-8")
    assert desired.read(file).warnings == ()


def test_every_exit_code_of_the_help_stands_in_the_readme_and_no_other(capsys):
    app.main(["--help"])
    helped = capsys.readouterr().out.partition("Exit codes:")[2]
    codes = set(re.findall(r"^  (\d+) ", helped, re.MULTILINE))
    table = block_of_rows("Commands and exit codes")
    assert {code for row in table for code in re.findall(r"\d+", row.split("|")[1])} == codes | {"143", "129"}


def block_of_rows(title):
    section = README.partition(f"## {title}")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if re.match(r"\| \d", line)]


def test_every_command_stands_in_the_readme(capsys):
    app.main(["--help"])
    helped = capsys.readouterr().out.partition("Everyday:")[2].partition("Examples:")[0]
    commands = re.findall(r"^  ([a-z]+)  ", helped, re.MULTILINE)
    assert len(commands) >= 7
    named = README.partition("## Commands and exit codes")[2].partition("Each `--help`")[0]
    for command in commands:
        assert f"`{command}" in named


PAGES = {
    "README": README,
    "CONTRIBUTING": CONTRIBUTING,
    "decisions": "\n".join(page.read_text("utf-8") for page in sorted(DECISIONS.glob("*.md"))),
}


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
def test_every_path_that_is_named_is_there(text):
    paths = re.findall(r"`((?:mfinfra|tests|docs|schemas|environments|\.ci)/[\w./-]*)`", text)
    assert paths
    for path in paths:
        assert (ROOT / path).exists(), path


def test_every_decision_is_in_the_index_and_says_what_would_change_it():
    index = (DECISIONS / "README.md").read_text("utf-8")
    pages = sorted(page for page in DECISIONS.glob("0*.md"))
    assert re.findall(r"\((0\d+-[\w-]+\.md)\)", index) == [page.name for page in pages]
    for page in pages:
        words = page.read_text("utf-8")
        assert all(
            part in words for part in ("**Decided.**", "**Why.**", "**Costs.**", "**We would decide otherwise**")
        ), page


def scenario(stack):
    """The README's capture: one wish changed, one thing left out, one change behind our back."""
    sandbox = yaml.safe_load((ROOT / "environments" / "sandbox.yaml").read_text("utf-8"))
    stack.apply(sandbox)
    stack.client("iam").attach_role_policy(
        RoleName="MetaflowBatchRole", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    sandbox["resources"]["compute_environment"]["cpu"]["max_vcpus"] = 512
    del sandbox["resources"]["endpoint"]["ecr-dkr"]
    found = stack.plan(sandbox).document
    found["environment"] |= {"caller": "arn:aws:iam::123456789012:user/ana", "endpoint": None}
    gone = next(change for change in found["resource_changes"] if change["address"] == "endpoint.ecr-dkr")
    gone["physical_id"] = "vpce-0a88a5020de00a332"
    found["source"] |= {"path": "prod.yaml", "git_commit": "4f54592c0ffee", "git_dirty": False}
    return found


def rendered(found):
    out = io.StringIO()
    console.write(text.lines(found), out)
    return out.getvalue()


@pytest.mark.slow
def test_the_readmes_capture_is_a_real_plan(embedded, tmp_path):
    embedded.reset(transition_polls=0)
    assert block_under_top("text") == rendered(scenario(Stack(embedded, tmp_path)))


def block_under_top(language):
    found = re.search(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]
