"""The site as it is built, and what its pages show of plans."""

from __future__ import annotations

import html
import io
import json
import logging
import os
import re
import textwrap
import time

import doc_commands
import doc_pages
import doc_snippets
import pytest
import yaml
from doc_pages import ROOT

from mfinfra import explain, schemas
from mfinfra.render import console, text

pytestmark = pytest.mark.slow
TAG = re.compile(r"<(script|img|iframe|link|source|object|embed|video|audio)\b[^>]*>")
ADDRESS = re.compile(r"""\b(?:src|srcset|href|data|poster)\s*=\s*["']?\s*((?:https?:)?//[^"'\s>]+)""")
STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)")
SECTIONS = ("start", "concepts", "recipes", "kinds", "commands", "reference")


def fetched(page):
    """What a browser would fetch for a page from elsewhere; links that somebody may follow are none of it."""
    tags = (found[0] for found in TAG.finditer(page))
    return [address for tag in tags for address in ADDRESS.findall(tag)] + STYLE.findall(page)


def build(folder, **changed):
    """Build the site into `folder`; the warnings that `--strict` would stop at."""
    from mkdocs.commands.build import build as built
    from mkdocs.config import load_config

    warnings = []
    listening = logging.Handler(logging.WARNING)
    listening.emit = lambda record: warnings.append(record.getMessage())
    logger = logging.getLogger("mkdocs")
    logger.addHandler(listening)
    try:
        built(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=False, **changed))
    finally:
        logger.removeHandler(listening)
    return warnings


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site and the warnings of its build, which one process makes and all others wait for."""
    temporary = tmp_path_factory.getbasetemp()
    folder = (temporary.parent if os.environ.get("PYTEST_XDIST_WORKER") else temporary) / "documentation"
    done = folder / "warnings.json"
    try:
        folder.mkdir()
    except FileExistsError:
        until = time.monotonic() + 300
        while not done.exists() and time.monotonic() < until:
            time.sleep(0.2)
    else:
        warnings = ["the build was cut off"]
        try:
            warnings = build(folder / "site")
        finally:  # nobody shall wait for what does not come
            done.with_suffix(".new").write_text(json.dumps(warnings), "utf-8")
            done.with_suffix(".new").rename(done)
    return folder / "site", json.loads(done.read_text("utf-8"))


def test_the_site_is_built_without_a_warning_so_every_link_and_anchor_leads_somewhere(site):
    assert site[1] == []


def test_every_kind_command_and_code_has_its_page_on_the_site(site):
    assert all((site[0] / "kinds" / f"{kind}.html").is_file() for kind in schemas.kinds())
    assert all((site[0] / "codes" / f"{code}.html").is_file() for code in explain.codes())
    for page in doc_pages.every():
        path = page.path.replace("README.md", "index.md").replace(".md", ".html")
        assert (site[0] / path).is_file(), path
    assert not list(site[0].rglob("*.py"))


def test_no_page_fetches_anything_from_elsewhere(site):
    assert {address for page in site[0].rglob("*.html") for address in fetched(page.read_text("utf-8"))} == set()
    assert [sheet for sheet in site[0].rglob("*.css") if STYLE.search(sheet.read_text("utf-8"))] == []


def test_something_that_is_fetched_is_found():
    assert fetched('<script src="https://unpkg.com/x"></script><a href="https://example.com">x</a>') == [
        "https://unpkg.com/x"
    ]
    assert fetched('<link rel="stylesheet" href="//fonts.googleapis.com/css">')
    assert fetched('<div style="background: url(https://example.com/a.png)"></div>')
    assert fetched('<img src="assets/a.png">') == []


def test_nothing_is_left_of_marks_and_of_markdown(site):
    """A mark that nothing was put into, a fence or a table that was not understood."""
    for page in site[0].rglob("*.html"):
        body = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", page.read_text("utf-8"), flags=re.DOTALL)
        found = re.search(
            r"<!-- (members|types|blocks|exit|environment) |```|^\|.*\|$|--8&lt;--|\{ ?#\w+ ?\}", body, re.MULTILINE
        )
        assert found is None, (page.name, found)


def test_a_page_with_a_wrong_link_or_anchor_is_told(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# A\n\n[b](b.md) [c](c.md) [a](#nowhere)\n", "utf-8")
    (docs / "c.md").write_text("# C\n\n[a](index.md#nothing)\n", "utf-8")
    changed = {"docs_dir": str(docs), "hooks": [], "nav": [{"A": "index.md"}, {"C": "c.md"}, {"D": "d.md"}]}
    warnings = "\n".join(build(tmp_path / "site", **changed))
    assert re.findall("(?:link|reference to) '([^']+)'", warnings) == ["d.md", "b.md", "#nowhere", "index.md#nothing"]


def test_the_search_finds_each_part_of_the_site_without_a_server(site):
    index = (site[0] / "search" / "search_index.js").read_text("utf-8")
    assert index.startswith("var __index = ")
    for part in (*SECTIONS, "codes", "decisions"):
        assert f'"location": "{part}/' in index or f'"location":"{part}/' in index, part


CONSOLE = re.compile(r'<div class="language-console highlight">(.*?)</div>', re.DOTALL)
PROMPT_AND_OUTPUT = re.compile(r'<span class="g[po]">.*?</span>', re.DOTALL)


def test_of_a_console_only_what_is_typed_looks_so_and_is_copied(site):
    """What the page leaves out when it copies is what is marked as a prompt or as output."""
    shown = 0
    for page in doc_pages.written():
        typed = [
            [line.removeprefix("$ ") for line in doc_commands.lines(block.body, typed=True)]
            for block in page.blocks("console", whole=True)
        ]
        built = (site[0] / page.path.replace("README.md", "index.md").replace(".md", ".html")).read_text("utf-8")
        copied = [
            html.unescape(re.sub(r"<[^>]+>", "", PROMPT_AND_OUTPUT.sub("", block))).replace("\\\n", " ").splitlines()
            for block in CONSOLE.findall(built)
        ]
        assert [[line for line in block if line.strip()] for block in copied] == typed, page.path
        shown += len(typed)
    assert shown > 8


def test_the_plan_on_the_home_page_is_the_plan_of_the_file_beside_it(stack):
    """Of the file on the page, after somebody has meddled, and with one resource and one value that are new."""
    [home] = [page for page in doc_pages.written() if page.path == "index.md"]
    [file] = [yaml.safe_load(block.body) for block in home.blocks("yaml")]
    [shown] = [block.body for block in home.blocks("text")]
    before = {**file, "resources": {kind: file["resources"][kind] for kind in ("bucket", "role")}}
    stack.apply(before)
    stack.client("iam").attach_role_policy(
        RoleName="DemoBatchJob", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    out = io.StringIO()
    console.write(text.lines(stack.plan(file).document), out)
    assert textwrap.indent(shown, "    ") in out.getvalue()


FRAGMENTS = {
    f"{page.path}-{number}": block
    for page in doc_pages.written()
    for number, block in enumerate(doc_snippets.fragments(page))
}


@pytest.mark.parametrize("block", FRAGMENTS.values(), ids=FRAGMENTS)
def test_a_fragment_can_be_planned_where_its_file_stands(stack, block):
    file = doc_snippets.completed(block)
    if file.get("aws", {}).get("endpoint") == "sandbox":
        del file["aws"]
    plan = stack.plan(file).document
    assert plan["summary"]["blocked"] == 0
    assert plan["summary"]["create"] == len(plan["resource_changes"])


@pytest.mark.browser
def test_a_page_that_is_opened_as_a_file_can_be_searched_and_copied_from_and_asks_nobody(site, chromium):
    asked, told = [], []
    context = chromium.new_context(viewport={"width": 400, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("console", lambda message: told.append(message.text))
    page.goto((site[0] / "start" / "tutorial.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 400, "nothing sticks out on a telephone"

    page.locator(".language-console button").first.click()
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert [line for line in copied if line] == [
        "mfinfra init demo.yaml --preset sandbox",
        "mfinfra validate demo.yaml",
    ]

    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("input.md-search__input").click()
    page.keyboard.type("drain_minutes")
    found = page.locator(".md-search-result__link")
    found.first.wait_for(state="attached")
    places = [link.get_attribute("href") for link in found.all()]
    assert [place for place in places if "kinds/compute_environment.html" in place and place.endswith("#drain_minutes")]
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert told == []
    context.close()
