"""The plan in GitHub Actions: annotations, the summary of the step, outputs, and the files that the runner names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from render import inertness, many, plans
from render.frozen import compare

from mfinfra.errors import UserError
from mfinfra.render import github

HASH = {"plan_sha256": "ab" * 32}
PLACE = {"file": "environments/prod.yaml", "start": {"line": 12, "column": 5}}
GUARD = {
    "code": "MF4110",
    "status": "fail",
    "message": "too many deletions",
    "address": None,
    "hint": "look",
    "lifted_by": "--max-deletes 6",
}
CASES = {
    "everything": plans.everything(),
    "guards": plans.document(
        plans.deleted(blocked=plans.BLOCK),
        plans.adopted() | {"blocked": plans.FOREIGN, "source_range": PLACE},
        plans.replaced(["create", "delete"]) | {"source_range": PLACE},
        checks=[GUARD, {"code": "MF2000", "status": "warn", "message": "100 % odd", "address": "bucket.archive"}],
        integrity=HASH,
    ),
    "no-change": plans.document(plans.unchanged(), integrity=HASH),
    "hostile": plans.hostile(),
}  # fmt: skip


def removed(count, **parts):
    return [plans.deleted(**parts) | {"address": f"log_group.g{number}"} for number in range(count)]


@pytest.mark.parametrize("name", CASES)
def test_a_plan_in_actions_reads_as_its_golden_file_and_is_inert(name):
    document = CASES[name]
    compare(f"github-{name}.txt", github.commands(document) + "\n" + github.outputs(document))
    inertness.commands(github.commands(document), document)
    inertness.outputs(github.outputs(document), document)


def test_what_is_refused_is_an_error_at_its_place_and_what_is_lost_a_warning():
    shown = github.commands(CASES["guards"]).splitlines()

    assert [re.match("::[a-z]+", line)[0] for line in shown] == ["::error"] * 3 + ["::warning"] * 3 + ["::notice"]
    assert shown[0].startswith("::error file=environments/prod.yaml,title=MF4110::too many deletions; look;")
    assert "::error file=environments/prod.yaml,line=12,col=5,title=MF4101::bucket.archive: " in "\n".join(shown)
    assert shown[3].startswith("::warning file=environments/prod.yaml,title=to destroy log_group.old::log_group.old (")
    assert shown[5].endswith("::bucket.archive: 100 %25 odd")


@pytest.mark.parametrize(("count", "more"), [(10, None), (11, "and 1 more"), (500, "and 490 more")])
def test_of_each_kind_the_ten_worst_are_told_and_then_how_many_more(count, more):
    blocked = removed(count, blocked=plans.BLOCK)
    shown = github.commands(plans.document(plans.replaced(["create", "delete"]), *blocked)).splitlines()

    for kind in ("::error ", "::warning "):
        told = [line for line in shown if line.startswith(kind)]
        assert len(told) == 10 + bool(more) or (kind == "::warning " and len(told) == 11)
        assert all("log_group" in line for line in told[:10])
    if more:
        assert [line for line in shown if line.startswith("::error ")][-1].endswith(f"::{more}")


@given(st.text(), st.text())
def test_any_text_comes_out_of_the_runner_as_one_line_at_its_place(title, message):
    shown = github.Annotation("warning", title, message, file=title, line=3).command()
    said = inertness.commands(shown, None).split("\n")
    assert said[-1] == github.inert.line(message)
    assert not title or said[0] == github.inert.line(title)


def test_the_outputs_say_whether_there_are_changes_and_which_plan_it_is():
    assert github.outputs(CASES["guards"]).splitlines()[:3] == [
        "changes=true", "blocked=true", f"plan_sha256={HASH['plan_sha256']}",
    ]  # fmt: skip
    assert github.outputs(CASES["no-change"]).splitlines()[:2] == ["changes=false", "blocked=false"]


def test_the_summary_stays_under_its_bytes_also_where_characters_take_several():
    document = plans.document(*(plans.updated() | {"action_reason": "漢" * 30_000} for _ in range(40)))
    shown = github.step_summary(document)
    assert 3 * 30_000 < len(shown.encode()) <= github.SUMMARY_BYTES
    assert len(github.step_summary(many.plan_of(500), 50_000).encode()) <= 50_000


def test_what_the_runner_names_is_appended_to_and_stdout_has_the_annotations(tmp_path):
    summary, output = tmp_path / "summary", tmp_path / "output"
    summary.write_text("# before\n", "utf-8")
    output.write_text("other=1", "utf-8")
    document = CASES["guards"]

    shown = github.publish(document, {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)})

    assert shown == github.commands(document)
    assert summary.read_text("utf-8") == "# before\n" + github.step_summary(document)
    assert output.read_text("utf-8") == "other=1\n" + github.outputs(document)


def test_what_the_step_has_written_already_leaves_less_room_for_the_summary(tmp_path):
    summary = tmp_path / "summary"
    summary.write_text("x" * (github.SUMMARY_BYTES - 20_000), "utf-8")
    github.publish(many.plan_of(300), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert github.SUMMARY_BYTES - 19_000 < summary.stat().st_size <= github.SUMMARY_BYTES + 1


@pytest.mark.parametrize("environ", [{}, {"GITHUB_STEP_SUMMARY": "", "GITHUB_OUTPUT": ""}])
def test_outside_of_actions_only_stdout_is_written(environ, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert github.publish(plans.everything(), environ) == github.commands(plans.everything())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"])
def test_a_file_that_cannot_be_written_is_an_error(name, tmp_path):
    with pytest.raises(UserError, match=f"the file that `{name}` names cannot be written: is a directory"):
        github.publish(plans.everything(), {name: str(tmp_path)})
