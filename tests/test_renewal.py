"""A receipt is written again while its run goes on, without making the run wait."""

import threading

import pytest

from mfinfra import renewal
from mfinfra.errors import UserError
from mfinfra.renewal import Renewal

GUARD = 60.0  # seconds; only what hangs takes as long


@pytest.fixture
def always(monkeypatch):
    monkeypatch.setattr(renewal, "EVERY", 0.0)


def test_promise_16_what_is_known_by_now_is_written_and_nothing_of_what_comes_later(always):
    put, receipt, free = [], {"calls": [1]}, threading.Event()
    made = Renewal(lambda said: free.wait(GUARD) and put.append(said))
    made.due(receipt)
    receipt["calls"].append(2)
    free.set()
    made.end()
    assert put == [{"calls": [1]}]


def test_one_writing_that_takes_long_is_waited_for_at_the_end_and_no_other_begins_meanwhile(always):
    put, free = [], threading.Event()
    made = Renewal(lambda said: free.wait(GUARD) and put.append(said))
    for _ in range(5):
        made.due({})
    free.set()
    made.end()
    assert len(put) == 1


def test_a_short_run_writes_none():
    made = Renewal(lambda said: pytest.fail("it was written"))
    made.due({})
    made.end()


def test_a_renewal_that_fails_is_left_to_the_next_one(always):
    def refused(said):
        raise UserError("no")

    made = Renewal(refused)
    made.due({})
    made.end()
    made.due({})
    made.end()
