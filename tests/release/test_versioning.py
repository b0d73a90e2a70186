"""docs/versioning.md says what is so."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from mfinfra import __version__
from mfinfra.cli import _version
from mfinfra.lock import content

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "versioning.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def rows():
    return re.findall(r"^\| (\w+) \| ([\d.]+) \| (.+) \|$", PAGE, re.MULTILINE)


def test_every_format_stands_there_with_the_version_that_is_written():
    assert {name: version for name, version, _ in rows()} == {**_version.formats(), "lock": content.FORMAT_VERSION}


def test_every_schema_that_is_named_takes_the_version_that_is_written():
    named = {name: path for name, _, where in rows() for path in re.findall(r"`schemas/(\w+)\.json`", where)}
    assert named.keys() >= {"plan", "events", "checks", "receipt", "lock"}
    written = {name: version for name, version, _ in rows()}
    for name, path in named.items():
        text = (ROOT / "schemas" / f"{path}.json").read_text("utf-8")
        said = re.search(r'"format_version":\s*\{([^}]+)\}', text)
        schema = json.loads(f"{{{said[1]}}}")
        assert schema.get("const") == written[name] or re.search(schema["pattern"], written[name]), name


def test_the_version_is_semantic_and_said_alike_everywhere():
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", __version__)
    assert PROJECT["version"] == __version__
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)[0] in {"Unreleased", __version__}
    assert ("Before 1.0" in PAGE) is (int(__version__.partition(".")[0]) < 1)


def test_the_oldest_python_is_the_first_that_is_named():
    lowest = PROJECT["requires-python"].removeprefix(">=")
    named = [one.rpartition(" ")[2] for one in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", one)]
    assert lowest == min(named, key=lambda version: int(version.partition(".")[2]))
    assert f"Python {lowest} or newer" in PAGE


def test_the_commands_of_a_release_are_those_that_are_tried():
    block = re.search(r"```bash\n(.+?)```", PAGE, re.DOTALL)[1]
    assert "-m build --no-isolation" in block
    assert "twine check --strict" in block
    [script] = re.findall(r"^(tests/\S+)", block, re.MULTILINE)
    assert "--bill-of-materials" in (ROOT / script).read_text("utf-8")
    assert "tests/wheel/run" in (ROOT / ".ci" / "run").read_text("utf-8")
