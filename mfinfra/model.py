"""The nouns: frozen values that every other module speaks in. Imports the standard library only.

A *spec* maps a field to its value. `None` means "not managed": left as AWS has it. An empty value (`""`, `[]`, `{}`)
means "managed: there shall be none". Values that AWS invents are `Ref`s until they are known.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

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


@dataclass(frozen=True, slots=True)
class Scope:
    """One environment in one account and region."""

    environment: str
    account: str
    region: str

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`, by the region's prefix."""
        for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
            if self.region.startswith(prefix):
                return partition
        return "aws"

    @property
    def dns_suffix(self) -> str:
        """What the host names of AWS's services end with in this partition."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """The ARN of `resource` in this partition, region and account."""
        region = self.region if region is None else region
        account = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"


@dataclass(frozen=True, slots=True)
class Resource:
    """What we want at one address, and where that is written.

    `spec` holds every property of the kind's schema. `tags` are all tags that we put on it, ownership included.
    `leftover` marks one that the file no longer holds: its `spec` has its identity only.
    """

    address: Address
    spec: Spec
    scope: Scope
    tags: Mapping[str, str] = field(default_factory=dict)
    depends_on: frozenset[Address] = frozenset()
    protect: bool = False
    adopt: bool = False
    mark: Mark | None = None
    leftover: bool = False

    @property
    def kind(self) -> str:
        """The kind's name, as in the address."""
        return self.address.kind

    def output(self, attribute: str) -> Ref:
        """The value of one of this resource's own attributes, known once AWS has made it."""
        return Ref(self.address, attribute)


@dataclass(frozen=True, slots=True)
class Observed:
    """What is there.

    `spec` has the same fields as the desired one, in AWS's canonical form, as far as they were asked for.
    `outputs` are the attributes that others may refer to. `settled` is false while AWS is still changing it,
    `leaving` is true while AWS is deleting it. `warnings` are sentences about its health. `facts` are settings that
    are no fields: a write that replaces the whole of which they are a part must carry them along.
    """

    spec: Spec
    outputs: Outputs
    tags: Mapping[str, str]
    physical_id: str
    settled: bool = True
    leaving: bool = False
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


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
    answer that holds it. `failures` is the place of errors that arrive inside a successful answer.
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
class FieldChange:
    """One field that differs. `before` or `after` is `None` where there is none."""

    path: tuple[str | int, ...]
    before: Any
    after: Any
    replaces: bool = False


class Action(StrEnum):
    """What a step does to its resource; the value is what people read."""

    NOOP = "no-op"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    ADOPT = "adopt"
    ADOPT_UPDATE = "adopt and update"


@dataclass(frozen=True, slots=True)
class Block:
    """A guard that stops a step: a code, a sentence, and what lifts it."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Step:
    """A planned effect on one resource: a value, not an act.

    `effects` run in order. `retire` runs after every step that depends on this one is done: it deletes what the step
    replaced, where the new one can stand beside the old. `because` is for people only. `postponed` names fields that
    this step only prepares: AWS makes a later run finish them, so they still differ when it is done. `ripens` is how
    many seconds AWS needs, after the effects, until other services see the result.
    """

    address: Address
    action: Action
    changes: tuple[FieldChange, ...] = ()
    effects: Effects = ()
    retire: Effects = ()
    because: str = ""
    block: Block | None = None
    postponed: tuple[str, ...] = ()
    ripens: float = 0.0

    @property
    def calls(self) -> tuple[Call, ...]:
        """The writing calls, in order."""
        return tuple(
            effect.call if isinstance(effect, Drain) else effect
            for effect in (*self.effects, *self.retire)
            if not isinstance(effect, Settle)
        )


@dataclass(frozen=True, slots=True)
class Census:
    """How to find what carries our tags where the tagging service does not list a kind.

    `arns(answer, key, value)` are the ARNs of those whose tag `key` is `value`.
    """

    question: Call
    arns: Callable[[Document, str, str], tuple[str, ...]]


class Driver(Protocol):
    """What a kind knows of AWS: three verbs and no client. A driver is a module's `DRIVER`."""

    @property
    def kind(self) -> str:
        """The kind's name."""
        ...

    @property
    def census(self) -> Census | None:
        """How to find leftovers that the tagging service does not list."""
        ...

    def observe(self, resource: Resource) -> Generator[tuple[Call, ...], tuple[Document | None, ...], Observed | None]:
        """Ask in rounds: each yields questions that can go out at once, and is sent their answers."""
        ...

    def step(self, resource: Resource, observed: Observed | None) -> Step:
        """The step from `observed` to `resource`; pure."""
        ...

    def teardown(self, resource: Resource, observed: Observed) -> Step:
        """The step that deletes it; pure."""
        ...

    def locate(self, arn: str) -> Spec | None:
        """The identity fields of the resource with this ARN; `None` if it is of another kind."""
        ...


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach AWS: `profile` and `assume_role` as the file has them; `endpoint` is `None`, `sandbox` or a URL."""

    profile: str | None = None
    assume_role: Mapping[str, str] | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The file that an environment was read from: its path as given, and the SHA-256 of all the bytes read."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Environment:
    """A whole environment file, validated and resolved.

    `resources` are those that shall be there, `disabled` those with `enabled: false`. `metaflow` is that block with its
    text references resolved; the addresses in it stay addresses.
    """

    scope: Scope
    resources: Mapping[Address, Resource]
    disabled: Mapping[Address, Resource]
    metaflow: Mapping[str, Any]
    access: Access
    source: Source
    lock: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """Work on a step begins."""

    address: Address
    action: Action


@dataclass(frozen=True, slots=True)
class Called:
    """AWS answered a writing call."""

    address: Address
    call: Call
    request_id: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step waits; `why` is a sentence, `seconds` how long already."""

    address: Address
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """A step is carried out, and live state is as wished. `seconds` is how long it took."""

    address: Address
    action: Action
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A step failed; `error` is an `MfinfraError`, or the exception of a bug."""

    address: Address
    action: Action
    error: Exception


@dataclass(frozen=True, slots=True)
class Skipped:
    """A step was not begun, because a step that it depends on failed or because the run was interrupted."""

    address: Address
    action: Action
    because: str


Event: TypeAlias = Started | Called | Waiting | Done | Failed | Skipped
