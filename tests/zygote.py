"""Forks runs that are to die: `python -m zygote ENDPOINT FOLDER` reads pickled jobs from its input, one fork each.

All that a run imports and all clients are there before the first fork, and no thread runs when it comes: to start
Python for each run would take ten times as long.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config

from mfinfra import catalogue, desired, reconcile
from mfinfra.apply import Run
from mfinfra.aws import session
from mfinfra.aws.clock import Clock
from mfinfra.model import Failed
from mfinfra.operation import Operation
from mfinfra.planning.plan import Plan

SERVICES = ("s3", "dynamodb", "iam", "ec2", "batch", "logs", "ecr", "kms", "secretsmanager", "resourcegroupstaggingapi")


@dataclass(frozen=True, slots=True)
class Job:
    """One run of `file`: of a `plan` that stands already, or of its own plan, through lock and receipts."""

    file: Path
    plan: Plan | None = None
    parallelism: int = 1


def main(endpoint: str, folder: str) -> None:
    """Fork for each job until the input ends; the answer to a job is the process's number, and how it ended."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a run prints is no answer
    for kind in catalogue.kinds():
        catalogue.driver(kind)
    entrance, clients = session.isolated_session("testing", "testing"), dict[str, Any]()
    # botocore writes its own name anew for each request, a twelfth of the time that one takes here.
    entrance._session.set_default_client_config(Config(user_agent="tests"))
    for job in jobs():
        reading = desired.read(job.file)
        aws = session.Aws(
            entrance, reading.environment.scope, endpoint, True, Clock(0.0), job.parallelism, "test", _clients=clients
        )
        for service in SERVICES:
            aws.client(service)
        gc.freeze()  # the memory that a fork looks through for garbage it takes a copy of
        pid = os.fork()
        if not pid:
            os._exit(lived(job, reading, aws, Path(folder)))
        pickle.dump(pid, answers)
        pickle.dump(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), answers)


def jobs() -> Iterator[Job]:
    """What the tests ask for."""
    while True:
        try:
            yield pickle.load(sys.stdin.buffer)
        except EOFError:
            return


def lived(job: Job, reading: Any, aws: session.Aws, folder: Path) -> int:
    """Carry the job out; the exit code of a run that nobody has killed."""
    try:
        if job.plan is not None:
            run: Run | Operation = Run(aws, job.plan)
        else:
            run = Operation(reconcile.compare(aws, reading), folder=folder)
        errors = [event.error for event in run.events() if isinstance(event, Failed)]
    except BaseException as error:  # noqa: BLE001 - it is told to whoever runs the tests
        errors = [error]
    for error in errors:
        traceback.print_exception(error)
    return len(errors)


if __name__ == "__main__":
    from zygote import main as known  # jobs are pickled under the module's own name

    known(*sys.argv[1:])
