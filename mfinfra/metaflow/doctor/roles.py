"""The roles that jobs need to start: the profile of the instances, the roles of tasks, and those of the services."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from mfinfra import policy
from mfinfra.evaluate import Caller, UnjudgedError, simulated, trusts
from mfinfra.metaflow.arns import aws_managed, service
from mfinfra.metaflow.doctor import images
from mfinfra.metaflow.doctor.case import Case, Compute
from mfinfra.metaflow.doctor.merging import merged
from mfinfra.metaflow.doctor.reading import Asked
from mfinfra.metaflow.parts import Part
from mfinfra.model import Call, CheckQuestions, Document, Finding, Question, Verdict

JOINING = ("ecs:DiscoverPollEndpoint", "ecs:Poll", "ecs:RegisterContainerInstance", "ecs:SubmitTaskStateChange")
PULLING = ("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
LOGGING = ("logs:CreateLogStream", "logs:PutLogEvents")
LINKED = "/AWSServiceRoleForBatch"
MOST = 5
"""How many profiles are looked at."""
NO_ENTITY = ("NoSuchEntity", "NoSuchEntityException")
Findings = Generator[Question, Document | None, list[Finding]]


@dataclass(frozen=True, slots=True)
class Job:
    """What a role is for: who assumes it, and which managed policy or actions it cannot do without."""

    title: str
    principal: str
    managed: str
    actions: tuple[str, ...]
    preset: str
    code: str


INSTANCE = Job(
    "the instances' role",
    "ec2",
    "service-role/AmazonEC2ContainerServiceforEC2Role",
    (*JOINING, *LOGGING),
    "ecs_instance",
    "MF5413",
)
EXECUTION = Job(
    "the execution role",
    "ecs-tasks",
    "service-role/AmazonECSTaskExecutionRolePolicy",
    LOGGING,
    "fargate_execution",
    "MF5417",
)


def check(case: Case) -> CheckQuestions:
    """Walk from each environment to its instance profile and role; look at the roles that the file names."""
    asked, found = Asked(), list[Finding]()
    found += yield from _profiles(case, asked)
    found += yield from _tasks(case, asked)
    found += yield from _linked(case, asked)
    return merged([*asked.unread, *found])


def _profiles(case: Case, asked: Asked) -> Findings:
    found, users = list[Finding](), dict[str, Compute]()
    for compute in case.managed:
        if not compute.fargate:
            users.setdefault(str(compute.resources.get("instanceRole", "")), compute)
    for written, compute in list(users.items())[:MOST]:
        if not written:
            continue
        name = written.rpartition("/")[2]
        call = Call("iam", "GetInstanceProfile", {"InstanceProfileName": name}, absent=NO_ENTITY)
        answer = yield from asked(call)
        if answer.known:
            found += yield from _profile(case, asked, compute, written, answer.document)
    return found


def _profile(case: Case, asked: Asked, compute: Compute, written: str, document: Document | None) -> Findings:
    path = f"{compute.name} → instance profile {written.rpartition('/')[2]}"
    profile = (document or {}).get("InstanceProfile")
    if profile is None:
        kind = "ARN of a role; it takes an instance profile" if ":role/" in written else "name of no instance profile"
        fix = "write `instance_role: role.NAME` with `role: {NAME: {preset: ecs_instance}}`, then `mfinfra apply FILE`"
        message = f"its `instance_role` is the {kind}: no instance can start"
        return [
            Finding(Verdict.FAILED, compute.name, message, "MF5410", (f"{path}: none", f"written `{written}`"), fix)
        ]
    roles = profile.get("Roles") or ()
    if not roles:
        fix = "`aws iam add-role-to-instance-profile --instance-profile-name {} --role-name ROLE`".format(
            profile["InstanceProfileName"]
        )
        message = "its instance profile has no role in it: instances start and may do nothing"
        return [Finding(Verdict.FAILED, compute.name, message, "MF5411", (f"{path} → no role",), fix)]
    return [
        *_trust(case, roles[0], INSTANCE, "MF5412", path),
        *(yield from _allowed(case, asked, roles[0], INSTANCE, path, str(compute.row.get("ecsClusterArn") or "*"))),
    ]


def _tasks(case: Case, asked: Asked) -> Findings:
    parts, found = case.parts, list[Finding]()
    fargate = next((one for one in case.managed if one.fargate), None)
    if parts.job_role:
        job = Job("the role of the jobs", "ecs-tasks", "", (), "batch_job", "")
        found += yield from _named(case, asked, parts.job_role, job)
    if parts.execution_role:
        found += yield from _named(case, asked, parts.execution_role, EXECUTION)
    elif fargate:
        found.append(
            Finding(
                Verdict.FAILED,
                "METAFLOW_ECS_FARGATE_EXECUTION_ROLE",
                "a compute environment is Fargate, and no execution role is written: Metaflow makes no jobs for it",
                "MF5414",
                (f"{fargate.name} is {fargate.kind}",),
                "write `metaflow: {batch: {execution_role: role.NAME}}`, then `mfinfra config FILE --write`",
            )
        )
    return found


def _named(case: Case, asked: Asked, part: Part, job: Job) -> Findings:
    answer = yield from asked(Call("iam", "GetRole", {"RoleName": part.name}, absent=NO_ENTITY))
    if not answer.known:
        return []
    role = (answer.document or {}).get("Role")
    if role is None:
        fix = (
            "run `mfinfra apply FILE`"
            if part.resource
            else f"write `role: {{NAME: {{preset: {job.preset}}}}}` and name it"
        )
        message = f"{job.title} does not exist"
        return [Finding(Verdict.FAILED, part.name, message, "MF5415", (f"asked for `{part.arn}`",), fix)]
    found = _trust(case, role, job, "MF5416", f"metaflow.batch → {part.name}")
    return [*found, *(yield from _allowed(case, asked, role, job, part.name))] if job.actions else [*found]


def _trust(case: Case, role: Document, job: Job, code: str, path: str) -> Iterator[Finding]:
    principal = service(job.principal, case.scope)
    if not _lets_in(role, principal):
        yield Finding(
            Verdict.FAILED,
            str(role["RoleName"]),
            f"{job.title} cannot be assumed by `{principal}`",
            code,
            (f"{path} → role {role['RoleName']}: its trust names others",),
            f"write `role: {{NAME: {{preset: {job.preset}}}}}`, then `mfinfra apply FILE`",
        )


def _lets_in(role: Document, principal: str) -> bool:
    """Whether a trust names `principal`; its conditions hold for the service itself and are not judged."""
    document = policy.parse(role.get("AssumeRolePolicyDocument"))
    written = document.get("Statement") or ()
    rows = [written] if isinstance(written, dict) else written
    bare = [{key: value for key, value in each.items() if key != "Condition"} for each in rows if _judged(each)]
    try:
        return trusts({"Version": policy.VERSION, "Statement": bare}, Caller("Service", principal))
    except UnjudgedError:
        return True


def _judged(statement: Document) -> bool:
    return not (statement.get("Effect") == "Deny" and statement.get("Condition"))


def _allowed(case: Case, asked: Asked, role: Document, job: Job, path: str, cluster: str = "*") -> Findings:  # noqa: PLR0913, PLR0917 - what a sentence about a role is made of
    """Whether the role may do its work: by the managed policy it is known by, else as IAM itself says."""
    name = str(role["RoleName"])
    attached = yield from asked(Call("iam", "ListAttachedRolePolicies", {"RoleName": name}, paginate=True))
    managed = aws_managed(job.managed, case.scope)
    if any(row.get("PolicyArn") == managed for row in attached.rows("AttachedPolicies") or ()):
        return []
    image = images.wanted(case)
    actions = [*job.actions, *(PULLING if image.registry is not None else ())]
    denied = list[str]()
    for resource, group in _by_resource(case, actions, image, cluster).items():
        params = {"PolicySourceArn": str(role["Arn"]), **simulated.asked(group, [resource], {})}
        answer = yield from asked(Call("iam", "SimulatePrincipalPolicy", params, paginate=True))
        rows = answer.rows("EvaluationResults") or ()
        judged = {action: simulated.judgement(rows, action, resource) for action in group}
        # What hangs on a condition that no simulation knows is not called denied.
        denied += [action for action, one in judged.items() if one and not one.allowed and not one.missing]
    if not denied:
        return []
    listed = ", ".join(f"`{action}`" for action in denied)
    return [
        Finding(
            Verdict.FAILED,
            name,
            f"{job.title} may not do what it is for",
            job.code,
            (f"{path} → role {name}: {listed} denied (SimulatePrincipalPolicy)",),
            f"`aws iam attach-role-policy --role-name {name} --policy-arn {managed}`, or write "
            f"`preset: {job.preset}` at the role",
        )
    ]


def _by_resource(case: Case, actions: Sequence[str], image: images.Image, cluster: str) -> dict[str, list[str]]:
    """The actions by what the role does them on: a policy need not allow them on everything.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
    """
    scope = case.scope
    logs = scope.arn("logs", "log-group:/aws/batch/job:log-stream:metaflow/default/0123456789abcdef")
    narrower = {
        "ecs:RegisterContainerInstance": cluster,
        "ecs:Poll": cluster.replace(":cluster/", ":container-instance/")
        + ("" if cluster == "*" else "/0123456789abcdef"),
        **dict.fromkeys(LOGGING, logs),
    }
    if image.registry:
        stored = scope.arn("ecr", f"repository/{image.repository}", region=image.region, account=image.account)
        narrower |= dict.fromkeys(PULLING[1:], stored)
    found: dict[str, list[str]] = {}
    for action in actions:
        found.setdefault(narrower.get(action, "*"), []).append(action)
    return found


def _linked(case: Case, asked: Asked) -> Findings:
    found = list[Finding]()
    for name, principal, code, why, verdict in _wanted_links(case.managed):
        answer = yield from asked(Call("iam", "GetRole", {"RoleName": name}, absent=NO_ENTITY))
        if answer.known and answer.document is None:
            found.append(
                Finding(
                    verdict,
                    name,
                    f"the service-linked role does not exist, and {why}",
                    code,
                    (f"asked for role {name} in {case.scope.account}",),
                    f"`aws iam create-service-linked-role --aws-service-name {principal}`",
                )
            )
    for compute in case.managed:
        strategy = _strategy(compute)
        if compute.kind == "SPOT" and strategy == "BEST_FIT" and not compute.resources.get("spotIamFleetRole"):
            found.append(
                Finding(
                    Verdict.FAILED,
                    compute.name,
                    "it is SPOT with BEST_FIT and has no fleet role: no instance is asked for",
                    "MF5420",
                    (f"{compute.name}: SPOT, {strategy}, no spotIamFleetRole",),
                    "write `allocation_strategy: SPOT_PRICE_CAPACITY_OPTIMIZED`, which needs no fleet role",
                )
            )
    return found


def _wanted_links(managed: Sequence[Compute]) -> Iterator[tuple[str, str, str, str, Verdict]]:
    """Each role with its service, the code, what it is for, and how bad it is that it is not there.

    Batch's own role may make the others: https://docs.aws.amazon.com/batch/latest/userguide/using-service-linked-roles.html
    """
    if any(map(_by_batch, managed)):
        yield "AWSServiceRoleForBatch", "batch.amazonaws.com", "MF5418", "Batch acts as it", Verdict.FAILED
    spot = [one for one in managed if one.kind == "SPOT"]
    if spot:
        verdict = Verdict.WARNING if all(map(_by_batch, spot)) else Verdict.FAILED
        why = "EC2 gives Spot instances as it"
        yield "AWSServiceRoleForEC2Spot", "spot.amazonaws.com", "MF5419", why, verdict
        if any(_strategy(one) == "BEST_FIT" for one in spot):
            why = "a Spot fleet, which BEST_FIT asks for instances, acts as it"
            yield "AWSServiceRoleForEC2SpotFleet", "spotfleet.amazonaws.com", "MF5419", why, verdict


def _by_batch(compute: Compute) -> bool:
    return str(compute.row.get("serviceRole") or LINKED).endswith(LINKED)


def _strategy(compute: Compute) -> str:
    return str(compute.resources.get("allocationStrategy") or "BEST_FIT")
