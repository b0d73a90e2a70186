"""A warning that the file suppresses: programs are told of it with its reason, people that there is one."""

from __future__ import annotations

import io

import plans
import pytest

from mfinfra.render import console, events, github, html, junit, markdown, sarif, text

ROW = {
    "code": "MF2130",
    "status": "suppressed",
    "message": "these logs are kept, and paid for, for ever",
    "address": "log_group.flows.retention_days",
    "hint": "write how many days",
    "lifted_by": None,
    "reason": "an auditor asks for all of them",
}


def plain(found):
    out = io.StringIO()
    console.write(text.lines(found), out)
    return out.getvalue()


def lines(found):
    out = []
    events.Stream([out.append]).plan(found)
    return "".join(out)


@pytest.mark.parametrize("render", [plain, markdown.text, github.commands, sarif.text, lines])
def test_what_is_suppressed_is_not_said_where_warnings_are(render):
    warned = {**ROW, "status": "warn"}
    assert ROW["code"] in render(plans.document(checks=[warned]))
    assert ROW["code"] not in render(plans.document(checks=[ROW]))


def test_text_counts_what_is_suppressed():
    assert "(1 warning suppressed by the file)" in plain(plans.document(checks=[ROW]))
    assert "suppressed" not in plain(plans.document())


def test_the_page_has_it_folded_with_its_reason():
    shown = html.page(plans.document(checks=[ROW]))
    assert "1 warning suppressed" in shown
    assert f"(suppressed: {ROW['reason']})" in shown


def test_junit_passes_it_and_tells_why():
    shown = junit.text(plans.document(checks=[ROW]))
    assert "<failure" not in shown
    assert f"suppressed: {ROW['message']}\nreason: {ROW['reason']}" in shown
