from __future__ import annotations

import gc
import os
import random
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import botocore.endpoint
import pytest
from hypothesis import HealthCheck, settings

for name in [name for name in os.environ if name.startswith(("AWS_", "MFINFRA_"))]:
    del os.environ[name]  # no test may depend on who runs it
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
# Hundreds of processes are started here: without bytecode on disk each would compile all of mfinfra for itself.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# botocore numbers each request. To ask the kernel for that lets all other threads in first: an eighth of a plan's time.
NUMBERS = random.Random()
botocore.endpoint.uuid = SimpleNamespace(uuid4=lambda: uuid.UUID(int=NUMBERS.getrandbits(128), version=4))
# What is left on a disk when the power goes no test can see: nobody waits for it after each of thousands of plans.
os.fsync = lambda descriptor: None
gc.disable()  # until all tests are collected: a third of the time that this took went into the search for garbage
# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


LONGEST = (
    "flows/test_step_functions_flows.py",
    "test_crash.py",
    "flows/test_real_flows.py",
    "test_drift_live.py",
    "cli/test_no_prompt_hangs.py",
    "test_converge.py",
    "test_one_writer.py",
    "cli/test_saved_plans.py",
    "test_pipelines_at_work.py",
    "browser/test_page.py",
    "cli/test_session.py",
    "sandbox/test_lifecycle.py",
    "test_lock_processes.py",
    "faults/test_strict_sandbox.py",
    "test_examples.py",
    "test_policy_examples.py",
    "test_state_machine.py",
    "foreign/test_variations.py",
    "foreign/test_terraform_life.py",
    "docs/test_tutorial.py",
    "docs/test_site.py",
    "cli/test_recipes.py",
    "test_forget.py",
    "starting/test_lives.py",
    "exporting/test_terraform.py",
    "exporting/test_cloudformation.py",
    "cli/test_import_live.py",
    "release/test_distributions.py",
)
"""The files that take longest. Several processes share the tests file by file: one that begins late ends alone."""
TESTS = Path(__file__).parent

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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One process more than there are processors: a fifth of the time the tests wait for what they have started."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # somebody says how many
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """The longest files first, and all other tests in their order."""
    ranks = {TESTS / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))
    _leave_out_ministack(config, items)


def _leave_out_ministack(config, items):
    """The second emulator has a job of its own, which starts it: `tests/ministack/run`."""
    if "TEST_MINISTACK" not in os.environ:
        there = [item for item in items if item.get_closest_marker("ministack")]
        items[:] = [item for item in items if item not in there]
        config.hook.pytest_deselected(items=there)
