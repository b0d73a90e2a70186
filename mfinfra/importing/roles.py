"""Which preset a live role is, if it is one: spelled out within this very environment it means the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from mfinfra import policy
from mfinfra.document.read import Reading
from mfinfra.errors import InvalidDocument
from mfinfra.importing.book import Book
from mfinfra.importing.draft import Draft
from mfinfra.importing.least import Least
from mfinfra.metaflow import presets
from mfinfra.model import Address, Environment, Ref, Resource, fill

SPELLED = frozenset({"trust", "policies", "managed_policies"})
"""The fields that a preset stands for."""
_PREFIX = re.compile(r":secretsmanager:[^:]*:\d*:secret:([A-Za-z0-9/_+=.@-]+)\*$")


def settle(draft: Draft, reading: Reading) -> Reading:
    """The draft with every preset that a role of it is; what was read of it then."""
    best: dict[Address, Least] = {}
    chosen = ""
    for prefix in _prefixes(draft):
        found = _fitting(draft, _with_prefix(reading.environment, prefix))
        if len(found) > len(best):
            best, chosen = found, prefix
    if not best:
        return reading
    before = dict(draft.words)
    draft.prefix = chosen
    draft.words |= best
    again = draft.settle_again()
    if again is None:
        draft.words, draft.prefix = before, ""
        return reading
    return again


def expander(environment: Environment, book: Book) -> Callable[[Resource], Resource]:
    """What spells a role's preset out as this environment would, with all that AWS invents filled in."""

    def known(ref: Ref) -> str | None:
        return book.outputs.get(ref.address, {}).get(ref.attribute)

    def expanded(resource: Resource) -> Resource:
        whole = presets.expand(replace(environment, resources={**environment.resources, resource.address: resource}))
        found = whole.resources[resource.address]
        return replace(found, spec=fill(found.spec, known))

    return expanded


def _fitting(draft: Draft, environment: Environment) -> dict[Address, Least]:
    found: dict[Address, Least] = {}
    expand = expander(environment, draft.book)
    for address in draft.found:
        if address.kind != "role" or not SPELLED & draft.words[address].spec.keys():
            continue
        for name in _candidates(draft, address):
            try:
                least = draft.writing(address, {"preset": name}, expand).least()
            except InvalidDocument:  # the settings do not say all that this preset has to know
                continue
            if not (SPELLED & least.spec.keys() or least.nulls.keys() - draft.words[address].nulls.keys()):
                found[address] = least
                break
    return found


def _candidates(draft: Draft, address: Address) -> Iterator[str]:
    """The presets whose trust is the role's: only they can be it."""
    live, scope = draft.found[address].observed.spec["trust"], draft.scope
    for name in presets.PRESETS:
        if policy.equivalent(live, presets.trust(name, scope), partition=scope.partition):
            yield name


def _prefixes(draft: Draft) -> list[str]:
    """The prefixes of secrets that live policies name, where Metaflow is told to read secrets; no setting tells."""
    if "secrets" not in draft.block().written:
        return [""]
    named = {
        prefix
        for address, one in draft.found.items()
        if address.kind == "role"
        for document in (one.observed.spec.get("policies") or {}).values()
        for prefix in _named(document)
    }
    return ["", *sorted(named)]


def _named(document: Mapping[str, Any]) -> Iterator[str]:
    statements = document.get("Statement") or ()
    for statement in statements if isinstance(statements, list) else [statements]:
        resources = statement.get("Resource") if isinstance(statement, Mapping) else ()
        for resource in resources if isinstance(resources, list) else [resources]:
            if found := _PREFIX.search(str(resource)):
                yield found[1]


def _with_prefix(environment: Environment, prefix: str) -> Environment:
    if not prefix:
        return environment
    secrets = {**environment.metaflow["secrets"], "prefix": prefix}
    return replace(environment, metaflow={**environment.metaflow, "secrets": secrets})
