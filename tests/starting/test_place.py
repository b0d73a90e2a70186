"""Where the first file goes: in one piece, over nothing that is there, and never through a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mfinfra.errors import UserError
from mfinfra.starting import place


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole_into_a_folder_that_is_made(folder):
    path = Path("environments/a/dev.yaml")
    place.write("text\n", path, overwrite=False)
    assert path.read_text() == "text\n"
    assert left(path.parent) == ["dev.yaml"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_is_replaced_only_where_that_is_wished(folder, overwrite):
    path = folder / "dev.yaml"
    path.write_text("mine")
    if overwrite:
        place.write("new", path, overwrite=True)
    else:
        with pytest.raises(UserError, match="is there already") as caught:
            place.write("new", path, overwrite=False)
        assert (caught.value.code, "`--overwrite`" in caught.value.hint) == ("MF5603", True)
    assert path.read_text() == ("new" if overwrite else "mine")
    assert left(folder) == ["dev.yaml"]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("there", ["a link", "a dangling link", "a folder", "a pipe"])
def test_what_is_no_regular_file_is_never_replaced(folder, there, overwrite):
    path, target = folder / "dev.yaml", folder / "target"
    if there == "a folder":
        path.mkdir()
    elif there == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(target)
        if there == "a link":
            target.write_text("mine")
    before = left(folder)
    with pytest.raises(UserError, match="no regular file") as caught:
        place.write("new", path, overwrite=overwrite)
    assert caught.value.code == "MF5603"
    assert left(folder) == before
    assert not target.exists() or target.read_text() == "mine"


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_what_came_there_meanwhile_is_not_replaced(folder, links, monkeypatch):
    path, guard = folder / "dev.yaml", place.guard

    def late(there, *, overwrite):
        guard(there, overwrite=overwrite)
        if not path.exists():
            path.write_text("theirs")

    def none(*_):
        raise PermissionError(1, "Operation not permitted")

    if links:
        monkeypatch.setattr(place, "guard", late)
    else:
        monkeypatch.setattr(os, "link", lambda *_: (path.write_text("theirs"), none()))
    with pytest.raises(UserError, match="is there already"):
        place.write("new", path, overwrite=False)
    assert path.read_text() == "theirs"
    assert left(folder) == ["dev.yaml"]


def test_without_hard_links_the_file_is_written_even_so(folder, monkeypatch):
    def none(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    place.write("new", folder / "dev.yaml", overwrite=False)
    assert (folder / "dev.yaml").read_text() == "new"


def test_a_folder_that_takes_no_file_is_told(folder):
    (folder / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written") as caught:
        place.write("new", folder / "file" / "dev.yaml", overwrite=False)
    assert caught.value.code == "MF5603"


def test_a_text_of_ours_that_is_not_valid_is_a_bug_and_loud():
    with pytest.raises(AssertionError, match="not valid"):
        place.read_back("version: 1\n")


@pytest.mark.parametrize(
    ("there", "file", "found"),
    [
        ([], "dev.yaml", "mfinfra.schema.json"),
        (["mfinfra.schema.json"], "dev.yaml", "mfinfra.schema.json"),
        (["mfinfra.schema.json"], "environments/dev.yaml", "../mfinfra.schema.json"),
        (["schemas/environment.json"], "environments/dev.yaml", "../schemas/environment.json"),
        (["mfinfra.schema.json", "a/.git/x"], "a/b/dev.yaml", "mfinfra.schema.json"),
    ],
)
def test_the_nearest_schema_of_the_same_repository_is_named(folder, there, file, found):
    for name in there:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    assert place.schema(Path(file)) == found
