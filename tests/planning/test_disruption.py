"""Running work stops a plan, and one flag lets it pass. Promise 7."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import C, G, L, Q, left, live, planned, wished

from mfinfra.model import Address, Work
from mfinfra.planning import disruption, document, gate, staleness

QUEUE, CLUSTER = Q.address, C.address
BUSY = Work({"q": {"RUNNABLE": 1, "STARTING": 0, "RUNNING": 2}})
BASE = [(G, live(G)), (C, live(C))]
PLANS = {
    "nothing": ([(Q, live(Q))], {}, {}),
    "priority": ([(Q, live(Q, priority=9))], {}, {}),
    "enabled": ([(Q, live(Q, state="DISABLED"))], {}, {}),
    "created": ([(Q, None)], {}, {}),
    "disabled": ([(replace(Q, spec={**Q.spec, "state": "DISABLED"}), live(Q))], {QUEUE: "disabled"}, {}),
    "replaced": ([(Q, live(Q, scheduling_policy="arn:p"))], {QUEUE: "replaced"}, {}),
    "made anew": ([(Q, live(Q))], {QUEUE: "replaced"}, {"replace": "job_queue.q"}),
    "destroyed": ([(Q, live(Q))], {QUEUE: "deleted", CLUSTER: "deleted"}, {"destroy": True}),
    "left out": ([(replace(Q, spec={**Q.spec, "state": "DISABLED"}), live(Q))], {}, {"exclude": "job_queue.q"}),
}


@pytest.mark.parametrize(("pairs", "stopped", "options"), PLANS.values(), ids=PLANS)
def test_promise_7_only_steps_that_stop_work_ask_and_are_blocked(pairs, stopped, options):
    plan = planned([*BASE, *pairs], **options)
    assert disruption.questions(plan).keys() == stopped.keys()
    weighed = disruption.weighed(plan, dict.fromkeys(stopped, BUSY))

    told = {address: block for address, block in weighed.blocks if block.code == "MF4108"}
    assert told.keys() == stopped.keys()
    for address, word in stopped.items():
        assert told[address].message == f"`{address}` would be {word} under 3 jobs in `q` (1 RUNNABLE, 2 RUNNING)"
        assert "`--allow-disruption`" in told[address].hint
        assert told[address].lifted_by == "--allow-disruption"


def test_promise_7_a_replacement_beside_the_old_one_asks_for_the_jobs_of_the_old_one():
    green = wished("compute_environment.c", "security_group.g", name="green")
    plan = planned([(G, live(G)), (green, None), (Q, live(Q))], [left("compute_environment.c", "security_group.g")])
    (asking,) = disruption.questions(plan).values()
    next(asking)
    questions = asking.send(({"jobQueues": [{
        "jobQueueName": "q",
        "jobQueueArn": live(Q).outputs["arn"],
        "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": live(C).outputs["arn"]}],
    }]},))  # fmt: skip

    assert {call.params["jobQueue"] for call in questions} == {"q"}


def test_no_jobs_block_nothing_but_are_told():
    plan = disruption.weighed(planned([*BASE, (Q, live(Q))], destroy=True), {QUEUE: Work()})
    queue = next(one for one in plan.planned if one.step.address == QUEUE)

    assert queue.step.blocks == ()
    assert disruption.told(queue.work) == {"running_jobs": 0, "jobs": {}}


def test_the_document_gets_the_counts_by_queue():
    assert disruption.told(None) == {}
    assert disruption.told(BUSY) == {"running_jobs": 3, "jobs": {"q": {"RUNNABLE": 1, "STARTING": 0, "RUNNING": 2}}}


def test_one_flag_lifts_it_everywhere_and_nothing_else():
    plan = planned([*BASE, (Q, live(Q)), (replace(L, protect=True), live(L))], destroy=True)
    plan = disruption.weighed(plan, {QUEUE: BUSY, CLUSTER: BUSY})

    assert [block.code for _, block in plan.lifted(gate.Allowed()).blocks] == ["MF4108", "MF4103", "MF4108"]
    assert [block.code for _, block in plan.lifted(gate.Allowed(disruption=True)).blocks] == ["MF4103"]


def test_one_job_is_one_job():
    work = Work({"q": {"RUNNABLE": 0, "STARTING": 1, "RUNNING": 0}})
    plan = disruption.weighed(planned([*BASE, (Q, live(Q))], destroy=True), {QUEUE: work})

    assert dict(plan.blocks)[Address("job_queue", "q")].message.endswith("under 1 job in `q` (1 STARTING)")


def test_jobs_come_and_go_without_another_plan():
    """A review approves what is done, not how many jobs there were just then."""
    plan = planned([*BASE, (Q, live(Q)), (replace(L, protect=True), live(L))], destroy=True)
    origin = document.Provenance("2026-01-01T00:00:00Z", "arn:aws:iam::123456789012:user/u")
    quiet, busy = (
        document.of(disruption.weighed(plan, {QUEUE: work, CLUSTER: work}), origin) for work in (Work(), BUSY)
    )

    assert quiet["integrity"]["plan_sha256"] == busy["integrity"]["plan_sha256"]
    assert staleness.differences(quiet, busy) == ()
    assert (quiet["summary"]["blocked"], busy["summary"]["blocked"]) == (1, 3)
