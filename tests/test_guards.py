"""Every guard: a world that it refuses, on the sandbox. Promises 4 to 9.

Each has its code and exit code 3, names the flag or the setting that lifts it, is lifted by that, and sent nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from stack import Stack, environment, merged

from mfinfra import desired, reconcile
from mfinfra.errors import Refused
from mfinfra.planning import gate, select
from mfinfra.planning.gate import Allowed

pytestmark = pytest.mark.slow
PACKAGE = Path(__file__).parent.parent / "mfinfra"
LOGS = {"name": "/metaflow/main"}
GROUP = {"name": "batch", "vpc": "vpc-00000000000000001", "description": "instances"}
ENDPOINT = {
    "vpc": "vpc-00000000000000001", "service": "ecr.api", "subnets": ["subnet-0000000000000000a"],
    "security_groups": ["security_group.batch"],
}  # fmt: skip
CLUSTER = {
    "name": "cpu", "type": "FARGATE", "max_vcpus": 4, "subnets": ["subnet-0000000000000000a"],
    "security_groups": ["security_group.batch"],
}  # fmt: skip
QUEUE = {"name": "line", "priority": 1, "compute_environments": ["compute_environment.cpu"]}
BATCH = {"security_group": {"batch": GROUP}, "compute_environment": {"cpu": CLUSTER}, "job_queue": {"line": QUEUE}}


def logs(**spec: Any) -> dict[str, Any]:
    return {"log_group": {"main": {**LOGS, **spec}}}


def at(resources: dict[str, Any], address: str, **changed: Any) -> dict[str, Any]:
    """`resources` with fields of one of them changed."""
    kind, _, name = address.partition(".")
    return {**resources, kind: {**resources[kind], name: {**resources[kind][name], **changed}}}


def of_nobody(stack: Stack) -> None:
    stack.client("logs").create_log_group(logGroupName=LOGS["name"])


def of(**tags: str) -> Callable[[Stack], None]:
    """A log group with these tags."""
    return lambda stack: stack.client("logs").create_log_group(logGroupName=LOGS["name"], tags=tags)


def of_staging(stack: Stack) -> None:
    stack.apply(environment(logs(), environment="staging"))


def standing(resources: dict[str, Any]) -> Callable[[Stack], None]:
    """All of them, made by us."""
    return lambda stack: stack.apply(environment(resources)) and None


def busy(stack: Stack) -> None:
    """A queue with a job that no environment is large enough for."""
    stack.apply(environment(BATCH))
    batch = stack.client("batch")
    properties = {"image": "busybox", "vcpus": 99, "memory": 128, "command": ["true"]}
    batch.register_job_definition(jobDefinitionName="d", type="container", containerProperties=properties)
    batch.submit_job(jobName="j", jobQueue="line", jobDefinition="d")


def used_by_others(stack: Stack) -> None:
    stack.apply(environment(BATCH))
    order = [{"order": 1, "computeEnvironment": "cpu"}]
    stack.client("batch").create_job_queue(jobQueueName="theirs", priority=1, computeEnvironmentOrder=order)


THEIRS = {**QUEUE, "name": "theirs", "adopt": True}
ADOPTED = {**BATCH, "job_queue": {"line": QUEUE, "theirs": THEIRS}}
OTHERS = {"log_group": {name: {"name": f"/metaflow/{name}", "protect": False} for name in ("a", "b", "c")}}
ONE = {"log_group": {"a": OTHERS["log_group"]["a"]}}
MAIN, TWO = frozenset({"log_group.main"}), frozenset({"log_group.b", "log_group.c"})
GROUP_AND_USER = {"security_group": {"batch": GROUP}, "endpoint": {"ecr": ENDPOINT}}
RARE = {"class": "INFREQUENT_ACCESS"}


@dataclass(frozen=True)
class Case:
    """What stands and what is wished, the code that refuses it, and the words that name what lifts that.

    `beside` are flags for guards that are not the case's. It is lifted by `allowed`, by other options of the plan
    (`instead`), or by another file (`mended`).
    """

    code: str
    before: Callable[[Stack], None]
    wished: dict[str, Any]
    named: str
    options: dict[str, Any] = field(default_factory=dict)
    beside: Allowed = field(default_factory=Allowed)
    allowed: Allowed = field(default_factory=Allowed)
    instead: dict[str, Any] | None = None
    mended: dict[str, Any] | None = None


CASES = {
    "nobody's, adopted by a flag": Case(
        "MF4101", of_nobody, logs(), "`--adopt log_group.main`", instead={"adopt": MAIN},
    ),
    "nobody's, adopted by the file": Case("MF4101", of_nobody, logs(), "`adopt: true`", mended=logs(adopt=True)),
    "another environment's": Case("MF4102", of_staging, logs(), "`enabled: false`", mended=logs(enabled=False)),
    "another tool's": Case(
        "MF4102", of(ManagedBy="Terraform"), logs(), "`enabled: false`", {"adopt": frozenset({"all"})},
        mended=logs(enabled=False),
    ),
    "another environment's, to be forgotten": Case(
        "MF4102", of_staging, logs(), "leave the address out", {"forget": MAIN}, instead={"forget": frozenset({"all"})},
    ),
    "data that left the file": Case(
        "MF4103", standing(merged(logs(), OTHERS)), OTHERS, "`--allow-destroy log_group.main`",
        allowed=Allowed(destroy=MAIN),
    ),
    "data that is disabled": Case(
        "MF4103", standing(merged(logs(), OTHERS)), merged(logs(enabled=False), OTHERS), "`protect: false`",
        beside=Allowed(destroy=MAIN), allowed=Allowed(destroy=MAIN),
        mended=merged(logs(enabled=False, protect=False), OTHERS),
    ),
    "data that is replaced": Case(
        "MF4104", standing(logs()), logs(protect=False, **RARE), "`--allow-replace log_group.main`",
        allowed=Allowed(replace=MAIN),
    ),
    "data that is made anew": Case(
        "MF4104", standing(logs()), logs(), "`protect: false`", {"replace": MAIN},
        beside=Allowed(replace=MAIN), allowed=Allowed(replace=MAIN), mended=logs(protect=False),
    ),
    "an adoption that would delete": Case(
        "MF4105", of_nobody, logs(adopt=True, **RARE), "`class`", beside=Allowed(MAIN, MAIN), mended=logs(adopt=True),
    ),
    "replaced while it is used": Case(
        "MF4106", standing(GROUP_AND_USER), at(GROUP_AND_USER, "security_group.batch", description="other"), "`name`",
        mended=at(GROUP_AND_USER, "security_group.batch", description="other", name="other"),
    ),
    "made anew while it is used": Case(
        "MF4106", standing(GROUP_AND_USER), GROUP_AND_USER, "`name`", {"replace": frozenset({"security_group.batch"})},
        instead={}, mended=at(GROUP_AND_USER, "security_group.batch", name="other"),
    ),
    "too much at once": Case(
        "MF4107", standing(OTHERS), ONE, "`--max-deletes 2`", beside=Allowed(TWO), allowed=Allowed(TWO, max_deletes=2),
    ),
    "a queue with jobs that goes": Case(
        "MF4108", busy, at(BATCH, "job_queue.line", enabled=False), "`--allow-disruption`",
        beside=Allowed(max_deletes=1), allowed=Allowed(max_deletes=1, disruption=True),
    ),
    "a queue with jobs that is disabled": Case(
        "MF4108", busy, at(BATCH, "job_queue.line", state="DISABLED"), "`--allow-disruption`",
        allowed=Allowed(disruption=True),
    ),
    "an environment with jobs that is replaced": Case(
        "MF4108", busy, at(BATCH, "compute_environment.cpu", name="green"), "`--allow-disruption`",
        allowed=Allowed(disruption=True),
    ),
    "an environment with jobs that is disabled": Case(
        "MF4108", busy, at(BATCH, "compute_environment.cpu", state="DISABLED"), "`--allow-disruption`",
        allowed=Allowed(disruption=True),
    ),
    "a file that lost everything": Case(
        "MF4109", standing(OTHERS), {}, "`mfinfra destroy", beside=Allowed(TWO | {"log_group.a"}, max_deletes=3),
        allowed=Allowed(TWO | {"log_group.a"}), instead={"destroy": True},
    ),
    "an environment that goes and somebody's queue needs": Case(
        "MF4110", used_by_others, at(BATCH, "compute_environment.cpu", type="FARGATE_SPOT"), "`theirs`",
        beside=Allowed(disruption=True), mended=at(ADOPTED, "compute_environment.cpu", type="FARGATE_SPOT"),
    ),
}  # fmt: skip


def refusal(attempt: Callable[[], Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        attempt()
    assert caught.value.exit_code == 3
    return caught.value


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_guard_refuses_says_what_lifts_it_and_is_lifted_by_that_alone(stack, case):
    case.before(stack)
    before = stack.writes()
    reviewed = stack.plan(environment(case.wished), **case.options)
    said = refusal(lambda: reviewed.apply(case.beside))

    assert said.code == case.code
    assert case.named in f"{said.message} {said.hint}"
    assert stack.writes() == before, "nothing was changed"

    options = case.options if case.instead is None else case.instead
    lifted = stack.plan(environment(case.mended or case.wished), **options)
    stack.carry_out(replace(lifted, plan=lifted.plan.lifted(case.allowed)))


@pytest.fixture
def keys(monkeypatch, tmp_path):
    """Somebody's credentials, and no file."""
    names = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    for name, value in {**names, "AWS_CONFIG_FILE": str(tmp_path / "config")}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def reading_of(stack, **more):
    return desired.read(stack.write(environment(logs(), **more)))


def groups(stack):
    return stack.client("logs").describe_log_groups()["logGroups"]


def test_another_account_is_refused_before_anything_is_read(stack, keys):
    reading = reading_of(stack, account="999999999999", aws={"endpoint": stack.server.endpoint})
    said = refusal(lambda: reconcile.review(reading))

    assert said.code == "MF4001"
    assert "`account:`" in said.hint
    mended = reading_of(stack, aws={"endpoint": stack.server.endpoint})
    assert reconcile.review(mended).apply()


def test_an_endpoint_of_the_environment_s_is_refused(stack, keys):
    keys.setenv("AWS_ENDPOINT_URL", stack.server.endpoint)
    reviewed = reconcile.review(reading_of(stack))
    said = refusal(reviewed.apply)

    assert (said.code, groups(stack)) == ("MF4004", [])
    assert "`AWS_ENDPOINT_URL`" in said.message
    assert "`endpoint:`" in said.hint
    assert reconcile.review(reading_of(stack, aws={"endpoint": stack.server.endpoint}), writes=True).apply()


@pytest.mark.parametrize("early", [False, True], ids=["after planning", "at once"])
def test_an_endpoint_of_the_profile_s_is_refused(stack, keys, tmp_path, early):
    (tmp_path / "config").write_text(f"[default]\nendpoint_url = {stack.server.endpoint}\n", "utf-8")
    said = refusal(lambda: reconcile.review(reading_of(stack), writes=early).apply())

    assert (said.code, groups(stack)) == ("MF4004", [])
    assert "`endpoint_url`" in said.hint


def test_an_endpoint_beyond_this_machine_that_anybody_reads_is_refused(stack, keys):
    said = refusal(lambda: reconcile.review(reading_of(stack, aws={"endpoint": "http://10.255.255.1:4566"})))

    assert said.code == "MF4005"
    assert "`endpoint:`" in said.hint


def test_every_guard_there_is_has_a_case():
    """Codes are found in the source: a new guard without a case fails here.

    `MF4100` is many guards at once. `UNFIT` is none: flags that choose what is not there are an error of the user's.
    """
    there = {code for path in PACKAGE.rglob("*.py") for code in re.findall(r'"(MF4[01]\d\d)"', path.read_text("utf-8"))}
    tried = {case.code for case in CASES.values()}

    assert there - {"MF4100", select.UNFIT} == tried | {"MF4001", "MF4004", "MF4005"}
    assert set(gate.PASSED) <= there
