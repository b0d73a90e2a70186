import io
import sys

import pytest
from render.streams import Closed, Full, Terminal
from rich.text import Text

from mfinfra.errors import UserError
from mfinfra.render import console

GREEN = [Text.assemble(("yes", "green"))]


@pytest.mark.parametrize(
    ("stream", "environ", "coloured"),
    [
        (Terminal, {}, True),
        (Terminal, {"NO_COLOR": "1"}, False),
        (Terminal, {"NO_COLOR": ""}, True),
        (Terminal, {"TERM": "dumb"}, False),
        (Terminal, {"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
        (io.StringIO, {}, False),
        (io.StringIO, {"FORCE_COLOR": "1"}, True),
        (io.StringIO, {"CLICOLOR_FORCE": "1"}, True),
        (io.StringIO, {"CLICOLOR_FORCE": "0"}, False),
        (io.StringIO, {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
    ],
)
def test_colours_are_for_terminals_and_no_color_wins(stream, environ, coloured):
    out = stream()
    console.write(GREEN, out, environ)
    assert ("\x1b[32m" in out.getvalue()) is coloured


def test_off_a_terminal_nothing_is_wrapped_whatever_columns_says():
    out = io.StringIO()
    console.write([Text("word " * 100)], out, {"COLUMNS": "40"})
    assert out.getvalue().count("\n") == 1


def test_off_a_terminal_nothing_is_wrapped_with_colours_either():
    out = io.StringIO()
    console.write([Text("word " * 100, "green")], out, {"COLUMNS": "40", "FORCE_COLOR": "1"})
    assert out.getvalue().count("\n") == 1


def test_a_long_line_goes_on_under_its_indentation_and_loses_nothing():
    line = Text("    " + "arn:aws:batch:" * 12 + " and then words 漢字漢字漢字 that go on and on and on")
    pieces = console.wrapped(line, 50)
    assert all(piece.cell_len <= 50 for piece in pieces)
    assert all(piece.plain.startswith("        ") for piece in pieces[1:])
    joined = "".join(piece.plain.strip() for piece in pieces)
    assert joined.replace(" ", "") == line.plain.replace(" ", "")


def test_no_line_ends_with_the_space_that_it_was_broken_at():
    pieces = console.wrapped(Text("  skip  batch.image  jobs run without one  0.3 s"), 45)
    assert [piece.plain for piece in pieces] == ["  skip  batch.image  jobs run without one", "      0.3 s"]


def test_a_word_that_is_too_long_breaks_behind_a_mark_of_an_arn():
    line = Text("  arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch")
    assert [piece.plain.strip() for piece in console.wrapped(line, 60)] == [
        "arn:aws:iam::123456789012:role/aws-service-role/",
        "batch.amazonaws.com/AWSServiceRoleForBatch",
    ]


def test_a_command_that_is_too_long_can_be_pasted_and_prose_beside_it_is_as_ever():
    command = "aws batch update-job-queue --job-queue metaflow-job-queue --state ENABLED"
    line = Text(
        f"          fix: write `state: ENABLED` in the file; at once: `{command}`, and all of it runs again as before"
    )
    pieces = [piece.plain for piece in console.wrapped(line, 60)]
    assert all(len(piece) <= 60 for piece in pieces)
    pasted = "\n".join(pieces).partition("`aws")[2].partition("`")[0]
    assert "\n" in pasted
    assert pasted.replace("\\\n", "").split() == command.split()[1:]  # as a shell reads it
    assert "\\" not in "\n".join(pieces).replace(pasted, "")


def test_a_line_that_wants_to_stay_whole_does():
    link = Text("- https://docs.aws.amazon.com/" + "x" * 60, no_wrap=True)
    assert console.wrapped(link, 40) == [link]


def test_backticks_without_end_cost_no_time():
    line = Text("`aws " + "` " * 5_000)
    assert len(console.wrapped(line, 80)) > 100


def test_markup_in_a_text_is_text():
    out = Terminal()
    console.write([Text("[red]x[/oops] :smile: 42")], out, {})
    assert "[red]x[/oops] :smile: 42" in out.getvalue()


def test_a_reader_that_has_gone_is_no_error():
    console.write(GREEN, Closed(), {})


def test_a_full_disk_is_an_error_on_stdout_and_none_elsewhere(monkeypatch):
    console.write(GREEN, Full(), {})
    monkeypatch.setattr("sys.stdout", Full())
    with pytest.raises(UserError, match="stdout cannot be written: no space left on device"):
        console.write(GREEN, sys.stdout, {})
