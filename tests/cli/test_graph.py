"""`mfinfra graph`, called as the application calls it."""

import json
import stat
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from render import many, plans

from mfinfra.cli import _documents
from mfinfra.cli import graph as cli
from mfinfra.errors import UserError

FILE = """\
version: 1
environment: prod
account: "123456789012"
region: us-east-1
resources:
  role:
    instance: {name: ecsInstanceRole, preset: ecs_instance}
  security_group:
    batch: {name: batch, vpc: vpc-00000000000000001, description: Metaflow}
  compute_environment:
    cpu:
      name: cpu
      type: EC2
      max_vcpus: 16
      instance_types: [optimal]
      instance_role: role.instance
      subnets: [subnet-0000000000000000a]
      security_groups: [security_group.batch]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "prod.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture
def planned(monkeypatch):
    """A plan of whatever is named; the calls that asked for one."""
    asked = []
    document = plans.document(many.row("role.a", actions=["create"]), many.row("job_queue.b", ["role.a"]))
    monkeypatch.setattr(_documents, "of", lambda path, parallelism: asked.append((path, parallelism)) or document)
    return asked


@pytest.mark.parametrize(
    ("format_", "begins"),
    [("mermaid", "flowchart LR"), ("dot", "digraph mfinfra {"), ("svg", "<svg "), ("html", "<!DOCTYPE html>")],
)
def test_a_plan_is_drawn_in_every_format(planned, capsys, format_, begins):
    assert cli.command(Path("prod.yaml"), cli.Format(format_), parallelism=3) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(begins)
    assert "role.a" in shown
    assert planned == [(Path("prod.yaml"), 3)]


@pytest.mark.parametrize("format_", cli.Format)
def test_a_file_is_drawn_without_aws(file, capsys, format_, monkeypatch):
    monkeypatch.setattr(_documents, "of", None)
    assert cli.command(file, format_, offline=True) == 0
    shown = capsys.readouterr().out
    assert "security_group.batch" in shown
    assert "will be" not in shown


def test_the_arrows_of_a_file_are_its_references(file, capsys):
    cli.command(file, offline=True)
    lines = capsys.readouterr().out.splitlines()
    numbers = {line.split('"')[1]: line.split("[")[0].strip() for line in lines if '["' in line}
    arrows = {tuple(line.split(" --> ")) for line in map(str.strip, lines) if "-->" in line}
    assert arrows == {
        (numbers[need], numbers["compute_environment.cpu"]) for need in ("role.instance", "security_group.batch")
    }


def test_a_picture_is_written_for_its_user_only(file, tmp_path, capsys):
    out = tmp_path / "graph.svg"
    cli.command(file, cli.Format.SVG, out=out, offline=True)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", f"saved to {out}\n")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert ET.parse(out).getroot().tag.endswith("svg")


def test_a_picture_is_never_written_over_what_it_is_of(file):
    before = file.read_text()
    with pytest.raises(UserError, match="`--out` would write over"):
        cli.command(file, out=file, offline=True)
    assert file.read_text() == before


def test_a_saved_plan_needs_no_offline(tmp_path):
    path = tmp_path / "prod.plan.json"
    path.write_text(json.dumps(plans.document()))
    with pytest.raises(UserError, match="is a saved plan, and `mfinfra graph --offline` takes an environment file"):
        cli.command(path, offline=True)
