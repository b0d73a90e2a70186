"""Nothing in the documents goes stale unnoticed."""

from __future__ import annotations

import io
import os
import re
import tomllib
from pathlib import Path

import doc_commands
import pytest
import yaml
from stack import Stack

from mfinfra import desired, explain, schemas
from mfinfra.cli import app
from mfinfra.errors import Incomplete, Locked, Refused, Stale
from mfinfra.planning import gate, thresholds
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


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_the_readme_has_its_parts_in_the_order_in_which_a_stranger_asks():
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == [
        "Why not Terraform, CloudFormation or the CDK?",
        "Two commands",
        "A real account",
        "The file",
        "Gate a pull request",
        "How it knows what it owns without a state file",
        "What it will not do without being told",
        "Commands",
        "Exit codes",
        "Measured speed",
        "Limits, said plainly",
        "Security, support, licence",
        "Run the tests",
    ]


def test_each_of_the_two_commands_is_one_line_that_does_all_the_set_up():
    for title in ("Two commands", "Run the tests"):
        command = block_under(title, "bash").strip()
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && ")


def test_ci_runs_the_readmes_own_commands():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "readme_block '^## Run the tests'" in script
    assert "readme_block '^## Two commands'" in script


def test_whatever_can_be_run_is_run_and_all_else_is_of_a_kind_that_cannot():
    """`bash` is run by `.ci/run`, `console` by tests/readme; `sh` needs a real account and is parsed, below."""
    languages = re.findall(r"^```(\w+)", README, re.MULTILINE)
    assert set(languages) == {"bash", "console", "sh", "text", "yaml"}
    assert languages.count("bash") == 2
    assert languages.count("text") == 1


SHELL = [line for block in blocks("sh") for line in block.splitlines()]
INLINE = re.findall(r"`(mfinfra [^`]+)`", README)


@pytest.mark.parametrize("line", SHELL)
def test_every_line_for_a_real_account_is_one_that_mfinfra_takes(line):
    called = list(doc_commands.commands(line))
    assert called
    for words in called:
        assert doc_commands.wrong(words) == ""


@pytest.mark.parametrize("line", INLINE)
def test_every_command_in_the_text_is_one_that_mfinfra_takes(line):
    for words in doc_commands.commands(" ".join(line.split()).replace("\N{HORIZONTAL ELLIPSIS}", "text")):
        assert doc_commands.wrong(words, whole=False) == ""


def test_every_flag_that_is_named_is_one_of_some_command():
    known = {option for command in doc_commands.APPLICATION.commands.values() for option in options(command)}
    named = set(re.findall(r"`(--[a-z][a-z-]+)", README)) - {"--help", "--version", "--json"}
    assert len(named) > 15
    assert named - known == {"--force"}
    assert "There is no `--force`" in README


def options(command):
    inner = [option for sub in getattr(command, "commands", {}).values() for option in options(sub)]
    return [name for param in command.params for name in param.opts] + inner


def test_the_smallest_file_is_valid_for_a_real_account_too(tmp_path):
    file = tmp_path / "demo.yaml"
    [text] = re.findall(r"^```yaml title=\"demo\.yaml\"\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    for changed in (text, re.sub(r"^aws:.*\n", "", text, flags=re.MULTILINE)):
        file.write_text(changed, "utf-8")
        assert desired.read(file).warnings == ()
    assert changed != text


WHOLE = ("environments/ec2.yaml", "examples/github/plan.yml", "examples/github/apply.yml")


@pytest.mark.parametrize("path", WHOLE)
def test_what_is_shown_whole_is_the_file_itself(path):
    """`REFRESH_GOLDEN=1` puts the files in anew."""
    pattern = re.compile(
        rf"(<code>{re.escape(path)}</code>\)</summary>\n\n```yaml\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE
    )
    found, whole = pattern.search(README), (ROOT / path).read_text("utf-8")
    if os.environ.get("REFRESH_GOLDEN"):
        now = (ROOT / "README.md").read_text("utf-8")
        (ROOT / "README.md").write_text(pattern.sub(lambda old: old[1] + whole + old[3], now), "utf-8")
    else:
        assert found[2] == whole


def test_captures_fit_a_terminal_of_80_columns():
    for block in (*blocks("console"), *blocks("text")):
        assert [line for line in block.splitlines() if len(line) > 80] == []


def test_every_guard_of_a_plan_stands_in_the_table_with_the_code_and_exit_code_that_it_has():
    rows = {cells[3]: cells for cells in table("What it will not do without being told")}
    assert gate.PASSED.keys() <= rows.keys()
    for code, (*_, ends) in rows.items():
        assert code in explain.codes()
        if code in gate.PASSED:
            assert ends == "3"
    assert {ends for *_, ends in rows.values()} == {"3", "4", "5", "6, or 1 if it was the first call"}


@pytest.mark.parametrize("kind", [Refused, Stale, Locked, Incomplete])
def test_the_errors_behind_the_guards_exit_with_the_codes_of_the_table(kind):
    rows = table("What it will not do without being told")
    assert str(kind.exit_code) in {ends[:1] for *_, ends in rows}


def test_the_numbers_of_the_thresholds_are_those_of_the_code():
    assert f"more than {thresholds.MOST} deletes in one plan, or over {thresholds.SHARE} % of the environment" in README


def table(title):
    """The rows of the first table after a heading, without its head."""
    section = README.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[2:]]


def test_every_exit_code_of_the_help_stands_in_the_readme_and_no_other(capsys):
    app.main(["--help"])
    helped = capsys.readouterr().out.partition("Exit codes:")[2]
    codes = set(re.findall(r"^  (\d+) ", helped, re.MULTILINE))
    assert {code for row in table("Exit codes") for code in re.findall(r"\d+", row[0])} == codes | {"143", "129"}


def test_every_command_stands_in_the_readme_in_the_group_of_its_help():
    """A new command goes into the table under "Commands"."""
    rows = {heading: set(re.findall(r"`([a-z]+)", names)) for heading, names in table("Commands")}
    for group, modules in app.COMMANDS.items():
        names = {module.__name__.rpartition(".")[2].rstrip("_") for module in modules}
        assert any(names <= row for row in rows.values()), f"{group}: {', '.join(names)}"


def test_the_measured_requests_are_those_that_a_test_asserts():
    counted = (ROOT / "tests" / "test_requests.py").read_text("utf-8")
    requests = sum(map(int, re.findall(r'"\w+\.\w+": (\d+),', counted)))
    rows = dict(table("Measured speed"))
    assert f"{requests} requests in one round trip" in rows["settled: everything is there, nothing differs"]
    assert "survey.rounds == 1" in counted
    assert "survey.rounds <= 3" in counted
    sandbox = desired.read(ROOT / "environments" / "sandbox.yaml").environment.resources
    kinds = {address.kind for address in sandbox}
    assert f"({len(sandbox)} resources of {len(kinds)} kinds)" in README


def test_the_badges_tell_the_truth():
    badges = dict(re.findall(r"^!\[(.+?)\]\((https://img\.shields\.io/badge/\S+)\)$", README, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert list(badges) == [
        f"Python {project['requires-python'].removeprefix('>=')}+",
        f"Licence: {project['license']}",
    ]


def test_the_number_of_kinds_is_said_as_it_is():
    words = {12: "Twelve", 13: "Thirteen", 14: "Fourteen", 15: "Fifteen"}
    number = words[len(schemas.kinds())]
    assert f"**{number} kinds.**" in README
    assert f"| {number.lower()} kinds of AWS" in README


def test_the_comparison_is_of_the_day_of_the_page_that_it_leads_to():
    page = (ROOT / "docs" / "comparison.md").read_text("utf-8")
    [dated] = re.findall(r"As of \*\*(\w+ \d{4})\*\*", README)
    assert dated in re.search(r"As of \*\*(.+?)\*\*", page)[1]


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


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


class Narrow(io.StringIO):
    """A terminal of 80 columns that knows no colours."""

    def isatty(self):
        return True


def rendered(found, monkeypatch):
    for name, value in {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    out = Narrow()
    console.write(text.lines(found), out)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


@pytest.mark.slow
def test_the_readmes_capture_is_a_real_plan(embedded, tmp_path, monkeypatch):
    """`REFRESH_GOLDEN=1` puts it in anew."""
    embedded.reset(transition_polls=0)
    real = rendered(scenario(Stack(embedded, tmp_path)), monkeypatch)
    [shown] = blocks("text")
    if os.environ.get("REFRESH_GOLDEN"):
        (ROOT / "README.md").write_text(README.replace(shown, real), "utf-8")
    else:
        assert shown == real
