"""What everything is made of: addresses, values that only AWS knows, places in a file, the scope of an environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Spec: TypeAlias = Mapping[str, Any]
Document: TypeAlias = Mapping[str, Any]
Outputs: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where a resource stands in the file: `kind.name`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """`"job_queue.default"` → `Address`; raises `ValueError` for anything else."""
        kind, dot, name = text.partition(".")
        if not (kind and dot and name):
            raise ValueError(f"`{text}` is not an address")
        return cls(kind, name)


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A value that only AWS knows, until the resource at `address` exists."""

    address: Address
    attribute: str

    def __str__(self) -> str:
        return f"{self.address}.{self.attribute}"


RUN = "run"
"""The attribute of every resource whose value is new in each run, for tokens that tell a repetition from a new wish."""


@dataclass(frozen=True, slots=True)
class Template:
    """Text with `Ref`s inside it."""

    parts: tuple[str | Ref, ...]

    def __str__(self) -> str:
        return "".join(part if isinstance(part, str) else f"${{{part}}}" for part in self.parts)


Unknown: TypeAlias = Ref | Template


def refs(value: Any) -> frozenset[Ref]:
    """Every `Ref` inside `value`."""
    match value:
        case Ref():
            return frozenset({value})
        case Template(parts):
            return frozenset(part for part in parts if isinstance(part, Ref))
        case Mapping():
            return frozenset().union(*(refs(item) for item in value.values()))
        case list() | tuple():
            return frozenset().union(*(refs(item) for item in value))
        case _:
            return frozenset()


def fill(value: Any, known: Callable[[Ref], str | None]) -> Any:
    """`value` with every `Ref` that `known` answers replaced by the answer; the others stay."""
    match value:
        case Ref():
            answer = known(value)
            return value if answer is None else answer
        case Template(parts):
            filled = tuple(part if isinstance(part, str) else _or(known(part), part) for part in parts)
            if all(isinstance(part, str) for part in filled):
                return "".join(str(part) for part in filled)
            return Template(filled)
        case Mapping():
            return {key: fill(item, known) for key, item in value.items()}
        case list() | tuple():
            return [fill(item, known) for item in value]
        case _:
            return value


def _or(answer: str | None, ref: Ref) -> str | Ref:
    return ref if answer is None else answer


def plain(value: Any) -> Any:
    """`value` as JSON has it; what is not known yet becomes `{"unknown": …}`."""
    match value:
        case Ref() | Template():
            return {"unknown": str(value)}
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted((plain(item) for item in value), key=str)
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file, counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


# How the regions of a partition begin → its name, and what its host names end with.
_PARTITIONS: Mapping[str, tuple[str, str]] = {
    "cn-": ("aws-cn", "amazonaws.com.cn"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
    "eusc-": ("aws-eusc", "amazonaws.eu"),
    "us-iso-": ("aws-iso", "c2s.ic.gov"),
    "us-isob-": ("aws-iso-b", "sc2s.sgov.gov"),
    "eu-isoe-": ("aws-iso-e", "cloud.adc-e.uk"),
    "us-isof-": ("aws-iso-f", "csp.hci.ic.gov"),
}
_AWS = ("aws", "amazonaws.com")


@dataclass(frozen=True, slots=True)
class Scope:
    """One environment in one account and region."""

    environment: str
    account: str
    region: str

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, `aws-us-gov` …, by the region's prefix."""
        return self._partition[0]

    @property
    def dns_suffix(self) -> str:
        """What the host names of AWS's services end with in this partition."""
        return self._partition[1]

    @property
    def _partition(self) -> tuple[str, str]:
        return next((found for prefix, found in _PARTITIONS.items() if self.region.startswith(prefix)), _AWS)

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """The ARN of `resource` in this partition, region and account."""
        region = self.region if region is None else region
        account = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"
