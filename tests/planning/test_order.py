"""What is made after what it needs, what goes after what needs it."""

from __future__ import annotations

from graphlib import TopologicalSorter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfinfra import schemas
from mfinfra.model import Action, Address, Call, Resource, Scope, Step
from mfinfra.planning import order
from mfinfra.planning.order import Node

SCOPE = Scope("test", "123456789012", "us-east-1")
DELETE = (Call("x", "Delete"),)
# What the kinds of these tests refer to, directly or through others; lock and key refer to each other
KINDS = {"queue": {"cluster", "group"}, "cluster": {"group"}, "lock": {"key"}, "key": {"lock"}}


@pytest.fixture(autouse=True)
def kinds(monkeypatch, request):
    if "schemas" not in request.node.name:
        monkeypatch.setattr(order, "kinds_needed", lambda kind: frozenset(KINDS.get(kind, ())))


def at(text):
    return Address.parse(text)


def needs_of(**depends_on):
    return {at(one.replace("_", ".")): frozenset(map(at, others)) for one, others in depends_on.items()}


def resources(**depends_on):
    return {one: Resource(one, {}, SCOPE, depends_on=needs) for one, needs in needs_of(**depends_on).items()}


def texts(addresses):
    return [str(address) for address in addresses]


def graph(steps, **depends_on):
    """The graph as text; a piece of work that retires is marked with `-`."""

    def text(node):
        return f"{node.address}{'-' * node.retire}"

    made = [Step(at(one), action, retire=retire) for one, action, retire in steps]
    return {
        text(node): {text(need) for need in needs} for node, needs in order.graph(made, needs_of(**depends_on)).items()
    }


def test_what_is_needed_is_made_first_and_ties_go_by_address():
    wish = resources(queue_q=["cluster.c", "role.b"], cluster_c=["role.b"], role_b=[], role_a=[], zoo_z=["queue.q"])

    assert texts(order.creation_order(wish)) == ["role.a", "role.b", "cluster.c", "queue.q", "zoo.z"]


def test_the_order_of_the_file_does_not_matter():
    wish = resources(b_b=["c.c"], a_a=[], c_c=[], d_d=["a.a"])

    assert order.creation_order(wish) == order.creation_order(dict(reversed(wish.items())))


def test_needing_what_is_not_to_be_there_changes_nothing():
    assert texts(order.creation_order(resources(a_a=["gone.x"]))) == ["a.a"]


def test_what_needs_another_goes_first_by_the_file_s_own_word():
    found = order.deletion_order([at("a.a"), at("b.b"), at("c.c")], needs_of(a_a=["b.b"], b_b=["c.c"]))

    assert texts(found) == ["a.a", "b.b", "c.c"]


def test_what_has_left_the_file_goes_by_its_kind():
    found = order.deletion_order([at("cluster.c"), at("group.g"), at("queue.q")], {})

    assert texts(found) == ["queue.q", "cluster.c", "group.g"]


def test_the_file_s_word_holds_against_the_kinds():
    found = order.deletion_order([at("cluster.c"), at("queue.q")], needs_of(cluster_c=["queue.q"]))

    assert texts(found) == ["cluster.c", "queue.q"]


def test_two_kinds_that_refer_to_each_other_leave_the_others_in_order():
    addresses = [at(text) for text in ("cluster.c", "group.g", "key.k", "lock.l", "queue.q")]
    found = texts(order.deletion_order(addresses, needs_of(key_k=["lock.l"])))

    assert [text for text in found if text[0] in "qcg"] == ["queue.q", "cluster.c", "group.g"]
    assert found.index("key.k") < found.index("lock.l")


def test_two_runs_over_one_world_delete_in_one_order():
    wanted = [f"{kind}.{number}" for kind in ("queue", "cluster", "group") for number in range(9)]

    assert texts(order.deletion_order([at(text) for text in sorted(wanted)], {})) == wanted, "sets have no order"


def test_two_of_one_kind_may_go_side_by_side():
    assert order.deletion_needs([at("queue.a"), at("queue.b")], {}) == {at("queue.a"): set(), at("queue.b"): set()}


def test_what_is_made_waits_for_what_it_needs_and_for_nothing_else():
    steps = [("group.g", Action.CREATE, ()), ("cluster.c", Action.UPDATE, ()), ("table.t", Action.NOOP, ())]

    assert graph(steps, cluster_c=["group.g", "gone.x"]) == {
        "group.g": set(),
        "cluster.c": {"group.g"},
        "table.t": set(),
    }


def test_a_delete_waits_for_the_changes_of_all_whose_kind_may_refer_to_it():
    steps = [
        ("queue.q", Action.UPDATE, ()), ("table.t", Action.CREATE, ()), ("group.g", Action.NOOP, ()),
        ("cluster.old", Action.DELETE, ()),
    ]  # fmt: skip

    assert graph(steps)["cluster.old"] == {"queue.q"}


def test_deletes_wait_for_each_other_in_reverse():
    steps = [("queue.q", Action.DELETE, ()), ("cluster.c", Action.DELETE, ()), ("group.g", Action.DELETE, ())]

    assert graph(steps) == {"queue.q": set(), "cluster.c": {"queue.q"}, "group.g": {"queue.q", "cluster.c"}}


def test_what_was_replaced_goes_after_the_new_one_and_after_all_that_moved_over():
    steps = [
        ("group.g", Action.CREATE, ()), ("cluster.c", Action.REPLACE, DELETE), ("queue.q", Action.UPDATE, ()),
        ("group.old", Action.DELETE, ()), ("queue.old", Action.DELETE, ()),
    ]  # fmt: skip
    found = graph(steps, cluster_c=["group.g"], queue_q=["cluster.c"])

    assert found["cluster.c"] == {"group.g"}
    assert found["queue.q"] == {"cluster.c"}, (
        "the queue moves to the new cluster, it does not wait for the old one's end"
    )
    assert found["cluster.c-"] == {"cluster.c", "queue.q", "queue.old"}
    assert found["group.old"] == {"cluster.c", "queue.q", "cluster.c-", "queue.old"}


def test_a_replacement_in_its_place_has_nothing_to_retire():
    assert graph([("cluster.c", Action.REPLACE, ())]) == {"cluster.c": set()}


def test_work_stands_in_the_order_of_the_steps():
    steps = [(f"{kind}.{number}", Action.CREATE, ()) for number in range(9) for kind in ("queue", "table")]
    steps += [(f"group.{number}", Action.DELETE, ()) for number in range(9)]

    assert list(graph(steps)) == [one for one, _, _ in steps]


NAMES = [f"{kind}.{number}" for kind in ("queue", "cluster", "group", "key", "lock") for number in range(3)]
STEPS = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from([("CREATE", ()), ("REPLACE", DELETE), ("DELETE", ()), ("NOOP", ())])
)


@given(chosen=STEPS, edges=st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES))))
def test_every_piece_of_work_can_be_done_and_waits_for_pieces_that_there_are(chosen, edges):
    steps = [Step(at(name), Action[action], retire=retire) for name, (action, retire) in chosen.items()]
    needs = {}
    for one, two in edges:
        if one < two:  # the file has no cycles
            needs[at(one)] = needs.get(at(one), frozenset()) | {at(two)}
    found = order.graph(steps, needs)

    assert {need for some in found.values() for need in some} <= found.keys()
    assert len(tuple(TopologicalSorter(found).static_order())) == len(steps) + sum(
        1 for action, _ in chosen.values() if action == "REPLACE"
    )
    assert all(Node(at(name)) in found for name in chosen)


def test_by_the_schemas_a_queue_needs_an_environment_and_that_a_group_and_a_role():
    assert order.kinds_needed("job_queue") >= {"compute_environment", "security_group", "role"}
    assert order.kinds_needed("compute_environment") >= {"security_group", "role"}
    assert order.kinds_needed("log_group") == {"key"}
    assert order.kinds_needed("key") == frozenset()


@pytest.mark.parametrize("kind", schemas.kinds())
def test_by_the_schemas_no_kind_needs_itself_and_all_that_it_needs_are_kinds(kind):
    assert kind not in order.kinds_needed(kind)
    assert order.kinds_needed(kind) <= set(schemas.kinds())
