"""The graph as a value, and as text for Mermaid and Graphviz."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render import many, plans
from render.frozen import compare

from mfinfra.model import Access, Address, Environment, Resource, Scope, Source
from mfinfra.render import graph, inert

HOSTILE = (
    'a"]; click n1 call alert(1)',
    "`md` **b** _em_ ~~s~~ - x",
    "1. list",
    '%%{init: {"theme":"dark"}}%%',
    "<script>alert(1)</script>",
    "#quot;&lt;",
    "a\\b\\N\\G",
    "end\n  n1 --> n2\n::error::x",
    "fa:fa-car:::green@{shape: circle}",
    "$$x^2$$ [link](javascript:alert(1)) @me https://evil.example",
    plans.EVIL,
)


def plan():
    return plans.document(
        many.row("role.instance"),
        many.row("security_group.batch", actions=["update"]),
        many.row("compute_environment.cpu", ["role.instance", "security_group.batch"], ["create", "delete"]),
        many.row("compute_environment.gpu", ["role.instance", "elsewhere.x"], ["create"]),
        many.row("job_queue.default", ["compute_environment.cpu", "compute_environment.gpu"], ["adopt"]),
        many.row("bucket.old", actions=["delete"], blocked=plans.BLOCK),
        many.row("table.foreach", actions=["delete", "create"]),
    )


def mermaid_says(label):
    """What Mermaid makes of a label: its entities are characters."""
    return re.sub("#([0-9]+);", lambda found: chr(int(found[1])), label)


def dot_says(label):
    r"""What Graphviz makes of one: `\"` is a quote to its parser, `\\` a backslash to its labels, `&amp;` an entity."""
    return re.sub(r"\\(.)", r"\1", label).replace("&amp;", "&")


def test_nodes_are_the_resources_of_the_plan_and_edges_lead_to_what_depends():
    found = graph.of(plan())
    said = [node.said for node in found.nodes[:2]]
    assert said == ["role.instance is as it should be", "security_group.batch will be updated in place"]
    named = [(found.nodes[start].address, found.nodes[end].address) for start, end in found.edges]
    assert named == [
        ("role.instance", "compute_environment.cpu"),
        ("role.instance", "compute_environment.gpu"),
        ("security_group.batch", "compute_environment.cpu"),
        ("compute_environment.cpu", "job_queue.default"),
        ("compute_environment.gpu", "job_queue.default"),
    ]


def test_a_blocked_step_is_drawn_as_blocked():
    (node,) = graph.of(plans.document(many.row("bucket.old", actions=["delete"], blocked=plans.BLOCK))).nodes
    assert (node.look.symbol, node.phrase) == ("!", "will be destroyed, but is blocked")


def test_the_graph_of_a_file_has_no_actions():
    scope = Scope("prod", "123456789012", "us-east-1")
    role, queue = Address("role", "a"), Address("job_queue", "b")
    resources = {
        queue: Resource(queue, {}, scope, depends_on=frozenset({role, Address("role", "disabled")})),
        role: Resource(role, {}, scope),
    }
    found = graph.of_environment(Environment(scope, resources, {}, {}, Access(), Source("prod.yaml", "00")))
    assert [(node.address, node.look.symbol.strip()) for node in found.nodes] == [("job_queue.b", ""), ("role.a", "")]
    assert found.edges == ((1, 0),)
    assert found.legend == ()


def test_two_resources_that_claim_one_address_are_two_boxes():
    found = graph.of(plans.document(many.row("a.b"), many.row("a.b"), many.row("c.d", ["a.b"])))
    assert len(found.nodes) == 3
    assert len({node.number for node in found.nodes}) == 3


@pytest.mark.parametrize("language", ["mermaid", "dot"])
def test_a_graph_reads_as_its_golden_file(language):
    compare(f"graph.{language}", getattr(graph, language)(graph.of(plan())))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_labels_and_nothing_else(name):
    _harmless(plans.document(many.row(f"bucket.{name}", actions=["create"]), many.row("role.a", [f"bucket.{name}"]),
                             environment=plans.ENVIRONMENT | {"name": name}))  # fmt: skip


@settings(max_examples=200)
@given(st.text(min_size=1), st.text())
def test_any_name_is_a_label_and_nothing_else(name, title):
    _harmless(plans.document(many.row(f"bucket.{name}", actions=["create"]), many.row("role.a", [f"bucket.{name}"]),
                             environment=plans.ENVIRONMENT | {"name": title}))  # fmt: skip


def _harmless(document):
    found = graph.of(document)
    shown = graph.markup.shortened(f"+ {document['resource_changes'][0]['address']}", graph.LABEL)
    written = graph.mermaid(found)
    head, title, legend, first, second, edge, *classes = written.splitlines()
    assert (head, legend, second, edge) == (
        "flowchart LR", "  %% + create", '  n2["role.a"]:::plain', "  n1 --> n2")  # fmt: skip
    label = re.fullmatch(r'  n1\["((?:#[0-9]+;|[^"#`<>%&*\\{}\[\]|:;@$~^])*)"\]:::green', first)
    assert mermaid_says(label[1]) == shown
    assert re.fullmatch(r"  %% (?:#[0-9]+;|[^\"#`<>%&*\\{}\[\]|:;@$~^])*", title)
    assert all(line.startswith("  classDef ") for line in classes)
    quoted = r'"((?:[^"\\]|\\.)*)"'
    lines = graph.dot(found).splitlines()
    assert len(lines) == 9
    node = re.fullmatch(rf'  n1 \[label={quoted}, tooltip={quoted}, color="#\w+", fontcolor="#\w+", fillcolor="#\w+"\]',
                        lines[5])  # fmt: skip
    assert dot_says(node[1]) == shown
    assert re.fullmatch(rf"  graph \[rankdir=LR, labelloc=t, fontname=Helvetica, label={quoted}\]", lines[1])
    assert all(inert.line(line) == line for line in (*written.splitlines(), *lines))


def test_a_large_graph_is_drawn_as_what_changes_and_its_neighbours_and_says_so():
    rows = [many.row(f"role.r{n}", actions=["update"] if n < 3 else ["no-op"]) for n in range(400)]
    rows += [many.row("job_queue.near", ["role.r1", "role.r300"]), many.row("job_queue.far", ["role.r300"])]
    found = graph.brief(graph.of(plans.document(*rows)))
    assert [node.address for node in found.nodes] == ["role.r0", "role.r1", "role.r2", "job_queue.near"]
    assert found.edges == ((1, 3),)
    assert found.note == "4 of 402 resources are drawn: every one that changes, and neighbours of them"
    assert found.note in graph.mermaid(graph.of(plans.document(*rows)))
    assert "role.r399" in graph.dot(graph.of(plans.document(*rows)))


def test_what_is_destroyed_is_drawn_before_what_is_made_where_there_is_no_room_for_all():
    rows = [many.row(f"role.r{n}", actions=["create"]) for n in range(300)]
    rows += [many.row(f"role.d{n}", actions=["delete"]) for n in range(20)]
    found = graph.brief(graph.of(plans.document(*rows)))
    assert len(found.nodes) == graph.MOST
    assert sum(node.look.symbol == "-" for node in found.nodes) == 20
    assert found.note == "250 of 320 resources are drawn: 250 of 320 that change"


def test_a_large_graph_in_which_nothing_changes_is_told_in_words():
    found = graph.brief(graph.of(plans.document(*(many.row(f"role.r{n}") for n in range(300)))))
    assert (found.nodes, found.note) == ((), "nothing changes, and 300 resources are too many to be drawn")


def test_of_a_large_file_as_much_is_drawn_as_can_be_read():
    scope = Scope("prod", "123456789012", "us-east-1")
    addresses = [Address("role", f"r{number}") for number in range(300)]
    resources = {address: Resource(address, {}, scope) for address in addresses}
    found = graph.of_environment(Environment(scope, resources, {}, {}, Access(), Source("prod.yaml", "00")))
    assert graph.brief(found).note == "250 of 300 resources are drawn: more cannot be read"


def test_mermaid_gets_no_more_arrows_than_it_draws():
    names = [f"role.r{n}" for n in range(40)]
    rows = [many.row(name, names[:at], ["create"]) for at, name in enumerate(names)]
    shown = graph.mermaid(graph.of(plans.document(*rows)))
    assert 0 < shown.count("-->") <= graph.MOST_ARROWS
    assert len(graph.of(plans.document(*rows)).edges) > graph.MOST_ARROWS
