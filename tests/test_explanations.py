"""Every code has a page, every page a code, and every rule an example that fails and one that passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mfinfra import desired, explain
from mfinfra.errors import InvalidDocument

PACKAGE = Path(explain.__file__).parent
QUOTED = re.compile(r'"(MF[0-9]{4})"')
RULE = re.compile(r"MF[12]1[0-9]{2}")
LONGEST_PAGE = 65
WIDTH = 130


def written():
    """Every code that stands in the source as a text of its own; what a docstring says is not one."""
    return {code for file in PACKAGE.rglob("*.py") for code in QUOTED.findall(file.read_text("utf-8"))}


RULES = [code for code in explain.codes() if RULE.fullmatch(code)]


def found(text, folder):
    """The codes of the errors and of the warnings in a file with this text, read as `validate` reads it."""
    file = folder / "example.yaml"
    file.write_text(text, "utf-8")
    try:
        return set(), {one.code for one in desired.read(file).warnings}
    except InvalidDocument as invalid:
        return {one.code for one in invalid.problems}, set()


def test_every_code_has_a_page_and_every_page_a_code():
    assert written() == set(explain.codes())


def test_every_rule_has_both_examples():
    assert len(RULES) > 50
    for code in RULES:
        assert all(explain.page(code).example(heading) for heading in ("Fails", "Passes")), code


@pytest.mark.parametrize("code", [code for code in explain.codes() if explain.page(code).example("Fails")])
def test_the_example_that_fails_shows_the_code_and_no_other_error(code, tmp_path):
    errors, warnings = found(explain.page(code).example("Fails"), tmp_path)
    assert code in errors | warnings
    assert errors <= {code}


@pytest.mark.parametrize("code", [code for code in explain.codes() if explain.page(code).example("Passes")])
def test_the_example_that_passes_is_valid_and_does_not_show_the_code(code, tmp_path):
    errors, warnings = found(explain.page(code).example("Passes"), tmp_path)
    assert errors == set()
    assert code not in warnings


def test_titles_are_short_and_unlike_each_other():
    titles = [explain.page(code).title for code in explain.codes()]
    assert len(set(titles)) == len(titles)
    assert [title for title in titles if not title or len(title) > 100 or title.endswith(".")] == []


@pytest.mark.parametrize("code", explain.codes())
def test_a_page_is_short_and_says_what_to_do(code):
    text = (explain.FOLDER / f"{code}.md").read_text("utf-8")
    page = explain.page(code)
    assert text.startswith("# ")
    assert text.endswith("\n")
    assert len(text.splitlines()) <= LONGEST_PAGE
    assert page.meaning
    assert page.sections.keys() <= {"Fails", "Passes", "What to do", "More"}
    assert page.sections["What to do"]
    prose = re.sub(r"^```yaml\n.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert [line for line in prose.splitlines() if len(line) > WIDTH and "https://" not in line] == []


def test_an_unknown_code_has_no_page():
    with pytest.raises(KeyError):
        explain.page("MF9999")
    with pytest.raises(KeyError):
        explain.page("../errors")


def test_the_family_of_a_code_is_the_longest_that_fits():
    assert explain.family("MF2000") != explain.family("MF2102")
    assert explain.family("MF9999") == explain.FAMILIES[""]
