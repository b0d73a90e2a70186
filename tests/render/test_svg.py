"""The graph as a picture."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render import many, plans
from render.frozen import compare
from render.test_graph import HOSTILE, plan
from rich.cells import cell_len

from mfinfra.render import graph, markup, palette, svg

NS = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "style", "rect", "text", "g", "defs", "marker", "path"}


def parsed(document):
    return ET.fromstring(svg.svg(graph.of(document)))


def test_a_picture_looks_as_its_golden_file():
    compare("graph.svg", svg.svg(graph.of(plan())).replace("><", ">\n<"))


def test_the_picture_says_what_it_is_and_what_each_box_is():
    root = parsed(plan())
    assert root.get("role") == "img"
    assert root.find(f"{NS}title").get("id") == root.get("aria-labelledby")
    assert root.find(f"{NS}title").text.startswith("prod in 123456789012, us-east-1: 1 to adopt, 1 to create")
    titles = [title.text for title in root.iter(f"{NS}title")][1:]
    assert titles == [node.said for node in graph.of(plan()).nodes]


def test_what_a_colour_means_stands_there_as_a_sign_too():
    root = parsed(plan())
    groups = [group for group in root.iter(f"{NS}g") if group.get("class")]
    signs = {(group.get("class"), group.find(f"{NS}text").text) for group in groups}
    red = {("red", "+/-"), ("red", "-/+")}
    assert signs == red | {("plain", None), ("yellow", "~"), ("green", "+"), ("cyan", "="), ("magenta", "!")}
    said = " ".join(text.text or "" for text in root.iter(f"{NS}text"))
    assert "~ update in place" in said
    assert "! blocked by a guard" in said


def test_a_long_name_is_cut_in_its_box_and_whole_in_its_title():
    name = "a-very-long-name-" * 6
    root = parsed(plans.document(many.row(f"compute_environment.{name}")))
    (box,) = [group for group in root.iter(f"{NS}g") if group.get("class")]
    shown = [text.text for text in box.findall(f"{NS}text")][2]
    assert shown == "a-very-long-name-a-v…"
    assert name in box.find(f"{NS}title").text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text(name):
    root = parsed(plans.document(many.row(f"bucket.{name}"), environment=plans.ENVIRONMENT | {"name": name}))
    assert {element.tag.removeprefix(NS) for element in root.iter()} <= ELEMENTS


@settings(max_examples=150)
@given(st.text())
def test_any_text_gives_a_document_of_the_same_elements(name):
    def shape(text):
        row = many.row(f"bucket.{text}", actions=["create"])
        root = parsed(plans.document(row, environment=plans.ENVIRONMENT | {"name": text}))
        return [(element.tag, sorted(element.attrib)) for element in root.iter()]

    assert shape(name) == shape("calm")


@given(st.text(), st.integers(1, 30))
def test_a_text_that_is_cut_fits_into_its_columns(text, cells):
    shown = markup.shortened(text, cells)
    assert cell_len(shown) <= cells
    assert shown.isprintable()


def test_the_picture_asks_for_nothing_outside_of_itself():
    text = svg.svg(graph.of(plan()))
    assert text.count("http") == 1  # the name of the SVG namespace
    assert "@import" not in text
    assert text.count("url(") == text.count("url(#tip)")


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", palette.LIGHT)
@pytest.mark.parametrize(
    ("ground", "colours"), [(palette.GROUND, palette.LIGHT), (palette.DARK_GROUND, palette.DARK)], ids=["light", "dark"]
)
def test_every_colour_can_be_read(ground, colours, name):
    colour = colours[name]
    pairs = [(colour.ink, colour.tint), (colour.ink, ground.tint), (ground.ink, colour.tint)]
    assert min(contrast(*pair) for pair in pairs) >= 4.5
    assert contrast(colours["plain"].ink, colour.tint) >= 4.5  # the kind, in each box
