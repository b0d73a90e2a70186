"""Requests to AWS, waits and loops, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from mfinfra.model.values import Document


@dataclass(frozen=True, slots=True)
class Merge:
    """How questions of one operation are asked together.

    `parameter` is the dotted path of the list that names what is asked for (`Filters.1.Values`), `limit` its largest
    length, `items` the answer's member that holds the rows, `keys` the members of a row that may hold such a name.
    `brittle` says that one missing name fails the whole call, so that a failed batch is asked again one by one.
    """

    parameter: str
    limit: int
    items: str
    keys: tuple[str, ...]
    brittle: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One request to AWS, as data.

    `absent`: error codes that mean "there is none": the answer is `None`. `fine`: error codes that are
    no failure ("it is so already", "none is set"): the answer is `{}`. An entry is a code, or `code: text` where AWS
    tells cases apart by text only.
    `paginate`: all pages are read and joined. `yields` maps an attribute of the resource to the place (JMESPath) in the
    answer that holds it. `failures` is the place of errors that arrive inside a successful answer. `once`: AWS would do
    it twice, and knows no token to tell a repetition by: where nobody knows whether it took effect, a look comes first.
    `region`: where to ask, if not in the environment's own.
    """

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    fine: tuple[str, ...] = ()
    paginate: bool = False
    merge: Merge | None = None
    yields: Mapping[str, str] = field(default_factory=dict)
    failures: str = ""
    once: bool = False
    region: str = ""

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"

    def with_params(self, params: Mapping[str, Any]) -> Call:
        """The same call with other parameters."""
        return replace(self, params=params)


@dataclass(frozen=True, slots=True)
class Settle:
    """Wait until a status is ready; fail at once, with AWS's reason, on a bad one.

    `question` is asked every `interval` seconds; `status` and `reason` are JMESPaths into its answer. `gone` makes a
    missing answer or status the goal. `why` completes the sentence that people read while they wait. Seconds.
    `nudge` is a write that changes nothing and makes AWS look again: it is sent where a bad status may pass by itself,
    as a young role's does.
    """

    question: Call
    status: str
    why: str
    ready: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    reason: str = ""
    gone: bool = False
    timeout: float = 600.0
    interval: float = 2.0
    nudge: Call | None = None


@dataclass(frozen=True, slots=True)
class Drain:
    """Ask, hand what was found to a call, and ask again until nothing is found.

    `items` is the JMESPath of the rows in the answer; they become the member at the dotted path `into` of the call's
    parameters. With `each`, one call is made for every row, and its members are merged into the parameters.
    """

    question: Call
    items: str
    call: Call
    into: str = ""
    each: bool = False


Effect: TypeAlias = Call | Settle | Drain
Effects: TypeAlias = tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Census:
    """How to find what carries our tags where the tagging service does not list a kind.

    `arns(answer, key, value)` are the ARNs of those whose tag `key` is `value`.
    """

    question: Call
    arns: Callable[[Document, str, str], tuple[str, ...]]
