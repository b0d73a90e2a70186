"""The command itself; that it is among the commands is told by the tests of the help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from render import plans

from mfinfra.cli import drift
from mfinfra.cli._formats import Format
from mfinfra.errors import UserError
from mfinfra.planning.plan import Options

NO_CHANGES = plans.document(plans.unchanged())
CREATED = plans.document(plans.created() | {"drift": "file"})


def test_drift_goes_to_stdout_and_saves_nothing(live, file, capsys):
    live.document = CREATED
    assert drift.command(Path(file), parallelism=3) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.splitlines()[-1] == "No drift: 0 resources changed in AWS, 1 in the file."
    assert "Changed in the file since the last apply" in shown.out
    assert live.asked == [(Options(), 3)]
    assert not live.ran
    assert not Path(".mfinfra").exists()


@pytest.mark.parametrize(("document", "code"), [(CREATED, 2), (NO_CHANGES, 0)])
def test_with_detailed_exitcode_changes_exit_2_and_none_exit_0(live, file, document, code):
    live.document = document
    assert drift.command(Path(file), detailed_exitcode=True) == code
    assert drift.command(Path(file)) == 0


def test_summary_leaves_the_fields_out(live, file, capsys):
    live.document = CREATED
    drift.command(Path(file), summary=True)
    shown = capsys.readouterr().out
    assert "role.batch-job will be created" in shown
    assert "MetaflowBatchRole" not in shown


def test_another_format_prints_the_whole_plan(live, file, capsys):
    drift.command(Path(file), Format.JSON)
    assert json.loads(capsys.readouterr().out) == live.document
    drift.command(Path(file), Format.MARKDOWN)
    assert "role.batch-job" in capsys.readouterr().out


def test_an_endpoint_that_only_the_environment_names_is_warned_of_and_not_refused(live, file, capsys, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    assert drift.command(Path(file)) == 0
    assert capsys.readouterr().err.startswith("warning: `AWS_ENDPOINT_URL_S3` is set")


def test_a_saved_plan_in_place_of_a_file_is_refused(live, file, run):
    run("plan", file, "-o", "some.plan.json")
    with pytest.raises(UserError, match="`mfinfra drift` takes an environment file"):
        drift.command(Path("some.plan.json"))
