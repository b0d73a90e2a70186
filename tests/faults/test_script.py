"""Which request meets which fault: pure values, no server."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from mfinfra.sandbox.faults import BROKEN, CUT, LOST, THROTTLED, Chance, Event, Request, Rule, Script


def request(name, text=""):
    service, operation = name.split(".")
    return Request(service, operation, "json", "us-east-1", not operation.startswith(("Describe", "List", "Get")), text)


def met(script, *names):
    return [fault.name if (fault := script.fault_for(request(name))) else "" for name in names]


def test_a_rule_strikes_as_often_as_it_says_after_as_many_as_it_skips():
    script = Script(Rule("batch.CreateComputeEnvironment", LOST, times=2, skip=1))
    assert met(script, *["batch.CreateComputeEnvironment"] * 5) == ["", "lost", "lost", "", ""]


def test_a_rule_without_an_end_strikes_for_ever():
    assert met(Script(Rule("*", CUT, times=None)), *["iam.ListRoles"] * 50) == ["cut"] * 50


@pytest.mark.parametrize(
    ("match", "fitting"),
    [
        ("*", ["batch.CreateJobQueue", "batch.DescribeJobQueues", "iam.ListRoles", "iam.CreateRole"]),
        ("reads", ["batch.DescribeJobQueues", "iam.ListRoles"]),
        ("writes", ["batch.CreateJobQueue", "iam.CreateRole"]),
        ("batch.*", ["batch.CreateJobQueue", "batch.DescribeJobQueues"]),
        ("*.Create*", ["batch.CreateJobQueue", "iam.CreateRole"]),
        ("iam.ListRoles batch.Create*", ["batch.CreateJobQueue", "iam.ListRoles"]),
        ("iam.listroles", []),
        ("atch.*", []),
    ],
)
def test_what_a_pattern_fits(match, fitting):
    names = ["batch.CreateJobQueue", "batch.DescribeJobQueues", "iam.ListRoles", "iam.CreateRole"]
    script = Script(Rule(match, CUT, times=None))
    assert [name for name, fault in zip(names, met(script, *names), strict=True) if fault] == fitting


def test_a_rule_may_be_about_one_resource():
    script = Script(Rule("iam.CreateRole", LOST, about="RoleName=task"))
    assert script.fault_for(request("iam.CreateRole", "Action=CreateRole&RoleName=batch")) is None
    assert script.fault_for(request("iam.CreateRole", "Action=CreateRole&RoleName=task")) is LOST
    assert script.fault_for(request("iam.CreateRole", "Action=CreateRole&RoleName=task")) is None


def test_the_first_rule_decides_and_all_count():
    script = Script(Rule("iam.*", THROTTLED), Rule("*", CUT, times=2))
    assert met(script, "iam.ListRoles", "iam.ListRoles", "iam.ListRoles") == ["throttled", "cut", ""]


def test_a_chance_stands_behind_the_rules():
    script = Script(Rule("iam.*", LOST), Chance(1, (CUT,), seed=1))
    assert met(script, "iam.ListRoles", "iam.ListRoles", "s3.HeadBucket") == ["lost", "cut", "cut"]


def test_a_chance_strikes_about_as_many_as_its_rate_with_each_of_its_faults():
    script = Script(Chance(0.15, (THROTTLED, BROKEN), seed=3))
    counted = Counter(met(script, *["iam.ListRoles", "batch.CreateJobQueue"] * 2000))
    assert 0.13 < (counted["throttled"] + counted["broken"]) / 4000 < 0.17
    assert min(counted["throttled"], counted["broken"]) > 200
    assert Counter(met(Script(Chance(0, (CUT,), seed=3)), *["iam.ListRoles"] * 100)) == {"": 100}


def test_a_chance_repeats_itself_however_the_operations_interleave():
    operations = ["iam.ListRoles", "batch.CreateJobQueue", "s3.HeadBucket"] * 100

    def by_operation(names):
        script = Script(Chance(0.3, (CUT, LOST, THROTTLED), seed=11))
        told = {}
        for name, fault in zip(names, met(script, *names), strict=True):
            told.setdefault(name, []).append(fault)
        return told

    shuffled = random.Random(5).sample(operations, len(operations))
    assert by_operation(operations) == by_operation(shuffled)
    other = Script(Chance(0.3, (CUT, LOST, THROTTLED), seed=12))
    assert met(other, *operations[::3]) != by_operation(operations)["iam.ListRoles"]


def test_threads_share_a_script_and_none_is_counted_twice():
    script = Script(Rule("*", CUT, times=150, skip=50))

    def ask(_):
        one = request("iam.ListRoles")
        fault = script.fault_for(one)
        script.record(Event(one, fault.name if fault else "", None))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(400)))
    assert len(script.log) == 400
    assert len(script.struck) == 150


def test_a_script_that_is_rewound_says_the_same_again():
    script = Script(Rule("iam.*", LOST, skip=1), Chance(0.5, (CUT,), seed=2))
    first = met(script, *["iam.ListRoles"] * 20)
    assert met(script, *["iam.ListRoles"] * 20) != first
    script.record(Event(request("iam.ListRoles"), "", 200))
    script.rewind()
    assert script.log == ()
    assert met(script, *["iam.ListRoles"] * 20) == first
