"""`mfinfra schema --install`: editors know the file, and nothing else is lost or followed elsewhere."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from mfinfra.cli import _editor
from mfinfra.document import bundle

ROOT = Path(__file__).parents[2]
BIN = Path(os.environ.get("MFINFRA_BIN") or Path(sys.executable).parent)
LINES = "# yaml-language-server: $schema=mfinfra.schema.json\n# $schema: mfinfra.schema.json\n"
ENVIRONMENT = 'version: 1\nenvironment: prod\naccount: "123456789012"\nregion: us-east-1\nresources: {}\n'


def test_a_file_names_the_schema_that_lies_beside_it(run, file, tmp_path):
    before = (tmp_path / file).read_text("utf-8")
    shown = run("schema", "--install", file)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == "mfinfra.schema.json: written\nprod.yaml: names its schema\n"
    assert (tmp_path / file).read_text("utf-8") == LINES + before
    assert (tmp_path / "mfinfra.schema.json").read_text("utf-8") == bundle.text()
    assert run("validate", file).code == 0


def test_done_twice_it_changes_nothing_the_second_time(run, file, tmp_path):
    run("schema", "--install", file)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert run("schema", "--install", file).out == (
        "mfinfra.schema.json: as it should be\nprod.yaml: as it should be\n"
    )
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == stamps


def test_an_old_copy_is_brought_up_to_date(run, file, tmp_path):
    run("schema", "--install", file)
    (tmp_path / "mfinfra.schema.json").write_text("{}", "utf-8")
    assert "mfinfra.schema.json: written\n" in run("schema", "--install", file).out
    assert (tmp_path / "mfinfra.schema.json").read_text("utf-8") == bundle.text()


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "an empty file": ("", LINES),
        "comments": ("# ours\nversion: 1\n", LINES + "# ours\nversion: 1\n"),
        "another schema": ("# yaml-language-server: $schema=../old.json\n\na: 1\n", LINES + "\na: 1\n"),
        "JetBrains' line": ("#\n# $schema: https://example.org/x.json\na: 1\n", LINES + "#\na: 1\n"),
        "a mention further down": ("a: 1\n# $schema: x\n", LINES + "a: 1\n# $schema: x\n"),
        "no end of the last line": ("a: 1", LINES + "a: 1"),
        "a directive": ("%YAML 1.2\n---\na: 1\n", LINES + "%YAML 1.2\n---\na: 1\n"),
        "a byte order mark": ("\ufeffa: 1\n", "\ufeff" + LINES + "a: 1\n"),
        "lines of Windows": ("a: 1\r\nb: 2\r\n", LINES.replace("\n", "\r\n") + "a: 1\r\nb: 2\r\n"),
    }.values(),
)
def test_the_lines_stand_at_the_top_once_and_the_rest_is_as_it_was(text, expected):
    assert _editor.with_modelines(text) == expected
    assert _editor.with_modelines(expected) == expected


def test_rights_of_a_file_stay_and_nothing_is_left_beside_it(run, file, tmp_path):
    (tmp_path / file).chmod(0o640)
    run("schema", "--install", file)
    assert stat.S_IMODE((tmp_path / file).stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mfinfra.schema.json", file]


def test_a_link_is_not_followed(run, file, tmp_path):
    (tmp_path / "link.yaml").symlink_to(file)
    shown = run("schema", "--install", "link.yaml")
    assert (shown.code, shown.out) == (1, "")
    assert "`link.yaml` is a link, or no file: it is left alone" in shown.err
    (tmp_path / "mfinfra.schema.json").symlink_to(file)
    before = (tmp_path / file).read_bytes()
    assert "`mfinfra.schema.json` is a link" in run("schema", "--install", file).err
    assert (tmp_path / file).read_bytes() == before
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".vscode").symlink_to("elsewhere")
    assert "is a link: nothing is written behind it" in run("schema", "--install", ".").err
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_cannot_be_installed_is_said(run, file, tmp_path):
    assert "there is no file `none.yaml`" in run("schema", "--install", "none.yaml").err
    assert "leave out `bucket`" in run("schema", "bucket", "--install", file).err
    (tmp_path / "odd.yaml").write_bytes(b"\xff\xfe\x00")
    assert "`odd.yaml` cannot be read: it is no UTF-8" in run("schema", "--install", "odd.yaml").err
    (tmp_path / "empty").mkdir()
    assert "there is no environment file in `empty`" in run("schema", "--install", "empty").err


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("environments/prod.yaml", "environments/dev.yaml", "other/one.yml", "root.yaml", ".hidden/x.yaml"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(ENVIRONMENT, "utf-8")
    (tmp_path / "other" / "kubernetes.yml").write_text("kind: Pod\n", "utf-8")
    return tmp_path


GLOBS = ["root.yaml", "environments/*.yaml", "other/one.yml"]


def test_a_workspace_has_the_schema_for_all_its_environment_files_and_no_other(run, workspace):
    shown = run("schema", "--install", ".")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == (
        f".vscode/mfinfra.schema.json: written\n.vscode/settings.json: has the schema for {', '.join(GLOBS)}\n"
    )
    settings = json.loads((workspace / ".vscode" / "settings.json").read_text("utf-8"))
    assert settings == {"yaml.schemas": {".vscode/mfinfra.schema.json": GLOBS}}
    assert (workspace / ".vscode" / "mfinfra.schema.json").read_text("utf-8") == bundle.text()
    assert "as it should be" in run("schema", "--install", ".").out.splitlines()[1]


def test_settings_of_a_workspace_stay(run, workspace):
    (workspace / ".vscode").mkdir()
    old = '{\n    "editor.rulers": [80],\n    "yaml.schemas": {"a.json": "a.yaml"},\n    "z": "ü"\n}\n'
    (workspace / ".vscode" / "settings.json").write_text(old, "utf-8")
    assert run("schema", "--install", ".").code == 0
    text = (workspace / ".vscode" / "settings.json").read_text("utf-8")
    assert list(json.loads(text).items()) == [
        ("editor.rulers", [80]),
        ("yaml.schemas", {"a.json": "a.yaml", ".vscode/mfinfra.schema.json": GLOBS}),
        ("z", "ü"),
    ]
    assert '\n    "z": "ü"\n' in text


@pytest.mark.parametrize(
    "text", ['{\n  // ours\n  "a": 1\n}', '{"a": 1,}', "[]", '{"yaml.schemas": 3}', '{"a": 1, "a": 2}', "{"]
)
def test_settings_that_would_lose_something_are_left_alone_and_the_way_out_is_said(run, workspace, text):
    (workspace / ".vscode").mkdir()
    (workspace / ".vscode" / "settings.json").write_text(text, "utf-8")
    shown = run("schema", "--install", ".")
    assert shown.code == 1
    assert "cannot be changed without losing something" in shown.err
    pasted = json.loads("".join(shown.err.partition("by hand: ")[2].split("\n")))
    assert pasted == {"yaml.schemas": {".vscode/mfinfra.schema.json": GLOBS}}
    assert (workspace / ".vscode" / "settings.json").read_text("utf-8") == text
    assert (workspace / ".vscode" / "mfinfra.schema.json").is_file()


def test_a_file_that_extends_another_may_say_a_part_and_one_that_does_not_may_not():
    checker = Draft202012Validator(bundle.bundled())
    part = {"version": 1, "environment": "prod", "resources": {"compute_environment": {"cpu": {"type": "EC2"}}}}
    said = {error.message for error in checker.iter_errors(part)}
    assert {"'account' is a required property", "'subnets' is a required property"} <= said
    assert any("instance_role" in message for message in said)
    assert list(checker.iter_errors({**part, "extends": "base.yaml"})) == []
    wrong = {**part, "extends": "base.yaml", "resources": {"bucket": {"data": {"nme": "x"}}}}
    assert [error.message for error in checker.iter_errors(wrong)] != []


@pytest.mark.slow
def test_the_schema_that_editors_get_is_one_and_every_example_fits_it(tmp_path):
    """An independent checker, as an editor would: the schema by its own draft, then each file by the schema."""
    copy = tmp_path / "prod.yaml"
    copy.write_text(ENVIRONMENT, "utf-8")
    subprocess.run([BIN / "mfinfra", "schema", "--install", copy], check=True, capture_output=True)
    schema = tmp_path / "mfinfra.schema.json"
    assert json.loads(schema.read_text("utf-8"))["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    checker = Path(sys.executable).with_name("check-jsonschema")
    examples = sorted((ROOT / "environments").glob("*.yaml"))
    for arguments in (["--check-metaschema", schema], ["--schemafile", schema, *examples]):
        done = subprocess.run([checker, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    copy.write_text(ENVIRONMENT.replace("region", "regoin"), "utf-8")
    assert subprocess.run([checker, "--schemafile", schema, copy], capture_output=True, check=False).returncode == 1
