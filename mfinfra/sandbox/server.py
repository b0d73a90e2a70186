"""The server process of the sandbox: `python -m mfinfra.sandbox.server --port N --state-dir DIR`.

It listens on 127.0.0.1 only, contacts nothing, and keeps all state in its memory.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Final

from mfinfra.sandbox import settings
from mfinfra.sandbox.behaviour import Behaviour
from mfinfra.sandbox.lifecycle import Record, write_record
from mfinfra.sandbox.listener import Listener

STRICT_POLLS: Final = 2
"""How many reads at least show a passing status of a strict sandbox."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="mfinfra.sandbox.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of 127.0.0.1; 0 takes a free one")
    parser.add_argument("--state-dir", type=Path, required=True, help="where `sandbox.json` is written")
    parser.add_argument("--nonce", required=True, help="what the health route answers, to be known by")
    parser.add_argument("--strict", action="store_true", help="as late and as severe as AWS")
    parser.add_argument("--faults", type=float, default=0.0, help="the share of requests that go wrong, 0 to 1")
    parser.add_argument("--seed", type=int, default=0, help="which of them")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    settings.prepare()
    behaviour = Behaviour(chosen.strict, chosen.faults, chosen.seed)
    serve(chosen.port, chosen.state_dir, chosen.nonce, behaviour)
    return 0


def serve(port: int, state_dir: Path, nonce: str, behaviour: Behaviour) -> None:
    """Serve on `port`, and tell `state_dir` where."""
    # moto reads the environment when it is imported, so the imports stand behind `settings.prepare`.
    from mfinfra.sandbox.corrections import lag, turning  # noqa: PLC0415 - moto reads its settings when imported
    from mfinfra.sandbox.corrections.batch import processes, running  # noqa: PLC0415 - the same
    from mfinfra.sandbox.corrections.gateway import Gateway  # noqa: PLC0415 - the same
    from mfinfra.sandbox.corrections.install import install, warm_up  # noqa: PLC0415 - the same
    from mfinfra.sandbox.faults import BROKEN, CUT, LOST, THROTTLED, Chance, Faulty, Script  # noqa: PLC0415 - the same

    install()
    if behaviour.strict:
        lag.late_by(lag.STRICT)
        turning.settle_after(max(STRICT_POLLS, turning.polls()))
    faults = Script(Chance(behaviour.rate, (THROTTLED, BROKEN, CUT, LOST), behaviour.seed), longest_log=0)
    identity = {"nonce": nonce, "version": settings.version()}
    server = Listener(port, Faulty(Gateway(identity), faults if behaviour.rate else None))
    processes.run_at(server.endpoint)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # `shutdown` waits for the loop that this very handler interrupts.
        Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    told = Record(os.getpid(), server.server_port, nonce, settings.version(), time.time(), behaviour)
    write_record(state_dir, told)
    Thread(target=warm_up, daemon=True).start()
    with server:
        server.serve_forever(poll_interval=0.1)
    running.end_all()


if __name__ == "__main__":
    sys.exit(main())
