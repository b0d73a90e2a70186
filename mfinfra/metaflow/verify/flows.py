"""The flows that the real client runs: small, and without anything but Metaflow.

The Python that runs them is the user's, so that nothing newer than 3.8 stands in them.
"""

from __future__ import annotations

FILE = "flow.py"
PERSISTED = "mfinfra: the artifact came back"
"""What a flow prints once an artifact was read from the datastore that an earlier step wrote there."""
FOREACH = 2

DATASTORE_FLOW = "MfinfraVerifyDatastore"
FOREACH_FLOW = "MfinfraVerifyForeach"
JOB_FLOW = "MfinfraVerifyJob"
OWN = "awslogs-stream-prefix"
"""The option by which a job definition is known to be a run's own.

Metaflow names a job definition by a hash of what is in it, so that all flows of one image and role share one: without
this, what a run deregisters could be what somebody deployed meanwhile. Where logs go stays the default.
https://docs.aws.amazon.com/batch/latest/userguide/using_awslogs.html
"""

DATASTORE = f'''\
from metaflow import FlowSpec, step


class {DATASTORE_FLOW}(FlowSpec):
    """Keep an artifact and read it back."""

    @step
    def start(self):
        self.kept = list(range(1000))
        self.next(self.end)

    @step
    def end(self):
        assert self.kept == list(range(1000)), "another artifact came back than was kept"
        print("{PERSISTED}")


if __name__ == "__main__":
    {DATASTORE_FLOW}()
'''
_OWN = f"""\
from metaflow import FlowSpec, batch, step
from metaflow.plugins.aws.batch.batch_decorator import BatchDecorator

known = "log_options" in BatchDecorator.defaults  # not in older versions
own = {{"log_driver": "awslogs", "log_options": ["{OWN}:{{mark}}"]}} if known else {{}}
"""
_EACH = f'''\


class {FOREACH_FLOW}(FlowSpec):
    """A foreach, which takes every part that Step Functions needs."""

    @batch(**own)
    @step
    def start(self):
        self.items = list(range({FOREACH}))
        self.next(self.each, foreach="items")

    @batch(**own)
    @step
    def each(self):
        self.next(self.join)

    @batch(**own)
    @step
    def join(self, inputs):
        self.next(self.end)

    @batch(**own)
    @step
    def end(self):
        pass


if __name__ == "__main__":
    {FOREACH_FLOW}()
'''
_JOB = f'''\


class {JOB_FLOW}(FlowSpec):
    """One job of Batch, whose artifact is read on the machine that submitted it."""

    @batch(**own)
    @step
    def start(self):
        self.kept = "by a job"
        self.next(self.end)

    @step
    def end(self):
        assert self.kept == "by a job", "another artifact came back than the job kept"
        print("{PERSISTED}")


if __name__ == "__main__":
    {JOB_FLOW}()
'''


def each(mark: str) -> str:
    """The flow of a foreach; `mark` is in its job definition, and in no other."""
    return _OWN.replace("{mark}", mark) + _EACH


def job(mark: str) -> str:
    """The flow with a job; `mark` is in its job definition, and in no other."""
    return _OWN.replace("{mark}", mark) + _JOB
