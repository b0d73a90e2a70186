"""HCL is written so that Terraform, its formatter and other readers take it for what was meant."""

from __future__ import annotations

import json
import shutil
import subprocess

import exported
import hcl_read
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfinfra.exporting import written
from mfinfra.exporting.terraform import hcl
from mfinfra.exporting.terraform.hcl import Block, Expression, Function, Interpolated, Nested

ODD = [
    "${x}",
    "$${x}",
    "${",
    "$",
    "$$",
    "%{if x}",
    "%%{",
    "%{",
    "}",
    '"',
    "\\",
    "\\n",
    "\n",
    "\t",
    "\r",
    "#",
    "//",
    "{",
]
TEXT = st.lists(st.sampled_from(ODD) | st.text(max_size=4), max_size=6).map("".join)
KEYS = st.sampled_from(["name", "aws:SecureTransport", "a b", "1", "x-y", "ü", "${x}", "for"])
SCALARS = TEXT | st.integers(-(2**40), 2**40) | st.booleans() | st.floats(0.001, 1e6).map(lambda x: round(x, 4))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@settings(max_examples=30)
@given(TEXT)
def test_text_comes_back_as_it_was(text):
    assert hcl_read.document(f"it = {hcl.value(text)}\n")["it"] == text


@settings(max_examples=30)
@given(VALUES)
def test_values_come_back_as_they_were(value):
    written = hcl.document([Block("locals", (), {"it": value, "beside": "it"})])
    assert hcl_read.document(written)["locals"] == [{"it": value, "beside": "it"}]


@settings(max_examples=30)
@given(st.lists(TEXT.map(lambda text: f"{text}\n"), min_size=2, max_size=5).map("".join))
def test_a_text_of_several_lines_comes_back_as_it_was(text):
    assert hcl_read.document(f"it = {hcl.value(Function('base64encode', text))}\n")["it"] == ("base64encode", text)


def test_a_script_is_written_so_that_it_can_be_read():
    script = '#!/bin/bash\necho "${HOME}" >> x\n\n  y\n'
    lines = hcl.value(Function("base64encode", script)).splitlines()
    assert lines == ["base64encode(<<EOT", "#!/bin/bash", 'echo "$${HOME}" >> x', "", "  y", "EOT", ")"]


def test_a_script_that_holds_the_mark_of_its_end_gets_another_one():
    assert hcl.value(Function("base64encode", "a\nEOT\nb\n")).splitlines()[0] == "base64encode(<<EOT_"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Expression("aws_iam_role.a.arn"), "aws_iam_role.a.arn"),
        (Interpolated((Expression("aws_s3_bucket.a.arn"), "/${x}*")), '"${aws_s3_bucket.a.arn}/$${x}*"'),
        ("a ${aws:username}", '"a $${aws:username}"'),
        ("$${x}", '"$\\u0024{x}"'),
        ([], "[]"),
        ({}, "{}"),
        ([1, "a", True, None], '[1, "a", true, null]'),
    ],
)
def test_a_value_is_written_like_this(value, written):
    assert hcl.value(value) == written


def test_blocks_stand_behind_arguments_and_equals_signs_under_each_other():
    body = {"a": 1, "inner": (Nested({"x": 1}), Nested({})), "longer": {"k": "v"}, "b": 2, "cc": 3}
    assert hcl.document([Block("resource", ("t", "n"), body)]).splitlines() == [
        'resource "t" "n" {',
        "  a = 1",
        "  longer = {",
        '    k = "v"',
        "  }",
        "  b  = 2",
        "  cc = 3",
        "",
        "  inner {",
        "    x = 1",
        "  }",
        "",
        "  inner {",
        "  }",
        "}",
    ]


def test_a_comment_stays_one_whatever_is_in_it():
    assert written.comment(["a\nresource", ""]) == "# a\n# resource\n#\n"


needs_terraform = pytest.mark.skipif(not shutil.which("terraform"), reason="there is no `terraform` here")


@pytest.mark.slow
@needs_terraform
def test_terraform_reads_the_oddest_texts_as_they_were_meant(tmp_path):
    texts = [*ODD, "".join(ODD), "a\nb ${x} %{y}\n", "é漢😀\u2028\x07\x7f"]
    outputs = [Block("output", (f"o{index}",), {"value": text}) for index, text in enumerate(texts)]
    script = Block("output", ("script",), {"value": Function("base64encode", "#!/bin/sh\necho ${x} $y %{z}\n")})
    (tmp_path / "main.tf").write_text(hcl.document([*outputs, script]), "utf-8")
    exported.terraform(tmp_path, "apply", "-auto-approve")
    found = json.loads(exported.terraform(tmp_path, "output", "-json").stdout)
    assert [found[f"o{index}"]["value"] for index in range(len(texts))] == texts
    encoded = found["script"]["value"]
    assert subprocess.run(["base64", "-d"], input=encoded.encode(), capture_output=True, check=True).stdout == (
        b"#!/bin/sh\necho ${x} $y %{z}\n"
    )
