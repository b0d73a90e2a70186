"""Plans in files: what is refused when one comes back, each with its own words."""

from __future__ import annotations

import copy
import json
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from planning.test_document import GONE, PAIRS, of

from mfinfra import saved
from mfinfra.document import validate
from mfinfra.errors import Refused, Stale, UserError
from mfinfra.model import Scope
from mfinfra.planning import document, integrity

PLAN = of(PAIRS, leftovers=[GONE])
TEXT = document.text(PLAN)
MADE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "some.plan.json"
    path.write_text(TEXT)
    return path


def sealed(plan):
    return {**plan, "integrity": integrity.seal(plan, plan["integrity"]["desired_sha256"])}


def test_a_plan_is_as_its_schema_has_it():
    assert validate.shape("plan", json.loads(TEXT)) == ()


def test_a_plan_comes_back_as_it_went(file):
    assert saved.load(file) == json.loads(TEXT)


@pytest.mark.parametrize("length", [0, 1, 40, 700, len(TEXT) // 2, len(TEXT) - 3])
def test_what_is_cut_short_is_told_from_what_was_changed(file, length):
    file.write_text(TEXT[:length])
    assert saved.looks_like_one(file)
    with pytest.raises(UserError, match=r"is cut short|is no plan") as caught:
        saved.load(file)
    assert caught.value.code == "MF4201"


NO_PLANS = {
    "an empty object": "{}",
    "a list": "[]",
    "a number": "1",
    "binary": "\x00\x01",
    "no JSON number": TEXT.replace('"timeout_seconds": 600.0', '"timeout_seconds": NaN'),
    "a key twice": TEXT.replace('"applyable":', '"applyable": true, "applyable":', 1),
    "too deep": "[" * 100_000,
    "of Terraform": '{"format_version": "1.2", "terraform_version": "1.9"}',
}


@pytest.mark.parametrize("text", NO_PLANS.values(), ids=NO_PLANS)
def test_what_is_no_plan_is_an_error_and_no_bug(file, text):
    file.write_text(text)
    if "NaN" in text or TEXT not in text:
        with pytest.raises(UserError) as caught:
            saved.load(file)
        assert caught.value.code == "MF4201"


def test_no_file_is_an_error(tmp_path):
    with pytest.raises(UserError, match="cannot be read: no such file"):
        saved.load(tmp_path / "none.plan.json")


CHANGES = {
    "a call": lambda plan: plan["resource_changes"][0]["calls"].clear(),
    "an action": lambda plan: plan["resource_changes"][0]["change"].update(actions=["no-op"]),
    "what is shown": lambda plan: plan["resource_changes"][0]["change"]["fields"].clear(),
    "a guard": lambda plan: plan["resource_changes"][-1].update(blocked=None),
    "the caller": lambda plan: plan["environment"].update(caller="arn:somebody"),
    "an unknown member": lambda plan: plan.update(more=1),
    "a missing member": lambda plan: plan.pop("summary"),
    "a wrong type": lambda plan: plan.update(resource_changes={}),
    "a hash": lambda plan: plan["integrity"].update(plan_sha256="0" * 64),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_afterwards_is_refused(file, change):
    plan = copy.deepcopy(PLAN)
    change(plan)
    file.write_text(document.text(plan))
    with pytest.raises(Refused, match="was changed after it was made") as caught:
        saved.load(file)
    assert (caught.value.code, caught.value.exit_code) == ("MF4202", 3)
    assert "mfinfra plan envs/f.yaml" in caught.value.hint


@pytest.mark.parametrize("version", ["2.0", "1.1", "1", "1.x", "1.-1", "0.9", ""])
def test_another_format_or_a_newer_one_is_refused_as_such_and_not_as_tampered_with(file, version):
    file.write_text(document.text({**PLAN, "format_version": version, "of_a_later_version": 1}))
    with pytest.raises(Stale, match=rf"has the plan format {re.escape(version)}, and") as caught:
        saved.load(file)
    assert (caught.value.code, caught.value.exit_code) == ("MF4205", 4)


def nested(depth):
    return {"a": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize("depth", [120, 400, 700])
def test_what_is_nested_deeper_than_anything_that_was_made_is_no_plan(file, depth):
    plan = copy.deepcopy(PLAN)
    plan["resource_changes"][0]["change"]["after"] = nested(depth)
    file.write_text(json.dumps(plan))
    with pytest.raises(UserError, match="is nested deeper than any plan") as caught:
        saved.load(file)
    assert caught.value.code == "MF4201"


@pytest.mark.parametrize("created", ["2026-13-45T99:99:99Z", "0000-01-01T00:00:00Z", "2026-01-01T00:00:60Z"])
def test_a_moment_that_there_is_not_is_refused(created):
    with pytest.raises(Refused, match=f"`{created}` is no moment") as caught:
        saved.guard({**PLAN, "created": created}, MADE)
    assert caught.value.code == "MF4202"


def test_any_age_may_be_allowed():
    saved.guard(PLAN, MADE + timedelta(hours=48), float("inf"))


def test_what_has_no_end_or_waits_for_a_writer_is_no_plan(tmp_path):
    os.mkfifo(tmp_path / "pipe.plan.json")
    (tmp_path / "endless.plan.json").symlink_to("/dev/zero")
    for path in tmp_path.iterdir():
        assert not saved.looks_like_one(path)
        with pytest.raises(UserError, match="cannot be read: not a regular file"):
            saved.load(path)


@pytest.mark.parametrize(
    ("hours", "limit", "refused"),
    [(0, 24, ""), (23.9, 24, ""), (24.1, 24, "24 h is the limit"), (1.5, 1, "1 h is the limit"), (48, 72, "")],
)
def test_a_plan_is_good_for_as_long_as_it_may_be(hours, limit, refused):
    moment = MADE + timedelta(hours=hours)
    if not refused:
        saved.guard(PLAN, moment, limit)
        return
    with pytest.raises(Stale, match=refused) as caught:
        saved.guard(PLAN, moment, limit)
    assert (caught.value.code, caught.value.exit_code) == ("MF4203", 4)
    assert "`--max-age HOURS`" in caught.value.hint


def test_a_plan_of_the_future_is_refused_and_a_clock_that_is_a_little_wrong_is_not():
    saved.guard(PLAN, MADE - timedelta(minutes=4))
    with pytest.raises(Stale, match="has yet to come"):
        saved.guard(PLAN, MADE - timedelta(minutes=6))


def test_a_plan_of_another_major_version_of_the_tool_is_refused():
    with pytest.raises(Stale, match=r"was made by mfinfra 7\.1\.0") as caught:
        saved.guard({**PLAN, "mfinfra_version": "7.1.0"}, MADE)
    assert caught.value.code == "MF4205"


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        (Scope("test", "210987654321", "us-east-1"), "account"),
        (Scope("test", "123456789012", "eu-west-1"), "region"),
        (Scope("prod", "123456789012", "us-east-1"), "environment"),
    ],
)
def test_promise_9_a_plan_of_another_account_region_or_environment_is_refused(scope, name):
    with pytest.raises(Refused, match=f"the plan is for {name} `") as caught:
        saved.guard_scope(PLAN, scope)
    assert (caught.value.code, caught.value.exit_code) == ("MF4204", 3)


def test_a_plan_of_this_account_passes():
    saved.guard_scope(PLAN, Scope("test", "123456789012", "us-east-1"))


def test_the_folder_of_saved_plans_is_its_user_s_and_no_business_of_git(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = saved.keep(TEXT, "test")
    assert (path.read_text(), str(path)) == (TEXT, ".mfinfra/test.plan.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (path.parent / ".gitignore").read_text() == "*\n"
    assert sorted(found.name for found in path.parent.iterdir()) == [".gitignore", "last-plan", "test.plan.json"]


def test_the_last_plan_is_the_one_that_was_saved_last_whatever_its_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("test", "prod", "test"):
        saved.keep(TEXT, name)
        assert saved.last().name == f"{name}.plan.json"


def test_a_plan_takes_the_place_of_a_regular_file_only(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "link").symlink_to("precious")
    (tmp_path / "folder").mkdir()
    before = {path: path.lstat() for path in tmp_path.iterdir()}
    for path in (tmp_path / "pipe", tmp_path / "link", tmp_path / "folder", Path(), Path("/"), Path("/dev/stdout")):
        with pytest.raises(UserError, match="no regular file"):
            saved.save(TEXT, path)
    assert {path: path.lstat() for path in tmp_path.iterdir()} == before


def test_a_folder_that_somebody_else_prepared_leads_to_no_other_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("precious").write_text("precious")
    saved.FOLDER.mkdir()
    for name in (".gitignore", "test.plan.json", saved.LAST):
        (saved.FOLDER / name).symlink_to("../precious")
        with pytest.raises(UserError, match="no regular file") as caught:
            saved.keep(TEXT, "test")
        assert "`--no-save`" in caught.value.hint
        (saved.FOLDER / name).unlink()
    assert Path("precious").read_text() == "precious"


def test_a_name_that_is_no_utf_8_comes_back_as_it_was(file):
    plan = {**PLAN, "source": {**PLAN["source"], "path": "pr\udcffd.yaml"}}
    saved.save(document.text(sealed(plan)), file)
    assert saved.load(file)["source"]["path"] == "pr\udcffd.yaml"


def test_a_plan_that_came_with_the_folder_is_not_taken_for_the_last_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = saved.keep(TEXT, "test")
    path.chmod(0o644)
    with pytest.raises(UserError, match="is open to others") as caught:
        saved.last()
    assert "`mfinfra apply .mfinfra/test.plan.json`" in caught.value.hint


@pytest.mark.parametrize("written", [None, "", "../../etc/passwd", "gone.plan.json", "\udcff"])
def test_without_a_last_plan_it_says_how_to_make_one(tmp_path, monkeypatch, written):
    monkeypatch.chdir(tmp_path)
    if written is not None:
        saved.keep(TEXT, "test")
        (saved.FOLDER / saved.LAST).write_bytes(written.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match="no plan was saved in this folder") as caught:
        saved.last()
    assert "`mfinfra plan FILE`" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.json", TEXT, True),
        ("a.txt", json.dumps(PLAN), True),
        ("a.plan.json", "", True),
        ("a.yaml", "version: 1\n", False),
        ("a.yaml", '{version: 1, environment: "test"}', False),
        ("a.json", '{"version": 1}', False),
    ],
)
def test_a_plan_is_told_from_an_environment_file(tmp_path, name, text, expected):
    (tmp_path / name).write_text(text)
    assert saved.looks_like_one(tmp_path / name) is expected
    assert not saved.looks_like_one(tmp_path)
