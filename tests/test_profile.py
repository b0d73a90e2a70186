"""Metaflow's files: found where it finds them, read with distrust, written so that nothing is lost."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mfinfra import profile
from mfinfra.errors import UserError


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def refused(act, *arguments):
    with pytest.raises(UserError) as caught:
        act(*arguments)
    assert caught.value.code == "MF5010"
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "environ", "expected"),
    [
        ("", {}, "~/.metaflowconfig/config.json"),
        ("prod", {}, "~/.metaflowconfig/config_prod.json"),
        ("prod", {"METAFLOW_HOME": "/x"}, "/x/config_prod.json"),
        ("prod", {"METAFLOW_HOME": "~/x"}, "~/x/config_prod.json"),
        ("", {"METAFLOW_HOME": ""}, "config.json"),
    ],
)
def test_a_profile_is_where_metaflow_looks_for_it(name, environ, expected):
    assert profile.path(name, environ) == Path(expected).expanduser()


def test_where_there_is_none_it_is_made_with_its_folder_for_its_user_only(tmp_path):
    where = tmp_path / "a" / "b" / "config.json"
    found = profile.read(where)
    assert (found.there, found.values) == (False, {})
    profile.write(found, "{}")
    assert (where.read_text(), mode(where), names(where.parent)) == ("{}", 0o600, ["config.json"])


def test_what_others_could_read_is_its_users_own_once_it_is_written(tmp_path):
    where = tmp_path / "config.json"
    where.write_text('{"a": 1}')
    where.chmod(0o644)
    profile.write(profile.read(where), "{}")
    assert mode(where) == 0o600


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path):
    target, where = tmp_path / "dotfiles" / "c.json", tmp_path / "config.json"
    target.parent.mkdir()
    target.write_text('{"a": 1}')
    where.symlink_to(target)
    found = profile.read(where)
    assert found.values == {"a": 1}
    profile.write(found, '{"b": 2}')
    assert where.is_symlink()
    assert (target.read_text(), mode(target)) == ('{"b": 2}', 0o600)


def test_a_link_to_nothing_yet_is_filled(tmp_path):
    where = tmp_path / "config.json"
    where.symlink_to(tmp_path / "dotfiles" / "c.json")
    profile.write(profile.read(where), "{}")
    assert where.is_symlink()
    assert (tmp_path / "dotfiles" / "c.json").read_text() == "{}"


def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path):
    loop, pipe, folder = tmp_path / "loop", tmp_path / "pipe", tmp_path / "folder"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    folder.mkdir()
    assert "leads nowhere" in refused(profile.read, loop)
    assert "no regular file" in refused(profile.read, pipe)
    assert "cannot be read" in refused(profile.read, folder) or "no regular file" in refused(profile.read, folder)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": 1,\n', "no JSON (line 2)"),
        (b"", "no JSON"),
        (b"\xff\xfe{}", "no JSON"),
        (b"[1]", "no object"),
        (b"[" * 100_000, "no JSON"),
        (b" " * (profile.LARGEST + 1), "larger"),
    ],
    ids=["cut", "empty", "latin", "list", "deep", "large"],
)
def test_what_is_no_json_object_is_refused_and_stays(tmp_path, data, said):
    where = tmp_path / "config.json"
    where.write_bytes(data)
    assert said in refused(profile.read, where)
    assert where.read_bytes() == data


def test_what_somebody_else_wrote_meanwhile_is_not_written_over(tmp_path):
    where = tmp_path / "config.json"
    found = profile.read(where)
    where.write_text('{"theirs": 1}')
    assert "meanwhile" in refused(profile.write, found, "{}")
    again = profile.read(where)
    where.unlink()
    assert "meanwhile" in refused(profile.write, again, "{}")
    assert names(tmp_path) == []


def test_what_a_killed_writer_left_is_gone_after_the_next_write_and_what_another_writes_now_is_not(tmp_path):
    where, old, now = (tmp_path / name for name in ("config.json", ".config.json.0123abcd", ".config.json.4567abcd"))
    for path in (old, now, tmp_path / ".config.json.backup00"):
        path.write_text("secret")
        os.utime(path, (0, 0) if path != now else None)
    profile.write(profile.read(where), "{}")
    assert names(tmp_path) == [".config.json.4567abcd", ".config.json.backup00", "config.json"]


def test_root_leaves_a_file_to_its_owner(tmp_path, monkeypatch):
    where, given = tmp_path / "config.json", []
    where.write_text("{}")
    found = profile.read(where)
    monkeypatch.setattr(os, "fchown", lambda _, uid, gid: given.append((uid, gid)))
    profile.write(found, "{}")
    assert given == []
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    profile.write(profile.read(where), "{}")
    assert given == [(where.stat().st_uid, where.stat().st_gid)]


def test_a_write_that_fails_leaves_what_there_was(tmp_path, monkeypatch):
    where = tmp_path / "config.json"
    where.write_text('{"a": 1}')
    found = profile.read(where)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "no space left" in refused(profile.write, found, "{}")
    assert (where.read_text(), names(tmp_path)) == ('{"a": 1}', ["config.json"])


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be" in refused(profile.read, tmp_path / "file" / "config.json")
    (tmp_path / "home").symlink_to(tmp_path / "file" / "x")
    found = profile.Profile(tmp_path / "c.json", tmp_path / "file" / "c.json")
    assert "cannot be made" in refused(profile.write, found, "{}")


def test_the_project_is_the_first_folder_upwards_with_a_metaflow_folder(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".metaflow").mkdir()
    where = tmp_path / ".metaflow" / "config.json"
    assert profile.project(inner) is None
    where.write_text('{"k": 1}')
    assert profile.project(inner) == (where, {"k": 1})
    where.write_text("{")
    assert profile.project(inner) == (where, None)
    (tmp_path / "a" / ".metaflow").mkdir()
    assert profile.project(inner) is None
