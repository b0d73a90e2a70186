"""The guards: what may not be touched, and what lifts that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mfinfra import catalogue, ownership, schemas
from mfinfra.model import (
    Access,
    Action,
    Address,
    Block,
    Call,
    Environment,
    FieldChange,
    Observed,
    Resource,
    Scope,
    Source,
    Step,
)
from mfinfra.observe import Leftover, Survey
from mfinfra.planning import gate
from mfinfra.planning.plan import Options, make

SCOPE = Scope("test", "123456789012", "us-east-1")
OTHER = Scope("staging", "123456789012", "us-east-1")
ARN = "arn:found"


def resource(kind="log_group", **spec):
    """One that holds data, or a kind that does not."""
    where = Address(kind, "main")
    more = {"vpc": "vpc-12345678"} if kind == "security_group" else {}
    wish = schemas.complete(kind, {"name": "n", **more, **spec})
    return Resource(where, wish, SCOPE, ownership.tags(SCOPE, where), protect=schemas.traits(kind).holds_data)


def seen(resource, tags=None, **spec):
    outputs = {"arn": ARN, "name": "n", "id": "sg-1"}
    return Observed({**resource.spec, **spec}, outputs, resource.tags if tags is None else tags, ARN)


def one_step(wish, found, *, disabled=False, leftover=None, **options):
    """The only step of a plan, or the first."""
    there = {wish.address: wish}
    environment = Environment(
        SCOPE, {} if disabled else there, there if disabled else {}, {}, Access(), Source("f", "0")
    )
    allowed = {name.removeprefix("allow_"): options.pop(name) for name in [*options] if name.startswith("allow_")}
    plan = make(environment, Survey({wish.address: found}, (leftover,) if leftover else ()), Options(**options))
    return plan.lifted(gate.Allowed(**allowed)).steps[0]


def block_of(step):
    """The only guard on a step; `None` where there is none."""
    (block,) = step.blocks or (None,)
    return block


LOGS, GROUP = resource(), resource("security_group")
FLAG = frozenset({"log_group.main"})


FOREIGN = {
    "another environment": (ownership.tags(OTHER, LOGS.address), "`staging`"),
    "a copied environment tag": ({**ownership.tags(OTHER, LOGS.address), ownership.ENVIRONMENT: "test"}, "copied tag"),
    "a stack": ({"aws:cloudformation:stack-name": "net"}, "the CloudFormation stack `net`"),
    "a stack, with our tags": ({**LOGS.tags, "aws:cloudformation:stack-name": "net"}, "the CloudFormation stack `net`"),
    "another tool": ({"ManagedBy": "Terraform"}, "`Terraform`"),
}


@pytest.mark.parametrize("adopt", [False, True])
@pytest.mark.parametrize(("tags", "owner"), FOREIGN.values(), ids=FOREIGN)
def test_promise_5_what_another_owns_is_refused_with_its_name_adopted_or_not(tags, owner, adopt):
    step = one_step(replace(LOGS, adopt=adopt), seen(LOGS, tags), adopt=frozenset({"all"} if adopt else ()))

    assert block_of(step).code == "MF4102"
    assert owner in block_of(step).message
    assert ARN in block_of(step).message


def test_promise_5_what_nobody_owns_is_refused_until_it_is_adopted():
    assert block_of(one_step(LOGS, seen(LOGS, {}))).code == "MF4101"
    assert one_step(LOGS, seen(LOGS, {}), adopt=FLAG).blocks == ()
    assert block_of(one_step(LOGS, seen(LOGS, {}), adopt=frozenset({"log_group.other"}))).code == "MF4101"


@pytest.mark.parametrize("wish", [LOGS, GROUP], ids=["data", "no data"])
def test_promise_4_adopting_never_deletes_what_does_not_carry_our_tags(wish):
    change = {"class": "INFREQUENT_ACCESS"} if wish is LOGS else {"vpc": "vpc-87654321"}
    address = str(wish.address)
    flags = frozenset({address})
    step = one_step(
        replace(wish, adopt=True, protect=False), seen(wish, {}, **change), adopt=flags, allow_replace=flags
    )

    assert block_of(step).code == "MF4105"
    assert next(iter(change)) in block_of(step).hint


def test_what_is_ours_passes():
    step = Step(LOGS.address, Action.UPDATE)

    assert gate.ownership_of(step, LOGS, seen(LOGS), frozenset()) is step


LIFTS = [
    # protect, flag, blocked
    (True, False, True),
    (True, True, True),
    (False, False, True),
    (False, True, False),
]


@pytest.mark.parametrize(("protect", "flag", "blocked"), LIFTS)
@pytest.mark.parametrize("how", ["disabled", "destroy", "replace", "rename"])
def test_promise_6_data_goes_only_with_the_file_s_word_and_the_flag(how, protect, flag, blocked):
    wish = replace(LOGS, protect=protect)
    flags = {"allow_replace" if how in {"replace", "rename"} else "allow_destroy": FLAG if flag else frozenset()}
    match how:
        case "disabled":
            step = one_step(wish, seen(wish), disabled=True, **flags)
        case "destroy":
            step = one_step(wish, seen(wish), destroy=True, **flags)
        case "replace":
            step = one_step(wish, seen(wish, **{"class": "INFREQUENT_ACCESS"}), **flags)
        case _:
            step = one_step(wish, None, leftover=left(LOGS, name="old"), **flags)

    assert bool(step.blocks) == blocked
    if blocked:
        assert block_of(step).code == {"replace": "MF4104", "rename": "MF4104"}.get(how, "MF4103")
        assert ("`protect: false`" in block_of(step).hint) == protect
        assert "--allow-" in block_of(step).hint
        assert (block_of(step).lifted_by is None) == protect


def left(was, **spec):
    observed = seen(was, **spec)
    identity = {**dict.fromkeys(was.spec), "name": observed.spec["name"]}
    return Leftover(replace(was, spec=identity, tags={}, protect=False, leftover=True), observed)


@pytest.mark.parametrize("flag", [False, True])
def test_promise_6_data_that_has_left_the_file_goes_with_the_flag_alone(flag):
    environment = Environment(SCOPE, {}, {}, {}, Access(), Source("f", "0"))
    allowed = gate.Allowed(destroy=FLAG if flag else frozenset())
    (step,) = make(environment, Survey({}, (left(LOGS),))).lifted(allowed).steps

    assert (not step.blocks) == flag
    if not flag:
        assert (block_of(step).code, block_of(step).hint) == (
            "MF4103",
            "if that is meant, it takes `--allow-destroy log_group.main`",
        )


@pytest.mark.parametrize("protect", [False, True])
@pytest.mark.parametrize("flag", [False, True])
def test_promise_6_what_holds_no_data_is_protected_by_the_file_s_word_alone(protect, flag):
    wish = replace(GROUP, protect=protect)
    flags = frozenset({"security_group.main"} if flag else ())
    step = one_step(wish, seen(wish), disabled=True, allow_destroy=flags)

    assert bool(step.blocks) == protect
    if protect:
        assert block_of(step).message == "`security_group.main` is protected"
        assert block_of(step).hint == "if that is meant, it takes `protect: false`"


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.NOOP, Action.ADOPT])
def test_what_loses_nothing_is_not_guarded_by_protection(action):
    step = Step(LOGS.address, action)

    assert gate.protection_of(step, LOGS) is step


def test_one_guard_is_enough():
    block = Block("MF2301", "m", "h")

    assert gate.protection_of(Step(LOGS.address, Action.REPLACE, blocks=(block,)), LOGS).blocks == (block,)


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_promise_6_the_kinds_that_hold_data_say_so(kind):
    assert schemas.traits(kind).holds_data == (kind in {"bucket", "table", "log_group", "repository", "secret", "key"})


def test_a_block_stops_the_plan_but_hides_nothing_of_the_step():
    step = one_step(LOGS, seen(LOGS, **{"class": "INFREQUENT_ACCESS"}))

    assert step.action is Action.REPLACE
    assert [change.path for change in step.changes] == [("class",)]
    assert step.effects


def replacing(kind):
    return Step(Address(kind, "a"), Action.REPLACE, (FieldChange(("description",), "x", "y", replaces=True),))


@pytest.mark.parametrize(
    ("kind", "users", "code"),
    [
        ("security_group", (Address("endpoint", "e"), Address("compute_environment", "c")), "MF4106"),
        ("security_group", (), None),
        ("role", (Address("compute_environment", "c"),), None),
    ],
    ids=["used", "unused", "let go of by AWS"],
)
def test_what_aws_does_not_delete_while_it_is_used_is_not_replaced_in_place(kind, users, code):
    step = gate.use_of(replacing(kind), Resource(Address(kind, "a"), {"name": "a"}, SCOPE), users)
    assert ([block.code for block in step.blocks] or [None]) == [code]
    if step.blocks:
        assert "`endpoint.e`, `compute_environment.c` use it" in block_of(step).message


def test_a_guard_that_a_flag_lifts_hides_no_other_one():
    """Else the flag would lift both, and the second was never told."""
    lifted = Block("MF4104", "m", "h", "--allow-replace", "security_group.a")
    group = Resource(Address("security_group", "a"), {"name": "a"}, SCOPE)
    step = gate.use_of(replace(replacing("security_group"), blocks=(lifted,)), group, (Address("endpoint", "e"),))

    assert [block.code for block in step.blocks] == ["MF4104", "MF4106"]


def test_a_replacement_beside_the_old_one_needs_no_such_guard():
    group = Resource(Address("security_group", "a"), {"name": "a"}, SCOPE)
    beside = replace(replacing("security_group"), retire=(Call("ec2", "DeleteSecurityGroup", {"GroupId": "sg-1"}),))
    assert gate.use_of(beside, group, (Address("endpoint", "e"),)).blocks == ()
