"""Numbers and lists that the concepts tell are those of the code."""

from __future__ import annotations

import re

import doc_pages
import pytest
from _pages.commands import ROOT as APPLICATION

from mfinfra import explain, ownership, saved, schemas
from mfinfra.lock import content, hold
from mfinfra.planning import thresholds
from mfinfra.sandbox import behaviour

PAGES = {page.path: page.text for page in doc_pages.written()}
[PARALLELISM] = (param.default for param in APPLICATION.commands["plan"].params if "--parallelism" in param.opts)
FACTS = {
    "the sign of life of a lock": ("concepts/locking.md", r"renews it every (\d+) s", hold.HEARTBEAT),
    "when a lock expires": ("concepts/locking.md", r"(\d+) minutes after the last sign", content.EXPIRY / 60),
    "many deletes": ("concepts/guards.md", r"More than (\d+) deletes", thresholds.MOST),
    "many deletes, as a share": ("concepts/guards.md", r"more than (\d+) % of what stands", thresholds.SHARE),
    "many deletes, as a gate": ("gates.md", r"more than (\d+), or over", thresholds.MOST),
    "many deletes, as a share and a gate": ("gates.md", r"or over (\d+) % of the environment", thresholds.SHARE),
    "the oldest plan": ("gates.md", r"hours; (\d+) if nothing is said", saved.MAX_AGE),
    "the oldest plan, in words": ("concepts/plans.md", r"older than (a day), or than `--max-age`", saved.MAX_AGE),
    "calls side by side": ("concepts/rounds.md", r"`--parallelism` \((\d+)\)", PARALLELISM),
    "requests that go wrong": ("concepts/sandbox.md", r"and (\d+) % of all requests", behaviour.STRICT_RATE * 100),
    "how long jobs are waited for": (
        "concepts/replacement.md",
        r"`drain_minutes` \((\d+)\)",
        schemas.traits("compute_environment").defaults["drain_minutes"],
    ),
}
WORDS = {"a day": 24}


@pytest.mark.parametrize(("page", "said", "value"), FACTS.values(), ids=FACTS)
def test_a_number_is_that_of_the_code(page, said, value):
    [told] = re.findall(said, PAGES[page])
    assert float(WORDS.get(told, told)) == value


def test_the_tags_of_ownership_are_those_that_are_put_on():
    table = PAGES["concepts/ownership.md"].partition("## Three tags")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\| `(mfinfra:\w+)` \|", table, re.MULTILINE)) == (
        ownership.ENVIRONMENT,
        ownership.ADDRESS,
        ownership.OWNER,
    )


def test_the_kinds_that_are_protected_are_those_that_hold_data():
    section = PAGES["concepts/guards.md"].partition("## What is protected")[2].partition("```")[0]
    held = {kind for kind in schemas.kinds() if schemas.traits(kind).holds_data}
    assert set(re.findall(r"\(\.\./kinds/(\w+)\.md\)", section)) == held


def test_what_lifts_a_guard_stands_in_the_explanation_of_its_code():
    rows = re.findall(r"^\| .+? \| \[(MF\d+)\]\(\S+\) \| (.+) \|$", PAGES["concepts/guards.md"], re.MULTILINE)
    assert len(rows) > 8
    for code, lifted in rows:
        page = explain.page(code)
        about = "\n".join((page.meaning, *page.sections.values()))
        assert [word for word in re.findall(r"`(--[a-z-]+|[a-z]+: \w+)`", lifted) if word not in about] == [], code


def test_a_link_to_an_exit_code_leads_to_the_one_that_it_shows():
    links = [pair for text in PAGES.values() for pair in re.findall(r"\[(\w+)\]\(\S*exit-codes\.md#(\d+)\)", text)]
    assert len(links) > 4
    assert [pair for pair in links if pair[0] != pair[1]] == []
