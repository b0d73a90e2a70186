"""An environment as Terraform's: import blocks, and the configuration that they are imported into."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mfinfra.exporting import links, written
from mfinfra.exporting.names import Names, identifier
from mfinfra.exporting.subjects import Chosen, Subject
from mfinfra.exporting.terraform import hcl, older
from mfinfra.exporting.terraform.form import Form, Piece
from mfinfra.exporting.terraform.hcl import Block, Expression, Function, Interpolated, Nested
from mfinfra.exporting.written import Written
from mfinfra.model import Address, Ref, Template
from mfinfra.ownership import KEYS

KINDS = f"{__name__}.kinds"
WHAT, MAIN = "Terraform configuration", "main.tf"
NEWEST = max(older.MAJORS)
OUR_TAGS = f"{KEYS[0].partition(':')[0]}:"


@dataclass(slots=True)
class Labels:
    """The Terraform names of everything that is written."""

    names: Names = field(default_factory=Names)
    main: dict[tuple[Address, str], str] = field(default_factory=dict)

    def of(self, subject: Subject, piece: Piece) -> str:
        """The label of a piece: the resource's own name, with what it is beside it."""
        label = self.names.fresh(piece.type, identifier((subject.address.name, piece.beside)))
        if not piece.beside:
            self.main[subject.address, piece.type] = label
        return label


def write(chosen: Chosen, major: int = NEWEST) -> Written:
    """The whole environment, for this major version of the provider."""
    pairs = blocks(chosen, major)
    warnings, notes = tuple(written.warnings(chosen)), tuple(written.notes(chosen, written.forms(KINDS)))
    parts = {
        "versions.tf": hcl.document([_versions(major)]),
        "providers.tf": hcl.document([_provider(chosen)]),
        "imports.tf": hcl.document(taking for taking, _ in pairs),
        MAIN: hcl.document(resource for _, resource in pairs),
    }
    head = written.comment(_head(chosen, (*warnings, *notes)))
    first = written.comment([written.title(chosen, WHAT)])
    files = {name: f"{head if name == MAIN else first}\n{text}" for name, text in parts.items()}
    return Written(files, "\n".join([head, *parts.values()]), first.strip(), warnings, notes)


def blocks(chosen: Chosen, major: int = NEWEST) -> tuple[tuple[Block, Block], ...]:
    """For everything its import and its resource."""
    forms: Mapping[str, Form] = written.forms(KINDS)
    labels, found = Labels(), list[tuple[Block, Block]]()
    unsaid = {subject.own(name) for subject in chosen.subjects for name in forms[subject.kind].unsaid(subject)}
    say = _Saying(forms, labels, chosen.texts, unsaid)
    for subject in chosen.subjects:
        for newest in forms[subject.kind].pieces(subject):
            piece = older.adapted(newest, major)
            label = labels.of(subject, piece)
            found.append((_import(piece, label, say), _resource(subject, piece, label, say)))
    return tuple(found)


def _head(chosen: Chosen, told: Collection[str]) -> Iterator[str]:
    yield written.title(chosen, WHAT)
    yield ""
    yield from BEFORE
    yield f"3. {written.forget(chosen)}"
    yield from AFTER
    yield from written.to_know(told)


BEFORE = (
    "1. terraform init && terraform plan",
    "   It must say: only imports, nothing to add, to change or to destroy, but",
    '   what stands under "To know". Anything else is a setting that mfinfra does',
    "   not manage, or one that changed since: write it here before you go on.",
    "2. terraform apply",
)
AFTER = (
    "   Takes mfinfra's tags off. Until then `ignore_tags` keeps Terraform from",
    "   touching them; afterwards it may go, as the import blocks may.",
    "",
    "From step 2 on, do not apply the environment file any more. The values of",
    "secrets are not here, and stay where they are.",
)


def _versions(major: int) -> Block:
    aws = {"source": "hashicorp/aws", "version": older.MAJORS[major]}
    body = {"required_version": ">= 1.5.0", "required_providers": Nested({"aws": aws})}
    return Block("terraform", (), body)


def _provider(chosen: Chosen) -> Block:
    ignored = Nested({"key_prefixes": [OUR_TAGS]})
    scope = chosen.scope
    return Block(
        "provider", ("aws",), {"region": scope.region, "allowed_account_ids": [scope.account], "ignore_tags": ignored}
    )


def _import(piece: Piece, label: str, say: _Saying) -> Block:
    return Block("import", (), {"to": Expression(f"{piece.type}.{label}"), "id": say.plainly(piece.id)})


def _resource(subject: Subject, piece: Piece, label: str, say: _Saying) -> Block:
    body = {name: say.all(value) for name, value in piece.arguments.items()}
    kept = subject.protect and not piece.beside and piece.type == _main(say.forms[subject.kind])
    lifecycle: dict[str, Any] = {"prevent_destroy": True} if kept else {}
    if piece.ignore:
        lifecycle["ignore_changes"] = [Expression(name) for name in piece.ignore]
    return Block("resource", (piece.type, label), {**body, **({"lifecycle": Nested(lifecycle)} if lifecycle else {})})


def _main(form: Form) -> str:
    """The type of the resource itself."""
    return next(iter(form.attributes.values()))[0]


@dataclass(frozen=True, slots=True)
class _Saying:
    """References in Terraform's words; what was not written yet, or has no word, as the text that it stands for."""

    forms: Mapping[str, Form]
    labels: Labels
    texts: Mapping[Ref, str]
    unsaid: Collection[Ref]

    def all(self, value: Any) -> Any:
        match value:
            case Nested(body):
                return Nested({name: self.all(item) for name, item in body.items()})
            case Function(name, argument):
                return Function(name, self.all(argument))
            case tuple():
                return tuple(self.all(item) for item in value)
            case _:
                return written.words(self.plainly(value, keep=True), self._expression)

    def plainly(self, value: Any, *, keep: bool = False) -> Any:
        return links.said(value, self.texts, lambda ref: keep and self._named(ref) is not None)

    def _expression(self, value: Ref | Template) -> Any:
        if isinstance(value, Ref):
            return Expression(self._word(value))
        return Interpolated(
            tuple(part if isinstance(part, str) else Expression(self._word(part)) for part in value.parts)
        )

    def _word(self, ref: Ref) -> str:
        word = self._named(ref)
        assert word is not None, ref
        return word

    def _named(self, ref: Ref) -> str | None:
        found = self.forms[ref.address.kind].attributes.get(ref.attribute)
        if found is None or ref in self.unsaid or (ref.address, found[0]) not in self.labels.main:
            return None
        return f"{found[0]}.{self.labels.main[ref.address, found[0]]}.{found[1]}"
