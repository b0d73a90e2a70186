"""The tutorial is done as it is written, by the `mfinfra` in `MFINFRA_BIN` or the one of this environment."""

from __future__ import annotations

from pathlib import Path

import pytest
import walkthrough
from walkthrough import Saved, Typed

TUTORIAL = Path(__file__).parent.parent.parent / "docs" / "start" / "tutorial.md"
PAGE = """\
Save this:

```python title="flow.py"
print(1)
```

<!-- exits 2 -->
```console
$ mfinfra plan a.yaml \\
    --detailed-exitcode
Plan: 1 to create
…
```

<!-- needs metaflow -->
```console
$ python flow.py
1
$ true
```
"""


@pytest.mark.slow
def test_the_tutorial_does_what_it_shows(tmp_path):
    assert walkthrough.walk(TUTORIAL.read_text("utf-8"), tmp_path) == []


def test_the_tutorial_goes_through_the_life_of_an_environment():
    typed = [step.line.split()[1] for step in walkthrough.steps(TUTORIAL.read_text("utf-8"))
             if isinstance(step, Typed) and step.line.startswith("mfinfra ")]  # fmt: skip
    life = ["init", "validate", "plan", "apply", "plan", "config", "verify", "sandbox", "sandbox", "drift", "apply",
            "history", "destroy", "destroy", "sandbox"]  # fmt: skip
    assert typed == life


def test_steps_are_read_off_a_page_in_their_order():
    assert walkthrough.steps(PAGE) == [
        Saved("flow.py", "print(1)\n"),
        Typed("mfinfra plan a.yaml      --detailed-exitcode", ("Plan: 1 to create", "…"), 2),
        Typed("python flow.py", ("1",), 0, "metaflow"),
        Typed("true", (), 0, "metaflow"),
    ]


def test_output_without_a_command_is_an_error():
    with pytest.raises(ValueError, match="without a command"):
        walkthrough.steps("```console\nApply complete\n```\n")


PRINTED = "one\ntwo\nthree\nfour\n"
SHOWN = {
    "all of it": (("one", "two", "three", "four"), ""),
    "a gap": (("one", "…", "four"), ""),
    "a gap at the end": (("one", "…"), ""),
    "a gap at the start": (("…", "four"), ""),
    "only a gap": (("…",), ""),
    "another word": (("one", "zwei", "three", "four"), "shown 'zwei', printed 'two'"),
    "too little": (("one", "two"), "not shown: 'three'"),
    "nothing": ((), "not shown: 'one'"),
    "too much": (("one", "two", "three", "four", "five"), "shown 'five', printed 'nothing more'"),
    "another order": (("…", "three", "two", "…"), "shown 'two', printed 'four'"),
    "a gap that leaves nothing out": (("one", "…", "two", "three", "four"), "not printed"),
    "a gap that leaves nothing out at the end": (("one", "two", "three", "four", "…"), "nothing was left out"),
    "a line that is not there behind a gap": (("one", "…", "five"), "not printed"),
}


@pytest.mark.parametrize(("shown", "said"), SHOWN.values(), ids=SHOWN)
def test_what_is_shown_is_held_against_what_is_printed(shown, said):
    found = walkthrough.differs(shown, PRINTED)
    assert said in found
    assert bool(found) == bool(said)


ALIKE = {
    "a time that it took": ("Apply complete: 1 created, in 1 s", "Apply complete: 1 created, in 12.5 s"),
    "a time that was not worth telling": (
        "  ok  datastore.bucket  found one  0.1 s",
        "  ok  datastore.bucket  found one",
    ),
    "a moment": ("2026-11-24 02:28:12.915 Done!", "2027-01-02 12:00:01.001 Done!"),
    "a row of the history": (
        "2026-11-24 02:51  700ee8  apply  done    ana@vm   -       30501f  ~2",
        "2027-01-02 03:04  0a1b2c  apply  done    root@machine  -  ffffff  ~2",
    ),
    "a task": ("[1795487278648406/end/2 (pid 15666)] hi", "[1895487278648406/end/2 (pid 1)] hi"),
    "a port": ("at http://127.0.0.1:39427 (process 1)", "at http://127.0.0.1:1 (process 77)"),
}
UNLIKE = {
    "a number of changes": ("Apply complete: 1 created, in 1 s", "Apply complete: 2 created, in 1 s"),
    "what a run did": (
        "2026-11-24 02:51  700ee8  apply  done    ana@vm   -       30501f  ~2",
        "2026-11-24 02:51  700ee8  apply  failed  ana@vm   -       30501f  ~2",
    ),
    "another step": ("[1795487278648406/end/2 (pid 1)] hi", "[1795487278648406/start/2 (pid 1)] hi"),
    "another name": ('+ name: "metaflow-demo"', '+ name: "metaflow-prod"'),
    "another indentation": ("a\n  b", "a\nb"),
}


@pytest.mark.parametrize(("one", "other"), ALIKE.values(), ids=ALIKE)
def test_what_is_another_in_each_run_is_no_difference(one, other):
    assert walkthrough.normal(one) == walkthrough.normal(other)


@pytest.mark.parametrize(("one", "other"), UNLIKE.values(), ids=UNLIKE)
def test_everything_else_is_a_difference(one, other):
    assert walkthrough.differs(tuple(one.splitlines()), other)


@pytest.mark.slow
def test_a_page_that_shows_something_else_fails(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "mfinfra"
    program.write_text("#!/bin/sh\necho $*\ncase $1 in fail) echo no >&2; exit 3;; esac\n")
    program.chmod(0o755)
    monkeypatch.setenv("MFINFRA_BIN", str(program.parent))
    page = (
        "```console\n$ mfinfra plan\nplan\n$ mfinfra apply\nother\n$ mfinfra fail\nno\n```\n"
        "<!-- exits 3 -->\n```console\n$ mfinfra fail\nno\n```\n"
    )
    wrong = walkthrough.walk(page, tmp_path)
    assert ["shown 'other', printed 'apply'" in wrong[0], "exits 3, not 0" in wrong[1], len(wrong)] == [True, True, 2]
