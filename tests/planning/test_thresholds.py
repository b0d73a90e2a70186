"""How much of an environment one plan may destroy without a word. Promise 8."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mfinfra import ownership, schemas
from mfinfra.model import Access, Action, Address, Environment, Observed, Resource, Scope, Source
from mfinfra.observe import Leftover, Survey
from mfinfra.planning import gate, thresholds
from mfinfra.planning.plan import Options, make

SCOPE = Scope("test", "123456789012", "us-east-1")


@pytest.mark.parametrize(
    ("deletes", "standing", "blocked"),
    [
        (0, 0, False),
        (0, 20, False),
        (1, 1, True),
        (1, 3, True),
        (1, 4, False),
        (3, 10, False),
        (4, 10, True),
        (5, 17, False),
        (5, 16, True),
        (5, 1000, False),
        (6, 1000, True),
    ],
)
def test_promise_8_more_than_five_or_over_thirty_per_cent_take_a_word(deletes, standing, blocked):
    found = thresholds.guards(deletes, standing, emptied=False, file="f.yaml")

    assert [block.code for block in found] == (["MF4107"] if blocked else [])
    for block in found:
        assert block.message.startswith(f"{deletes} of {standing} resource")
        assert block.lifted_by == f"--max-deletes {deletes}"
        assert f"`--max-deletes {deletes}`" in block.hint


@pytest.mark.parametrize(("most", "lifted"), [(None, False), (0, False), (6, False), (7, True), (8, True)])
def test_promise_8_the_number_that_is_allowed_has_to_be_enough(most, lifted):
    (block,) = thresholds.guards(7, 100, emptied=False, file="f.yaml")

    assert gate.Allowed(max_deletes=most).lifts(block) == lifted


def test_promise_8_a_file_that_lost_everything_is_the_business_of_destroy():
    (block,) = thresholds.guards(3, 3, emptied=True, file="envs/f.yaml")

    assert (block.code, block.lifted_by) == ("MF4109", None)
    assert "`mfinfra destroy envs/f.yaml`" in block.hint
    assert not gate.Allowed(frozenset({"all"}), frozenset({"all"}), True, 1000).lifts(block)
    assert thresholds.guards(0, 0, emptied=True, file="f") == ()


def logs(name, **more):
    where = Address("log_group", name)
    return Resource(where, schemas.complete("log_group", {"name": name}), SCOPE, ownership.tags(SCOPE, where), **more)


def seen(resource, **more):
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{resource.address.name}"
    shown = {"tags": resource.tags, **more}
    return Observed(resource.spec, {"arn": arn, "name": resource.address.name}, physical_id=arn, **shown)


def plan_of(staying=(), going=(), off=(), options=None, leaving=False):
    """The plan where the logs of these names stay, are left over, and are disabled."""
    stay, gone, disabled = ([logs(name) for name in names] for names in (staying, going, off))
    environment = Environment(
        SCOPE, {each.address: each for each in stay}, {each.address: each for each in disabled}, {}, Access(),
        Source("f.yaml", "0"),
    )  # fmt: skip
    leftovers = tuple(
        Leftover(replace(each, spec={**dict.fromkeys(each.spec), "name": each.address.name}, leftover=True),
                 seen(each, leaving=leaving))
        for each in gone
    )  # fmt: skip
    return make(environment, Survey({e.address: seen(e) for e in (*stay, *disabled)}, leftovers), options)


def codes(plan):
    return [block.code for block in plan.guards]


def test_promise_8_what_is_left_over_and_what_is_disabled_count_alike():
    assert plan_of("abcdefgh", "x", "y").guards == ()
    (block,) = plan_of("abcdefgh", "xz", "yw").guards
    assert block.message == "4 of 12 resources would be destroyed"


def test_a_plan_of_destruction_has_no_threshold():
    assert codes(plan_of("ab", "cdefgh", options=Options(destroy=True))) == []


def test_what_aws_deletes_already_counts_neither_as_deleted_nor_as_standing():
    assert codes(plan_of("abc", "defghi", leaving=True)) == []
    assert {step.action for step in plan_of((), "de", leaving=True).steps} == {Action.DELETE}
    assert codes(plan_of((), "de", leaving=True)) == []


def test_what_a_selection_leaves_out_is_not_counted():
    assert codes(plan_of("abcdefgh", "uvwxyz")) == ["MF4107"]
    assert codes(plan_of("abcdefgh", "uvwxyz", options=Options(target=frozenset({"log_group.z"})))) == []


def test_what_is_not_ours_yet_is_no_part_of_the_environment():
    """Else adopting much would let much be destroyed."""
    stay = [logs(name) for name in "abcdefgh"]
    gone = logs("x")
    environment = Environment(SCOPE, {each.address: each for each in stay}, {}, {}, Access(), Source("f", "0"))
    found = {each.address: seen(each, tags={}) for each in stay}
    plan = make(environment, Survey(found, (Leftover(replace(gone, leftover=True), seen(gone)),)))

    assert plan.guards[0].message == "1 of 1 resource would be destroyed"


def test_disabling_everything_is_a_word_of_the_file_and_takes_the_flag():
    assert codes(plan_of((), (), "ab")) == ["MF4107"]
    assert codes(plan_of((), "ab")) == ["MF4109"]
    assert plan_of((), "ab").lifted(gate.Allowed(max_deletes=99)).blocks
    assert (
        not plan_of((), (), "ab").lifted(gate.Allowed(frozenset({"log_group.a", "log_group.b"}), max_deletes=2)).blocks
    )
