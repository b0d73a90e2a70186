"""The sandbox inside this process, for tests."""

from __future__ import annotations

from threading import Thread
from types import TracebackType
from typing import Literal, Self

from mfinfra.sandbox import settings

settings.prepare()  # before moto is imported, as it reads the environment then

from mfinfra.sandbox.corrections import lag, turning  # noqa: E402 - after `prepare`, see there
from mfinfra.sandbox.corrections.batch import processes  # noqa: E402 - after `prepare`, see there
from mfinfra.sandbox.corrections.gateway import Gateway  # noqa: E402 - after `prepare`, see there
from mfinfra.sandbox.corrections.install import install  # noqa: E402 - after `prepare`, see there
from mfinfra.sandbox.faults import Faulty, Script  # noqa: E402 - after `prepare`, see there
from mfinfra.sandbox.listener import Listener  # noqa: E402 - after `prepare`, see there

Jobs = Literal["looks", "processes"]


class EmbeddedServer:
    """A sandbox on a thread, on a free port of 127.0.0.1.

    moto keeps its state in the process, so two servers of one process share it; one is enough.
    `transition_polls` is how many reads show CREATING before it turns to VALID; 0 turns at once. `late_by` is how many
    looks what AWS does late is late by, and makes the sandbox strict; 0 is never late. `jobs` of Batch end by
    looks, or run as processes of this machine.
    """

    def __init__(self, *, transition_polls: int = 0, late_by: int = 0, jobs: Jobs = "looks") -> None:
        install()
        turning.settle_after(transition_polls)
        lag.late_by(late_by)
        self._gateway = Gateway({"sandbox": "embedded"})
        self._faulty = Faulty(self._gateway)
        self._server = Listener(0, self._faulty)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), name="mfinfra-sandbox", daemon=True)
        self._started = False
        self._let_run(jobs)

    @property
    def endpoint(self) -> str:
        """The URL to give to boto3 as `endpoint_url`."""
        return self._server.endpoint

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which any AWS client speaks to this server and to nothing else."""
        return settings.client_environment(self.endpoint)

    @property
    def faults(self) -> Script | None:
        """What is done to the requests that come; `None`, as it is at first, lets each one pass."""
        return self._faulty.script

    @faults.setter
    def faults(self, script: Script | None) -> None:
        self._faulty.script = script

    def start(self) -> Self:
        """Serve until `stop`."""
        self._thread.start()
        self._started = True
        return self

    def stop(self) -> None:
        """Serve no more, and forget everything."""
        if self._started:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._gateway.reset()
        self._let_run("looks")

    def reset(self, *, transition_polls: int | None = None, late_by: int = 0, jobs: Jobs = "looks") -> None:
        """Drop all state and all faults; the network is there again.

        It is strict, and runs jobs as processes, only if this says so.
        """
        self.faults = None
        if transition_polls is not None:
            turning.settle_after(transition_polls)
        lag.late_by(late_by)
        self._gateway.reset()
        self._let_run(jobs)

    def _let_run(self, jobs: Jobs) -> None:
        processes.run_at(self.endpoint if jobs == "processes" else "")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
