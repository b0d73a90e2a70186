"""Which commit a plan is of, and whether its files are as they were committed."""

from __future__ import annotations

import subprocess

import pytest

from mfinfra import provenance
from mfinfra.document import read

BASE = "version: 1\nenvironment: prod\naccount: '123456789012'\nregion: us-east-1\nresources: {}\n"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A folder in which `prod.yaml`, which extends `base.yaml`, is committed; git knows nothing of this machine."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "prod.yaml").write_text("extends: base.yaml\n")
    (tmp_path / ".gitignore").write_text("secret.yaml\n")
    git("init", "--quiet", ".")
    git("add", "--all")
    git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", "one")
    return tmp_path


def git(*arguments):
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def of(name):
    return provenance.commit_of(read(name).environment.source.files)


def test_a_file_is_as_it_was_committed_whatever_lies_beside_it(repository):
    (repository / "plan.json").write_text("{}")
    assert of("prod.yaml") == (git("rev-parse", "HEAD"), False)


@pytest.mark.parametrize("name", ["prod.yaml", "base.yaml"])
def test_a_file_that_was_changed_is_not_nor_is_one_that_extends_it(repository, name):
    with (repository / name).open("a") as file:
        file.write("# more\n")
    assert of("prod.yaml")[1] is True


@pytest.mark.parametrize("name", ["new.yaml", "secret.yaml", "[n]ew*.yaml"])
def test_a_file_that_was_never_committed_is_not_ignored_or_not(repository, name):
    (repository / name).write_text(BASE)
    assert of(name)[1] is True


def test_a_name_is_no_pattern(repository):
    (repository / "new.yaml").write_text(BASE)
    (repository / "n*.yaml").write_text(BASE)
    git("add", "n[*].yaml")
    git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", "two")
    assert of("n*.yaml")[1] is False


def test_where_git_cannot_tell_nothing_is_claimed(repository, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "base.yaml"
    outside.write_text(BASE)
    assert provenance.commit_of(["prod.yaml", str(outside)]) == (git("rev-parse", "HEAD"), None)
    assert provenance.commit_of([str(outside)]) == (None, None)


def test_without_git_there_is_no_commit(repository, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert provenance.commit_of(["prod.yaml"]) == (None, None)
