"""What tells a plan that was reviewed from the plan of now."""

from __future__ import annotations

import copy
import json

import pytest
from planning.test_document import GONE, LOGS, PAIRS, of, resource, seen

from mfinfra.model import Block
from mfinfra.planning import document, gate, integrity, staleness
from mfinfra.planning.plan import Options

WORLDS = {
    "the file": ({"source": "1"}, [("", "the file")]),
    "an option": ({"options": Options(adopt=frozenset({"all"}))}, [("", "`--adopt`")]),
    "a wish": (
        {"pairs": [(resource(retention_days=7), seen(LOGS, retention_days=1)), *PAIRS[1:]]},
        [("log_group.l", "`retention_days` wished")],
    ),
    "AWS": (
        {"pairs": [(LOGS, seen(LOGS, retention_days=3)), *PAIRS[1:]]},
        [("log_group.l", "`retention_days` in AWS")],
    ),
    "a tag in AWS": (
        {"pairs": [(LOGS, seen(LOGS, {**LOGS.tags, "a": "b"}, retention_days=1)), *PAIRS[1:]]},
        [("log_group.l", "`tags` in AWS"), ("log_group.l", "`tags` wished")],
    ),
    "what was to be done, and is": (
        {"pairs": [(LOGS, seen(LOGS)), *PAIRS[1:]]},
        [("log_group.l", "action"), ("log_group.l", "`retention_days` in AWS")],
    ),
    "one more": ({"pairs": [*PAIRS, (resource(name="m"), None)]}, [("log_group.m", "action")]),
    "one less": ({"leftovers": []}, [("log_group.gone", "action")]),
}


def now(pairs=PAIRS, leftovers=(GONE,), **more):
    return of(pairs, leftovers=leftovers, **more)


@pytest.mark.parametrize(("world", "expected"), WORLDS.values(), ids=WORLDS)
def test_what_differs_is_named_where_it_differs(world, expected):
    found = staleness.differences(now(), now(**world))
    assert [(one.address, one.subject) for one in found] == expected
    assert all(one.reviewed != one.now for one in found)


@pytest.mark.parametrize("world", [*[world for world, _ in WORLDS.values()], {}], ids=[*WORLDS, "nothing"])
def test_plans_differ_if_and_only_if_their_hashes_do(world):
    one, two = now(), now(**world)
    same = one["integrity"]["plan_sha256"] == two["integrity"]["plan_sha256"]
    assert same == (staleness.differences(one, two) == ())


def test_what_was_made_for_the_lock_is_left_out():
    later = now(pairs=[(LOGS, seen(LOGS)), *PAIRS[1:]])
    assert staleness.differences(now(), later, but={"log_group.l"}) == ()


def test_who_looked_and_when_makes_no_difference():
    later = document.Provenance(
        "2027-01-01T00:00:00Z", "arn:aws:iam::123456789012:user/v", None, "feed", git_dirty=True
    )
    assert staleness.differences(now(), of(PAIRS, leftovers=[GONE], origin=later)) == ()


def test_jobs_that_come_and_go_make_no_difference_and_any_other_guard_does():
    row = now()["resource_changes"][0]
    busy = {**row, "blocked": {"code": "MF4108"}, "disruption": {"running_jobs": 3}}
    assert integrity.reviewed(busy) == integrity.reviewed({**row, "blocked": None})
    assert integrity.reviewed({**row, "blocked": {"code": "MF4103"}}) != integrity.reviewed({**row, "blocked": None})


def places(value, path=()):
    """Every leaf of a document and where it stands."""
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in places(item, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for index, item in enumerate(value) for leaf in places(item, (*path, index))]
    return [(path, value)]


def changed(document, path):
    found = copy.deepcopy(document)
    *way, last = path
    node = found
    for step in way:
        node = node[step]
    match node[last]:
        case bool(value):
            node[last] = not value
        case str(value):
            node[last] = f"{value}0"
        case None:
            node[last] = {"code": "MF4101"}
        case _:
            node[last] = "0"
    return found


WRITTEN = json.loads(document.text(now()))


def test_a_document_fits_its_own_hashes_after_a_way_through_json():
    assert integrity.intact(WRITTEN)


@pytest.mark.parametrize("path", [path for path, _ in places(WRITTEN)], ids=lambda path: "/".join(map(str, path)))
def test_a_change_of_any_word_but_the_moment_is_noticed(path):
    assert integrity.intact(changed(WRITTEN, path)) == (path == ("created",))


def test_a_row_that_is_taken_out_or_moved_is_noticed():
    rows = WRITTEN["resource_changes"]
    for others in (rows[1:], rows[::-1]):
        assert not integrity.intact({**WRITTEN, "resource_changes": others})


def test_an_allowance_lifts_its_own_guard_only():
    block = Block("MF4103", "m", "h", "--allow-destroy", "log_group.l")
    assert block.lifted_by == "--allow-destroy log_group.l"
    assert gate.Allowed(destroy=frozenset({"log_group.l"})).lifts(block)
    for other in (
        gate.Allowed(),
        gate.Allowed(destroy=frozenset({"log_group.m"})),
        gate.Allowed(replace=frozenset({"log_group.l"}), disruption=True, max_deletes=99),
    ):
        assert not other.lifts(block)


@pytest.mark.parametrize(("allowed", "lifted"), [(None, False), (6, False), (7, True), (8, True)])
def test_promise_8_a_number_of_deletes_is_allowed_up_to_itself(allowed, lifted):
    block = Block("MF4107", "m", "h", "--max-deletes", "7")
    assert gate.Allowed(max_deletes=allowed).lifts(block) is lifted


def test_no_flag_lifts_a_guard_that_names_none():
    everything = gate.Allowed(frozenset({"a.b"}), frozenset({"a.b"}), disruption=True, max_deletes=99)
    assert Block("MF4102", "m", "h").lifted_by is None
    assert not everything.lifts(Block("MF4102", "m", "h"))


def shown_otherwise(plan):
    plan["resource_changes"][0]["change"]["fields"].clear()


def a_row_twice(plan):
    plan["resource_changes"].insert(0, copy.deepcopy(plan["resource_changes"][0]))


def other_totals(plan):
    plan["summary"]["delete"] = 0


def other_settings(plan):
    plan["metaflow_changes"]["METAFLOW_X"] = {"before": None, "after": "x"}


FORGERIES = (shown_otherwise, a_row_twice, other_totals, other_settings)


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_plan_that_was_sealed_anew_over_other_words_is_not_the_plan_of_now(forge):
    plan = copy.deepcopy(now())
    forge(plan)
    plan["integrity"] = integrity.seal(plan, plan["integrity"]["desired_sha256"])
    assert integrity.intact(plan)
    assert staleness.differences(plan, now())
