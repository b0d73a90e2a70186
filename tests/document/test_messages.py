"""What people read when a file is wrong: `messages.yaml`, letter by letter.

`python tests/document/test_messages.py` writes the `expect`ations anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from mfinfra.document import read
from mfinfra.errors import InvalidDocument

CASES = Path(__file__).with_name("messages.yaml")
HEAD = 'version: 1\nenvironment: dev\naccount: "123456789012"\nregion: us-east-1\n'


def cases():
    return yaml.safe_load(CASES.read_text("utf-8"))


def told(case, folder):
    for name, text in case.get("files", {}).items():
        (folder / name).write_text(text, "utf-8")
    (folder / "dev.yaml").write_text(case.get("input", HEAD + case.get("body", "")), "utf-8", newline="")
    before = Path.cwd()
    os.chdir(folder)
    try:
        reading = read("dev.yaml")
        return "\n".join(str(warning) for warning in reading.warnings)
    except InvalidDocument as error:
        return str(error)
    finally:
        os.chdir(before)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_a_bad_file_is_told_with_these_words(case, tmp_path):
    assert told(case, tmp_path) == case["expect"].removesuffix("\n")


def rewrite():
    text = CASES.read_text("utf-8")
    head = text[: text.index("- name:")]
    out = [head]
    for chunk, case in zip(text[text.index("- name:") :].split("\n- name:"), cases(), strict=True):
        body = chunk.split("\n  expect: |")[0].removeprefix("- name:").rstrip("\n")
        with tempfile.TemporaryDirectory() as folder:
            lines = told(case, Path(folder)).split("\n")
        out.append(f"- name:{body}\n  expect: |2\n" + "".join(f"    {line}\n" if line else "\n" for line in lines))
    CASES.write_text("".join(out), "utf-8")


if __name__ == "__main__":
    sys.exit(rewrite())
