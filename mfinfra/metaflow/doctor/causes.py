"""The checks of `mfinfra doctor`, and which of the causes that they find is the most likely."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from mfinfra.metaflow.doctor import capacity, images, jobs, logs, network, roles, service, statuses, survey
from mfinfra.metaflow.doctor.case import Case
from mfinfra.metaflow.doctor.merging import merged
from mfinfra.model import Check, Checked, CheckQuestions, Finding, Verdict

_SURVEY = "batch.read"
# What most surely keeps everything from running comes first; what a job itself says is no cause but a trace of one,
# unless it names its cause.
_VERDICTS = (Verdict.FAILED, Verdict.WARNING, Verdict.SKIPPED, Verdict.PASSED)
_ORDER = ("MF536", "MF544", "MF541", "MF542", "MF538", "MF539", "MF540", "MF543", "MF53", "MF546", "MF545")
_TRACES = frozenset(
    {"MF5367", "MF5368", "MF5370", "MF5371", "MF5345", "MF5346", "MF5347", "MF5357", "MF5358", "MF5400"}
)


READS = frozenset(
    {
        "batch:DescribeComputeEnvironments",
        "batch:DescribeJobQueues",
        "batch:DescribeJobs",
        "batch:ListJobs",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeNatGateways",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcEndpoints",
        "ecr:BatchGetImage",
        "iam:GetInstanceProfile",
        "iam:GetRole",
        "iam:ListAttachedRolePolicies",
        "iam:SimulatePrincipalPolicy",
        "logs:GetLogEvents",
    }
)
"""Every operation that a diagnosis may send, as `service:Operation`."""


def checks(case: Case) -> tuple[Check, ...]:
    """Every check over `case`; the first one fills it."""
    return (
        Check(_SURVEY, "Batch", "queues, compute environments and jobs", partial(survey.survey, case)),
        *(
            Check(id_, group, title, ask, (_SURVEY,))
            for id_, group, title, ask in (
                ("batch.status", "Queues and compute environments", "can be used", _told(statuses.findings, case)),
                ("jobs.reason", "Jobs", "what Batch says of jobs that wait or failed", _told(jobs.findings, case)),
                ("jobs.log", "Jobs", "what failed jobs printed last", partial(logs.check, case)),
                ("roles.start", "Roles", "instances and tasks may start", partial(roles.check, case)),
                ("network.way", "Network", "jobs reach the services they need", partial(network.check, case)),
                ("image.pull", "Image", "is there, and for these processors", partial(images.check, case)),
                ("capacity.fit", "Capacity", "what jobs ask for fits", partial(capacity.check, case)),
                ("service.address", "Metadata service", "its addresses", _told(service.findings, case)),
            )
        ),
    )


def _told(find: Callable[[Case], Iterable[Finding]], case: Case) -> Callable[[], CheckQuestions]:
    """A check that asks nothing more."""

    def ask() -> CheckQuestions:
        yield from ()
        return merged(find(case))

    return ask


def sorted_by_cause(checked: Sequence[Checked]) -> list[Checked]:
    """The worst first; what belongs to one group stays together, and what is in order keeps its order."""
    groups = dict[str, list[Checked]]()
    for one in sorted(checked, key=lambda one: (_rank(one), one.check.id)):
        groups.setdefault(one.check.group, []).append(one)
    return [one for members in sorted(groups.values(), key=lambda members: _rank(members[0])) for one in members]


def likeliest(checked: Sequence[Checked]) -> Finding | None:
    """The finding that most likely keeps flows from running."""
    found = [each for one in checked for each in one.findings if each.verdict in (Verdict.FAILED, Verdict.WARNING)]
    return min((each for each in found if each.code), key=weight, default=None)


def weight(finding: Finding) -> tuple[int, int, int]:
    """The lower the likelier."""
    return (_VERDICTS.index(finding.verdict), finding.code in _TRACES, _place(finding.code))


def _rank(one: Checked) -> tuple[int, int, int]:
    worst = _VERDICTS.index(one.verdict)
    return min((weight(each) for each in one.findings if each.code), default=(worst, 9, 0))


def _place(code: str) -> int:
    return next((place for place, beginning in enumerate(_ORDER) if code.startswith(beginning)), len(_ORDER))
