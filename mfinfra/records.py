"""Where an environment's lock and receipts are kept in S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mfinfra.errors import AccessDenied
from mfinfra.metaflow.parts import Parts
from mfinfra.metaflow.places import Root
from mfinfra.model import Address, Environment

PREFIX = "mfinfra"
ACTIONS = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
"""What taking the lock, giving it back and writing a receipt take."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of `bucket`; `address` is the resource of the file that is this bucket, `None` for somebody else's."""

    bucket: str
    prefix: str
    environment: str
    address: Address | None = None

    @property
    def lock(self) -> str:
        """The key of the lock."""
        return f"{self.folder}/lock.json"

    @property
    def history(self) -> str:
        """What the keys of all receipts begin with."""
        return f"{self.folder}/history/"

    def receipt(self, began: str, id_: str) -> str:
        """The key of one receipt; keys sort by the moment at which their runs began (ISO 8601 in UTC)."""
        return f"{self.history}{stamp(began)}-{id_}.json"

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.folder}"

    @property
    def folder(self) -> str:
        """What the keys of the lock and of all receipts begin with, without the slash."""
        return "/".join(filter(None, (self.prefix, self.environment)))


@contextmanager
def asked(place: Place) -> Iterator[None]:
    """Ask for the lock or a receipt: where that is denied the hint says what for."""
    try:
        yield
    except AccessDenied as error:
        error.hint = f"{error.hint}; it was asked for `{place}`, where the lock and the receipts are kept"
        raise


def stamp(moment: str) -> str:
    """`2026-11-23T16:00:00Z` → `20261123T160000Z`, for names."""
    return moment.replace("-", "").replace(":", "")


def place(environment: Environment) -> Place | None:
    """Where the file's `lock:` says, else in the datastore's bucket; `None` where there is neither.

    Raises `InvalidDocument` for an address in the `metaflow` block that no resource has.
    """
    scope = environment.scope
    if environment.lock is None:
        datastore = Parts(environment).datastore
        if datastore is None:
            return None
        address = datastore.resource.address if datastore.resource else None
        return Place(datastore.name, PREFIX, scope.environment, address)
    root = Root.parse(environment.lock, scope.partition)
    if root is not None:
        return Place(root.bucket, root.prefix or PREFIX, scope.environment, _managed(environment, root.bucket))
    address = Address.parse(environment.lock)
    return Place(environment.resources[address].spec["name"], PREFIX, scope.environment, address)


def _managed(environment: Environment, bucket: str) -> Address | None:
    found = (item.address for item in environment.resources.values() if item.kind == "bucket")
    return next((address for address in found if environment.resources[address].spec["name"] == bucket), None)
