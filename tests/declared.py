"""Every call that any test has mfinfra send must be one that is declared: permissions are told from those."""

from __future__ import annotations

from functools import cache, wraps
from pathlib import Path

from mfinfra import catalogue
from mfinfra.grants import checking, needed

HERE = Path(__file__).parent
# What is tested there is the sending itself, with calls that no driver would make.
INVENTED = (HERE / "aws", HERE / "faults")


@cache
def operations() -> frozenset[str]:
    """Every operation that is declared, as `service:Operation`."""
    sends = [catalogue.driver(kind).sends for kind in catalogue.kinds()]
    checks = (*checking.VERIFY, *checking.DOCTOR, *checking.CONFIG, *checking.INIT, *checking.IMPORT)
    return frozenset({*needed.ENGINE, *checks, *(name for each in sends for name in (*each.reads, *each.writes))})


def only(perform, invented):
    """`perform`, that fails loudly for a call that nobody declared; `invented()` says that the test makes calls up."""

    @wraps(perform)
    def performed(client, call):
        if str(call) not in operations() and not invented():
            raise AssertionError(f"`{call}` is sent and not declared: see `sends` of the driver, `needed.ENGINE`")
        return perform(client, call)

    return performed


def invents(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in INVENTED)
