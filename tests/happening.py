"""What happens in a run of `apply` that tests of the command let happen."""

from __future__ import annotations

from mfinfra.model import Action, Address, Call, Called, Done, Failed, Skipped, Started

ROLE, QUEUE = Address("role", "batch-job"), Address("job_queue", "default")
WHOLE = (Started(ROLE, Action.CREATE), Called(ROLE, Call("iam", "CreateRole"), "r-0"), Done(ROLE, Action.CREATE, 1.0))


def failing(error, *before):
    """A run that `error` ends for the queue, so that the role is not touched."""
    return (
        *before,
        Started(QUEUE, Action.UPDATE),
        Failed(QUEUE, Action.UPDATE, error),
        Skipped(ROLE, Action.CREATE, "x"),
    )
