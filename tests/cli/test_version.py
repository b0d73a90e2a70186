"""`mfinfra --version --json`: what a report of a bug needs, and what a program may rely on."""

from __future__ import annotations

import json
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from mfinfra import __version__
from mfinfra.cli import _version

ROOT = Path(__file__).parents[2]


def test_it_is_told_as_json(run):
    shown = run("--version", "--json")
    assert (shown.code, shown.err) == (0, "")
    found = json.loads(shown.out)
    assert found == _version.document()
    assert set(found) == {"mfinfra", "commit", "formats", "python", "platform", "packages"}
    assert found["mfinfra"] == __version__ == metadata.version("mfinfra")


def test_the_packages_are_all_that_mfinfra_declares(monkeypatch):
    found = _version.packages()
    assert set(found) > {"boto3", "botocore", "deepdiff", "jsonschema", "pyyaml", "rich", "typer", "moto"}
    assert all(metadata.version(name) == version for name, version in found.items())
    monkeypatch.setattr(_version, "_version", lambda name: None if name == "moto" else metadata.version(name))
    assert set(found) - set(_version.packages()) == {"moto"}


class Installed:
    requires = ("boto3>=1",)

    def __init__(self, **told):
        self.told = told

    def read_text(self, name):
        return json.dumps(self.told) if self.told else None


COMMIT = "4f54592c0ffee4f54592c0ffee4f54592c0ffee0"


@pytest.mark.parametrize(
    ("told", "commit"),
    [
        ({}, None),
        ({"vcs_info": {"vcs": "git", "commit_id": COMMIT}}, COMMIT),
        ({"vcs_info": {"vcs": "svn", "commit_id": "r42"}}, None),
        ({"archive_info": {}}, None),
        ({"dir_info": {}}, None),
    ],
)
def test_the_commit_is_what_pip_wrote_down(monkeypatch, told, commit):
    monkeypatch.setattr(_version, "_installed", lambda: Installed(**told))
    assert _version.commit() == commit


@pytest.mark.parametrize("installed", [None, Installed(dir_info={"editable": True})])
def test_of_a_checkout_it_is_the_one_that_is_checked_out(monkeypatch, installed):
    monkeypatch.setattr(_version, "_installed", lambda: installed)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert _version.commit() == (head.stdout.strip() or None)
    assert _version.packages().keys() >= {"botocore"}
