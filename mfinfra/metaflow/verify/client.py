"""The real client of Metaflow, with the produced configuration and nothing else, in a folder and home of its own.

It writes below a folder of the datastore that is deleted afterwards, and the job definitions that it registers are
deregistered. Runs are kept with `--metadata=local`: a metadata service forgets none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mfinfra.errors import AccessDenied
from mfinfra.metaflow.doctor.ladder import explain
from mfinfra.metaflow.places import Root
from mfinfra.metaflow.verify import datastore, flows
from mfinfra.metaflow.verify.subject import Asking, Client, Subject, failed, left_out, passed, warned
from mfinfra.model import Call, Check, Command, Document, Finding, Pause, Stage, Touch, Verdict
from mfinfra.plural import counted

GROUP = "Metaflow's client"
HOME = "home"
TAIL = 6  # lines
NOISE = ("Flushing logs...", "Validating your flow", "The graph looks good", "executing Mfinfra")
INSTALL = "`pip install metaflow`, or name a Python that has it with `--python`"
SLOW = 300.0  # seconds that the client may take
MARGIN = 120.0  # seconds to clean up in
NOBODY = "metaflow_mfinfra_verify:1"
"""No job definition: Metaflow's have a hash in their name."""
FINAL = ("SUCCEEDED", "FAILED")
LOOKS, BETWEEN = 30, 3.0
"""How often, and how many seconds apart, a terminated job is looked at: it has 30 s to end after Batch asked it to."""
_DEFINITION = re.compile(r"arn:[a-z-]+:batch:[a-z0-9-]+:\d{12}:job-definition/[A-Za-z0-9_-]+:\d+")
_JOB = re.compile(r"\[([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]")


def checks(subject: Subject) -> tuple[Check, ...]:
    """The checks of this group, as far as the environment has what they use."""
    if subject.parts.root is None:
        return ()
    first = ("client.installed", "config.keys", "config.values", "datastore.object")
    found = [
        Check("client.installed", GROUP, "Metaflow on this machine", lambda: _installed(subject)),
        Check(
            "client.datastore",
            GROUP,
            "a flow that keeps its data in S3",
            lambda: _datastore(subject),
            first,
            SLOW + MARGIN,
        ),
    ]
    batch = (*first, "batch.queue", "batch.environments")
    if subject.parts.queue and subject.parts.written("step_functions") is not None:
        title = "a foreach, compiled for Step Functions"
        found.append(Check("client.foreach", GROUP, title, lambda: _foreach(subject), batch, SLOW + MARGIN))
    if subject.parts.queue and subject.run:
        title, limit = "a job of Batch", subject.patience + MARGIN
        found.append(Check("client.job", GROUP, title, lambda: _job(subject), batch, limit))
    return tuple(found)


def command(subject: Subject, where: Root, flow: str, *arguments: str, limit: float = SLOW) -> Command:
    """How the client is run: its profile is a file, as `mfinfra config --write` makes it."""
    root, profile = subject.parts.root, str(subject.parts.written("profile") or "")
    if root is None:
        raise AssertionError("there is no datastore")
    file = f"config_{profile}.json" if profile else "config.json"
    values = {key: _moved(value, root, where) for key, value in subject.values.items()}
    return Command(
        (_client(subject).python, flows.FILE, *arguments),
        {
            "METAFLOW_HOME": f"{{folder}}/{HOME}",
            "METAFLOW_USER": _user(subject),
            **({"METAFLOW_PROFILE": profile} if profile else {}),
        },
        {flows.FILE: flow, f"{HOME}/{file}": json.dumps(values, indent=4, sort_keys=True)},
        limit,
    )


def _user(subject: Subject) -> str:
    """Who runs the flows; in the names of their jobs."""
    return f"{datastore.FOLDER}-{subject.token}"


def _client(subject: Subject) -> Client:
    if subject.client is None:
        raise AssertionError("there is no client to run")
    return subject.client


def _moved(value: Any, root: Root, where: Root) -> Any:
    """A place below the root as one below the folder that is deleted again."""
    inside = isinstance(value, str) and f"{value.rstrip('/')}/".startswith(f"{root.url}/")
    return where.url + value.removeprefix(root.url) if inside else value


def _installed(subject: Subject) -> Asking[tuple[Finding, ...]]:
    yield from ()
    if subject.client is None:
        return (left_out("metaflow", "no Metaflow was found on this machine", INSTALL),)
    return (passed("metaflow", f"Metaflow {subject.client.version}", f"run by {subject.client.python}"),)


def _datastore(subject: Subject) -> Asking[tuple[Finding, ...]]:
    where = datastore.place(subject, "flow")
    arguments = ("--metadata=local", "--no-pylint", "run")
    yield Touch(f"{where.url}/")
    try:
        answer = (yield command(subject, where, flows.DATASTORE, *arguments)) or {}
    finally:
        yield from _cleared(where)
    if answer["code"] == 0 and flows.PERSISTED in answer["stdout"]:
        return (passed(flows.DATASTORE_FLOW, "kept an artifact in S3 and read it back"),)
    return (explained(flows.DATASTORE_FLOW, "the flow did not run", "MF5181", answer),)


def _cleared(where: Root) -> Asking[None]:
    yield Touch(f"{where.url}/", Stage.REMOVING)
    yield from datastore.clear(where)
    yield Touch(f"{where.url}/", Stage.REMOVED)


def _foreach(subject: Subject) -> Asking[tuple[Finding, ...]]:
    if not (yield from _may_deregister()):
        return (_no_deregistering(),)
    where, before = datastore.place(subject, "foreach"), (yield from _definitions())
    arguments = ("--metadata=local", "--no-pylint", "step-functions", "create", "--only-json")
    mark = f"{_user(subject)}-foreach"
    asked = replace(command(subject, where, flows.each(mark), *arguments), finishes=True)
    ours: list[str] = []
    yield Touch(f"{where.url}/")
    try:
        answer = (yield asked) or {}
        named = dict.fromkeys(_DEFINITION.findall(answer["stdout"]))
        ours = [arn for arn in named if arn not in before]
    finally:
        yield from _taken_back(ours, mark, where)
    if answer["code"] != 0 or not named:
        found = explained(flows.FOREACH_FLOW, "the flow did not compile", "MF5182", answer)
        return (found, *(yield from _others(subject, before)))
    said = f"compiled, with {counted(len(named), 'job definition')}"
    known = [f"registered and deregistered {arn}" if arn in ours else f"was there before: {arn}" for arn in named]
    return (passed(flows.FOREACH_FLOW, said, *known),)


def _job(subject: Subject) -> Asking[tuple[Finding, ...]]:
    if not (yield from _may_deregister()):
        return (_no_deregistering(),)
    where, before = datastore.place(subject, "job"), (yield from _definitions())
    mark, arguments = f"{_user(subject)}-job", ("--metadata=local", "--no-pylint", "run")
    asked = command(subject, where, flows.job(mark), *arguments, limit=subject.patience)
    answer: Document = {}
    job: Document = {}
    yield Touch(f"{where.url}/")
    try:
        answer = (yield asked) or {}
    finally:
        yield Touch(f"{where.url}/", Stage.REMOVING)
        try:
            job = yield from _submitted(subject, answer)
            yield from _ended(job)
        finally:
            arn = job.get("jobDefinition", "")
            yield from _taken_back([arn] if arn and arn not in before else [], mark, where)
    return (_ran(subject, answer, job),)


def _submitted(subject: Subject, answer: Document) -> Asking[Document]:
    """The job as Batch knows it; empty where the client submitted none."""
    ids = _JOB.findall(f"{answer.get('stdout', '')}{answer.get('stderr', '')}") or (yield from _listed(subject))
    if not ids:
        return {}
    yield Touch(f"Batch job {ids[0]}")
    found = (yield Call("batch", "DescribeJobs", {"jobs": [ids[0]]})) or {}
    return next(iter(found.get("jobs", ())), {"jobId": ids[0]})


def _ended(job: Document) -> Asking[None]:
    """Terminate a job that still runs, and wait until it does not: what it writes to S3 last is to be deleted too."""
    if not job:
        return
    id_, status = job["jobId"], job.get("status")
    if status not in FINAL:
        yield Call("batch", "TerminateJob", {"jobId": id_, "reason": "mfinfra verify: the time for it is over"})
    for _ in range(LOOKS):
        if status in FINAL:
            break
        found = (yield Call("batch", "DescribeJobs", {"jobs": [id_]})) or {}
        status = next((row["status"] for row in found.get("jobs", ())), FINAL[-1])
        if status not in FINAL:
            yield Pause(BETWEEN)
    if status in FINAL:
        yield Touch(f"Batch job {id_}", Stage.ENDED)


def _listed(subject: Subject) -> Asking[list[str]]:
    """The jobs of the flow, where the client was ended before it told of one: their names begin with the user's."""
    queue = subject.values.get("METAFLOW_BATCH_JOB_QUEUE")
    filters = [{"name": "JOB_NAME", "values": [f"{_user(subject)}-*"]}]
    answer = (yield Call("batch", "ListJobs", {"jobQueue": queue, "filters": filters}, paginate=True)) or {}
    return [row["jobId"] for row in answer.get("jobSummaryList", ()) if row.get("status") not in FINAL]


def _ran(subject: Subject, answer: Document, job: Document) -> Finding:
    id_ = job.get("jobId", "")
    stream = (job.get("container") or {}).get("logStreamName")
    seen = [
        *([f"job {id_}: {job.get('status', 'unknown')}"] if id_ else []),
        *([f"Batch says: {job['statusReason']}"] if job.get("statusReason") else []),
        *([f"its log: /aws/batch/job, {stream}"] if stream else []),
    ]
    doctor = f"`mfinfra doctor {subject.file}` looks for the reason"
    if answer.get("code") == 0 and flows.PERSISTED in answer.get("stdout", ""):
        return passed(flows.JOB_FLOW, f"job {id_} SUCCEEDED", *seen)
    if answer.get("code") is None:
        said = f"the job did not end within {subject.patience:.0f} s, and was terminated"
        return failed(flows.JOB_FLOW, said, "MF5184", *seen, fix=doctor)
    found = explained(flows.JOB_FLOW, "the job failed", "MF5183", answer)
    return replace(found, evidence=(*seen, *found.evidence), fix=found.fix or doctor)


def _may_deregister() -> Asking[bool]:
    """Whether these credentials may take back what the client registers: one that is not there is deregistered."""
    try:
        yield Call("batch", "DeregisterJobDefinition", {"jobDefinition": NOBODY}, fine=("ClientException",))
    except AccessDenied:
        return False
    return True


def _no_deregistering() -> Finding:
    said = "nothing was registered: these credentials may not deregister it again"
    return left_out("batch:DeregisterJobDefinition", said, "allow `batch:DeregisterJobDefinition` to who verifies")


def _definitions() -> Asking[frozenset[str]]:
    rows = yield from _rows()
    return frozenset(row["jobDefinitionArn"] for row in rows)


def _rows() -> Asking[list[Mapping[str, Any]]]:
    answer = yield Call("batch", "DescribeJobDefinitions", {"status": "ACTIVE"}, paginate=True)
    return list((answer or {}).get("jobDefinitions", ()))


def _taken_back(arns: list[str], mark: str, where: Root) -> Asking[None]:
    """Deregister these job definitions, and what else bears the mark; clear the folder, even if that fails."""
    yield Touch(f"{where.url}/", Stage.REMOVING)
    try:
        yield from _deregistered(arns)
        marked = [row["jobDefinitionArn"] for row in (yield from _rows()) if _mark(row) == mark]
        yield from _deregistered([arn for arn in marked if arn not in arns])
    finally:
        yield from _cleared(where)


def _deregistered(arns: list[str]) -> Asking[None]:
    for arn in arns:
        yield Touch(f"job definition {arn}", Stage.REMOVING)
    for arn in arns:
        yield Call("batch", "DeregisterJobDefinition", {"jobDefinition": arn})
        yield Touch(f"job definition {arn}", Stage.REMOVED)


def _others(subject: Subject, before: frozenset[str]) -> Asking[tuple[Finding, ...]]:
    """What appeared meanwhile, where the client did not tell what it registered: it may be somebody else's."""
    rows = yield from _rows()
    role = subject.values.get("METAFLOW_ECS_S3_ACCESS_IAM_ROLE")
    found = [
        row["jobDefinitionArn"]
        for row in rows
        if row["jobDefinitionArn"] not in before and (row.get("containerProperties") or {}).get("jobRoleArn") == role
    ]
    said = "appeared meanwhile, and was left: it may be of this run, or somebody else's"
    fix = "aws batch deregister-job-definition --job-definition {}"
    return tuple(warned(arn, said, "MF5185", fix=fix.format(arn)) for arn in found)


def _mark(row: Mapping[str, Any]) -> Any:
    """What a flow of a run wrote into its job definition."""
    logs = (row.get("containerProperties") or {}).get("logConfiguration") or {}
    return (logs.get("options") or {}).get(flows.OWN)


def explained(subject: str, message: str, code: str, answer: Document) -> Finding:
    """Why the client failed: what the ladder of its errors knows, else the end of what it said."""
    said = f"{answer.get('stderr', '')}\n{answer.get('stdout', '')}"
    lines = [line.rstrip() for line in said.splitlines() if line.strip() and not any(noise in line for noise in NOISE)]
    tail = tuple(lines[-TAIL:])
    known = explain(said)
    if known is not None:
        return replace(known, verdict=Verdict.FAILED, evidence=(*known.evidence, *tail))
    if answer.get("code") is None:
        return failed(subject, f"{message}: it was ended when its time was over", code, *tail)
    return failed(subject, message, code, *tail)
