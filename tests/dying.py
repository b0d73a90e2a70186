"""A run that ends as if it were killed, without a process: for tests that need one such moment. `killing` kills."""

from __future__ import annotations

import threading

from mfinfra.aws.session import Aws


class Killed(BaseException):
    """Ends the process as far as the engine can tell: nothing catches it, nothing is sent after it."""


def dying_after(aws, fatal):
    """`aws`, which answers `fatal` writing calls and is gone with the last answer undelivered."""
    lock, sent = threading.Lock(), []

    class Dying(Aws):
        def ask(self, call):
            if len(sent) >= fatal:
                raise Killed
            return Aws.ask(self, call)

        def write(self, call, waiting, *more):
            with lock:
                if len(sent) >= fatal:
                    raise Killed
                answer = Aws.write(self, call, waiting, *more)
                sent.append(call)
                if len(sent) >= fatal:
                    raise Killed
                return answer

    fields = {name: getattr(aws, name) for name in Aws.__dataclass_fields__}
    return Dying(**fields)
