"""One definition of what people see: a file that is accepted reads back from AWS as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfinfra import printable
from mfinfra.aws import sanitise
from mfinfra.document import scalars
from mfinfra.document.tree import Entry, Node, Place, Tree
from mfinfra.model import Mark

HIDDEN = ["\u00a0", "\u200d", "\u00ad", "\u3164", "\u034f", "\u202e", "\u2028", "\r", "\x1b", "\ufeff", "\U000e0041"]


PLACE = Place(Mark("f", 1, 1))


def codes(text, where="description"):
    node = Node(text, PLACE)
    for key in ("k", where, "r", "role", "resources"):
        node = Node({key: Entry(PLACE, node)}, PLACE)
    return [problem.code for problem in scalars.characters(Tree(node, {}))]


@pytest.mark.parametrize("char", HIDDEN)
@pytest.mark.parametrize("where", ["description", "tags", "policies", "user_data", "name"])
def test_promise_2_what_would_be_escaped_when_read_back_is_refused_in_the_file(char, where):
    assert codes(f"a{char}b", where) == ["MF1004"]


@given(st.text())
def test_promise_2_a_text_that_is_accepted_reads_back_as_it_was_written(text):
    assert codes(text) == ([] if sanitise.text(text) == text else ["MF1004"])


@pytest.mark.parametrize("where", ["description", "tags", "policies", "trust", "lifecycle_policy", "user_data"])
def test_text_of_several_lines_may_stand_where_people_or_programs_write_such(where):
    assert codes("a\n\tb", where) == []
    assert codes("a\nb", "name") == ["MF1004"]


@given(st.characters())
def test_a_character_is_seen_where_it_is_part_of_a_text_that_is(char):
    assert printable.seen(char) is (printable.every(char) or char in printable.KEPT)
