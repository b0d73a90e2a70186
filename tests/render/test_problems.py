import io
import json as plain_json

from mfinfra.errors import InvalidDocument, Problem, Refused
from mfinfra.render import console, json, problems

PROBLEM = Problem(
    "`retention` is not a field of a `log_group`",
    file="prod.yaml",
    line=7,
    column=5,
    subject="log_group.a.retention",
    hint="did you mean `retention_days`?",
    source="\ta: {retention: 30}\x1b[2J",
    length=9,
    code="MF1010",
)
WARNING = Problem("the file is empty", file="dev.yaml", severity="warning", code="MF1900")


def shown(lines):
    out = io.StringIO()
    console.write(lines, out, {})
    return out.getvalue()


def test_a_problem_shows_its_place_the_line_a_caret_and_what_to_do():
    assert shown(problems.problems([PROBLEM, WARNING])) == (
        "error: prod.yaml:7:5: log_group.a.retention: `retention` is not a field of a `log_group` [MF1010]\n"
        "  7 |  a: {retention: 30}\\u001b[2J\n"
        "    |     ^^^^^^^^^\n"
        "  hint: did you mean `retention_days`?\n"
        "\n"
        "warning: dev.yaml: the file is empty [MF1900]\n"
    )


def test_an_error_ends_with_its_hint_and_every_line_of_it_is_indented():
    refused = Refused("2 steps are blocked", hint="a: one\n    why\n  ::error::b", code="MF4100")
    assert shown(problems.error(refused)) == (
        "error: 2 steps are blocked [MF4100]\n  hint: a: one\n          why\n        \\u003a:error::b\n"
    )


def test_an_invalid_document_shows_all_its_problems():
    assert shown(problems.error(InvalidDocument([PROBLEM, PROBLEM]))).count("error: prod.yaml:7:5") == 2


def test_problems_as_json_keep_every_part_and_count_by_severity():
    text = json.problems([PROBLEM, WARNING], ["prod.yaml", "dev.yaml"])
    found = plain_json.loads(text)
    assert (found["valid"], found["error_count"], found["warning_count"]) == (False, 1, 1)
    first, second = found["diagnostics"]
    assert first["range"] == {
        "filename": "prod.yaml",
        "start": {"line": 7, "column": 5},
        "end": {"line": 7, "column": 14},
    }
    assert first["address"] == "log_group.a.retention"
    assert second["range"] is None
    assert text.isascii()
    assert plain_json.loads(json.problems([WARNING], []))["valid"] is True


def test_of_a_long_line_the_part_around_the_caret_is_shown():
    source = "a" * 100 + "WRONG" + "b" * 100
    long = Problem("no", file="x.yaml", line=12, column=101, source=source, length=5)
    _, line, caret = shown(problems.problem(long)).splitlines()
    assert line[caret.index("^") : caret.rindex("^") + 1] == "WRONG"
    assert max(len(line), len(caret)) <= 80
    assert line.startswith("  12 | …a")
    assert line.endswith("b…")


def test_a_caret_never_goes_beyond_its_line():
    _, line, caret = shown(
        problems.problem(Problem("no", file="x", line=1, column=3, source="abcd", length=99))
    ).splitlines()
    assert (line, caret) == ("  1 | abcd", "    |   ^^")
