"""The HTML page in Chromium: with scripts and without, on a phone and on a desk, with hostile texts, and large."""

import re
import struct
import zlib
from itertools import product
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import expect
from render import many, plans
from render.test_graph import HOSTILE

from mfinfra.render import graph, html, svg

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
DOCUMENTS = {"everything": plans.everything, "sixty": many.plan, "hostile": plans.hostile}
VIEWS = [
    *product(["everything"], ["phone", "desk"], ["js", "no-js"], ["light", "dark"]),
    *product(["sixty", "hostile"], ["phone"], ["js"], ["light"]),
    *product(["sixty", "hostile"], ["desk"], ["no-js"], ["dark"]),
]
ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style><svg onload=alert(1)>",
    "javascript:alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "{{constructor}}",
)
LIMIT = 2000  # milliseconds, which the specification names for 2,000 resources


def pixels(png):
    """Width, height and how many different rows of pixels a photograph has."""
    width, height, depth, colours = struct.unpack(">IIBB", png[16:26])
    data, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    raw = zlib.decompress(data)
    assert depth == 8
    stride = width * {2: 3, 6: 4}[colours] + 1
    return width, height, len({raw[row * stride : (row + 1) * stride] for row in range(height)})


@pytest.mark.parametrize("case", VIEWS, ids=lambda case: "-".join(map(str, case)))
def test_a_page_fits_on_a_phone_and_on_a_desk_with_scripts_and_without(opened, shots, case):
    name, size, scripted, scheme = case
    viewport, scripts = {"phone": PHONE, "desk": DESK}[size], scripted == "js"
    text = html.page(DOCUMENTS[name]())
    with opened(text, viewport=viewport, java_script_enabled=scripts, color_scheme=scheme) as page:
        shot = page.screenshot(path=shots / f"{'-'.join(case)}.png",
                               full_page=True)  # fmt: skip
        width, height, rows = pixels(shot)
        assert width == viewport["width"], "the page itself does not scroll to the side"
        assert height > viewport["height"]
        assert rows > 300, "it is not blank"
        assert page.locator("#tools").is_visible() is scripts
        assert page.get_by_role("heading", level=1).is_visible()
        box = page.locator(".frame").bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= viewport["width"]


def test_without_scripts_everything_can_be_read(opened):
    document = plans.everything()
    with opened(html.page(document), java_script_enabled=False) as page:
        for change in document["resource_changes"]:
            assert page.get_by_text(change["address"], exact=True).count() >= 1
        assert page.get_by_text("# forces replacement").first.is_visible()
        created = page.locator("details#r1")
        assert not created.get_by_text("| first line").first.is_visible()
        created.locator("> summary").click()
        assert created.get_by_text("| first line").first.is_visible()
        page.locator("#graph a[href='#r5']").click()
        assert page.url.endswith("#r5")
        page.locator("#unchanged > summary").click()
        assert page.get_by_text("job_queue.default", exact=True).is_visible()


def shown(page):
    return page.eval_on_selector_all("[data-is]", "items => items.filter((one) => !one.hidden).map((one) => one.id)")


def test_the_list_is_filtered_by_text_and_by_action(opened):
    with opened(html.page(plans.everything())) as page:
        said = page.locator("#said")
        assert said.inner_text() == "7 resources"
        page.locator("#filter").fill("BUCKET. will")
        expect(page.locator("#said")).to_have_text("2 of 7 resources shown")
        assert shown(page) == ["r2", "r5"]
        adopt = page.get_by_role("button", name="= adopt")
        adopt.click()
        assert adopt.get_attribute("aria-pressed") == "true"
        assert shown(page) == ["r5"]
        assert said.get_attribute("aria-live") == "polite"
        page.get_by_role("button", name="~ update").click()
        assert shown(page) == ["r2", "r5"]
        adopt.click()
        page.locator("#filter").fill("")
        expect(page.locator("#said")).to_have_text("1 of 7 resources shown")
        assert shown(page) == ["r2"]


def test_what_does_not_change_is_found_too(opened):
    with opened(html.page(plans.everything())) as page:
        page.locator("#filter").fill("job_queue")
        page.get_by_text("job_queue.default", exact=True).wait_for()
        page.keyboard.press("Escape")
        assert not page.get_by_text("job_queue.default", exact=True).is_visible()


def test_the_keyboard_does_everything(opened):
    with opened(html.page(plans.everything())) as page:
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "filter"
        page.keyboard.type("a/b")
        assert page.locator("#filter").input_value() == "a/b"
        expect(page.locator("#said")).to_have_text("0 of 7 resources shown")
        page.keyboard.press("Escape")
        assert page.locator("#filter").input_value() == ""
        assert len(shown(page)) == 7
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert page.get_by_role("button", name="-/+ replace").get_attribute("aria-pressed") == "true"
        assert shown(page) == ["r3", "r4"]
        page.locator("details#r3 > summary").focus()
        page.keyboard.press("Enter")
        assert not page.evaluate("document.getElementById('r3').open")
        page.locator("#graph a[href='#r6']").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#unchanged[open]")).to_be_visible()
        assert len(shown(page)) == 7, "a link leads to what the filter had hidden"


def test_everything_that_can_be_used_can_be_reached_with_tab(opened):
    with opened(html.page(plans.everything())) as page:
        wanted = page.evaluate("""[...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")]
            .filter((one) => one.checkVisibility({contentVisibilityAuto: false})).length""")
        reached = 0
        for _ in range(wanted):
            page.keyboard.press("Tab")
            reached += page.evaluate("document.activeElement !== document.body")
        assert reached == wanted > 30


def test_all_is_expanded_and_collapsed(opened):
    with opened(html.page(plans.everything())) as page:
        page.get_by_role("button", name="expand all").click()
        assert page.locator("details.change:not([open])").count() == 0
        assert page.get_by_text("job_queue.default", exact=True).is_visible()
        page.get_by_role("button", name="collapse all").click()
        assert page.locator("details.change[open]").count() == 0


def test_a_hostile_plan_executes_nothing_and_shows_what_it_is(opened):
    names = [*HOSTILE, *ATTACKS]
    rows = [
        many.row(f"bucket.{name}", [name], ["delete"], because=name, physical_id=name,
                 blocked={"code": name, "message": name, "hint": name})
        for name in names
    ]  # fmt: skip
    everywhere = "".join(names)
    document = plans.document(
        *rows, *plans.hostile()["resource_changes"],
        environment=dict.fromkeys(plans.ENVIRONMENT, everywhere), source=dict.fromkeys(plans.SOURCE, everywhere),
        metaflow_changes={everywhere: {"before": everywhere, "after": everywhere}}, created=everywhere,
        integrity={"plan_sha256": everywhere}, required_actions=names, applyable=True, mfinfra_version=everywhere,
    )  # fmt: skip
    with opened(html.page(document)) as page:
        assert page.locator("img, iframe, object, embed, base, form, [onload], [onerror], [style]").count() == 0
        assert page.locator("script").count() == page.locator("style").count() == 1
        assert page.evaluate("[...document.links].every((one) => one.getAttribute('href').startsWith('#'))")
        text = page.locator("body").inner_text()
        assert "<script>alert(1)</script>" in text
        assert "\\u001b[31m[red]bold[/red]\\u0007" in text
        assert all(char.isprintable() or char in "\n\t" for char in text)
        page.locator("#filter").fill("<script>")
        expect(page.locator("#said")).to_have_text(re.compile(r"^\d+ of"))


def test_the_policy_of_the_page_stops_what_would_get_in_all_the_same(chromium, tmp_path):
    """Were there a hole, this is what is behind it: the page's own policy runs no script but its own."""
    text = html.page(plans.everything()).replace(
        "</footer>", "<img src=x onerror='window.owned = 1'><script>window.owned = 1</script></footer>"
    )
    path = tmp_path / "page.html"
    path.write_text(text, "utf-8")
    page = chromium.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(path.as_uri())
    assert page.evaluate("window.owned") is None
    assert [message for message in refused if "Content Security Policy" in message]
    page.close()


def opening(page):
    """Milliseconds from the start of the navigation to the load event and the first layout."""
    return page.evaluate("""() => {
        document.body.getBoundingClientRect();
        return Math.max(performance.now(), performance.getEntriesByType("navigation")[0].loadEventEnd);
    }""")


def test_a_page_of_two_thousand_resources_opens_in_under_two_seconds(opened, shots):
    text = html.page(many.plan_of(2000))
    took = []
    for _ in range(3):  # the best of three: what else the machine does at the moment is no business of the page
        with opened(text) as page:
            took.append(opening(page))
    assert 0 < min(took) < LIMIT, took
    with opened(text) as page:
        assert page.locator("[data-is]").count() == 2000
        page.locator("#filter").fill("team-77")
        expect(page.locator("#said")).to_have_text("9 of 2000 resources shown")
        assert pixels(page.screenshot(path=shots / "two-thousand.png"))[2] > 100


def test_a_long_page_leads_to_a_resource_far_down(opened):
    with opened(html.page(many.plan_of(2000))) as page:
        last = page.locator("#destroyed a").last
        target = last.get_attribute("href")
        last.click()
        expect(page.locator(target)).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_alone_is_drawn_without_labels_that_leave_their_boxes(opened, shots, scheme):
    text = svg.svg(graph.of(many.plan(6)))
    assert ET.fromstring(text) is not None
    with opened(text, name="graph.svg", color_scheme=scheme) as page:
        wide = page.evaluate("""() => [...document.querySelectorAll("g[class]")].flatMap((box) => {
            const frame = box.querySelector("rect").getBoundingClientRect();
            return [...box.querySelectorAll("text")].filter((text) => {
                const label = text.getBoundingClientRect();
                return label.width && (label.left < frame.left || label.right > frame.right
                    || label.top < frame.top || label.bottom > frame.bottom);
            }).map((text) => text.textContent);
        })""")
        assert wide == []
        assert pixels(page.screenshot(path=shots / f"graph-{scheme}.png"))[2] > 200


def test_the_graph_on_paper_is_whole_and_the_changes_are_open(opened):
    with opened(html.page(plans.everything())) as page:
        page.emulate_media(media="print")
        assert page.get_by_text("| first line").first.is_visible()
        assert not page.locator("#tools").is_visible()
