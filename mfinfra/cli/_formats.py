"""A plan document, printed in the format that was asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from mfinfra.render import streams


class Format(StrEnum):
    """What a plan is printed as."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


FormatOption = Annotated[Format, typer.Option("--format", envvar="MFINFRA_FORMAT", help="What to print the plan as.")]
Summary = Annotated[bool, typer.Option("--summary", envvar="MFINFRA_SUMMARY", help="One line for each resource.")]
Full = Annotated[bool, typer.Option("--full", envvar="MFINFRA_FULL", help="Show what does not change, too.")]
MaxChars = Annotated[
    int,
    typer.Option("--max-chars", metavar="N", min=1000, envvar="MFINFRA_MAX_CHARS", help="The longest Markdown."),
]


def put(
    document: Mapping[str, Any],
    format_: Format,
    *,
    full: bool = False,
    summary: bool = False,
    max_chars: int = 60_000,
) -> None:
    """Print `document` on stdout; `github` also writes the files that the runner names."""
    if format_ is Format.TEXT:
        from mfinfra.render import console, text

        console.write(text.lines(document, full=full, summary=summary), sys.stdout)
    else:
        streams.put(_text(document, format_, max_chars), sys.stdout)


def _text(document: Mapping[str, Any], format_: Format, max_chars: int) -> str:
    match format_:
        case Format.MARKDOWN:
            from mfinfra.render import markdown

            return markdown.text(document, max_chars)
        case Format.HTML:
            from mfinfra.render import html

            return html.page(document)
        case Format.GITHUB:
            from mfinfra.render import github

            return github.publish(document, os.environ)
        case Format.SARIF:
            from mfinfra.render import sarif

            return sarif.text(document)
        case Format.JUNIT:
            from mfinfra.render import junit

            return junit.text(document)
        case _:
            from mfinfra.render import json

            return json.text(document)


def only(document: Mapping[str, Any], address: str | None) -> Mapping[str, Any]:
    """The document as far as it is about one resource; raises `UserError` where the plan has none at `address`."""
    if address is None:
        return document
    from mfinfra.document.nearest import did_you_mean
    from mfinfra.errors import UserError

    changes = [row for row in document["resource_changes"] if row["address"] == address]
    if not changes:
        known = [row["address"] for row in document["resource_changes"]]
        raise UserError(f"there is no `{address}` in the plan", hint=did_you_mean(address, known))
    checks = [check for check in document["checks"] if check["address"] == address]
    return {**document, "resource_changes": changes, "checks": checks, "metaflow_changes": {}}
