"""Files that are left for people, however their writing ends."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mfinfra import files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def rights(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("text", ["", "a\n", "a\r\nb\rc\n", "\ufeffé\n"])
def test_text_is_written_as_it_is(tmp_path, text):
    path = tmp_path / "a"
    files.write(text, path)
    assert path.read_bytes() == text.encode()
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize(("private", "expected"), [(True, 0o600), (False, 0o664)])
def test_what_is_replaced_keeps_its_rights_unless_it_is_private(tmp_path, private, expected):
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o664)
    files.write("new", path, private=private)
    assert (path.read_text(), rights(path)) == ("new", expected)


@pytest.mark.parametrize(("private", "expected"), [(True, 0o600), (False, 0o640)])
def test_what_is_new_is_open_to_whom_the_user_lets_in(tmp_path, private, expected):
    before = os.umask(0o027)
    try:
        files.write("new", tmp_path / "a", private=private)
    finally:
        os.umask(before)
    assert rights(tmp_path / "a") == expected


@pytest.mark.parametrize("replace", [True, False])
@pytest.mark.parametrize("there", ["a link", "a dangling link", "a folder", "a pipe"])
def test_what_is_no_regular_file_stays_and_nothing_is_written_behind_it(tmp_path, there, replace):
    path, target = tmp_path / "a", tmp_path / "target"
    if there == "a folder":
        path.mkdir()
    elif there == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(target)
        if there == "a link":
            target.write_text("mine")
    before = names(tmp_path)
    with pytest.raises(OSError, match="no regular file"):
        files.write("new", path, replace=replace)
    assert names(tmp_path) == before
    assert not target.exists() or target.read_text() == "mine"


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_a_folder_that_has_no_name_is_none_that_is_written_over(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="no regular file"):
        files.write("new", Path(name))


def test_what_is_there_stays_where_nothing_is_to_be_replaced(tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(FileExistsError):
        files.write("new", tmp_path / "a", replace=False)
    assert (tmp_path / "a").read_text() == "mine"
    assert names(tmp_path) == ["a"]


def test_a_write_that_fails_leaves_the_old_file_and_no_half_of_the_new_one(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        files.write("new", tmp_path / "a")
    assert files.why(caught.value) == "no space left on device"
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]
