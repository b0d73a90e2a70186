import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mfinfra import __version__
from mfinfra.sandbox import lifecycle

HEAVY = ("boto3", "botocore", "deepdiff", "moto", "pydantic")


def python(*arguments, **variables):
    """Run Python as a user does, without the variables of this machine."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MFINFRA_"))}
    environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environ | variables, check=False
    )


def test_a_valid_file_is_said_to_be_valid(run, file):
    shown = run("validate", file)
    assert (shown.code, shown.out, shown.err) == (0, "prod.yaml: valid, 1 resource\n", "")


def test_all_problems_of_all_files_are_shown_in_one_run(run, file, tmp_path):
    (tmp_path / "bad.yaml").write_text((tmp_path / file).read_text().replace("name:", "nme:").replace("prod", "Prod"))
    shown = run("validate", "bad.yaml", file, "none.yaml")
    assert shown.code == 1
    assert shown.out == "bad.yaml: not valid, 3 errors\nprod.yaml: valid, 1 resource\nnone.yaml: not valid, 1 error\n"
    assert shown.err.count("error: ") == 4
    assert "did you mean `name`?" in shown.err


def test_problems_as_json_go_to_stdout(run, file, tmp_path):
    (tmp_path / "bad.yaml").write_text("version: 1\n")
    shown = run("validate", "--format", "json", file, "bad.yaml")
    assert (shown.code, shown.err) == (1, "")
    found = json.loads(shown.out)
    assert found["files"] == ["prod.yaml", "bad.yaml"]
    assert {problem["severity"] for problem in found["diagnostics"]} == {"error"}


def test_show_fills_in_what_the_file_leaves_out(run, file, tmp_path):
    shown = run("show", file)
    assert (shown.code, shown.err) == (0, "")
    assert yaml.safe_load(shown.out)["resources"]["log_group"]["flows"]["retention_days"] == 30
    (tmp_path / "again.yaml").write_text(shown.out)
    assert run("show", "again.yaml").out == shown.out


def test_show_of_one_address_shows_no_other(run, file, tmp_path):
    (tmp_path / file).write_text((tmp_path / file).read_text() + "    other: {name: /aws/other}\n")
    shown = run("show", file, "log_group.other")
    assert list(yaml.safe_load(shown.out)["resources"]["log_group"]) == ["other"]


def test_show_of_an_address_that_is_not_there_names_the_nearest(run, file):
    shown = run("show", file, "log_group.flow")
    assert shown.code == 1
    assert "did you mean `log_group.flows`?" in shown.err


def test_show_takes_formats_of_saved_plans_only_and_calls_nothing_a_file_that_is_none(run, file):
    assert "is an environment file, and is shown as one" in run("show", file, "--format", "json").err
    assert "there is no such file" in run("show", "none.json", "--format", "json").err


def test_schema_prints_the_whole_schema_or_that_of_a_kind(run):
    assert "resources" in json.loads(run("schema").out)["properties"]
    assert json.loads(run("schema", "log_group").out)["title"] == "log_group"
    shown = run("schema", "log_grup")
    assert (shown.code, shown.err) == (1, "error: there is no kind `log_grup`\n  hint: did you mean `log_group`?\n")


def test_version_is_for_people(run):
    assert run("--version").out == f"mfinfra {__version__}\n"


def test_python_m_mfinfra_is_the_same_program():
    assert python("-m", "mfinfra", "--version").stdout == f"mfinfra {__version__}\n"


@pytest.mark.parametrize(
    "argv", [("--help",), (), ("plan", "--help"), ("validate", "prod.yaml"), ("show", "prod.yaml")]
)
def test_help_and_what_works_offline_never_import_what_is_slow(file, argv):
    code = (
        "import sys; from mfinfra.cli.app import main\n"
        f"code = main({list(argv)!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], code, file=sys.stderr)"
    )
    assert python("-c", code).stderr == "[] 0\n"


@pytest.mark.parametrize("argv", [("--help",), ("validate", "prod.yaml"), ("schema",)])
def test_what_prints_plain_text_does_not_import_rich(file, argv):
    code = (
        "import sys; from mfinfra.cli.app import main\n"
        "main(sys.argv[1:]); print('rich' in sys.modules, file=sys.stderr)"
    )
    assert python("-c", code, *argv).stderr == "False\n"


@pytest.mark.parametrize("argv", [("schema",), (), ("show", "prod.yaml")])
def test_a_closed_stdout_is_no_error(file, argv):
    code = (
        "import os, sys; from mfinfra.cli.app import main\n"
        "read, write = os.pipe(); os.close(read); os.dup2(write, 1)\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = python("-c", code, *argv)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_process_without_standard_streams_works(file, closed):
    command = f"exec {sys.executable} -m mfinfra validate {file} {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_sandbox_commands_say_what_there_is(run, monkeypatch, tmp_path):
    found = lifecycle.Sandbox("http://127.0.0.1:5055", 42, 5055, "0.1.0", 0.0, tmp_path / "sandbox.log")
    monkeypatch.setattr(lifecycle, "start", lambda port, behaviour: found)
    monkeypatch.setattr(lifecycle, "find", lambda: found)
    monkeypatch.setattr(lifecycle, "stop", lambda: True)
    monkeypatch.setattr(lifecycle, "reset", lambda: None)
    said = "the sandbox runs at http://127.0.0.1:5055 (process 42)\n"
    assert run("sandbox", "start").out == said
    assert run("sandbox", "status").out == f"{said}its log is {tmp_path / 'sandbox.log'}\n"
    assert run("sandbox", "reset").out == "the sandbox is empty\n"
    assert run("sandbox", "stop").out == "the sandbox is stopped\n"


def test_without_a_sandbox_status_and_reset_exit_1_and_stop_has_nothing_to_do(run, monkeypatch, tmp_path):
    monkeypatch.setenv("MFINFRA_SANDBOX_DIR", str(tmp_path))
    for command in ("status", "reset"):
        shown = run("sandbox", command)
        assert (shown.code, shown.err) == (
            1,
            "error: no sandbox is running\n  hint: `mfinfra sandbox start` starts one\n",
        )
    assert run("sandbox", "stop").out == "no sandbox was running\n"
