"""Names for what has an address here: other tools allow other characters, and two must not become one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Names:
    """Names that were given out; each is given once within its space."""

    taken: set[tuple[str, str]] = field(default_factory=set)

    def fresh(self, space: str, wished: str) -> str:
        """`wished`, with a number behind it if that is taken."""
        name, number = wished, 1
        while (space, name.casefold()) in self.taken:
            number += 1
            name = f"{wished}_{number}" if "_" in wished or wished.islower() else f"{wished}{number}"
        self.taken.add((space, name.casefold()))
        return name


def identifier(parts: Iterable[str]) -> str:
    """`("batch-job", "S3 read")` → `batch_job_s3_read`: letters, digits and `_`, a letter or `_` first."""
    text = re.sub(r"[^a-z0-9]+", "_", "_".join(part for part in parts if part).lower()).strip("_")
    return text if re.match(r"[a-z]", text) else f"_{text}"


def camel(parts: Iterable[str]) -> str:
    """`("role", "batch-job")` → `RoleBatchJob`: letters and digits only."""
    words = (word for part in parts for word in re.split(r"[^A-Za-z0-9]+", part) if word)
    return "".join(word[0].upper() + word[1:] for word in words)
