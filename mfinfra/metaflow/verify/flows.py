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
EACH = f'''\
from metaflow import FlowSpec, step


class {FOREACH_FLOW}(FlowSpec):
    """A foreach, which takes every part that Step Functions needs."""

    @step
    def start(self):
        self.items = list(range({FOREACH}))
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    {FOREACH_FLOW}()
'''
JOB = f'''\
from metaflow import FlowSpec, batch, step


class {JOB_FLOW}(FlowSpec):
    """One job of Batch, whose artifact is read on the machine that submitted it."""

    @batch
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
