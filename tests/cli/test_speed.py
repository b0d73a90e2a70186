"""Help in 150 ms and a full file validated in 300 ms, on an idle core. What is measured is no idle core.

So the processor time of a command is compared with that of the libraries that it cannot do without, which other work on
the machine slows down as much.
"""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
FULL = Path(__file__).parents[1] / "document" / "files" / "production.yaml"


def seconds(*arguments):
    """The least processor time that Python takes for `arguments`."""
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(times)


@pytest.mark.parametrize(
    ("argv", "needs", "times"),
    [(("--help",), "typer", 2.0), (("validate", str(FULL)), "typer, yaml, jsonschema", 2.6)],
    ids=["help", "validate"],
)
def test_a_command_that_works_offline_takes_little_more_than_what_it_cannot_do_without(argv, needs, times):
    assert seconds("-m", "mfinfra", *argv) < times * seconds("-c", f"import {needs}")
