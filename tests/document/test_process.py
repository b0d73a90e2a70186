from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

PRODUCTION = Path(__file__).with_name("files") / "production.yaml"
HEAVY = ("boto3", "botocore", "deepdiff", "moto", "rich", "typer", "requests")
READ = f"import sys; from mfinfra.document import read; read({str(PRODUCTION)!r}); print(*sorted(sys.modules))"


def test_validating_imports_nothing_that_speaks_to_aws():
    done = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "jsonschema" in loaded
    assert not loaded & set(HEAVY)


def test_validating_a_full_file_is_fast_as_a_process():
    def seconds():
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", READ], capture_output=True, check=True)
        return time.perf_counter() - start

    # The best of several: other work on the machine is not what is measured.
    assert min(seconds() for _ in range(7)) < 0.3


def test_libyaml_changes_nothing():
    import mfinfra.document.load as module

    assert "CSafe" not in Path(module.__file__).read_text("utf-8")
