"""What is given up, in each renderer's own words: golden files, and what a machine reads off it."""

import io
import json
from datetime import UTC, datetime

import jsonschema
import pytest
from render import inertness, plans
from render.frozen import compare
from render.streams import Terminal

from mfinfra import schemas
from mfinfra.model import Action, Address, Done, Failed, Skipped, Started
from mfinfra.render import board, console, events, github, graph, html, junit, looks, markdown, origin, report, sarif
from mfinfra.render import history as records
from mfinfra.render import text as plain

WHOLE = {"created": "2026-11-01T10:00:00Z", "mfinfra_version": "1.0.0", "integrity": {"plan_sha256": "ab" * 32}}
ARCHIVE = Address("bucket", "archive")


def left():
    return plans.left() | WHOLE


def printed(lines, stream=None, **environ):
    stream = stream or io.StringIO()
    console.write(lines, stream, environ)
    return stream.getvalue()


def graphed():
    rows = [{**row, "depends_on": []} for row in left()["resource_changes"]]
    return graph.of({**left(), "resource_changes": rows})


SHOWN = {
    "forget.txt": lambda: printed(plain.lines(left())),
    "forget-full.txt": lambda: printed(plain.lines(left(), full=True)),
    "forget-summary.txt": lambda: printed(plain.lines(left(), summary=True)),
    "forget.md": lambda: markdown.text(left()),
    "github-forget.txt": lambda: github.commands(left()) + "\n" + github.outputs(left()),
    "junit-forget.xml": lambda: junit.text(left()),
    "sarif-forget.json": lambda: sarif.text(left()),
    "forget.mermaid": lambda: graph.mermaid(graphed()),
    "forget.dot": lambda: graph.dot(graphed()),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_given_up_reads_as_its_golden_file(name):
    compare(name, SHOWN[name]())


def test_at_80_columns_no_line_of_it_is_wider():
    shown = printed(plain.lines(left()), Terminal(), COLUMNS="80", NO_COLOR="1")
    compare("forget-80-columns.txt", shown)
    assert max(map(len, shown.splitlines())) <= 80


def test_it_is_no_loss_and_no_annotation_says_so():
    assert not any(map(looks.destroys, left()["resource_changes"]))
    assert all(map(looks.leaves, left()["resource_changes"]))
    assert "::warning file=environments/prod.yaml,title=to destroy" not in github.commands(left())
    inertness.commands(github.commands(left()), left())
    inertness.outputs(github.outputs(left()), left())


def test_the_verdict_counts_it_and_that_of_other_plans_does_not_speak_of_it():
    assert looks.verdict(left()).endswith("0 to destroy, 1 to forget, 1 blocked")
    assert "forget" not in looks.verdict(plans.everything())
    nothing = {**plans.document(plans.unchanged()), "options": {"forget": ["bucket.archive"]}}
    assert looks.unchanged(nothing) == (
        "nothing of it carries tags of this environment, so that there is nothing to forget"
    )


def test_who_carries_it_out_is_given_the_saved_plan_and_is_told_the_option():
    assert origin.options(left()) == ["--forget all"]
    ready = plans.document(plans.forgotten(), options={"forget": ["bucket.archive"]}) | WHOLE
    assert origin.command(ready) == "mfinfra apply PLAN"


def test_the_page_filters_by_its_word_and_shows_what_aws_calls_it():
    page = html.page(left())
    assert 'data-is="forget"' in page
    assert "will be forgotten" in page
    assert "physical_id" in page


def test_a_run_of_it_is_told_in_its_words():
    events_ = (Started(ARCHIVE, Action.FORGET), Done(ARCHIVE, Action.FORGET, 1.0))
    table = board.Board.of(left())
    table.take(events_[0])
    assert table.standing() == ["forgetting bucket.archive, 0 s"]
    tally = report.Tally()
    for event in events_:
        tally.take(event)
    assert printed(report.lines(tally, 2.0, "Forget")) == "Forget complete: 1 forgotten, in 2 s\n"
    tally.take(Skipped(Address("table", "old"), Action.FORGET, "the run was interrupted"))
    tally.take(Failed(Address("role", "a"), Action.FORGET, ValueError("x")))
    shown = printed(report.lines(tally, 2.0, "Forget"))
    assert "bucket.archive forgotten" in shown
    assert "table.old: not forgotten, because the run was interrupted" in shown


def test_the_stream_of_events_keeps_to_its_schema():
    lines = []
    stream = events.Stream([lines.append], "forget", lambda: datetime(2026, 11, 1, tzinfo=UTC))
    stream.plan(left())
    for event in (Started(ARCHIVE, Action.FORGET), Done(ARCHIVE, Action.FORGET, 1.0)):
        stream.take(event)
    tally = report.Tally(done=[Done(ARCHIVE, Action.FORGET, 1.0)])
    stream.end(0, tally, 1.0)
    found = [json.loads(line) for line in lines]
    for line in found:
        jsonschema.Draft202012Validator(schemas.load("events")).validate(line)
    assert found[0]["command"] == "forget"
    assert found[-1]["changes"]["forget"] == 1
    [counted] = [line for line in found if line["type"] == "change_summary"]
    assert counted["changes"]["forget"] == 2


def test_a_row_of_the_history_has_its_sign():
    assert records._changes({"adopt": 0, "forget": 3}) == ".3"
