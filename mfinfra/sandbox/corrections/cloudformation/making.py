"""How a type of resource is made, deleted and tagged: by the operations of its own service, as a client would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mfinfra.sandbox.corrections import inside
from mfinfra.sandbox.corrections.call import Answer, Call, ServiceError
from mfinfra.sandbox.corrections.cloudformation import shapes

GONE: Final = ("NotFound", "NoSuch", "NonExist", "does not exist")
PATIENCE: Final = 20
"""How many reads at most CloudFormation waits for a status: here they make it pass."""


@dataclass(frozen=True, slots=True)
class Making:
    """What is to be made: its resolved properties, and the name it gets where the template gives none."""

    call: Call
    type_: str
    properties: Mapping[str, Any]
    name: str

    def ask(self, service: str, operation: str, /, **params: Any) -> Answer:
        """Ask a service as a client does; what the template has as text becomes what the operation's model says."""
        return inside.ask(self.call, service, operation, **shapes.params(service, operation, params))

    def among(self, *names: str, **renamed: str) -> dict[str, Any]:
        """Those properties that there are, under the names of the operation's parameters: `parameter=property`."""
        wanted = {**dict(zip(names, names, strict=True)), **renamed}
        return {param: self.properties[name] for param, name in wanted.items() if name in self.properties}

    def only(self, *known: str) -> None:
        """Refuse properties that the sandbox would ignore."""
        if unknown := sorted(self.properties.keys() - {*known, "Tags"}):
            text = f"The sandbox knows no `{unknown[0]}` of {self.type_}"
            raise ServiceError("ValidationError", text)


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it: the physical id, which `Ref` gives, and what `Fn::GetAtt` may ask for."""

    physical: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Type:
    """One type of resource: `make` makes one, `delete` takes the one of that physical id away.

    `tag` puts tags on one, past the corrections: CloudFormation's own keys are nobody else's to write.
    """

    make: Callable[[Making], Made]
    delete: Callable[[Making, str], None]
    tag: Callable[[Call, Made, Mapping[str, str]], None] | None = None


def gone_is_fine(delete: Callable[[], object]) -> None:
    """Delete; what somebody else has deleted already is no error."""
    try:
        delete()
    except ServiceError as error:
        if not any(word in f"{error.code} {error.message}" for word in GONE):
            raise


def rows(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags in the list form that most services take."""
    return [{key: name, value: text} for name, text in sorted(tags.items())]
