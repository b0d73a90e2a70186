"""`mfinfra explain`, and who points to it."""

from __future__ import annotations

import json
import re

import pytest

from mfinfra import explain
from mfinfra.render import console
from mfinfra.render import explain as pages


def test_a_page_has_its_title_its_parts_and_its_links_in_80_columns(run):
    shown = run("explain", "MF2102")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith("MF2102: The log group of Step Functions is not under `/aws/vendedlogs/`\n\n")
    for heading in ("Fails", "Passes", "What to do", "More"):
        assert f"\n\n{heading}\n\n" in shown.out
    assert "\n    version: 1\n" in shown.out
    assert "\n- https://docs.aws.amazon.com/step-functions/" in shown.out
    assert "```" not in shown.out
    assert "#" not in shown.out
    prose = [line for line in shown.out.splitlines() if not line.startswith("    ")]
    assert max(map(len, prose)) <= 80


def test_links_and_examples_are_never_broken():
    for code in explain.codes():
        page = explain.page(code)
        lines = [piece.plain for line in pages.lines(code) for piece in console.wrapped(line, 60)]
        for link in re.findall(r"^- (https://\S+)$", page.sections.get("More", ""), re.MULTILINE):
            assert f"- {link}" in lines
        for name in ("Fails", "Passes"):
            example = page.example(name)
            assert all(f"    {line}".rstrip() in lines for line in (example or "").splitlines())


def words(text):
    return {word for word in text.split() if not word.startswith("```")}


def test_every_page_is_told_whole():
    for code in explain.codes():
        page = explain.page(code)
        told = words(" ".join(line.plain for line in pages.lines(code)))
        assert words(" ".join([page.title, page.meaning, *page.sections, *page.sections.values()])) <= told


def test_a_code_is_found_whatever_the_case(run):
    assert run("explain", "mf2102").out == run("explain", "MF2102").out


def test_without_a_code_all_are_listed_in_groups(run):
    shown = run("explain").out
    listed = re.findall(r"^  (MF[0-9]{4})  \S", shown, re.MULTILINE)
    assert listed == list(explain.codes())
    assert shown.startswith("The environment file cannot be read as it is written\n  MF1000  ")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("MF2112x", "did you mean `MF2112`?"),
        ("xyz", "`mfinfra explain` lists all codes"),
        ("../errors", "lists all codes"),
    ],
)
def test_an_unknown_code_exits_1_and_names_the_nearest(run, code, hint):
    shown = run("explain", code)
    assert (shown.code, shown.out) == (1, "")
    assert shown.err.startswith(f"error: there is no code `{code}`\n  hint: ")
    assert shown.err.endswith(f"{hint}\n")


def test_a_page_as_json_has_its_parts(run):
    found = json.loads(run("explain", "MF2102", "--format", "json").out)
    assert (found["code"], found["title"]) == ("MF2102", explain.page("MF2102").title)
    assert found["fails"].startswith("version: 1\n")
    assert found["passes"] != found["fails"]
    assert found["what_to_do"]
    assert found["more"] == ["https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html"]
    listed = json.loads(run("explain", "--format", "json").out)["codes"]
    assert [row["code"] for row in listed] == list(explain.codes())


def test_validate_points_to_the_page_once_and_counts_what_is_suppressed(run, file, tmp_path):
    text = (tmp_path / file).read_text()
    (tmp_path / "loud.yaml").write_text(
        f"{text}    one: {{name: /1, retention_days: 0}}\n    two: {{name: /2, retention_days: 0}}\n"
    )
    loud = run("validate", "loud.yaml")
    assert loud.out == "loud.yaml: valid, 3 resources, 2 warnings\n"
    assert loud.err.endswith("\n`mfinfra explain MF2130` says more\n")
    assert loud.err.count("explain") == 1
    let = "suppress: [{code: MF2130, address: log_group.one, reason: audit}]\n"
    (tmp_path / "let.yaml").write_text(let + (tmp_path / "loud.yaml").read_text())
    shown = run("validate", "let.yaml")
    assert shown.out == "let.yaml: valid, 3 resources, 1 warning, 1 warning suppressed\n"
    assert "log_group.one" not in shown.err
    found = json.loads(run("validate", "--format", "json", "let.yaml").out)
    assert [found[f"{name}_count"] for name in ("error", "warning", "suppressed")] == [0, 1, 1]
    assert [(row["severity"], row["reason"]) for row in found["diagnostics"]] == [
        ("warning", None),
        ("suppressed", "audit"),
    ]


def test_a_file_without_problems_is_not_explained(run, file):
    assert run("validate", file).err == ""
