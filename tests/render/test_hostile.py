"""Whatever stands in a plan is inert in every output, and is told.

To add a renderer, add a line to `RENDERERS`: how it renders, what makes its output inert, which places it tells of.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from render import hostile, inertness, inertness_markup
from render.streams import Terminal

from mfinfra.errors import UserError
from mfinfra.planning.staleness import Difference
from mfinfra.render import (
    console,
    events,
    github,
    graph,
    html,
    inert,
    json,
    junit,
    looks,
    markdown,
    markdown_frame,
    sarif,
    stale,
    svg,
    text,
)  # fmt: skip

ENOUGH = 10_000_000
SHORT = 12  # what is longer may be cut in a drawing
CALM = hostile.marked("`calm` and\nquiet")


@dataclass(frozen=True, slots=True)
class Renderer:
    """`tells` are the places whose text has to be seen; `whole` says that none is shortened.

    `again`: another one renders with the same code, and the quick tests have that.
    """

    render: Callable
    check: Callable
    tells: str
    whole: bool = True
    again: bool = False


def printed(lines, stream=None, **environ):
    stream = stream or io.StringIO()
    console.write(lines, stream, environ)
    return stream.getvalue()


def streamed(document):
    told = []
    stream = events.Stream((told.append,), clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    stream.plan(document)
    stream.warning(document["checks"][0]["message"], document["checks"][0]["hint"])
    stream.error(UserError(document["checks"][0]["message"], hint=document["checks"][0]["hint"]))
    return "".join(told)


def tightest(document):
    """The shortest that the plan can be told in Markdown."""
    with pytest.raises(UserError) as refused:
        markdown.text(document, 1)
    needed = int(re.search(r"takes (\d+) with", str(refused.value))[1])
    return markdown.text(document, needed)


def addresses(document):
    """What stands in Markdown where there is room for addresses and no more."""
    listed = markdown_frame.addresses(document["resource_changes"], by_kind=False)
    return markdown_frame.head(document) + listed + markdown_frame.foot(document)


def differing(document):
    row = document["resource_changes"][0]
    detail = row["change"]["fields"][0]
    found = [
        Difference(row["address"], row["name"], detail["before"], detail["after"]),
        Difference("", row["kind"], None, detail),
    ]
    return printed(stale.lines(found))


LIST = "environment account region caller endpoint file address reason refusal hint guard path"
FIELDS = f"{LIST} before after key value physical setting old new message check"
RENDERERS = {
    "text": Renderer(lambda one: printed(text.lines(one)), inertness.text, FIELDS),
    "text-full": Renderer(lambda one: printed(text.lines(one, full=True)), inertness.text, f"{FIELDS} kept"),
    "text-summary": Renderer(
        lambda one: printed(text.lines(one, summary=True)),
        inertness.text,
        "environment address message setting old new",
    ),
    "text-80-columns": Renderer(
        lambda one: printed(text.lines(one), Terminal(), COLUMNS="80", NO_COLOR="1"), inertness.narrow, "", whole=False
    ),
    "text-colours": Renderer(
        lambda one: printed(text.lines(one, full=True), FORCE_COLOR="1", TERM="xterm"), inertness.coloured, FIELDS
    ),
    "json": Renderer(json.text, inertness.as_json, " ".join(hostile.PLACES)),
    "events": Renderer(streamed, inertness.events, "address physical reason refusal hint guard message advice check"),
    "markdown": Renderer(
        lambda one: markdown.text(one, ENOUGH), inertness.markdown, f"{FIELDS} hash version queue status advice lift"
    ),
    "markdown-tightest": Renderer(tightest, inertness.markdown, "address guard check"),
    "markdown-addresses": Renderer(addresses, inertness.markdown, "address guard"),
    "github": Renderer(
        github.commands,
        inertness.commands,
        "environment address physical reason refusal hint guard message advice range",
    ),
    "github-summary": Renderer(github.step_summary, inertness.markdown, FIELDS, again=True),
    "github-outputs": Renderer(github.outputs, inertness.outputs, "hash"),
    "sarif": Renderer(
        sarif.text, inertness.sarif, "environment address refusal hint guard message advice check", whole=False
    ),
    "junit": Renderer(
        junit.text, inertness_markup.xml(junit.text, CALM), "environment address refusal guard message check"
    ),
    "html": Renderer(html.page, inertness_markup.like(html.page, CALM), f"{FIELDS} advice"),
    "svg": Renderer(
        lambda one: svg.svg(graph.of(one)),
        inertness_markup.xml(lambda one: svg.svg(graph.of(one)), CALM),
        "environment address",
        whole=False,
    ),
    "mermaid": Renderer(
        lambda one: graph.mermaid(graph.of(one)), inertness.mermaid, "environment address", whole=False
    ),
    "dot": Renderer(lambda one: graph.dot(graph.of(one)), inertness.dot, "environment address", whole=False),
    "stale": Renderer(differing, inertness.text, "address name before after kind", whole=False),
}


QUICK = 8  # every so many texts of each renderer are tried in the quick run, all of them in the whole one


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(name, marks=[pytest.mark.slow] if number % QUICK else [])
        for number, name in enumerate(hostile.PAYLOADS)
    ],
)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if one.again else []) for name, one in RENDERERS.items()]
)
def test_promise_14_a_hostile_text_is_inert_wherever_it_stands_and_is_told(name, payload):
    renderer, said = RENDERERS[name], hostile.PAYLOADS[payload]
    bare, marked = hostile.bare(said), hostile.marked(said)

    renderer.check(renderer.render(bare), bare)
    seen = renderer.check(renderer.render(marked), marked)

    if renderer.whole or len(said) < SHORT:
        assert [place for place in renderer.tells.split() if hostile.mark(place) not in seen] == []
    if renderer.whole and len(said) < hostile.LONG:
        assert any(squeezed(one) in squeezed(seen) for one in (inert.line(said), calmed(inert.line(said))))


def calmed(said):
    """With such runs of backticks as no parser of Markdown counts to the end escaped."""
    return re.sub("`{17,}", lambda run: "\\u0060" * len(run[0]), said)


def squeezed(said):
    """Without what a browser takes together."""
    return re.sub(r" +", " ", said).strip()


def test_every_place_of_the_document_holds_the_text():
    seen = json.text(hostile.marked("x"))
    assert [place for place in hostile.PLACES if hostile.mark(place) not in seen] == []


def test_what_is_destroyed_is_told_in_every_list_that_may_leave_something_out():
    document = hostile.marked("@everyone")
    lost = [row["address"] for row in document["resource_changes"] if looks.destroys(row)]
    assert all(address in tightest(document) for address in lost)
