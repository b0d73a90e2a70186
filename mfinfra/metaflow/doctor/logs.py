"""What the failed jobs printed last, and whether what they were denied is denied still."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import replace

from mfinfra.evaluate import simulated
from mfinfra.metaflow.doctor import ladder
from mfinfra.metaflow.doctor.case import Case
from mfinfra.metaflow.doctor.jobs import exit_code
from mfinfra.metaflow.doctor.merging import merged
from mfinfra.metaflow.doctor.reading import Asked
from mfinfra.model import Call, CheckQuestions, Document, Finding, Question, Verdict

GROUP = "/aws/batch/job"
MOST = 3
"""How many jobs' logs are read."""
LINES = 200
"""How many of their last lines."""
_DENIED = re.compile(
    r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d+):assumed-role/(?P<role>[\w+=,.@-]+)/\S+ is not authorized to "
    r"perform: (?P<action>[\w-]+:\w+)(?: on resource: \"?(?P<resource>arn:[^\s\"]+))?"
)


def check(case: Case) -> CheckQuestions:
    """Read the end of the logs of failed jobs, and explain it."""
    asked, found, read = Asked(), list[Finding](), 0
    for job in case.jobs:
        stream = (job.get("container") or {}).get("logStreamName")
        if job.get("status") != "FAILED" or not stream or read >= MOST:
            continue
        read += 1
        text = yield from _tail(asked, job, str(stream))
        if known := ladder.explain(text):
            found.append(replace(known, evidence=(f"job {job['jobId']}, exit code {exit_code(job)}", *known.evidence)))
            found += yield from _still(asked, text)
        elif case.job and text.strip():
            last = tuple(text.strip().splitlines()[-5:])
            found.append(
                Finding(Verdict.PASSED, f"job {job['jobId']}", "the last lines that it printed", evidence=last)
            )
    return merged([*asked.unread, *found])


def _tail(asked: Asked, job: Document, stream: str) -> Generator[Question, Document | None, str]:
    options = ((job.get("container") or {}).get("logConfiguration") or {}).get("options") or {}
    params = {"logGroupName": options.get("awslogs-group", GROUP), "logStreamName": stream, "limit": LINES}
    answer = yield from asked(Call("logs", "GetLogEvents", params, absent=("ResourceNotFoundException",)))
    return "\n".join(str(event.get("message", "")) for event in answer.rows("events") or ())


def _still(asked: Asked, text: str) -> Generator[Question, Document | None, list[Finding]]:
    """Ask IAM whether the role would be denied the same now."""
    denied = _DENIED.search(text)
    if not denied:
        return []
    role = f"arn:{denied['partition']}:iam::{denied['account']}:role/{denied['role']}"
    found = yield from asked(Call("iam", "GetRole", {"RoleName": denied["role"]}, absent=("NoSuchEntity",)))
    role = str(((found.document or {}).get("Role") or {}).get("Arn") or role)
    params = {"PolicySourceArn": role, **simulated.asked([denied["action"]], [denied["resource"] or "*"], {})}
    answer = yield from asked(Call("iam", "SimulatePrincipalPolicy", params, paginate=True))
    said = simulated.judgement(answer.rows("EvaluationResults") or (), denied["action"], denied["resource"] or "*")
    # Without its resource, or where it hangs on a condition, a denial is not known to be the same.
    if said is None or (not said.allowed and (said.missing or not denied["resource"])):
        return []
    decision = said.decision
    evidence = (f"{role}: {denied['action']} on {denied['resource'] or '*'} is {decision} (SimulatePrincipalPolicy)",)
    if said.allowed:
        message = (
            f"its policies allow `{denied['action']}` by now; if it is denied again, a policy above or a condition does"
        )
        return [Finding(Verdict.WARNING, denied["role"], message, "MF5461", evidence, "run the flow again")]
    message = f"its policies do not allow `{denied['action']}` to this day"
    fix = "write what Metaflow uses into the `metaflow` block, give the role its preset, then `mfinfra apply FILE`"
    return [Finding(Verdict.FAILED, denied["role"], message, "MF5460", evidence, fix)]
