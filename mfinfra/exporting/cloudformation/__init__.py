"""An environment as a CloudFormation template that keeps everything, and the list that imports it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mfinfra.exporting import links, written
from mfinfra.exporting.cloudformation import template
from mfinfra.exporting.cloudformation.form import Form, Item
from mfinfra.exporting.cloudformation.template import Intrinsic
from mfinfra.exporting.names import Names, camel
from mfinfra.exporting.subjects import Chosen, Subject
from mfinfra.exporting.written import Written
from mfinfra.model import Address, Ref, Template

KINDS = f"{__name__}.kinds"
WHAT = "CloudFormation template"
TEMPLATE, IMPORTS = "template.yaml", "resources-to-import.json"
RETAIN = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
INLINE = 51_200
"""Bytes that a template may have in a request; a larger one is put into a bucket first.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""


@dataclass(slots=True)
class LogicalIds:
    """The logical ids of everything that is written."""

    names: Names = field(default_factory=Names)
    given: dict[tuple[Address, str], str] = field(default_factory=dict)

    def of(self, subject: Subject, item: Item) -> str:
        """The logical id of an item, of its address and what it is beside that."""
        parts = (*subject.kind.split("_"), subject.address.name, item.beside)
        found = self.names.fresh("", camel(parts))
        self.given[subject.address, item.beside] = found
        return found


def write(chosen: Chosen) -> Written:
    """The whole environment: the template, and what is to be imported into it."""
    forms: Mapping[str, Form] = written.forms(KINDS)
    ids = LogicalIds()
    unsaid = {subject.own(name) for subject in chosen.subjects for name in forms[subject.kind].unsaid(subject)}
    say = _Saying(forms, ids, chosen.texts, unsaid)
    resources, imports = dict[str, Any](), list[dict[str, Any]]()
    for subject in chosen.subjects:
        for item in forms[subject.kind].items(subject):
            logical = ids.of(subject, item)
            resources[logical] = {"Type": item.type, **RETAIN, "Properties": say.all(item.properties)}
            imports.append(
                {
                    "ResourceType": item.type,
                    "LogicalResourceId": logical,
                    "ResourceIdentifier": say.plainly(item.identifier),
                }
            )
    warnings, notes = tuple(written.warnings(chosen)), tuple(written.notes(chosen, forms))
    body = template.document(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": written.title(chosen, "Resources"),
            "Resources": resources,
        }
    )
    text = f"{written.comment(_head(chosen, body, (*warnings, *notes)))}{body}"
    first = written.comment([written.title(chosen, WHAT)]).strip()
    return Written({TEMPLATE: text, IMPORTS: f"{json.dumps(imports, indent=2)}\n"}, text, first, warnings, notes)


def _head(chosen: Chosen, body: str, told: Collection[str]) -> Iterator[str]:
    stack = re.sub("[^A-Za-z0-9]+", "-", f"metaflow-{chosen.scope.environment}")
    inline = len(body.encode()) + ROOM < INLINE
    yield written.title(chosen, WHAT)
    yield ""
    yield f"1. {written.forget(chosen)}"
    yield from BEFORE
    yield f"   export AWS_DEFAULT_REGION={chosen.scope.region} STACK={stack}"
    yield from () if inline else (f"   aws s3 cp {TEMPLATE} s3://BUCKET/KEY # too large for a request",)
    yield from CHANGE_SET
    yield (
        "     --template-body file://" + TEMPLATE
        if inline
        else "     --template-url https://BUCKET.s3.amazonaws.com/KEY"
    )
    yield from AFTER
    yield from written.to_know(told)
    yield ""


ROOM = 4_096
"""Bytes, more than the comments here have."""
BEFORE = (
    "   Takes mfinfra's tags off: what a stack holds is the stack's own.",
    f"2. With this file as {TEMPLATE}, and {IMPORTS}",
    "   beside it (`--out DIR` writes both):",
)
CHANGE_SET = (
    '   aws cloudformation create-change-set --stack-name "$STACK" \\',
    "     --change-set-name import --change-set-type IMPORT \\",
    "     --capabilities CAPABILITY_NAMED_IAM \\",
    f"     --resources-to-import file://{IMPORTS} \\",
)
AFTER = (
    "   aws cloudformation wait change-set-create-complete \\",
    '     --stack-name "$STACK" --change-set-name import',
    "   aws cloudformation describe-change-set \\",
    '     --stack-name "$STACK" --change-set-name import',
    "3. Where every change of it is an import:",
    "   aws cloudformation execute-change-set \\",
    '     --stack-name "$STACK" --change-set-name import',
    '   aws cloudformation wait stack-import-complete --stack-name "$STACK"',
    '4. aws cloudformation detect-stack-drift --stack-name "$STACK"',
    "   tells what of a resource is not said here.",
    "",
    "Nothing is deleted with the stack: every resource is retained. The values of",
    "secrets are not here, and stay where they are.",
)


@dataclass(frozen=True, slots=True)
class _Saying:
    """References in CloudFormation's words; what was not written yet, or has no word, as the text it stands for."""

    forms: Mapping[str, Form]
    ids: LogicalIds
    texts: Mapping[Ref, str]
    unsaid: Collection[Ref]

    def all(self, value: Any) -> Any:
        return written.words(self.plainly(value, keep=True), self._intrinsic)

    def plainly(self, value: Any, *, keep: bool = False) -> Any:
        return links.said(value, self.texts, lambda ref: keep and self._place(ref) is not None)

    def _intrinsic(self, value: Ref | Template) -> Any:
        if isinstance(value, Ref):
            logical, attribute = self._found(value)
            return Intrinsic("GetAtt", f"{logical}.{attribute}") if attribute else Intrinsic("Ref", logical)
        pieces = (
            template.literal(part) if isinstance(part, str) else f"${{{'.'.join(filter(None, self._found(part)))}}}"
            for part in value.parts
        )
        return Intrinsic("Sub", "".join(pieces))

    def _found(self, ref: Ref) -> tuple[str, str]:
        found = self._place(ref)
        assert found is not None, ref
        return found

    def _place(self, ref: Ref) -> tuple[str, str] | None:
        beside, attribute = self.forms[ref.address.kind].attributes.get(ref.attribute, ("", ""))
        logical = self.ids.given.get((ref.address, beside))
        known = ref.attribute in self.forms[ref.address.kind].attributes and ref not in self.unsaid
        return (logical, attribute) if known and logical else None
