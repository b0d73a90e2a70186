"""Proof that an environment serves Metaflow, as checks: pure, every question is a value."""

from __future__ import annotations

from collections.abc import Sequence

from mfinfra.metaflow.needs import Need
from mfinfra.metaflow.parts import Part, part_of
from mfinfra.metaflow.verify import batch, client, datastore, machines, permissions, roles, static
from mfinfra.metaflow.verify.subject import Client, Subject
from mfinfra.model import Check, Environment

__all__ = ["Client", "Subject", "checks", "users"]


def checks(subject: Subject, needs: Sequence[Need]) -> tuple[Check, ...]:
    """Every check of an environment, in the order of the report: what Metaflow stumbles over first comes first."""
    return (
        *static.checks(subject),
        *datastore.checks(subject),
        *batch.checks(subject),
        *machines.checks(subject),
        *roles.checks(subject),
        *permissions.checks(subject, needs, users(subject.parts.environment)),
        *client.checks(subject),
    )


def users(environment: Environment) -> tuple[Part, ...]:
    """The roles of the people who run flows: those with the preset `user`."""
    return tuple(
        part_of(resource)
        for _, resource in sorted(environment.resources.items())
        if resource.kind == "role" and resource.spec.get("preset") == "user" and isinstance(resource.spec["name"], str)
    )
