from __future__ import annotations

import os
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


@pytest.mark.slow
def test_a_checker_of_formats_that_others_need_is_not_loaded(tmp_path):
    """Jupyter brings one to many environments whose import takes 1.5 s: more than all the rest of the command."""
    loaded = tmp_path / "loaded"
    (tmp_path / "rfc3987_syntax.py").write_text(
        f"open({str(loaded)!r}, 'w').close()\nis_valid_syntax = bool\n", "utf-8"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    library = [sys.executable, "-c", "import jsonschema"]
    program = [sys.executable, "-m", "mfinfra", "validate", str(PRODUCTION)]
    subprocess.run(program, env=environment, check=True, capture_output=True)
    assert not loaded.exists()
    subprocess.run(library, env=environment, check=True)
    assert loaded.exists()  # it would have been


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
