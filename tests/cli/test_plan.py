import json
import stat

import pytest
from render import plans

from mfinfra.errors import AccessDenied, Refused
from mfinfra.planning.plan import Options

NO_CHANGES = plans.document(plans.unchanged())


def test_the_plan_goes_to_stdout_and_nothing_else_does(run, live, file):
    shown = run("plan", file)
    saved = "saved to .mfinfra/prod.plan.json: `mfinfra apply` carries out this plan or none\n"
    assert (shown.code, shown.err) == (0, saved)
    assert shown.out.splitlines()[-1] == "Plan: 0 to adopt, 1 to create, 0 to change, 0 to replace, 0 to destroy."
    assert not live.ran


def test_the_document_is_printed_as_json_on_request(run, live, file):
    shown = run("plan", file, "--format", "json")
    assert json.loads(shown.out) == live.document


@pytest.mark.parametrize(("document", "code"), [(plans.document(plans.created()), 2), (NO_CHANGES, 0)])
def test_with_detailed_exitcode_changes_exit_2_and_none_exit_0(run, live, file, document, code):
    live.document = document
    assert run("plan", file, "--detailed-exitcode").code == code


def test_summary_and_full_reach_the_renderer(run, live, file):
    live.document = plans.document(plans.created(), plans.unchanged())
    assert "MetaflowBatchRole" not in run("plan", file, "--summary").out
    assert "job_queue.default is as it should be" in run("plan", file, "--full").out


def test_flags_become_the_options_of_the_plan(run, live, file):
    run("plan", file, "--destroy", "--adopt", "all", "--parallelism", "2")
    assert live.asked == [(Options(destroy=True, adopt=frozenset({"all"})), 2)]


def test_a_saved_plan_is_readable_by_its_user_only(run, live, file, tmp_path):
    (tmp_path / "plan.json").write_text("older, and open to all")
    shown = run("plan", file, "-o", "plan.json")
    assert (shown.code, shown.err) == (0, "saved to plan.json\n")
    assert json.loads((tmp_path / "plan.json").read_text()) == live.document
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600


def test_a_plan_that_cannot_be_saved_is_an_error_not_a_bug(run, live, file):
    shown = run("plan", file, "-o", "no/such/folder/plan.json")
    assert shown.code == 1
    assert shown.err == "error: the plan cannot be saved to `no/such/folder/plan.json`: no such file or directory\n"


@pytest.mark.parametrize("out", ["prod.yaml", "./folder/../prod.yaml", "link.json", "base.yaml"])
def test_a_plan_is_never_saved_over_a_file_that_it_is_made_of(run, live, file, tmp_path, out):
    (tmp_path / "folder").mkdir()
    (tmp_path / "base.yaml").write_text((tmp_path / file).read_text())
    (tmp_path / file).write_text("extends: base.yaml\n")
    (tmp_path / "link.json").symlink_to(file)
    shown = run("plan", file, "-o", out)
    assert (shown.code, shown.out, live.asked) == (1, "", [])
    assert shown.err.startswith("error: `--out` would write over `")
    assert (tmp_path / file).read_text() == "extends: base.yaml\n"


@pytest.mark.parametrize("command", ["plan", "destroy"])
def test_a_saved_plan_in_place_of_a_file_is_refused_with_what_to_do(run, live, file, command):
    run("plan", file, "-o", "some.plan.json")
    shown = run(command, "some.plan.json")
    assert shown.code == 1
    assert f"`some.plan.json` is a saved plan, and `mfinfra {command}` takes an environment file" in shown.err
    assert "`mfinfra apply PLAN` carries a saved plan out" in shown.err


def test_the_wrong_account_exits_3(run, live, file):
    live.document = Refused("these credentials are of another account", hint="choose others", code="MF4001")
    shown = run("plan", file)
    assert (shown.code, shown.out) == (3, "")
    assert shown.err == "error: these credentials are of another account [MF4001]\n  hint: choose others\n"


def test_a_read_that_aws_denies_exits_1_with_the_request_id(run, live, file):
    live.document = AccessDenied(
        "no", service="s3", operation="HeadBucket", aws_code="AccessDenied", request_id="r-9", hint="allow it"
    )
    shown = run("plan", file)
    assert shown.code == 1
    assert "`s3:HeadBucket` failed with `AccessDenied`: no (request r-9)" in shown.err


def test_an_endpoint_that_only_the_environment_names_is_warned_of(run, live, file, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    shown = run("plan", file)
    assert shown.code == 0
    assert shown.err.startswith("warning: `AWS_ENDPOINT_URL_S3` is set: what is read here comes from `http://127.0")


def test_an_address_that_is_not_in_the_file_cannot_be_adopted(run, live, file):
    shown = run("plan", file, "--adopt", "log_group.flow")
    assert (shown.code, live.asked) == (1, [])
    assert shown.err == (
        "error: `--adopt`: there is no `log_group.flow` in the file\n  hint: did you mean `log_group.flows`?\n"
    )


def test_a_file_with_problems_exits_1_before_anything_is_read(run, live, tmp_path, file):
    (tmp_path / file).write_text("version: 1\nenvironment: prod\n")
    assert run("plan", file).code == 1
    assert live.asked == []
