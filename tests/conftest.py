from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

for name in [name for name in os.environ if name.startswith(("AWS_", "MFINFRA_"))]:
    del os.environ[name]  # no test may depend on who runs it
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
gc.disable()  # until all tests are collected: a third of the time that this took went into the search for garbage
# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


running: list = []


def pytest_runtest_setup(item):
    running[:] = [item.path]


def pytest_collection_finish():
    """What is imported stays: to look through it for garbage again and again was a tenth of all the time."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def declared_calls_only() -> None:
    """Promise of `mfinfra permissions`, over the whole suite: what is sent was declared."""
    import declared

    from mfinfra.aws import session

    session.perform = declared.only(session.perform, lambda: declared.invents(running[0]))


@pytest.fixture(scope="session")
def embedded() -> Iterator:
    import direct

    from mfinfra.sandbox.embedded import EmbeddedServer

    with EmbeddedServer() as server:
        direct.SERVERS[server.endpoint.removeprefix("http://")] = server
        yield server


@pytest.fixture
def stack(embedded, tmp_path):
    from stack import Stack

    embedded.reset(transition_polls=0)
    return Stack(embedded, tmp_path)


@pytest.fixture
def recorded(stack):
    """Every call of the test with its parameters."""
    from stack import wire

    found = []

    def record(params, model, **_):
        found.append((model.service_model.service_name, model.name, params))

    events = wire().session.events
    wire().clients.clear()  # a client takes its session's hooks along when it is made
    events.register("provide-client-params.*.*", record)
    yield found
    events.unregister("provide-client-params.*.*", record)
    wire().clients.clear()


def pytest_collection_modifyitems(config, items):
    """The second emulator has a job of its own, which starts it: `tests/ministack/run`."""
    if "TEST_MINISTACK" not in os.environ:
        there = [item for item in items if item.get_closest_marker("ministack")]
        items[:] = [item for item in items if item not in there]
        config.hook.pytest_deselected(items=there)
