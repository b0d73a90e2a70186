from __future__ import annotations

from typing import Final

RUNTIME: Final = "States.Runtime"
TIMEOUT: Final = "States.Timeout"
TASK_FAILED: Final = "States.TaskFailed"
PARAMETER_PATH: Final = "States.ParameterPathFailure"
RESULT_PATH: Final = "States.ResultPathMatchFailure"
INTRINSIC: Final = "States.IntrinsicFailure"
NO_CHOICE: Final = "States.NoChoiceMatched"
BRANCH: Final = "States.BranchFailed"
READER: Final = "States.ItemReaderFailed"
WRITER: Final = "States.ResultWriterFailed"
THRESHOLD: Final = "States.ExceedToleratedFailureThreshold"
PERMISSIONS: Final = "States.Permissions"
DATA_LIMIT: Final = "States.DataLimitExceeded"

LONGEST_DATA: Final = 262_144
"""Bytes of JSON that one state hands to the next.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""


class StateError(Exception):
    """A state that failed, with the name of the error and its cause, as `Retry` and `Catch` see them."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
