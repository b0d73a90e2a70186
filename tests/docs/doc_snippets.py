"""Whether the YAML of a page is right: whole files, what is included, and fragments laid onto a file that is right.

`<!-- onto environments/ec2.yaml -->` before a block says what it completes. Whole files of one page lie in one folder
under their titles, beside the files of `environments/`, so that they can extend each other.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from doc_pages import INCLUDED, ROOT, Block, Page

from mfinfra import desired
from mfinfra.errors import InvalidDocument

ONTO = "onto "


def over(base: Any, fragment: Any) -> Any:
    """`fragment` over `base` as `extends` lays it: mappings merge, all else replaces."""
    if not (isinstance(base, Mapping) and isinstance(fragment, Mapping)):
        return fragment
    return {**base, **{key: over(base.get(key), value) for key, value in fragment.items()}}


def completed(block: Block) -> dict[str, Any]:
    """The file that a fragment makes of what it is laid onto."""
    base = yaml.safe_load((ROOT / block.said.removeprefix(ONTO)).read_text("utf-8"))
    return over(base, yaml.safe_load(block.body))


def fragments(page: Page) -> Iterator[Block]:
    yield from (block for block in page.blocks("yaml") if block.said.startswith(ONTO))


def problems(page: Page, folder: Path) -> list[str]:
    """What `validate` says against the YAML of a page, errors and warnings."""
    for file in (ROOT / "environments").glob("*.yaml"):
        shutil.copy(file, folder)
    found = []
    for number, block in enumerate(page.blocks("yaml")):
        included = INCLUDED.fullmatch(block.body.strip("\n"))
        if included and included["path"].startswith("examples/"):
            continue  # pipelines, each held to its own schema by a test
        text = Page("", block.body).whole
        name = block.title if block.title.endswith(".yaml") else f"block-{number}.yaml"
        if block.said.startswith(ONTO):
            text = yaml.safe_dump(completed(block), sort_keys=False)
        file = folder / name
        file.write_text(text, "utf-8")
        found += [f"{page.path}: {name}: {one}" for one in said(file)]
    return found


def said(file: Path) -> list[str]:
    try:
        return [str(one.message) for one in desired.read(file).warnings]
    except InvalidDocument as invalid:
        return [one.message for one in invalid.problems]
