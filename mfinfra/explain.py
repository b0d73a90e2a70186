"""The pages that say what a code means: one Markdown file for each in `explanations/`, read when somebody asks.

A page is a title (what is wrong, in one line), a paragraph or two, and sections: `Fails` and `Passes` hold an example
each, `What to do` the way out, `More` the pages of AWS and Metaflow that taught it to us.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("explanations")
FAMILIES: Mapping[str, str] = {
    "MF10": "The environment file cannot be read as it is written",
    "MF11": "The environment file asks for what AWS or Metaflow would refuse",
    "MF16": "A preset of a role cannot be filled in",
    "MF20": "AWS says that a resource is not healthy",
    "MF21": "What the environment file asks for has a pitfall",
    "MF24": "A plan could not look at everything",
    "MF2": "What the environment file asks for has a pitfall",
    "MF3": "AWS refused, or what it shows is not what was asked for",
    "MF4": "A guard stops the plan: what it would do takes a decision of somebody",
    "MF50": "What a plan, a check or the configuration found",
    "MF51": "What `mfinfra verify` found",
    "MF52": "What `mfinfra verify` found",
    "MF53": "What `mfinfra doctor` found",
    "MF54": "What `mfinfra doctor` found",
    "MF55": "What `mfinfra permissions` found",
    "MF56": "What `mfinfra init` or `mfinfra import` found",
    "MF570": "What `mfinfra import` found in a CloudFormation stack",
    "MF575": "What `mfinfra export` found",
    "MF573": "What comes of giving resources up",
    "": "A finding of mfinfra",
}
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """What there is to say about `code`: `meaning` stands before the first heading, `sections` are by heading."""

    code: str
    title: str
    meaning: str
    sections: Mapping[str, str]

    def example(self, heading: str) -> str | None:
        """The YAML file of the section `heading`; `None` if it holds none."""
        found = _BLOCK.search(self.sections.get(heading, ""))
        return found[1] if found else None


@cache
def codes() -> tuple[str, ...]:
    """Every code that has a page, sorted; no page is read."""
    return tuple(sorted(path.stem for path in FOLDER.glob("MF*.md")))


@cache
def page(code: str) -> Page:
    """The page of `code`; raises `KeyError` if there is none."""
    if code not in codes():
        raise KeyError(code)
    head, *rest = _HEADING.split(FOLDER.joinpath(f"{code}.md").read_text("utf-8"))
    title, _, meaning = head.partition("\n")
    sections = {name: text.strip("\n") for name, text in zip(rest[::2], rest[1::2], strict=True)}
    return Page(code, title.removeprefix("# ").strip(), meaning.strip("\n"), sections)


def family(code: str) -> str:
    """What the codes that begin as `code` does are about."""
    return FAMILIES[max((prefix for prefix in FAMILIES if code.startswith(prefix)), key=len)]
