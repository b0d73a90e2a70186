"""`--target`, `--exclude` and `--replace`: which steps are left, and that those have all they need."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import ARN, C, D, G, H, L, Q, left, live, planned, wished

from mfinfra.errors import UserError
from mfinfra.model import Action, Ref, plain, refs
from mfinfra.planning import order, select


def kept(plan):
    return {str(step.address): step.action.value for step in plan.steps}


def omitted(plan):
    return [str(address) for address in plan.omitted]


NEW = [(each, None) for each in (G, H, L, C, D, Q)]
CHAIN = {"security_group.g", "compute_environment.c", "job_queue.q"}


def test_a_plan_without_a_selection_is_complete():
    plan = planned(NEW)

    assert (len(plan.steps), plan.complete, plan.omitted) == (6, True, ())


def test_a_target_keeps_what_it_needs_and_the_rest_is_told():
    plan = planned(NEW, target="job_queue.q")

    assert kept(plan).keys() == CHAIN
    assert omitted(plan) == ["log_group.l", "security_group.h", "compute_environment.d"]
    assert not plan.complete


def test_what_is_excluded_goes_with_all_that_needs_it():
    plan = planned(NEW, exclude="security_group.g")

    assert kept(plan).keys() == {"security_group.h", "log_group.l", "compute_environment.d"}
    assert set(omitted(plan)) == CHAIN


def test_what_is_left_out_without_work_leaves_the_plan_complete():
    plan = planned([(G, live(G)), (C, live(C)), (L, None)], target="log_group.l")

    assert (kept(plan), plan.complete) == ({"log_group.l": "create"}, True)


def test_a_reference_to_what_is_left_out_and_stands_is_filled():
    plan = planned([(G, live(G)), (C, live(C)), (Q, None)], target="job_queue.q")

    queue = next(one for one in plan.planned if one.step.address == Q.address)
    assert queue.resource.spec["compute_environments"] == [f"{ARN}compute-environment/c"]


def test_a_target_and_an_exclusion_together_keep_what_both_leave():
    plan = planned(NEW, target="job_queue.q compute_environment.d", exclude="log_group.l")

    assert kept(plan).keys() == {*CHAIN, "security_group.h", "compute_environment.d"}


def test_a_target_that_needs_something_excluded_is_an_error():
    with pytest.raises(
        UserError, match=r"`--target job_queue\.q` needs something that `--exclude` leaves out"
    ) as error:
        planned(NEW, target="job_queue.q", exclude="security_group.g")

    assert error.value.exit_code == 1
    assert error.value.hint


def test_a_leftover_goes_only_when_it_is_chosen():
    old = left("log_group.old")
    assert kept(planned([(L, None)], [old], target="log_group.l")) == {"log_group.l": "create"}
    assert kept(planned([(L, None)], [old], target="log_group.old")) == {"log_group.old": "delete"}
    assert kept(planned([(L, None)], [old], exclude="log_group.old")) == {"log_group.l": "create"}


def test_what_is_deleted_takes_with_it_what_still_refers_to_it_and_no_other_of_that_kind():
    old = [
        left("security_group.og"), left("compute_environment.oc", "security_group.og"),
        left("compute_environment.od", "security_group.h"), left("job_queue.oq", "compute_environment.oc"),
    ]  # fmt: skip
    plan = planned([(H, live(H))], old, target="security_group.og")

    assert list(kept(plan)) == ["job_queue.oq", "compute_environment.oc", "security_group.og"]
    assert omitted(plan) == ["compute_environment.od"]


def test_what_still_refers_to_what_is_deleted_keeps_it_when_it_is_excluded():
    old = [left("security_group.og"), left("compute_environment.oc", "security_group.og"), left("log_group.o")]
    plan = planned([], old, exclude="compute_environment.oc")

    assert list(kept(plan)) == ["log_group.o"]
    assert set(omitted(plan)) == {"compute_environment.oc", "security_group.og"}


def test_what_moves_off_something_goes_with_its_deletion():
    pairs = [(H, live(H)), (D, live(D, security_groups=["sg-og"])), (L, None)]
    plan = planned(pairs, [left("security_group.og")], target="security_group.og")

    assert kept(plan) == {
        "security_group.h": "no-op", "compute_environment.d": "update", "security_group.og": "delete",
    }  # fmt: skip
    assert "security_group.og" not in kept(planned(pairs, [left("security_group.og")], exclude="compute_environment.d"))


def test_a_replacement_beside_the_old_one_goes_with_the_moves_off_it():
    green = wished("compute_environment.c", "security_group.g", name="green")
    other = wished("job_queue.other", "compute_environment.d")
    pairs = [(G, live(G)), (green, None), (Q, live(Q)), (H, live(H)), (D, live(D)), (other, live(other, priority=7))]
    old = [left("compute_environment.c", "security_group.g")]
    plan = planned(pairs, old, target="compute_environment.c")

    assert kept(plan) == {
        "security_group.g": "no-op", "compute_environment.c": "replace", "job_queue.q": "update",
    }  # fmt: skip
    assert kept(planned(pairs, old, exclude="job_queue.q")).keys() & {"compute_environment.c", "job_queue.q"} == set()


def test_a_destruction_can_be_chosen_from_too():
    pairs = [(each, live(each)) for each in (G, H, L, C, D, Q)]
    plan = planned(pairs, destroy=True, target="compute_environment.c")
    assert list(kept(plan)) == ["job_queue.q", "compute_environment.c"]
    assert not plan.complete

    plan = planned(pairs, destroy=True, exclude="compute_environment.c")
    assert set(kept(plan)) == {"job_queue.q", "compute_environment.d", "security_group.h", "log_group.l"}


@pytest.mark.parametrize("flag", ["target", "exclude"])
def test_an_address_that_is_nowhere_is_an_error(flag):
    with pytest.raises(UserError, match=rf"`--{flag} log_group\.odl`"):
        planned([(L, None)], [left("log_group.old")], **{flag: "log_group.odl"})


@pytest.mark.parametrize("flag", ["target", "exclude"])
def test_what_the_file_has_and_does_not_stand_may_be_named_in_a_destruction(flag):
    plan = planned([(L, None), (G, live(G))], destroy=True, **{flag: "log_group.l"})

    assert set(kept(plan)) == ({"security_group.g"} if flag == "exclude" else set())


def forced(wish, found, *others, **options):
    plan = planned([(wish, found), *others], replace=str(wish.address), **options)
    return next(step for step in plan.steps if step.address == wish.address)


def test_a_replacement_that_is_asked_for_deletes_and_makes_anew():
    step = forced(L, live(L))

    assert (step.action, step.because, step.changes) == (Action.REPLACE, "asked for by `--replace`", ())
    assert [call.operation for call in step.calls] == ["DeleteLogGroup", "CreateLogGroup", "PutRetentionPolicy"]
    assert step.blocks[0].lifted_by == "--allow-replace log_group.l"


def test_a_replacement_that_is_asked_for_is_guarded_like_any_other():
    assert [block.code for block in forced(replace(L, protect=True), live(L)).blocks] == ["MF4104"]
    assert [block.code for block in forced(G, live(G), (C, live(C))).blocks] == ["MF4106"]


def test_what_is_replaced_beside_the_old_one_can_be_made_anew_under_another_name():
    step = forced(C, live(C), (G, live(G)), (Q, live(Q)))

    assert (step.action, step.because, step.blocks) == (Action.REPLACE, "asked for by `--replace`", ())
    assert [call.operation for call in step.calls] == [
        "CreateComputeEnvironment", "UpdateComputeEnvironment", "DeleteComputeEnvironment",
    ]  # fmt: skip
    assert step.calls[0].params["computeEnvironmentName"] == step.outputs["name"] != "c"


def test_what_refers_to_something_made_anew_learns_its_values_after_apply():
    plan = planned([(G, live(G)), (C, live(C))], replace="security_group.g")
    user = next(one for one in plan.planned if one.step.address == C.address)

    assert user.resource.spec["security_groups"] == [Ref(G.address, "id")]
    assert user.step.action is Action.UPDATE


def test_what_aws_makes_a_replacement_of_keeps_its_own_reason():
    step = forced(Q, live(Q, scheduling_policy="arn:p"), (C, live(C)), (G, live(G)))

    assert step.action is Action.REPLACE
    assert "fair-share" in step.because


NOT_OURS = {"absent": None, "leaving": live(L, leaving=True), "nobody's": live(L, tags={})}


@pytest.mark.parametrize("found", NOT_OURS.values(), ids=NOT_OURS)
def test_only_what_stands_and_is_ours_can_be_made_anew(found):
    with pytest.raises(UserError, match=r"`--replace log_group\.l`: it (does not stand|is not)"):
        planned([(L, found)], replace="log_group.l", adopt="all")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"replace": "log_group.x"}, "no such resource"),
        ({"replace": "log_group.off"}, "no such resource"),
        ({"replace": "log_group.l", "destroy": True}, "all is destroyed"),
        ({"replace": "log_group.l", "target": "security_group.g"}, "left out"),
        ({"replace": "log_group.l", "exclude": "log_group.l"}, "left out"),
    ],
    ids=["unknown", "disabled", "destroyed", "not a target", "excluded"],
)
def test_a_replacement_that_cannot_be_is_an_error(options, words):
    off = wished("log_group.off")
    with pytest.raises(UserError, match=words) as error:
        planned([(L, live(L)), (G, live(G))], disabled=[(off, live(off))], **options)

    assert error.value.hint


@st.composite
def worlds(draw):
    """Groups, environments on them, queues on those: each new, settled, changed, renamed, leaving, off or left over."""
    pairs, disabled, leftovers = [], [], []
    levels = {"security_group": 3, "compute_environment": 3, "job_queue": 3}
    lower = []
    for kind, most in levels.items():
        here = []
        for number in range(draw(st.integers(1, most))):
            needs = draw(st.lists(st.sampled_from(lower), unique=True, max_size=2)) if lower else []
            wish = wished(f"{kind}.{kind[0]}{number}", *needs)
            live_needs = draw(st.lists(st.sampled_from(lower), unique=True, max_size=2)) if lower else []
            was = replace(wished(str(wish.address), *live_needs), depends_on=frozenset())
            state = draw(st.sampled_from(["absent", "same", "moved", "renamed", "leaving", "off", "left"]))
            found = {
                "absent": None, "same": live(wish), "moved": live(was), "renamed": None,
                "leaving": live(wish, leaving=True), "off": live(was), "left": None,
            }[state]  # fmt: skip
            if state == "off":
                disabled.append((wish, found))
                continue
            if state == "left":
                leftovers.append(left(str(wish.address), *live_needs))
                continue
            if state == "renamed":
                leftovers.append(left(str(wish.address), *live_needs, name=f"old-{wish.address.name}"))
            pairs.append((wish, found))
            here.append(str(wish.address))
        lower = here or lower
        if not lower:
            break
    everything = [str(each.address) for each, _ in [*pairs, *disabled]]
    everything += [str(each.resource.address) for each in leftovers]
    some = st.sets(st.sampled_from(everything), max_size=3)
    return pairs, leftovers, disabled, {"target": draw(some), "exclude": draw(some), "destroy": draw(st.booleans())}


def identities(one):
    """What others call the thing that a step takes away."""
    return {one.leaving.physical_id, *(text for name, text in one.leaving.outputs.items() if name != "name")}


def said(found):
    return json.dumps(plain(found.spec)) if found else ""


@settings(max_examples=100)
@given(worlds())
def test_whatever_is_chosen_what_is_left_has_all_it_needs(world):
    pairs, leftovers, disabled, options = world
    destroy = options["destroy"]
    whole = planned(pairs, leftovers, disabled, destroy=destroy)
    chosen = {name: " ".join(options[name]) for name in ("target", "exclude")}
    try:
        plan = planned(pairs, leftovers, disabled, destroy=destroy, **chosen)
    except UserError:
        assert options["target"], "only a target that needs something excluded is an error"
        assert options["exclude"]
        return
    have = {one.step.address for one in plan.planned}
    dropped = [one for one in whole.planned if one.step.address not in have]

    assert [one for one in whole.planned if one.step.address in have] == list(plan.planned)
    assert list(plan.omitted) == [one.step.address for one in dropped if select.works(one.step)]
    assert plan.complete == (not plan.omitted)
    assert not {str(address) for address in have} & options["exclude"]
    assert {str(one.step.address) for one in whole.planned} & options["target"] <= {str(address) for address in have}
    for one in plan.planned:
        if one.step.action is not Action.DELETE:
            assert {ref.address for ref in refs(one.resource.spec)} <= have, "a reference that nobody fills"
        if one.leaving:
            for other in dropped:
                held = [found for found in (other.observed, other.retired and other.retired.observed) if found]
                assert not select.works(other.step) or not any(
                    f'"{name}"' in said(found) for found in held for name in identities(one)
                ), f"{other.step.address} still holds {one.step.address}"
    needs = {one.step.address: one.resource.depends_on for one in plan.planned}
    assert {node.address for node in order.graph(plan.steps, needs)} == have
