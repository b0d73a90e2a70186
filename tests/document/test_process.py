from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

PRODUCTION = Path(__file__).with_name("files") / "production.yaml"
HEAVY = ("boto3", "botocore", "deepdiff", "moto", "rich", "typer", "requests")
READ = f"import sys; from mfinfra.document import read; read({str(PRODUCTION)!r}); print(*sorted(sys.modules))"


def test_validating_imports_nothing_that_speaks_to_aws():
    done = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "jsonschema" in loaded
    assert not loaded & set(HEAVY)


def seconds(code):
    """The least processor time that a process with `code` takes; other work on the machine is not what is measured."""
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(times)


@pytest.mark.slow
def test_validating_a_full_file_is_fast_as_a_process():
    # An idle core starts Python in 15 ms; a busy or slow one gets as much more time as it needs for that.
    slower = max(1.0, seconds("pass") / 0.015)
    assert seconds(READ) < 0.3 * slower


@pytest.mark.slow
def test_most_of_the_time_goes_into_importing_the_parsers():
    assert seconds(READ) < 2.5 * seconds("import yaml, jsonschema")
