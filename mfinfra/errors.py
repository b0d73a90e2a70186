"""Errors, as a tree.

    MfinfraError                 everything we raise on purpose
    ├── UserError          1     the user can mend it: a file, a flag, a permission
    │   ├── InvalidDocument      the environment file, with every problem found in it
    │   ├── AwsError             AWS said no: operation, code, message, request id
    │   │   └── AccessDenied     … because a permission is missing
    │   ├── Unreachable          no usable answer came: whether AWS did what it was asked is not known
    │   └── NotConverged         a step was carried out, and live state still differs
    ├── Refused            3     a guard said no; nothing was changed
    ├── Stale              4     what was reviewed is not what there is now; nothing was changed
    ├── Locked             5     another run has the environment; nothing was changed
    ├── Incomplete         6     apply stopped part-way
    └── LostLock           6     the run's lock is no longer its own: it writes nothing more

The number is the exit code. Anything else is a bug: exit code 70 and a traceback in a log file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from mfinfra.plural import counted


class MfinfraError(Exception):
    """A message of one sentence without a period, an optional hint, an optional stable code (`MF1234`)."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return self.message


class UserError(MfinfraError):
    """Something that the user can mend."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document.

    `line` and `column` count from 1; 0 means that there is no such place. `length` is the width of the caret.
    `severity` is `error`, `warning`, or `suppressed`: a warning that the file lets stand, with the `reason` why.
    """

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    subject: str = ""
    hint: str | None = None
    source: str = ""
    length: int = 1
    code: str = "MF1000"
    severity: str = "error"
    reason: str = ""

    @property
    def headline(self) -> str:
        """`FILE:LINE:COLUMN: ADDRESS.FIELD: what is wrong`."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return ": ".join(part for part in (place, self.subject, self.message) if part)

    def __str__(self) -> str:
        lines = [self.headline]
        if self.source:
            number = str(self.line)
            gutter = " " * len(number)
            caret = " " * (self.column - 1) + "^" * max(1, self.length)
            lines += [f" {number} | {self.source}", f" {gutter} | {caret}"]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class InvalidDocument(UserError):
    """A document with problems; `problems` holds all of them, in the order of their places."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{counted(len(problems), 'problem')} in the environment file", code="MF1000")
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class AwsError(UserError):
    """AWS refused a call. `aws_code` is AWS's own error code, `status` the HTTP status (0 when unknown).

    `doubtful`: the call was sent more than once, or AWS broke down over it, so that it may have taken effect even so.
    """

    def __init__(  # noqa: PLR0913 - what AWS tells about a failure, kept whole
        self,
        message: str,
        *,
        service: str,
        operation: str,
        aws_code: str,
        request_id: str = "",
        status: int = 0,
        doubtful: bool = False,
        hint: str | None = None,
        code: str | None = "MF3000",
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.service = service
        self.operation = operation
        self.aws_code = aws_code
        self.request_id = request_id
        self.status = status
        self.doubtful = doubtful

    def __str__(self) -> str:
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"`{self.service}:{self.operation}` failed with `{self.aws_code}`: {self.message}{request}"


class AccessDenied(AwsError):
    """The caller lacks a permission; the message names the action."""


class Unreachable(UserError):
    """No usable answer came, from the network or from what stands in it; a write may have taken effect even so."""


class NotConverged(UserError):
    """A step was carried out, and what AWS shows still differs in `fields`."""

    def __init__(self, address: str, fields: Sequence[str], *, deleted: bool = False) -> None:
        listed = ", ".join(f"`{field}`" for field in fields)
        shown = "does not show it" if "existence" in fields else f"still shows other values for {listed}"
        super().__init__(
            f"`{address}` was deleted, but AWS still shows it"
            if deleted
            else f"`{address}` was changed, but AWS {shown}",
            hint="run `mfinfra plan` again; if it shows the same change, something else writes to this resource",
            code="MF3100",
        )
        self.address = address
        self.fields = tuple(fields)


class Refused(MfinfraError):
    """A guard refused; nothing was changed."""

    exit_code = 3


class Stale(MfinfraError):
    """What was reviewed is not what there is now: live state, file or tool differs; nothing was changed."""

    exit_code = 4


class Locked(MfinfraError):
    """Another run has the environment; the message says who, since when and until when. Nothing was changed."""

    exit_code = 5


class Incomplete(MfinfraError):
    """Apply stopped part-way; the report says what was done, failed and skipped."""

    exit_code = 6


class LostLock(MfinfraError):
    """A run whose lock is no longer surely its own: it stops writing. The message says who has it now."""

    exit_code = 6
