from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EPOCH = "1767225600"  # 2026-01-01


@dataclass(frozen=True)
class Built:
    """A wheel and an sdist of this checkout, as a release makes them."""

    wheel: Path
    sdist: Path


def build(folder, *arguments, source=ROOT):
    """`python -m build`, offline: what it builds with is installed here."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, *arguments, source],
        check=True, capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
    )  # fmt: skip
    return Built(next(iter(folder.glob("*.whl")), folder), next(iter(folder.glob("*.tar.gz")), folder))


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The sdist, and the wheel that is built of it."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def again(tmp_path_factory):
    """Another sdist, and a wheel that is built of the checkout itself."""
    return build(tmp_path_factory.mktemp("again"), "--sdist", "--wheel")
