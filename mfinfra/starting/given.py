"""What the command line says already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The flags of `init`, as they were written; `None` and empty are not written."""

    file: Path | None = None
    preset: str | None = None
    environment: str | None = None
    account: str | None = None
    region: str | None = None
    aws_profile: str | None = None
    endpoint: str | None = None
    vpc: str | None = None
    subnets: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    bucket: str | None = None
    profile: str | None = None
    overwrite: bool = False
    offline: bool = False
