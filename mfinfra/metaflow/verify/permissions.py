"""Whether each role may do exactly what Metaflow asks of it: IAM says so itself, or the evaluator here does.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mfinfra import policy
from mfinfra.errors import AccessDenied, AwsError
from mfinfra.evaluate import Caller, Decision, UnjudgedError, grants
from mfinfra.metaflow import simulation
from mfinfra.metaflow.arns import name_in
from mfinfra.metaflow.needs import USER, Need
from mfinfra.metaflow.parts import Part
from mfinfra.metaflow.simulation import Outcome
from mfinfra.metaflow.verify.roles import SHORT
from mfinfra.metaflow.verify.subject import Asking, Subject, failed, left_out, name_of, passed, warned
from mfinfra.model import Call, Check, Finding, refs
from mfinfra.plural import counted

GROUP = "Permissions"
# What an endpoint says that does not have the simulator, as an emulator's.
UNKNOWN_API = ("NotImplemented", "NotImplementedException", "InvalidAction", "UnknownOperationException", "501")
ASK = "ask IAM's simulator by hand"
BY_IAM = "IAM's simulator"
# Whose needs → the preset that allows them.
PRESETS: Mapping[str, str] = {
    "job_role": "batch_job",
    "execution_role": "fargate_execution",
    "step_functions_role": "step_functions",
    "events_role": "events",
    USER: "user",
}
BY_US = "mfinfra's own evaluator"


def checks(subject: Subject, needs: Sequence[Need], users: Sequence[Part]) -> tuple[Check, ...]:
    """A check for each role with needs; `users` are the roles of the people who run flows."""
    found = []
    for name, (short, _) in SHORT.items():
        part: Part | None = getattr(subject.parts, name)
        own = [need for need in needs if need.role == name]
        if part is not None and own:
            found.append(_check(subject, f"permissions.{short}", part, own, (f"roles.{short}",)))
    own = [need for need in needs if need.role == USER]
    for number, part in enumerate(users if own else (), 1):
        id_ = "permissions.user" if len(users) == 1 else f"permissions.user-{number}"
        found.append(_check(subject, id_, part, own, ()))
    if own and not users:
        found.append(Check("permissions.user", GROUP, "what people may do", lambda: _nobody(subject)))
    return tuple(found)


def _nobody(subject: Subject) -> Asking[tuple[Finding, ...]]:
    yield from ()
    said = "not checked: the file has no role with `preset: user`, which people run flows with"
    return (left_out("", said, fix=f"`mfinfra permissions {subject.file} --for run` tells what they need"),)


def _check(subject: Subject, id_: str, part: Part, needs: Sequence[Need], after: tuple[str, ...]) -> Check:
    title = f"what {part.name} may do"
    return Check(id_, GROUP, title, lambda: _permitted(subject, part, needs), after)


def _permitted(subject: Subject, part: Part, needs: Sequence[Need]) -> Asking[tuple[Finding, ...]]:
    known = [need for need in needs if not refs(need.resource)]
    unknown = [need for need in needs if refs(need.resource)]
    why: tuple[str, ...] = ()
    try:
        outcomes, how = (yield from _simulated(part, known)), BY_IAM
    except AwsError as error:
        if not (isinstance(error, AccessDenied) or error.aws_code in UNKNOWN_API):
            raise
        outcomes, how = (yield from _evaluated(part, known)), BY_US
        why = (f"IAM did not say: {error}",)
    found = [_denied(subject, part, same, how) for same in _alike(one for one in outcomes if not one.allowed)]
    found += yield from _bucket_policies(subject, part, known)
    found += [left_out(need.action, f"not checked: `{need.resource}` is not there") for need in unknown]
    said = f"{counted(len(known), 'request')} allowed, says {how}"
    return tuple(found) or (passed(name_of(part), said, *why, *(_told(one.need) for one in outcomes)),)


def _simulated(part: Part, needs: Iterable[Need]) -> Asking[list[Outcome]]:
    found: list[Outcome] = []
    for one in simulation.simulations(needs):
        answer = yield Call("iam", "SimulatePrincipalPolicy", one.params(part.arn), paginate=True)
        found += one.outcomes((answer or {}).get("EvaluationResults", ()))
    return found


def _evaluated(part: Part, needs: Iterable[Need]) -> Asking[list[Outcome]]:
    policies, boundary = yield from documents(part)
    return list(simulation.outcomes(needs, policies, boundary=boundary))


def documents(part: Part) -> Asking[tuple[list[Mapping[str, Any]], Mapping[str, Any] | None]]:
    """Every policy that a role has, and its boundary."""
    name = {"RoleName": name_in("role", part.arn)}
    role = yield Call("iam", "GetRole", name)
    inline = yield Call("iam", "ListRolePolicies", name, paginate=True)
    found: list[Mapping[str, Any]] = []
    for policy_name in (inline or {}).get("PolicyNames", ()):
        answer = yield Call("iam", "GetRolePolicy", {**name, "PolicyName": policy_name})
        found.append(policy.parse((answer or {}).get("PolicyDocument")))
    attached = yield Call("iam", "ListAttachedRolePolicies", name, paginate=True)
    for row in (attached or {}).get("AttachedPolicies", ()):
        document = yield from _managed(row["PolicyArn"])
        found.append(document)
    arn = (role or {})["Role"].get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return found, (yield from _managed(arn)) if arn else None


def _managed(arn: str) -> Asking[Mapping[str, Any]]:
    answer = yield Call("iam", "GetPolicy", {"PolicyArn": arn})
    version = (answer or {})["Policy"]["DefaultVersionId"]
    answer = yield Call("iam", "GetPolicyVersion", {"PolicyArn": arn, "VersionId": version})
    return policy.parse((answer or {})["PolicyVersion"].get("Document"))


def _bucket_policies(subject: Subject, part: Part, needs: Iterable[Need]) -> Asking[list[Finding]]:
    """What the buckets' own policies deny: no simulation of a role takes them into account."""
    buckets = {root.bucket_arn: root.bucket for root in subject.parts.roots}
    asked = [need for need in needs if need.action.startswith("s3:") and _bucket_of(need) in buckets]
    found: list[Finding] = []
    for arn in dict.fromkeys(map(_bucket_of, asked)):
        bucket = buckets[arn]
        try:
            answer = yield Call("s3", "GetBucketPolicy", {"Bucket": bucket}, absent=("NoSuchBucketPolicy",))
        except AccessDenied as error:
            found.append(left_out(bucket, f"the bucket's policy was not read: {error}"))
            continue
        if answer is not None:
            document = policy.parse(answer["Policy"])
            found += [
                item for need in asked if _bucket_of(need) == arn for item in _refusing(part, bucket, document, need)
            ]
    return found


def _bucket_of(need: Need) -> str:
    return str(need.resource).partition("/")[0]


def _refusing(part: Part, bucket: str, document: Mapping[str, Any], need: Need) -> list[Finding]:
    # Metaflow's requests are signed in their headers, and travel encrypted.
    context = {
        "aws:SecureTransport": ("true",),
        "s3:authType": ("REST-HEADER",),
        "s3:signatureversion": ("AWS4-HMAC-SHA256",),
    }
    request = type(need.request)(need.action, str(need.resource), {**context, **need.context})
    try:
        decision = grants(document, Caller("AWS", part.arn), request)
    except UnjudgedError as error:
        said = f"whether the policy of `{bucket}` denies `{need.action}` cannot be told here"
        return [warned(name_of(part), said, "MF5173", str(error), fix=ASK)]
    if decision is not Decision.EXPLICIT_DENY:
        return []
    said = f"the policy of bucket `{bucket}` denies it `{need.action}` on {need.resource}"
    return [failed(name_of(part), said, "MF5172", _told(need), fix=f"take the denial out of the policy of `{bucket}`")]


def _alike(outcomes: Iterable[Outcome]) -> list[list[Outcome]]:
    """Those of one action on one resource together: Metaflow may ask for the same in several places."""
    found: dict[tuple[str, str, Decision | None], list[Outcome]] = {}
    for one in outcomes:
        found.setdefault((one.need.action, str(one.need.resource), one.decision), []).append(one)
    return list(found.values())


def _denied(subject: Subject, part: Part, outcomes: Sequence[Outcome], how: str) -> Finding:
    outcome, name = outcomes[0], name_of(part)
    need, asked = outcome.need, [_reason(one.need) for one in outcomes]
    if outcome.decision is None:
        said = f"whether it may `{need.action}` on {need.resource} cannot be told"
        return warned(name, said, "MF5173", outcome.unknown, *asked, fix=ASK)
    told = [f"{how} says {outcome.decision}", *asked]
    if outcome.missing:
        # A real request carries more than a simulation is told: where it was made from, when, with what.
        said = f"whether it may `{need.action}` on {need.resource} cannot be told"
        asks = f"a condition asks for {', '.join(outcome.missing)}"
        return warned(name, said, "MF5173", asks, *told, fix=ASK)
    if outcome.decision is Decision.EXPLICIT_DENY:
        said = f"a policy denies it `{need.action}` on {need.resource}"
        return failed(
            name, said, "MF5171", *told, fix="find the `Deny` in its policies, its boundary and the organization's"
        )
    said = f"may not `{need.action}` on {need.resource}"
    return failed(name, said, "MF5170", *told, fix=_add(subject, part, need))


def _add(subject: Subject, part: Part, need: Need) -> str:
    added = f"allow `{need.action}` on `{need.within if not refs(need.within) else need.resource}`"
    preset = part.resource.spec.get("preset") if part.resource is not None else None
    if preset != PRESETS[need.role]:
        return added
    return f"`mfinfra apply {subject.file}` puts back its preset, which allows it"


def _reason(need: Need) -> str:
    return f"{need.mode}: {need.why}" if need.why else need.mode


def _told(need: Need) -> str:
    return f"{need.mode}: {need.action} on {need.resource}" + (f" ({need.why})" if need.why else "")
