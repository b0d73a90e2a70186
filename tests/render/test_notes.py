"""What is said of a change beside its fields."""

import pytest

from mfinfra.render import notes


@pytest.mark.parametrize(
    ("actions", "drift", "said"),
    [
        (["update"], "live", "changed in AWS since the last apply"),
        (["update"], "file", "changed in the file since the last apply"),
        (["update"], "both", "changed in AWS and in the file since the last apply"),
        (["create", "delete"], "file", "changed in the file since the last apply"),
        (["create"], "live", "deleted in AWS since the last apply"),
        (["create"], "file", ""),
        (["delete"], "file", ""),
        (["no-op"], "none", ""),
        (["update"], None, ""),
    ],
)
def test_every_change_says_who_made_it_unless_that_says_itself(actions, drift, said):
    assert notes.drift({"change": {"actions": actions}, "drift": drift}) == said
