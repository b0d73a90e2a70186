"""Whether what pages name is there: codes, exit codes, kinds, fields, files, addresses on the web."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import doc_commands
from _pages import commands
from doc_pages import CODE as INLINE
from doc_pages import FENCE, ROOT, Page

from mfinfra import explain, schemas
from mfinfra.cli._help import MEANINGS
from mfinfra.metaflow import presets

CODE = re.compile(r"\bMF[0-9]{4}\b")
EXIT = re.compile(r"\bexit(?:s|ed)?(?: (?:with|code))?[\s*`\[]+([0-9]+)\b|exit-codes\.md#([0-9]+)")
PATH = re.compile(r"(?:mfinfra|tests|docs|schemas|environments|examples|\.ci)/[\w./-]*")
ADDRESS = re.compile(r"([a-z]+(?:_[a-z]+)*)\.[a-z][a-z0-9-]*")
FIELD = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")
LINK = re.compile(r"\]\((https?:[^)\s]*)\)|<(https?:[^>\s]*)>|(?<![(<`\w\"])(https?://[^\s)>`\"]+)")

NO_KIND = {
    # What stands before a dot in backticks and is no kind of resource.
    "ecr": "short names of endpoint services",
    "config": "a file, and groups of checks", "batch": "groups of checks", "metaflow": "a block of the file",
    "permissions": "groups of checks", "client": "groups of checks", "datastore": "groups of checks",
    "roles": "groups of checks", "sfn": "groups of checks", "network": "groups of checks",
    "aws": "a block of the file", "service": "a block of the file", "requirements": "a file",
}  # fmt: skip
ENDINGS = {"yaml", "json", "py", "md", "toml", "yml", "txt", "com", "cn", "rego", "xml", "html", "log"}
NO_FIELD = {
    # Words with an underscore that are neither a field nor a kind of ours.
    "prevent_destroy": "Terraform", "pull_request_target": "GitHub", "endpoint_url": "boto3",
    "default_x86_64": "Batch", "default_arm64": "Batch",
}  # fmt: skip
NO_FLAG = {
    # Flags in backticks that are another program's.
    "--expect-no-changes": "Pulumi", "--refresh": "Pulumi", "--fail": "the CDK", "--revert-drift": "the CDK",
    "--log-execution-history": "Metaflow", "--enable-dns-support": "the AWS CLI", "--force": "nobody's",
}  # fmt: skip
EXAMPLE = "MF1234"
ENDED = frozenset({*MEANINGS, 143, 129})


def unknown_codes(page: Page) -> list[str]:
    known = set(explain.codes())
    return [f"{page.path}: there is no {code}" for code in CODE.findall(page.whole) if code not in {*known, EXAMPLE}]


def unknown_exits(page: Page) -> list[str]:
    found = {int(one or other) for one, other in EXIT.findall(page.whole)}
    return [f"{page.path}: nothing exits with {code}" for code in sorted(found - ENDED)]


def unknown_paths(page: Page) -> list[str]:
    return [
        f"{page.path}: there is no {word}"
        for word in page.words()
        if PATH.fullmatch(word) and "…" not in word and not (ROOT / word).exists()
    ]


def unknown_kinds(page: Page) -> list[str]:
    typed = (word for words, _ in doc_commands.shown(page) for word in words)
    found = (ADDRESS.fullmatch(word) for word in (*page.words(), *typed))
    return [
        f"{page.path}: `{one[0]}`: `{one[1]}` is no kind"
        for one in found
        if one and one[1] not in {*schemas.kinds(), *NO_KIND, "kind"} and one[0].rpartition(".")[2] not in ENDINGS
    ]


def unknown_flags(page: Page) -> list[str]:
    """Flags that stand in prose without their command."""
    return [
        f"{page.path}: no command takes {flag}"
        for word in page.words()
        if (flag := re.split(r"[ =,]", word)[0]).startswith("--") and flag not in {*flags(), *NO_FLAG}
    ]


@cache
def flags() -> frozenset[str]:
    """Every flag of every command."""
    waiting, known = [commands.ROOT], {"--help"}
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        known |= {flag for param in command.params for flag in (*param.opts, *param.secondary_opts)}
    return frozenset(known)


def unknown_fields(page: Page) -> list[str]:
    return [
        f"{page.path}: `{word}` is no field"
        for word in page.words()
        if FIELD.fullmatch(word) and word not in NO_FIELD and word not in names()
    ]


@cache
def names() -> frozenset[str]:
    """Every property of every schema, and every word that one of them lists."""
    found = {*schemas.kinds(), *presets.PRESETS}
    for path in schemas.folder().glob("*.json"):
        found |= set(_names(json.loads(path.read_text("utf-8"))))
    return frozenset(found)


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from node.get("properties", {})
        yield from node.get("attributes", {})
        yield from node.get("$defs", {})
        yield from (word for word in node.get("enum", ()) if isinstance(word, str))
        for inner in node.values():
            yield from _names(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _names(inner)


def bad_links(page: Page) -> list[str]:
    """Addresses on the web that cannot be right; nobody is asked whether they answer."""
    prose = INLINE.sub("", FENCE.sub("", page.whole))
    found = ("".join(groups).rstrip(".,;:") for groups in LINK.findall(prose))
    return [f"{page.path}: {link} is no address" for link in found if not _sound(link)]


def _sound(link: str) -> bool:
    parts = urlsplit(link)
    local = parts.hostname in {"localhost", "127.0.0.1"}
    return bool(parts.hostname) and (local or (parts.scheme == "https" and "." in parts.hostname)) and "…" not in link


CHECKS = (unknown_codes, unknown_exits, unknown_paths, unknown_kinds, unknown_flags, unknown_fields, bad_links)
