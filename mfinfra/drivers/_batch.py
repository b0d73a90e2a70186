"""What compute environments and job queues have in common: a state that we set, and a status that Batch moves.

Batch answers every write at once and works afterwards, so each write is followed by a wait. It has one error code for
all that a caller can do wrong; cases are told apart by the text.
https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeEnvironmentDetail.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mfinfra.drivers import _compute_resources as resources
from mfinfra.model import (
    Action,
    Answers,
    Call,
    Document,
    Effects,
    Merge,
    Observed,
    Questions,
    Resource,
    Settle,
    Spec,
    Step,
    Work,
)

MISSING = ("ClientException: does not exist",)
MOVING = ("CREATING", "UPDATING")
INTERVAL = 3.0
UNFINISHED = ("RUNNABLE", "STARTING", "RUNNING")
UPDATES = (Action.UPDATE, Action.ADOPT_UPDATE)
QUEUES = Call("batch", "DescribeJobQueues", paginate=True)


@dataclass(frozen=True, slots=True)
class Stateful:
    """A kind of Batch resource: the word that its members' names begin with, its noun, and how long a wait may take.

    `unchanged` are members of an update that change nothing and make Batch look again, beside the state.
    """

    word: str
    noun: str
    patience: float
    unchanged: Callable[[Resource], Mapping[str, Any]] = lambda resource: {}

    @property
    def title(self) -> str:
        """The word as it stands in operations."""
        return self.word[0].upper() + self.word[1:]

    def read(self, resource: Resource) -> Call:
        """The question for one of them; a name that is not there is left out of the answer."""
        rows = f"{self.word}s"
        keys = (f"{self.word}Name", f"{self.word}Arn")
        params = {rows: [resource.spec["name"]]}
        merge = Merge(rows, limit=100, items=rows, keys=keys)
        return Call("batch", f"Describe{self.title}s", params, paginate=True, merge=merge)

    def rows(self, answer: Document) -> list[Document]:
        """The rows of those that are there; one that is deleted stays listed for a while."""
        return [row for row in answer.get(f"{self.word}s", ()) if row.get("status") != "DELETED"]

    def row(self, answer: Document, resource: Resource) -> Document | None:
        """The row with the resource's name."""
        named = (row for row in self.rows(answer) if row[f"{self.word}Name"] == resource.spec["name"])
        return next(named, None)

    def observed(self, row: Document, spec: Spec) -> Observed:
        """What is there; `INVALID` is an end, not a passage: nothing moves it but us."""
        name, arn, status = row[f"{self.word}Name"], row[f"{self.word}Arn"], row.get("status", "VALID")
        reason = row.get("statusReason") or "Batch gives no reason"
        return Observed(
            {"name": name, "state": row["state"], **spec},
            {"arn": arn, "name": name},
            row.get("tags", {}),
            arn,
            settled=status not in MOVING,
            leaving=status == "DELETING",
            broken=status == "INVALID",
            warnings=(f"Batch holds the {self.noun} `{name}` for INVALID: {reason}",) if status == "INVALID" else (),
        )

    def create(self, resource: Resource, params: Mapping[str, Any]) -> Effects:
        """Create it with its tags, and wait until it can be used."""
        named = {f"{self.word}Name": resource.spec["name"], **params, "tags": dict(resource.tags)}
        born = replace(resource, spec={**resource.spec, "state": "ENABLED"})
        return (Call("batch", f"Create{self.title}", named), *self.valid(born, "creating"))

    def update(self, resource: Resource, params: Mapping[str, Any], patience: float | None = None) -> Effects:
        """Send what changed, and wait until it can be used again."""
        named = {self.word: resource.spec["name"], **params}
        return (Call("batch", f"Update{self.title}", named), *self.valid(resource, "updating", patience))

    def mend(self, resource: Resource, observed: Observed) -> Effects:
        """Ask Batch to look again at what it holds for INVALID: it does so with every update, and not by itself.

        https://docs.aws.amazon.com/batch/latest/userguide/invalid_compute_environment.html
        """
        return self.update(resource, {"state": observed.spec["state"], **self.unchanged(resource)})

    def valid(self, resource: Resource, doing: str = "working on", patience: float | None = None) -> Effects:
        """Wait until it is VALID; where Batch was too early it looks again at the next update, and not by itself."""
        wait = replace(self._wait(resource, doing), ready=("VALID",), failed=("INVALID", "DELETING"))
        state = resource.spec.get("state") or "ENABLED"
        params = {self.word: resource.spec["name"], "state": state, **self.unchanged(resource)}
        again = Call("batch", f"Update{self.title}", params)
        return (replace(wait, timeout=patience or self.patience, nudge=again),)

    def gone(self, resource: Resource) -> Effects:
        """Wait until it is gone; a deletion that Batch gives up ends as INVALID."""
        return (replace(self._wait(resource, "deleting"), failed=("INVALID",), gone=True),)

    def delete(self, resource: Resource, observed: Observed, drained: Effects = ()) -> Effects:
        """Disable it, and delete it once Batch has stopped changing it; an INVALID one may go too.

        `drained` are the effects in between: what is disabled begins no more work, and ends what it has.
        """
        named = {self.word: resource.spec["name"]}
        wait = self._wait(resource, "updating")
        still = replace(wait, status=f"{wait.status} || 'GONE'", ready=("VALID", "INVALID", "GONE"))
        disable = Call("batch", f"Update{self.title}", {**named, "state": "DISABLED"}, absent=MISSING)
        return (
            *(() if observed.settled else (still,)),
            *((disable, still) if observed.spec["state"] == "ENABLED" else ()),
            *drained,
            Call("batch", f"Delete{self.title}", named, absent=MISSING),
            *self.gone(resource),
        )

    def _wait(self, resource: Resource, doing: str) -> Settle:
        listed = f"{self.word}s[?status != 'DELETED'] | [0]"
        return Settle(
            self.read(resource),
            status=f"{listed}.status",
            why=f"Batch is {doing} the {self.noun} `{resource.spec['name']}`",
            reason=f"{listed}.statusReason",
            timeout=self.patience,
            interval=INTERVAL,
        )


def put_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], every: Mapping[str, str]) -> Effects:
    """Add or overwrite tags; those of others stay."""
    return (Call("batch", "TagResource", {"resourceArn": observed.outputs["arn"], "tags": dict(tags)}),)


def take_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], rest: Mapping[str, str]) -> Effects:
    """Take tags off; those of others stay."""
    return (Call("batch", "UntagResource", {"resourceArn": observed.outputs["arn"], "tagKeys": sorted(tags)}),)


def queue_work(step: Step, observed: Observed) -> Generator[Questions, Answers, Work] | None:
    """The unfinished jobs of a queue: deleting it ends them, and a disabled one starts none."""
    return _unfinished((observed.spec["name"],)) if _stops(step, observed) else None


def environment_work(step: Step, observed: Observed) -> Generator[Questions, Answers, Work] | None:
    """The unfinished jobs of every queue that refers to the environment, of queues that are not ours too.

    Batch does not tell which environment a waiting job will run on: those of a queue with several are counted for
    each, though another one may take them. Instances that are replaced under their jobs are asked about too.
    """
    if not (_stops(step, observed) or instances_replaced(step, observed)):
        return None
    return _through_queues(observed.outputs["arn"], spared=not (_stops(step, observed) or _ends_jobs(step, observed)))


def instances_replaced(step: Step, observed: Observed) -> bool:
    """Whether the step is an infrastructure update."""
    fields = {str(change.path[0]) for change in step.changes}
    return step.action in UPDATES and bool(resources.infrastructure(fields, observed.spec.get("type", "")))


def _ends_jobs(step: Step, observed: Observed) -> bool:
    """Whether the update policy, as the step leaves it, ends running jobs at once."""
    changed = {change.path: change.after for change in step.changes}
    policy = changed.get(("update_policy",), observed.spec["update_policy"])
    return bool(policy and policy["terminate_jobs"])


def _stops(step: Step, observed: Observed) -> bool:
    """Whether `step` takes it away or disables it; what AWS is deleting already runs nothing any more."""
    disables = any((*item.path, item.before, item.after) == ("state", "ENABLED", "DISABLED") for item in step.changes)
    return not observed.leaving and (disables or step.action in {Action.DELETE, Action.REPLACE})


def _through_queues(arn: str, *, spared: bool) -> Generator[Questions, Answers, Work]:
    (answer,) = yield (QUEUES,)
    rows = [
        row
        for row in (answer or {}).get("jobQueues", ())
        if any(entry["computeEnvironment"] == arn for entry in row.get("computeEnvironmentOrder", ()))
    ]
    users = tuple(sorted(row["jobQueueArn"] for row in rows if row.get("status") not in ("DELETING", "DELETED")))
    work = yield from _unfinished(sorted(row["jobQueueName"] for row in rows)) if rows else _nothing()
    return replace(work, spared=spared, users=users)


def _nothing() -> Generator[Questions, Answers, Work]:
    yield from ()
    return Work()


def _unfinished(queues: Sequence[str]) -> Generator[Questions, Answers, Work]:
    """Count the jobs of `queues`; the parent of an array is PENDING while its children wait and run.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_ListJobs.html
    """
    asked = [(queue, status) for queue in queues for status in ("PENDING", *UNFINISHED)]
    answers = yield tuple(_jobs(queue, status) for queue, status in asked)
    jobs: dict[str, Counter[str]] = {queue: Counter() for queue in queues}
    for (queue, status), answer in zip(asked, answers, strict=True):
        rows = (answer or {}).get("jobSummaryList", ())
        if status in UNFINISHED:
            jobs[queue][status] += len(rows)
            continue
        for row in rows:
            children = row.get("arrayProperties", {}).get("statusSummary", {})
            jobs[queue].update({status: children.get(status, 0) for status in UNFINISHED})
    return Work(
        {queue: {status: found[status] for status in UNFINISHED} for queue, found in jobs.items() if found.total()}
    )


def _jobs(queue: str, status: str) -> Call:
    """A queue that is gone since has no jobs."""
    return Call("batch", "ListJobs", {"jobQueue": queue, "jobStatus": status}, absent=MISSING, paginate=True)
