"""`mfinfra init` as its user has it: unattended by flags, and at a terminal of 80 columns."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import dialogue
import pytest

from mfinfra import document
from mfinfra.cli import _editor, _init
from mfinfra.cli.app import main
from mfinfra.render import streams
from mfinfra.starting.asking import Option, Question

ROOT = Path(__file__).parents[2]
OFFLINE = (
    "--offline",
    *("--account", "123456789012"),
    *("--region", "us-east-1"),
    *("--vpc", "vpc-0123456789abcdef0"),
    *("--subnet", "subnet-0123456789abcdef0"),
)


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    home = tmp_path / "here"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("MFINFRA_SANDBOX_DIR", str(tmp_path / "no sandbox runs here"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return home


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_sandbox_takes_one_flag_and_the_next_commands_are_printed(run, folder):
    shown = run("init", "--preset", "sandbox")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == (
        "wrote sandbox.yaml: 10 resources in the sandbox\n"
        "wrote mfinfra.schema.json: editors check the file by it\n"
        "\n"
        "  mfinfra plan sandbox.yaml           # shows what would be made\n"
        "  mfinfra apply                       # carries out exactly that\n"
        "  mfinfra sandbox shell sandbox.yaml  # a shell where flows run\n"
    )
    assert left(folder) == ["mfinfra.schema.json", "sandbox.yaml"]
    assert run("validate", "sandbox.yaml").out == "sandbox.yaml: valid, 10 resources\n"


def test_the_schema_is_the_one_that_schema_install_writes(run, folder):
    run("init", "--preset", "sandbox")
    text = (folder / "sandbox.yaml").read_text("utf-8")
    assert tuple(text.splitlines()[:2]) == _editor.modelines()
    assert _editor.install(Path("sandbox.yaml")) == [
        "mfinfra.schema.json: as it should be",
        "sandbox.yaml: as it should be",
    ]


def test_a_schema_that_is_near_is_named_and_none_is_written(run, folder):
    (folder / "environments").mkdir()
    (folder / "mfinfra.schema.json").write_text("{}")
    shown = run("init", "--preset", "sandbox")
    assert "schema" not in shown.out
    assert left(folder / "environments") == ["sandbox.yaml"]
    assert "$schema=../mfinfra.schema.json\n" in (folder / "environments" / "sandbox.yaml").read_text("utf-8")


def test_every_answer_is_a_flag_and_a_variable(run, folder, monkeypatch):
    assert run("init", "prod.yaml", "--preset", "ec2", *OFFLINE).code == 0
    assert document.read("prod.yaml").environment.scope.environment == "prod"
    names = ("PRESET", "ENVIRONMENT", "ACCOUNT", "REGION", "VPC", "SUBNET", "BUCKET", "PROFILE", "AWS_PROFILE")
    values = (
        "spot",
        "team",
        "210987654321",
        "eu-west-1",
        "vpc-01234567",
        "subnet-01234567 subnet-11234567",
        "b-1",
        "p",
        "q",
    )
    for name, value in zip(names, values, strict=True):
        monkeypatch.setenv(f"MFINFRA_{name}", value)
    monkeypatch.setenv("MFINFRA_OFFLINE", "1")
    assert run("init").code == 0
    environment = document.read("team.yaml").environment
    assert (environment.scope.account, environment.access.profile) == ("210987654321", "q")
    assert environment.metaflow["profile"] == "p"


def test_the_file_is_for_everybody_who_may_read_the_folder(run, folder):
    run("init", "--preset", "sandbox")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((folder / "sandbox.yaml").stat().st_mode) == 0o666 & ~mask


def test_nothing_is_replaced_but_with_overwrite(run, folder):
    (folder / "sandbox.yaml").write_text("mine")
    shown = run("init", "--preset", "sandbox")
    assert (shown.code, shown.out) == (1, "")
    assert shown.err.startswith("error: `sandbox.yaml` is there already [MF5603]\n  hint: `--overwrite` replaces it")
    assert left(folder) == ["sandbox.yaml"]
    assert run("init", "--preset", "sandbox", "--overwrite").code == 0
    assert "version: 1" in (folder / "sandbox.yaml").read_text("utf-8")


def test_a_link_is_never_followed(run, folder):
    (folder / "sandbox.yaml").symlink_to(folder / "elsewhere.yaml")
    shown = run("init", "sandbox.yaml", "--preset", "sandbox", "--overwrite")
    assert (shown.code, "no regular file" in shown.err) == (1, True)
    assert left(folder) == ["sandbox.yaml"]


@pytest.mark.parametrize(
    ("argv", "flag"),
    [
        (("--offline",), "--account"),
        (OFFLINE[:3], "--region"),
        (OFFLINE[:5], "--vpc"),
        (OFFLINE[:7], "--subnet"),
        ((*OFFLINE, "--preset", "private"), "--route-table"),
        ((), "--region"),
    ],
)
def test_what_nobody_can_be_asked_is_an_error_that_names_the_flag(run, folder, argv, flag):
    shown = run("init", *argv)
    assert (shown.code, shown.out) == (1, "")
    assert shown.err.startswith(
        f"error: `{flag}` is needed: nothing else tells it, and there is nobody to ask [MF5601]\n"
    )
    assert left(folder) == []


def test_without_credentials_the_commands_that_bring_some_are_named(run, folder):
    shown = run("init", "--region", "us-east-1")
    assert shown.code == 1
    assert "no AWS credentials were found" in shown.err
    assert "`aws configure sso`" in shown.err
    assert left(folder) == []


def test_no_input_asks_nobody_at_a_terminal_neither(run, terminal):
    terminal("never read")
    assert "`--account` is needed" in run("init", "--offline", "--no-input").err


def test_answers_that_end_leave_no_file(run, terminal, folder):
    terminal("")
    shown = run("init")
    assert (shown.code, shown.out) == (1, "")
    assert "error: the answers ended; nothing was written [MF5606]" in shown.err
    assert left(folder) == []


def test_at_a_terminal_an_answer_that_is_wrong_is_asked_again(monkeypatch, capsys, folder):
    typed = iter(["sandbox\n", "Prod\n", "prod\n"])
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True, readline=lambda: next(typed)))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert main(["init"]) == 0
    shown = capsys.readouterr()
    assert "  no: `Prod`: 1 to 31 lower-case letters, digits and hyphens, a letter first\n" in shown.err
    assert shown.out.startswith("wrote prod.yaml: 10 resources in the sandbox\n")


def test_a_strange_endpoint_of_the_environment_is_told(run, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    shown = run("init", "--region", "us-east-1")
    assert (
        "warning: `AWS_ENDPOINT_URL` is set: what is read here comes from `http://127.0.0.1:9`, not from AWS"
        in shown.err
    )
    assert shown.code == 1


@pytest.fixture
def environ(tmp_path):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MFINFRA_"))}
    found = inherited | {"PYTHONPATH": str(ROOT), "MFINFRA_SANDBOX_DIR": str(tmp_path / "box"), "TERM": "xterm"}
    found.pop("COLUMNS", None)
    yield found
    if (tmp_path / "box").exists():
        subprocess.run([sys.executable, "-m", "mfinfra", "sandbox", "stop"], env=found, capture_output=True, check=True)


SCREEN = """\

What should jobs run on?
  1  fargate  containers without instances, up to 16 vCPUs each
  2  ec2      instances that Batch starts and stops; any size of job
  3  spot     spot instances first, on-demand where there are none; cheapest
  4  private  instances without internet, and the VPC endpoints for that
  5  sandbox  the local AWS on this machine; no account, no cost
  Number or name [fargate]: ec2
account 123456789012, us-east-1, as arn:aws:sts::123456789012:user/moto

What is the environment called? [dev]: Dev
  no: `Dev`: 1 to 31 lower-case letters, digits and hyphens, a letter first

What is the environment called? [dev]:

Which VPC do jobs run in?
  1  vpc-5d1b8e0c7a2f49631  (default)  172.31.0.0/16  6 isolated
  2  vpc-00000000000000001  metaflow   10.20.0.0/16   1 public, 2 behind NAT
  Number or name [vpc-00000000000000001]: 2

In which of its subnets?
  1  subnet-0000000000000000c  us-east-1a  10.20.32.0/20  public
  2  subnet-0000000000000000a  us-east-1a  10.20.0.0/20   behind NAT
  3  subnet-0000000000000000b  us-east-1b  10.20.16.0/20  behind NAT
  Numbers or ids [2 3]: 9
  no: `9`: an id is written like `subnet-0123456789abcdef0`

In which of its subnets?
  1  subnet-0000000000000000c  us-east-1a  10.20.32.0/20  public
  2  subnet-0000000000000000a  us-east-1a  10.20.0.0/20   behind NAT
  3  subnet-0000000000000000b  us-east-1b  10.20.16.0/20  behind NAT
  Numbers or ids [2 3]:

wrote dev.yaml: 10 resources in the sandbox
wrote mfinfra.schema.json: editors check the file by it

  mfinfra plan dev.yaml           # shows what would be made
  mfinfra apply                   # carries out exactly that
  mfinfra sandbox shell dev.yaml  # a shell where flows run"""


def test_a_long_name_breaks_no_row_and_ids_stay_whole(monkeypatch, capsys):
    monkeypatch.setattr(streams, "width", lambda _: 80)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True, readline=lambda: "1\n"))
    named = Option("vpc-00000000000000001", ("(default) production " * 9, "172.31.0.0/16", "1 public, 2 behind NAT"))
    plain = Option("vpc-00000000000000002", ("", "10.0.0.0/16", "no subnets"))
    _init.Terminal.ask(Question("--vpc", "Which VPC?", None, (named, plain)))
    rows = [line for line in capsys.readouterr().err.splitlines() if "vpc-0" in line]
    assert rows == [
        "  1  vpc-00000000000000001  (default) pr…  172.31.0.0/16  1 public, 2 behind NAT",
        "  2  vpc-00000000000000002                 10.0.0.0/16    no subnets",
    ]
    assert max(map(len, rows)) <= 80


@pytest.mark.slow
def test_the_dialogue_reads_well_at_80_columns(environ, folder):
    answers = [
        ("Number or name [fargate]: ", "ec2\r"),
        ("called? [dev]: ", "Dev\r"),
        ("called? [dev]: ", "\r"),
        ("Number or name", "2\r"),
        ("Numbers or ids [2 3]: ", "9\r"),
        ("Numbers or ids [2 3]: ", "\r"),
    ]
    code, screen = dialogue.at_80_columns(["init", "--endpoint", "sandbox"], environ, folder, answers)
    assert code == 0, "\n".join(screen)
    assert re.sub(r"vpc-[0-9a-f]{17}(?=  \(default\))", "vpc-5d1b8e0c7a2f49631", "\n".join(screen)) == SCREEN
    assert document.read("dev.yaml").warnings == ()


@pytest.mark.slow
@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 1)], ids=["Ctrl-C", "Ctrl-D"])
def test_who_ends_the_dialogue_has_no_file(environ, folder, key, code):
    ended, screen = dialogue.at_80_columns(["init"], environ, folder, [("Number or name [fargate]: ", key)])
    assert (ended, left(folder)) == (code, [])
    assert "nothing was" in screen[-1] or "nothing was" in screen[-2]
