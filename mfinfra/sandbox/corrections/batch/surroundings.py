"""What a job finds around it: a folder of its own, a Python, and the variables that a container of Batch has."""

from __future__ import annotations

import os
import re
import shlex
import site
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from mfinfra.sandbox import settings
from mfinfra.sandbox.corrections.batch import processes

PYTHON: Final = "MFINFRA_SANDBOX_PYTHON"
"""The variable that names the interpreter of jobs; else it is the one that the sandbox runs in."""
KEPT: Final = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""All that a job has of the environment in which the sandbox was started, beside `PATH`."""
KEY: Final = "job"
"""The access key of jobs, no more real than that of clients: so who looks at requests can tell theirs."""
METADATA: Final = "http://169.254.169.254"
IN_TMP: Final = re.compile(r"(?<![\w./-])/tmp/([\w.-]+)(?![\w./-])")
SHIM: Final = '#!/bin/sh\nexec {python} "$@"\n'


@dataclass(frozen=True, slots=True)
class Place:
    """Where one attempt of a job runs, in Batch's terms."""

    job: str
    attempt: int
    queue: str
    environment: str
    fargate: bool
    region: str
    stream: str
    """Where its log goes."""
    index: int | None = None
    """Its place in an array."""
    size: int = 0


def prepare(folder: Path) -> None:
    """Lay out the folder of a job: its temporary files, and a `python` where the interpreter's folder has none."""
    (folder / "tmp").mkdir()
    if not (_python().parent / "python").exists():
        (folder / "bin").mkdir()
        shim = folder / "bin" / "python"
        shim.write_text(SHIM.format(python=shlex.quote(str(_python()))), "utf-8")
        shim.chmod(0o700)


def command(parts: Iterable[str], folder: Path) -> list[str]:
    """The command, with its files of `/tmp` in the job's own folder: in a container `/tmp` is nobody else's.

    Metaflow writes the command of each step of a compressed state machine to `/tmp/step_command.sh` and runs it from
    there (`metaflow/plugins/aws/batch/batch.py`): of two jobs at once one would run the other's step.
    """
    return [IN_TMP.sub(lambda found: str(folder / "tmp" / found[1]), part) for part in parts]


def variables(place: Place, folder: Path, said: Mapping[str, str]) -> dict[str, str]:
    """The environment of an attempt: of this process only what is harmless, then what the job says, then Batch.

    The endpoint and the credentials are the sandbox's, whatever the job says: no job reaches AWS with real ones.
    """
    endpoint = processes.endpoint()
    own = {**settings.client_environment(endpoint, place.region), "AWS_ACCESS_KEY_ID": KEY}
    regions = {name: said[name] for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if name in said}
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        "PYTHONUSERBASE": site.getuserbase(),
        "METAFLOW_SKIP_INSTALL_DEPENDENCIES": "1",
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        **said,
        "PATH": os.pathsep.join([str(folder / "bin"), str(_python().parent), said.get("PATH") or _path()]),
        **own,
        **regions,
        **_of_batch(place),
        **_metadata(place, endpoint),
    }


def _python() -> Path:
    return Path(os.environ.get(PYTHON) or sys.executable)


def _path() -> str:
    return os.environ.get("PATH", os.defpath)


def _of_batch(place: Place) -> dict[str, str]:
    """https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html."""
    array = {}
    if place.index is not None:
        array = {"AWS_BATCH_JOB_ARRAY_INDEX": str(place.index), "AWS_BATCH_JOB_ARRAY_SIZE": str(place.size)}
    return array | {
        "AWS_BATCH_JOB_ID": place.job,
        "AWS_BATCH_JOB_ATTEMPT": str(place.attempt),
        "AWS_BATCH_CE_NAME": place.environment,
        "AWS_BATCH_JQ_NAME": place.queue,
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE" if place.fargate else "AWS_ECS_EC2",
    }


def _metadata(place: Place, endpoint: str) -> dict[str, str]:
    """Ways to the metadata of the container and of its instance.

    The instance's has an address of its own, which no laptop answers and which a machine on AWS must not answer for the
    sandbox. Clients in Python take a proxy for one address from a variable of this name, `requests` among them.
    """
    proxy = f"http://{quote(place.job, safe='')}:@{urlsplit(endpoint).netloc}"
    return {
        "ECS_CONTAINER_METADATA_URI_V4": f"{endpoint}/_mfinfra/container/{quote(place.job)}",
        f"{METADATA}_proxy": proxy,
    }
