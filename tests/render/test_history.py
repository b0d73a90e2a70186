import io

import pytest
from render.receipts import DONE, FAILED, KILLED
from render.streams import Terminal

from mfinfra.receipts import parse
from mfinfra.render import console, history

ROWS = """\
began (UTC)       id      run      result   who         commit    plan    changes
2026-11-23 16:00  3f9c0a  apply    done     ana@laptop  4f54592   9a3c1d  +3 ~1
2026-11-23 16:00  77aa0a  apply    failed   ana@laptop  4f54592*  9a3c1d  +3 ~1
2026-11-23 16:00  010203  destroy  killed?  ana@laptop  -         9a3c1d  -2 +/-1 =4
"""
WHOLE = f"""\
apply of prod, 77aa0a17d2b84e65: failed
  began    2026-11-23 16:00:12 UTC
  ended    2026-11-23 16:00:46 UTC, after 34 s
  who      ana@laptop (arn:aws:iam::123456789012:user/ana)
  run      https://ci.test/1
  file     prod.yaml (sha256 {"ab" * 32})
  commit   4f54592c0ffee, with changes that were not committed
  plan     9a3c1d22{"0" * 56}
  changes  +3 ~1
  mfinfra  0.1.0

Steps
  done       bucket.datastore create, 3 s
  failed     job_queue.default update, 0 s
    `batch:UpdateJobQueue` failed: no [ClientException]
  skipped    role.events create
    `job_queue.default` was not finished

Calls
  bucket.datastore s3:CreateBucket 7KQ2
  … and 7 more
"""


def printed(lines, stream=None):
    stream = stream or io.StringIO()
    console.write(lines, stream, {"NO_COLOR": "1", "COLUMNS": "80"})
    return stream.getvalue()


def test_each_run_is_a_row():
    assert printed(history.rows([DONE, FAILED, KILLED])) == ROWS


def test_a_receipt_is_shown_whole():
    assert printed(history.whole(FAILED)) == WHOLE


def test_a_run_that_was_killed_without_a_lock_says_both():
    shown = printed(history.whole(KILLED))
    assert shown.startswith("destroy of prod, 01020304d2b84e65: did not finish (killed?)\n")
    assert "  lock     none, as `--no-lock` wanted it\n" in shown
    assert "ended" not in shown
    assert "Steps" not in shown


def test_on_a_terminal_of_80_columns_nothing_is_wider_and_a_usual_row_is_one_line():
    shown = printed([*history.rows([DONE, FAILED, KILLED]), *history.whole(FAILED)], Terminal())
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert printed(history.rows([DONE]), Terminal()).count("\n") == 2


def test_without_receipts_that_is_said():
    assert printed(history.rows([])) == "No history: no receipt is in the bucket.\n"


def test_results_have_colours_and_words():
    lines = list(history.rows([DONE, FAILED]))
    assert [{span.style for span in line.spans} - {""} for line in lines[1:]] == [{"green"}, {"red"}]


def test_a_receipt_that_cannot_be_read_is_a_row_too():
    found = parse(b"{", "eeee5555", "2026-01-02T03:04:05Z")
    assert "2026-01-02 03:04  eeee55" in printed(history.rows([found]))
    assert "unreadable" in printed(history.rows([found]))
    assert printed(history.whole(found)).startswith("a run of , eeee5555: unreadable\n")


HOSTILE = "\x1b[2J\u202e\n::error ::x ##[command] [/red] " + "y" * 500


@pytest.mark.parametrize("show", [lambda one: history.rows([one]), history.whole], ids=["rows", "whole"])
def test_promise_14_hostile_text_is_one_inert_line(show):
    """Straight from a file, as if nobody had cleaned it."""
    said = {name: HOSTILE for name, value in DONE.items() if isinstance(value, str)} | {"run_url": HOSTILE}
    step = {"address": HOSTILE, "action": HOSTILE, "result": HOSTILE, "seconds": 1.0}
    found = {
        **DONE,
        **said,
        "source": dict.fromkeys(("path", "sha256", "commit"), HOSTILE) | {"dirty": True},
        "steps": [{**step, "error": {"code": HOSTILE, "message": HOSTILE}}],
        "calls": [dict.fromkeys(("address", "service", "operation", "request_id"), HOSTILE)],
    }
    clean = printed(show(DONE)).count("\n")
    shown = printed(show(found))
    assert shown.replace("\n", "").isprintable()
    assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]
    assert "##[" not in shown
    assert shown.count("\n") <= clean + 4
    if show is not history.whole:
        assert max(len(line) for line in shown.splitlines()) < 160


def test_the_document_for_programs_holds_every_receipt():
    assert history.document("prod", [DONE, FAILED]) == {
        "format_version": "1.0",
        "environment": "prod",
        "receipts": [DONE, FAILED],
    }
