"""The plan as one page."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render import many, plans
from render.frozen import compare
from render.test_graph import HOSTILE

from mfinfra.render import graph, html

TAGS = """
html head meta link title style body script header main footer section nav h1 h2 p b a code pre kbd span div ul ol li
dl dt dd details summary label input button output svg g defs marker path rect text
"""
NAMES = """
lang charset http-equiv content name rel href class id open hidden for type autocomplete placeholder role tabindex
aria-label aria-labelledby aria-pressed aria-live data-is data-only xmlns width height viewbox transform d rx x y
refx refy markerwidth markerheight markerunits orient marker-end
"""
BREAKS = re.compile(r"(<(?:/?(?:section|header|main|footer|ul|dl|svg|g)\b|(?:details|div|p|li|h2|path|a )))")
VOID = {"meta", "link", "input"}
WHOLE = {"created": "2026-11-01T10:00:00Z", "mfinfra_version": "1.0.0", "applyable": True, "complete": True,
         "required_actions": ["s3:CreateBucket"], "integrity": {"plan_sha256": "ab" * 32}}  # fmt: skip


class Page(HTMLParser):
    """What a browser would read: the elements in their order, and the text of each section and of each change."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.stack, self.texts, self.attributes = [], [], {}, []
        self.feed(text)
        self.close()
        assert not self.stack, "every element is closed"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag not in VOID:
            self.stack.append((tag, dict(attributes).get("id")))

    def handle_endtag(self, tag):
        assert self.stack.pop()[0] == tag

    def handle_data(self, data):
        for name in {tag for tag, _ in self.stack} | {key for _, key in self.stack if key}:
            self.texts[name] = self.texts.get(name, "") + data

    def values(self, name):
        return [value for _, other, value in self.attributes if other == name]


def shown(document):
    return Page(html.page(document))


def test_a_page_reads_as_its_golden_file():
    text = html.page({**plans.everything(), **WHOLE})
    body = text[text.index("<body>") : text.index("<script>")]
    compare("everything.html", BREAKS.sub(r"\n\1", body).strip() + "\n")


def test_the_page_says_all_that_there_is_to_say():
    text = shown({**plans.everything(), **WHOLE}).texts
    for said in (
        "Blocked: nothing can be applied until the guard on 1 step is lifted",
        "Plan: 1 to adopt, 1 to create, 1 to change, 2 to replace, 0 to destroy, 1 blocked.",
        "sandbox (an emulator on this machine, not AWS)",
        "4fb2c76d1b0e9a, with uncommitted changes",
        "2026-11-01T10:00:00Z",
    ):
        assert said in text["header"]
    assert "Plan: 1 to adopt" in text["footer"]
    assert "s3:CreateBucket" in text["footer"]
    assert "because it is not in the file" in text["r7"]
    assert "log_group.old holds data and is not in the file" in text["r7"]
    assert "hint: if that is meant, it takes --allow-destroy log_group.old" in text["r7"]
    assert 'type: "EC2" -> "FARGATE"  # forces replacement' in text["r3"]
    assert "Read: allow s3:GetObject on 1 resource" in text["r1"]
    assert "(known after apply)" in text["r1"]
    assert text["unchanged"] == "1 resource unchangedjob_queue.default"
    assert 'METAFLOW_BATCH_JOB_QUEUE: "a" -> "b"' in text["metaflow"]
    assert "AWS says INVALID" in text["checks"]
    assert "1 check passed" in text["checks"]


def test_what_is_destroyed_stands_first_and_open():
    text = html.page(plans.document(plans.created(), plans.updated(), plans.deleted()))
    assert text.index('id="r3"') < text.index('id="r1"')
    assert re.search(r'<details class="change red" id="r3" data-is="destroy" open="?', text)
    assert re.search(r'<details class="change green" id="r1" data-is="create">', text)
    assert text.index('id="destroyed"') < text.index('id="changes"')


def test_a_step_tells_who_changed_it_which_jobs_it_disturbs_and_every_guard():
    row = many.row("job_queue.q", actions=["delete"], blocked=plans.BLOCK) | {
        "drift": "live",
        "disruption": {"running_jobs": 3, "jobs": {"q": {"RUNNABLE": 0, "STARTING": 1, "RUNNING": 2}}},
        "source_range": {"file": "prod.yaml", "start": {"line": 12, "column": 3}},
        "protected": True,
        "calls": [{"service": "batch", "operation": "DeleteJobQueue", "parameters": {}},
                  {"wait": "Batch deletes it", "until": ["gone"], "timeout_seconds": 60},
                  {"repeat": {"service": "s3", "operation": "ListObjectVersions", "parameters": {}},
                   "until_empty": "x", "with": {"service": "s3", "operation": "DeleteObjects", "parameters": {}}}],
    }  # fmt: skip
    checks = [
        {"code": "MF4103", "status": "fail", "message": "again", "address": "job_queue.q"},
        {"code": "MF4107", "status": "fail", "message": "jobs run", "address": "job_queue.q", "hint": "wait"},
        {"code": "MF4108", "status": "fail", "message": "too many", "address": None, "hint": "`--max-deletes 9`"},
    ]
    page = shown(plans.document(row, checks=checks))
    for said in (
        "changed in AWS since the last apply", "3 jobs are under way: 1 STARTING, 2 RUNNING in q",
        "holds data and is not in the file", "jobs runhint: wait", "prod.yaml:12", "protected: it holds data",
        "batch:DeleteJobQueue", "wait until it is gone, 60 s at most",
        "s3:DeleteObjects, as long as s3:ListObjectVersions finds any",
    ):  # fmt: skip
        assert said in page.texts["r1"]
    assert "again" not in page.texts["r1"]
    assert "[MF4108] too manyhint: --max-deletes 9" in page.texts["header"]


def test_a_plan_without_changes_says_so():
    page = shown(plans.document(*(plans.unchanged(f"job_queue.q{n}") for n in range(14))))
    assert "No changes: 14 resources match what AWS has" in page.texts["header"]
    assert "Nothing changes." in page.texts["changes"]
    assert "destroyed" not in page.texts


def test_a_plan_of_nothing_is_a_page_too():
    assert "there is nothing to make" in shown(plans.document()).texts["header"]
    assert "graph" not in shown(plans.document()).texts


def test_links_lead_to_what_is_there():
    page = shown({**many.plan(6), **WHOLE})
    targets = [value for tag, name, value in page.attributes if name == "href" and tag == "a"]
    assert {target[1:] for target in targets} <= set(page.values("id"))
    assert len(page.values("id")) == len(set(page.values("id")))


def test_options_are_told():
    page = shown(plans.document(plans.created(), complete=False, options={"destroy": False, "target": ["bucket.x"]}))
    assert "--target bucket.x" in page.texts["header"]
    assert "of a part of the environment only" in page.texts["header"]


def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else():
    text = html.page(plans.everything())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert policy.replace("img-src data:", "").count(":") == 0


def _confined(page):
    assert set(page.tags) <= set(TAGS.split())
    assert {name for _, name, _ in page.attributes} <= set(NAMES.split())
    for tag, name, value in page.attributes:
        if name == "href":
            assert re.fullmatch(r"#[a-z0-9-]+", value) or (tag, value) == ("link", "data:,")


def test_a_hostile_plan_makes_no_element_no_attribute_and_no_link():
    document = plans.hostile()
    text = html.page(document)
    _confined(Page(text))
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\\u001b[31m[red]bold[/red]\\u0007" in Page(text).texts["header"]


@pytest.mark.parametrize("name", [*HOSTILE, "</style><script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>"])
def test_a_hostile_text_leaves_the_structure_of_the_page_as_it_is(name):
    assert _structure(name) == _structure("calm" if "`" not in name else "a `b` **")


@settings(max_examples=60)
@given(st.text(st.characters(exclude_characters="`\n")))
def test_any_text_leaves_the_structure_of_the_page_as_it_is(name):
    assert _structure(name) == _structure("calm" if name else "")


def _structure(name):
    row = many.row(f"bucket.{name}", [name], ["update"], because=f"x{name}", physical_id=name,
                   blocked={"code": name, "message": f"x{name}", "hint": None})  # fmt: skip
    page = shown(plans.document(row, environment=plans.ENVIRONMENT | {"name": f"x{name}", "caller": f"x{name}"},
                                checks=[{"code": name, "status": "warn", "message": f"x{name}", "address": "a.b"}],
                                source=plans.SOURCE | {"path": f"x{name}"}))  # fmt: skip
    _confined(page)
    return page.tags


@pytest.mark.slow
def test_a_plan_of_two_thousand_resources_stays_small():
    page = shown(many.plan_of(2000))
    assert len(page.tags) < 25_000
    assert "of 2000 resources are drawn" in page.texts["graph"]
    assert page.tags.count("rect") <= graph.MOST
    assert "attributes hidden)" in page.texts["changes"]
    assert all(f"r{number}" in page.texts for number in (1, 1000, 2000))


def test_a_file_that_was_not_compared_with_aws_has_a_page_with_its_graph():
    page = Page(
        html.graph_page(graph.of(plans.document(many.row("role.a"), many.row("role.b", ["role.a"]))), {"file": "x"})
    )
    _confined(page)
    assert "role.arole.b" in page.texts["resources"]
    assert page.tags.count("rect") == 2


def test_a_large_plan_without_changes_has_words_in_place_of_its_graph():
    page = shown(plans.document(*(many.row(f"role.r{number}") for number in range(300))))
    assert "Nothing changes, and 300 resources are too many to be drawn." in page.texts["graph"]
    assert "svg" not in page.tags
