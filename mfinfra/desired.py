"""From a file to everything that is wished: read, resolved, presets filled in, wired together, our own tags put on."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from mfinfra import catalogue, document, drift, ownership
from mfinfra.document import circles
from mfinfra.errors import InvalidDocument, Problem, UserError
from mfinfra.metaflow import presets
from mfinfra.model import Address, Environment, Resource, refs


def read(path: str | Path) -> document.Reading:
    """The environment of the file at `path`; raises `InvalidDocument` with every problem in it."""
    reading = document.read(path)
    return replace(reading, environment=tagged(wired(presets.expand(reading.environment))))


def read_text(text: str, name: str) -> document.Reading:
    """The environment of a file `name` with this text, which is not written yet; raises as `read` does."""
    with tempfile.TemporaryDirectory(prefix="mfinfra-") as folder:
        draft = Path(folder, name)
        draft.write_text(text, "utf-8")
        return read(draft)


def wired(environment: Environment) -> Environment:
    """The environment where each resource has what those that refer to it need of it; twice is once.

    A preset refers to what nobody has written: a key by its ARN, which is known once the key is made. Raises
    `InvalidDocument` where the two of them wait for each other.
    """
    resources = {address: replace(one, depends_on=_needs(one)) for address, one in environment.resources.items()}
    waiting = circles.circles({address: one.depends_on for address, one in resources.items()})
    if problems := [_circle(resources[circle[0]], circle) for circle in waiting]:
        raise InvalidDocument(problems)
    users: dict[Address, list[Resource]] = {}
    for _, resource in sorted(resources.items()):
        for address in resource.depends_on:
            users.setdefault(address, []).append(resource)
    served = {
        address: catalogue.driver(address.kind).serving(resource, tuple(users.get(address, ())))
        for address, resource in resources.items()
    }
    return replace(environment, resources=served)


def _needs(resource: Resource) -> frozenset[Address]:
    return resource.depends_on | ({ref.address for ref in refs(resource.spec)} - {resource.address})


def _circle(resource: Resource, circle: tuple[Address, ...]) -> Problem:
    said = UserError(
        f"its presets make the references go in a circle: {' → '.join(map(str, circle))}",
        hint="let the key's policy name the account instead of the role, with a condition on `aws:PrincipalArn`",
        code="MF1152",
    )
    return _problem(resource, said)


def tagged(environment: Environment) -> Environment:
    """The environment with our tags: of ownership on everything, and on what shall be there the record of its wish.

    Raises `InvalidDocument` with every wish that AWS would not take.
    """
    disabled = {address: _owned(resource) for address, resource in environment.disabled.items()}
    resources, problems = dict(environment.resources), list[Problem]()
    for address, resource in environment.resources.items():
        try:
            resources[address] = recorded(_owned(resource))
        except UserError as error:
            problems.append(_problem(resource, error))
    if problems:
        raise InvalidDocument(sorted(problems, key=lambda item: (item.file, item.line, item.column)))
    return replace(environment, resources=resources, disabled=disabled)


def recorded(resource: Resource) -> Resource:
    """`resource` with the tag that says what was asked for; see `drift`."""
    record = drift.record(resource, catalogue.driver(resource.kind).wish(resource))
    return replace(resource, tags={**resource.tags, drift.TAG: str(record)})


def _owned(resource: Resource) -> Resource:
    return replace(resource, tags={**resource.tags, **ownership.tags(resource.scope, resource.address)})


def _problem(resource: Resource, error: UserError) -> Problem:
    mark = resource.mark
    return Problem(
        str(error).removeprefix(f"{resource.address}: "),
        file=mark.file if mark else "",
        line=mark.line if mark else 0,
        column=mark.column if mark else 0,
        subject=str(resource.address),
        hint=error.hint or "",
        code=error.code or "MF1000",
    )
