import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfinfra.render import inert, values


@given(st.text())
def test_any_text_becomes_one_line_without_an_order_to_terminal_or_runner(text):
    shown = inert.line(text)
    assert shown.isprintable()
    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown


@pytest.mark.parametrize(
    "order", ["##[error]x", "##vso[task.setvariable]x", "a ##section[x", "::error::x", "  ::error::x"]
)
def test_no_order_to_a_runner_stays_one(order):
    assert inert.line(order) != order
    assert "[" not in inert.line(order)


@pytest.mark.parametrize("char", ["\u3164", "\u034f", "\u200b", "\x1b"])
def test_what_no_font_shows_is_shown(char):
    assert inert.line(f"a{char}b") == f"a\\u{ord(char):04x}b"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)).filter(lambda text: "##[" not in text))
def test_a_plain_value_is_shown_as_json_that_reads_back_as_itself(text):
    assert json.loads(inert.scalar(text)) == text


@settings(max_examples=40)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_every_line_of_any_value_is_inert(value):
    for line in (values.inline(value), *values.expanded(value)):
        assert line.isprintable()
        assert not line.lstrip().startswith("::")


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        (("policy", "Statement", 0, "Action"), "policy.Statement[0].Action"),
        (("tags", "mfinfra:owner"), "tags.mfinfra:owner"),
        (("tags", "my.key"), 'tags["my.key"]'),
        (("tags", 'a"b\n'), 'tags["a\\"b\\n"]'),
    ],
)
def test_a_path_is_written_as_people_write_it(parts, written):
    assert inert.path(parts) == written


def test_lines_of_a_text_are_inert_one_by_one():
    assert inert.lines("also: x\n  ::error::y") == ["also: x", "\\u003a:error::y"]
