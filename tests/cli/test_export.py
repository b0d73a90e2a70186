"""`mfinfra export`, called as the application calls it."""

import json
from types import SimpleNamespace

import exported
import hcl_read
import pytest
import yaml

from mfinfra.cli import _run

SPOT = exported.ROOT / "environments" / "spot.yaml"
TERRAFORM = ["versions.tf", "providers.tf", "imports.tf", "main.tf"]


@pytest.fixture
def differing():
    """Fields by address that AWS has otherwise; a test puts some in."""
    return {}


@pytest.fixture(autouse=True)
def reviewed(monkeypatch, differing):
    """AWS as the last apply left it, but for what is `differing`; the parallelism that was asked for."""
    asked = []

    def review(reading, options, parallelism):
        asked.append(parallelism)
        return SimpleNamespace(plan=exported.planned(reading.environment, **differing))

    monkeypatch.setattr(_run, "review", review)
    return asked


def test_terraform_goes_to_stdout_as_one_document(run):
    shown = run("export", "terraform", str(SPOT))
    assert (shown.code, shown.err) == (0, "")
    found = hcl_read.document(shown.out)
    assert found["provider"][0]["aws"]["allowed_account_ids"] == ["123456789012"]
    assert found["terraform"][0]["required_version"] == ">= 1.5.0"
    assert len(found["import"]) == sum(map(len, found["resource"].values()))


def test_terraform_goes_into_a_folder_as_files(run, tmp_path, reviewed):
    shown = run("export", "terraform", str(SPOT), "--out", str(tmp_path / "tf"), "--parallelism", "3")
    assert (shown.code, shown.out) == (0, "")
    assert shown.err.splitlines() == [f"written to {tmp_path / 'tf' / name}" for name in TERRAFORM]
    assert sorted(path.name for path in (tmp_path / "tf").iterdir()) == sorted(TERRAFORM)
    assert reviewed == [3]


@pytest.mark.parametrize(("provider", "version"), [("6", "~> 6.8"), ("5", "~> 5.98")])
def test_the_providers_major_version_is_chosen(run, provider, version):
    found = hcl_read.document(run("export", "terraform", str(SPOT), "--provider", provider).out)
    assert found["terraform"][0]["required_providers"][0]["aws"]["version"] == version


def test_cloudformation_goes_into_a_folder_with_what_is_to_be_imported(run, tmp_path):
    shown = run("export", "cloudformation", str(SPOT), "--out", str(tmp_path))
    assert shown.code == 0
    written = {path.name: path.read_text("utf-8") for path in tmp_path.glob("*.[yj]*")}
    assert list(json.loads(written["resources-to-import.json"])[0]) == [
        "ResourceType", "LogicalResourceId", "ResourceIdentifier"
    ]  # fmt: skip
    assert written["template.yaml"] == run("export", "cloudformation", str(SPOT)).out
    assert shown.err.splitlines()[2].startswith("note: `role.batch-job`, `role.events`")


@pytest.mark.parametrize("target", ["terraform", "cloudformation"])
def test_where_aws_differs_a_warning_says_so_and_strict_writes_nothing(run, differing, target, tmp_path):
    differing["table.foreach"] = {"point_in_time_recovery": True}
    shown = run("export", target, str(SPOT))
    assert shown.code == 0
    assert "warning: `table.foreach`: AWS differs from the file in `point_in_time_recovery`" in shown.err
    assert "[MF5751]" in shown.err
    refused = run("export", target, str(SPOT), "--strict", "--out", str(tmp_path / "out"))
    assert (refused.code, refused.out, (tmp_path / "out").exists()) == (1, "", False)
    assert "error: AWS is not as the file wishes at `table.foreach`" in refused.err


@pytest.mark.parametrize(("target", "taken"), [("terraform", "main.tf"), ("cloudformation", "template.yaml")])
def test_an_export_is_written_over_and_nothing_else_is(run, tmp_path, target, taken):
    assert run("export", target, str(SPOT), "--out", str(tmp_path)).code == 0
    assert run("export", target, str(SPOT), "--out", str(tmp_path)).code == 0
    (tmp_path / taken).write_text("mine\n", "utf-8")
    refused = run("export", target, str(SPOT), "--out", str(tmp_path))
    assert refused.code == 1
    assert f"has a `{taken}` that is no export of this environment" in refused.err
    assert "[MF5752]" in refused.err
    assert (tmp_path / taken).read_text("utf-8") == "mine\n"


def test_a_link_in_the_folder_is_refused_before_anything_is_written(run, tmp_path):
    theirs, out = tmp_path / "theirs.tf", tmp_path / "out"
    assert run("export", "terraform", str(SPOT), "--out", str(out)).code == 0
    (out / "imports.tf").rename(theirs)
    before = theirs.read_text("utf-8")
    (out / "imports.tf").symlink_to(theirs)
    (out / "versions.tf").unlink()
    refused = run("export", "terraform", str(SPOT), "--out", str(out))
    assert (refused.code, "[MF5752]" in refused.err) == (1, True)
    assert theirs.read_text("utf-8") == before
    assert not (out / "versions.tf").exists()


def test_a_list_of_imports_alone_is_somebody_elses(run, tmp_path):
    (tmp_path / "resources-to-import.json").write_text("[]", "utf-8")
    assert run("export", "cloudformation", str(SPOT), "--out", str(tmp_path)).code == 1
    assert (tmp_path / "resources-to-import.json").read_text("utf-8") == "[]"


def test_a_folder_that_cannot_be_written_is_one_sentence(run, tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    refused = run("export", "terraform", str(SPOT), "--out", str(tmp_path / "file"))
    assert refused.code == 1
    assert "cannot be written: " in refused.err


def test_a_saved_plan_is_refused(run, tmp_path):
    (tmp_path / "x.plan.json").write_text("{}", "utf-8")
    refused = run("export", "terraform", str(tmp_path / "x.plan.json"))
    assert refused.code == 1
    assert "`mfinfra export` takes an environment file" in refused.err


def test_alone_it_shows_its_help(run):
    shown = run("export")
    assert shown.code == 0
    assert all(word in shown.out for word in ("terraform", "cloudformation", "Examples:", "Exit codes:"))


@pytest.mark.slow
def test_what_is_live_is_exported(run, stack, monkeypatch, tmp_path):
    path = exported.ROOT / "environments" / "private-vpc.yaml"
    stack.apply(path)
    before = len(stack.writes())
    monkeypatch.setattr(_run, "review", lambda reading, options, parallelism: stack.plan(path))
    shown = run("export", "cloudformation", str(path), "--out", str(tmp_path), "--strict")
    assert shown.code == 0
    rows = json.loads((tmp_path / "resources-to-import.json").read_text("utf-8"))
    ids = {row["LogicalResourceId"]: row["ResourceIdentifier"] for row in rows}
    groups = stack.client("ec2").describe_security_groups()["SecurityGroups"]
    wanted = next(group["GroupId"] for group in groups if group["GroupName"] == "metaflow-private-batch")
    assert ids["SecurityGroupBatch"] == {"Id": wanted}
    endpoints = stack.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    assert {one["VpcEndpointId"] for one in endpoints} == {
        found["Id"] for name, found in ids.items() if name.startswith("Endpoint")
    }
    assert "mfinfra:" not in yaml.dump((tmp_path / "template.yaml").read_text("utf-8"))
    assert stack.writes()[before:] == []
