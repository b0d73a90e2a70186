"""The roles: whether each is there and trusts the service that it is for, and whether EC2 gets its instance role."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mfinfra import policy
from mfinfra.evaluate import Caller, UnjudgedError, trusts
from mfinfra.metaflow.arns import name_in, service
from mfinfra.metaflow.parts import Part
from mfinfra.metaflow.verify.subject import Asking, Subject, failed, left_out, name_of, passed, warned
from mfinfra.model import Call, Check, Document, Finding

GROUP = "Roles"
MISSING = ("NoSuchEntity",)
# The property of `Parts` → the service that assumes the role, what it says it acts for (service, resource).
PLAYED: Mapping[str, tuple[str, str, str]] = {
    "job_role": ("ecs-tasks", "ecs", "task/metaflow/0123456789abcdef0123456789abcdef"),
    "execution_role": ("ecs-tasks", "ecs", "task/metaflow/0123456789abcdef0123456789abcdef"),
    "step_functions_role": ("states", "states", "stateMachine:{machine}"),
    "events_role": ("events", "events", "rule/{machine}"),
}
# The property of `Parts` → what its checks are called after, what it is.
SHORT: Mapping[str, tuple[str, str]] = {
    "job_role": ("job", "the role of jobs"),
    "execution_role": ("execution", "the role that starts Fargate tasks"),
    "step_functions_role": ("sfn", "the role of state machines"),
    "events_role": ("events", "the role of schedules"),
}
_PROFILE = re.compile(r"arn:[a-z-]+:iam::\d{12}:instance-profile/(?:.*/)?(?P<name>[^/]+)")


def checks(subject: Subject) -> tuple[Check, ...]:
    """A check for each role that the environment names, and one for the instances' role."""
    found = []
    for name in PLAYED:
        part: Part | None = getattr(subject.parts, name)
        if part is not None:
            found.append(_check(subject, name, part))
    if subject.parts.queues:
        needs = ("batch.environments",)
        found.append(Check("roles.instance", GROUP, "the role of instances", lambda: _instances(subject), needs))
    return tuple(found)


def _check(subject: Subject, name: str, part: Part) -> Check:
    short, title = SHORT[name]
    return Check(f"roles.{short}", GROUP, title, lambda: _role(subject, name, part))


def _role(subject: Subject, name: str, part: Part) -> Asking[tuple[Finding, ...]]:
    answer = yield Call("iam", "GetRole", {"RoleName": name_in("role", part.arn)}, absent=MISSING)
    if answer is None:
        said = f"there is no role `{part.name}`"
        return (failed(name_of(part), said, "MF5160", fix=f"mfinfra apply {subject.file}"),)
    role = answer["Role"]
    if role["Arn"] != part.arn:
        seen = f"AWS has {role['Arn']}"
        said = f"the role of this name has another ARN than {part.arn}"
        return (failed(name_of(part), said, "MF5161", seen, fix="write the path of the role, or its ARN"),)
    short, acts, resource = PLAYED[name]
    scope = subject.parts.scope
    machine = subject.parts.machines.replace("*", "Flow")
    context = {
        "aws:SourceAccount": [scope.account],
        "aws:SourceArn": [scope.arn(acts, resource.format(machine=machine))],
    }
    return _trusting(name_of(part), role, service(short, scope), context, subject) or (
        passed(name_of(part), f"{part.name} trusts {short}"),
    )


def _trusting(
    name: str, role: Document, principal: str, context: Mapping[str, Sequence[str]], subject: Subject
) -> tuple[Finding, ...]:
    document: Any = policy.parse(role.get("AssumeRolePolicyDocument"))
    try:
        trusted = trusts(document, Caller("Service", principal), context)
    except UnjudgedError as error:
        return (
            warned(
                name,
                f"whether it trusts {principal} cannot be told here",
                "MF5163",
                str(error),
                fix="look at its trust policy",
            ),
        )
    if trusted:
        return ()
    said = f"does not trust {principal}, which therefore cannot use it"
    return (failed(name, said, "MF5162", f"trust: {policy.parse(document)}", fix=subject.fix()),)


def _instances(subject: Subject) -> Asking[tuple[Finding, ...]]:
    answer = yield Call("batch", "DescribeJobQueues", {"jobQueues": [part.name for part in subject.parts.queues]})
    arns = dict.fromkeys(
        row["computeEnvironment"]
        for queue in (answer or {}).get("jobQueues", ())
        for row in queue.get("computeEnvironmentOrder") or ()
    )
    answer = yield Call("batch", "DescribeComputeEnvironments", {"computeEnvironments": list(arns)})
    live = (answer or {}).get("computeEnvironments", ())
    profiles = dict.fromkeys(role for row in live if (role := (row.get("computeResources") or {}).get("instanceRole")))
    if not profiles:
        return (left_out("", "no compute environment has instances of its own"),)
    found: list[Finding] = []
    for profile in profiles:
        found += yield from _profile(subject, profile)
    return tuple(found) or (passed("", f"EC2 can use {', '.join(map(_named, profiles))}"),)


def _named(profile: str) -> str:
    known = _PROFILE.fullmatch(profile)
    return known["name"] if known else profile


def _profile(subject: Subject, profile: str) -> Asking[tuple[Finding, ...]]:
    name = _named(profile)
    answer = yield Call("iam", "GetInstanceProfile", {"InstanceProfileName": name}, absent=MISSING)
    if answer is None:
        said = f"there is no instance profile `{name}`: Batch can start no instance"
        return (failed(name, said, "MF5164", fix=subject.fix()),)
    roles = answer["InstanceProfile"].get("Roles") or ()
    if not roles:
        said = f"the instance profile `{name}` has no role: its instances can join no cluster"
        return (failed(name, said, "MF5165", fix=subject.fix()),)
    return _trusting(roles[0]["RoleName"], roles[0], service("ec2", subject.parts.scope), {}, subject)
