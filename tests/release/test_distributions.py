"""The wheel and the sdist hold all that they have to and nothing else, and are the same whoever builds them."""

from __future__ import annotations

import base64
import csv
import email
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from mfinfra import __version__

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
INFO = f"mfinfra-{__version__}.dist-info"


def tracked(*folders):
    """The files of `folders` that are no rubbish: what git has, or would have if it were told."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    return {name for name in listed if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def wheel(built):
    with zipfile.ZipFile(built.wheel) as file:
        yield file


@pytest.fixture(scope="module")
def sdist(built):
    with tarfile.open(built.sdist) as file:
        yield file


def test_the_wheel_holds_the_package_the_schemas_the_sandboxs_file_and_the_licence(wheel):
    package = tracked("mfinfra")
    brought = {f"mfinfra/{name}" for name in tracked("schemas")} | {"mfinfra/sandbox/sandbox.yaml"}
    about = {f"{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    assert set(wheel.namelist()) == package | brought | about
    assert {"mfinfra/py.typed", "mfinfra/explanations/MF1001.md", "mfinfra/cli/completions/mfinfra.zsh"} <= package
    assert {"mfinfra/schemas/environment.json", "mfinfra/schemas/plan.json"} <= brought


def test_what_is_in_the_wheel_is_what_is_in_the_checkout(wheel):
    for name in wheel.namelist():
        if not name.startswith(INFO):
            place = ROOT / name
            if not place.exists():
                file = "environments/sandbox.yaml" if name.endswith("sandbox.yaml") else name.removeprefix("mfinfra/")
                place = ROOT / file
            assert wheel.read(name) == place.read_bytes(), name


def test_no_tests_and_nothing_of_this_machine_is_in_either(wheel, sdist):
    for name in (*wheel.namelist(), *sdist.getnames()):
        assert not re.search(r"(^|/)(tests?|__pycache__|\.venv|\.git|\.mfinfra|\.hypothesis)(/|$)|\.pyc$", name), name
    for name in wheel.namelist():
        assert str(ROOT).encode() not in wheel.read(name), name


def test_the_metadata_is_that_of_the_project(wheel):
    found = email.message_from_string(wheel.read(f"{INFO}/METADATA").decode())
    assert (found["Name"], found["Version"]) == ("mfinfra", __version__)
    assert found["Version"] == PROJECT["version"]
    assert (found["License-Expression"], found.get_all("License-File")) == ("Apache-2.0", ["LICENSE"])
    assert found["Requires-Python"] == PROJECT["requires-python"]
    assert found["Description-Content-Type"] == "text/markdown"
    assert found.get_payload().strip() == (ROOT / "README.md").read_text("utf-8").strip()
    assert found.get_all("Provides-Extra") == ["sandbox"]
    required = {re.split(r"[^\w.-]", one, maxsplit=1)[0].lower() for one in found.get_all("Requires-Dist")}
    declared = (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["sandbox"])
    assert required == {re.split(r"[^\w.-]", one, maxsplit=1)[0].lower() for one in declared}
    scripts = wheel.read(f"{INFO}/entry_points.txt").decode()
    assert scripts.split() == ["[console_scripts]", "mfinfra", "=", PROJECT["scripts"]["mfinfra"]]
    assert b"Tag: py3-none-any" in wheel.read(f"{INFO}/WHEEL")


def test_every_file_of_the_wheel_has_the_hash_that_is_recorded(wheel):
    rows = {name: digest for name, digest, _ in csv.reader(io.StringIO(wheel.read(f"{INFO}/RECORD").decode()))}
    assert set(rows) == set(wheel.namelist())
    for name, digest in rows.items():
        if digest:
            found = base64.urlsafe_b64encode(hashlib.sha256(wheel.read(name)).digest()).rstrip(b"=")
            assert digest == f"sha256={found.decode()}", name


def test_the_sdist_holds_what_the_wheel_is_built_of_and_what_explains_it(sdist):
    folders = ("mfinfra", "schemas", "environments", "docs", "examples")
    files = {
        "README.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "LICENSE",
        "mkdocs.yml",
        "pyproject.toml",
        "PKG-INFO",
        ".gitignore",
    }
    top = f"mfinfra-{__version__}/"
    assert {name.removeprefix(top) for name in sdist.getnames()} == tracked(*folders) | files
    for member in sdist.getmembers():
        assert member.isfile(), member.name
        assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", ""), member.name


def test_the_same_commit_gives_the_same_bytes_and_the_sdist_gives_the_same_wheel(built, again):
    assert built.wheel.name == again.wheel.name
    assert built.wheel.read_bytes() == again.wheel.read_bytes()
    assert built.sdist.read_bytes() == again.sdist.read_bytes()


def test_the_package_index_would_take_both(built):
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", built.wheel, built.sdist],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2
