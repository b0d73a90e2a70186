"""What the README lets its reader type is typed, from the `mfinfra` in `MFINFRA_BIN` or from the one under test.

The two one-line commands set up an environment of their own: `.ci/run` runs those.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import walkthrough
from walkthrough import Saved, Typed

TEXT = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_a_file_and_the_commands_on_it_are_what_is_run():
    steps = walkthrough.steps(TEXT)
    assert [step.name for step in steps if isinstance(step, Saved)] == ["demo.yaml"]
    typed = [step for step in steps if isinstance(step, Typed)]
    assert [step.line.split()[:2] for step in typed] == [["mfinfra", "plan"], ["mfinfra", "apply"], ["mfinfra", "plan"]]
    assert all(step.shown for step in typed)


@pytest.mark.slow
def test_every_block_that_can_be_run_prints_what_it_shows(tmp_path):
    assert walkthrough.walk(TEXT, tmp_path) == []
