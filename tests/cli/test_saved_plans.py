"""From a plan to its apply as a pipeline has it: the real commands, over an emulator."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from stack import READING, environment, wire

from mfinfra import saved

pytestmark = pytest.mark.slow

RESOURCES = {
    "bucket": {"data": {"name": "data-123456789012"}},
    "log_group": {"flows": {"name": "/flows", "retention_days": 7}},
}


@pytest.fixture
def world(embedded, tmp_path, monkeypatch, run, same_clients):
    """A folder with an environment file and the emulator behind it; `operations` are those that commands send."""
    embedded.reset(transition_polls=0)
    monkeypatch.chdir(tmp_path)
    wire().operations.clear()
    return World(embedded.endpoint, run, same_clients("logs"))


class World:
    def __init__(self, endpoint, run, client):
        self.endpoint, self.run, self.client = endpoint, run, client

    @property
    def operations(self):
        return wire().operations

    def write(self, retention=7, **more):
        resources = {**RESOURCES, "log_group": {"flows": {"name": "/flows", "retention_days": retention}}}
        file = environment(resources, metaflow={"datastore": "bucket.data"}, aws={"endpoint": self.endpoint}, **more)
        with open("prod.yaml", "w", encoding="utf-8") as out:  # noqa: PTH123 - the folder is the working directory
            yaml.safe_dump(file, out)

    def writes(self):
        return [name for name in self.operations if not name.split(".")[1].startswith(READING)]

    def refused(self, code, *argv):
        """What a command says that is refused; nothing was written."""
        before = self.writes()
        shown = self.run(*argv)
        assert (shown.code, shown.out) == (code, ""), shown
        assert self.writes() == before
        return shown.err

    def retention(self):
        (group,) = self.client.describe_log_groups()["logGroups"]
        return group["retentionInDays"]


@pytest.fixture
def planned(world):
    """A world that was applied once, and a saved plan that changes one thing."""
    world.write()
    assert world.run("apply", "prod.yaml", "--yes").code == 0
    world.write(retention=30)
    shown = world.run("plan", "prod.yaml")
    assert shown.code == 0, shown
    return world


def test_a_bare_apply_carries_out_what_the_last_plan_showed_and_asks_nothing(planned):
    shown = planned.run("apply")
    assert shown.code == 0, shown
    assert shown.out.startswith("Apply complete: 1 updated, in ")
    assert "log_group.flows will be updated in place" in shown.err
    assert planned.retention() == 30


def test_the_same_plan_applied_twice_makes_no_writing_call_the_second_time(planned):
    planned.run("apply")
    said = planned.refused(4, "apply")
    assert "there is nothing left of this plan to carry out" in said
    assert "[MF4208]" in said


def test_a_plan_of_its_own_name_is_applied_and_not_the_last_one(planned):
    assert planned.run("plan", "prod.yaml", "--out", "reviewed.json").err == "saved to reviewed.json\n"
    planned.write(retention=14)
    planned.run("plan", "prod.yaml")
    said = planned.refused(4, "apply", "reviewed.json")
    assert "`prod.yaml` is not as it was when the plan was made" in said
    planned.write(retention=30)
    assert planned.run("apply", "reviewed.json").code == 0
    assert planned.retention() == 30


def test_what_aws_shows_otherwise_than_reviewed_stops_it_with_the_difference(planned):
    planned.client.put_retention_policy(logGroupName="/flows", retentionInDays=14)
    said = planned.refused(4, "apply")
    assert "log_group.flows\n    `retention_days` in AWS: 7 -> 14" in said
    assert "1 thing is not as reviewed; nothing was changed [MF4207]" in said
    assert "`mfinfra plan prod.yaml`" in said


def test_the_hash_alone_is_an_approval_of_that_plan_and_of_no_other(planned):
    document = json.loads(planned.run("plan", "prod.yaml", "--format", "json", "--no-save").out)
    sha = document["integrity"]["plan_sha256"]
    assert f"`{'0' * 64}` was approved" in planned.refused(4, "apply", "prod.yaml", "--checksum", "0" * 64)
    assert "64 hexadecimal digits" in planned.refused(1, "apply", "prod.yaml", "--checksum", sha[:12])
    assert planned.run("apply", "prod.yaml", "--checksum", sha).code == 0
    assert planned.retention() == 30
    assert "[MF4208]" in planned.refused(4, "apply", "prod.yaml", "--checksum", sha)


def test_a_hash_beside_a_plan_has_to_be_its_own(planned):
    assert "`--checksum` is of another plan" in planned.refused(
        1, "apply", ".mfinfra/test.plan.json", "--checksum", "0" * 64
    )


def test_a_plan_that_was_changed_is_refused(planned):
    path = saved.last()
    text = path.read_text()
    path.write_text(text.replace('"retentionInDays": 30', '"retentionInDays": 1'))
    assert "was changed after it was made" in planned.refused(3, "apply")
    path.write_text(text[:-100])
    assert "is cut short" in planned.refused(1, "apply")


def test_an_old_plan_is_refused_unless_more_is_allowed(planned):
    path = saved.last()
    document = json.loads(path.read_text())
    yesterday = datetime.now(UTC) - timedelta(hours=30)
    path.write_text(json.dumps({**document, "created": yesterday.strftime("%Y-%m-%dT%H:%M:%SZ")}))
    assert "the plan is 30 h old, and 24 h is the limit" in planned.refused(4, "apply")
    assert planned.run("apply", "--max-age", "48").code == 0


def test_a_plan_for_another_account_is_refused_before_anything_is_asked(planned):
    text = (saved.FOLDER.parent / "prod.yaml").read_text()
    (saved.FOLDER.parent / "prod.yaml").write_text(text.replace("123456789012", "210987654321"))
    asked = len(planned.operations)
    assert "the plan is for account `123456789012`, and its file is for `210987654321` now" in planned.refused(
        3, "apply"
    )
    assert len(planned.operations) == asked


def test_nothing_of_a_file_that_the_plan_was_not_made_of_is_shown(planned):
    (saved.FOLDER.parent / "prod.yaml").write_text("aws_secret_access_key = precious\n")
    said = planned.refused(4, "apply")
    assert "`prod.yaml` is not as it was when the plan was made" in said
    assert "precious" not in said


def test_a_plan_whose_file_is_not_here_is_refused(planned):
    (saved.FOLDER.parent / "prod.yaml").unlink()
    assert "the plan was made of `prod.yaml`, and there is no such file here" in planned.refused(1, "apply")


def test_a_saved_plan_takes_no_planning_option(planned):
    assert "a saved plan takes no `--adopt`" in planned.refused(1, "apply", "--adopt", "all")


def test_without_a_saved_plan_a_bare_apply_says_how_to_make_one(world):
    assert "no plan was saved in this folder" in world.refused(1, "apply")


def test_a_guard_in_a_saved_plan_is_lifted_at_apply_by_the_flag_that_names_it(planned):
    resources = {"bucket": RESOURCES["bucket"]}
    file = environment(resources, metaflow={"datastore": "bucket.data"}, aws={"endpoint": planned.endpoint})
    (saved.FOLDER.parent / "prod.yaml").write_text(yaml.safe_dump(file))
    shown = planned.run("plan", "prod.yaml")
    assert "log_group.flows will be destroyed, but is blocked [MF4103]" in shown.out
    said = planned.refused(3, "apply")
    assert "--allow-destroy log_group.flows" in said
    assert "--max-deletes 1" in said
    shown = planned.run("apply", "--allow-destroy", "log_group.flows", "--max-deletes", "1")
    assert shown.code == 0, shown
    assert planned.client.describe_log_groups()["logGroups"] == []


def test_a_plan_of_a_destroy_destroys(planned):
    (saved.FOLDER.parent / "prod.yaml").write_text(
        yaml.safe_dump(
            environment(
                {"log_group": {"flows": {"name": "/flows", "protect": False}}}, aws={"endpoint": planned.endpoint}
            )
        )
    )
    planned.run("plan", "prod.yaml", "--destroy", "--exclude", "bucket.data")
    shown = planned.run("apply", "--allow-destroy", "log_group.flows")
    assert shown.code == 0, shown
    assert shown.out.startswith("Destroy complete: 1 destroyed")


def test_a_plan_is_shown_again_as_it_was(planned):
    fresh = planned.run("plan", "prod.yaml").out
    asked = len(planned.operations)
    assert planned.run("show", ".mfinfra/test.plan.json").out == fresh
    assert "log_group.flows" not in planned.run("show", ".mfinfra/test.plan.json", "bucket.data", "--full").out
    assert len(planned.operations) == asked


def test_two_plans_of_one_world_are_byte_equal_but_for_the_moment(planned):
    one, two = (planned.run("plan", "prod.yaml", "--format", "json").out for _ in range(2))
    blank = re.compile(r'"created": "[^"]*"')
    assert blank.sub("", one) == blank.sub("", two)


def test_strict_turns_warnings_into_an_error(planned):
    assert planned.run("plan", "prod.yaml", "--strict").code == 0
    planned.write(retention=30, lock="s3://data-123456789012/elsewhere")
    planned.client.create_log_group(logGroupName="/other")
    resources = {"log_group": {"other": {"name": "/other"}}}
    (saved.FOLDER.parent / "prod.yaml").write_text(
        yaml.safe_dump(environment({**RESOURCES, **resources}, aws={"endpoint": planned.endpoint}))
    )
    shown = planned.run("plan", "prod.yaml", "--strict")
    assert shown.code == 3
    assert "[MF4101] log_group.other" in shown.err


def test_history_and_unlock_speak_of_the_same_place(planned):
    planned.run("apply")
    shown = planned.run("history", "prod.yaml", "--format", "json")
    assert shown.code == 0, shown
    assert "done" in shown.out
    assert planned.run("unlock", "prod.yaml", "0123456789abcdef").code == 1
