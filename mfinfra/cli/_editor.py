"""What an editor needs to know an environment file: a copy of the schema, and a line or a setting that names it.

The copy lies beside what names it and is committed with it: a path into a Python environment would be of one machine.
https://github.com/redhat-developer/yaml-language-server#using-inlined-schema
https://www.jetbrains.com/help/idea/yaml.html#use-schema-keyword
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mfinfra import files
from mfinfra.document import bundle
from mfinfra.errors import UserError

NAME = bundle.FILE
SETTING = "yaml.schemas"

_MODELINE = re.compile(r"#\s*(yaml-language-server\s*:\s*\$schema=|\$schema\s*:).*")
_TOP = tuple(re.compile(rf"^{key}\s*:", re.MULTILINE) for key in ("version", "environment"))
_LARGEST = 2**20
_DEEPEST = 4


def install(path: Path) -> list[str]:
    """Put a modeline into a file, or the workspace setting of VS Code into a folder; returns what was done, by line.

    Done twice, the second time changes nothing. Raises `UserError` for what cannot be read, merged or written.
    """
    if path.is_dir():
        return _workspace(path)
    text = _text(path)
    if text is None:
        raise UserError(f"there is no file `{path}`", hint="name an environment file, or the folder of your workspace")
    copied = _put(path.with_name(NAME), bundle.text())
    return [copied, _put(path, with_modelines(text), "names its schema")]


def modelines(schema: str = NAME) -> tuple[str, str]:
    """What leads to `schema`, a path from the file: for the language server of VS Code or Neovim, and JetBrains."""
    return f"# yaml-language-server: $schema={schema}", f"# $schema: {schema}"


def with_modelines(text: str, schema: str = NAME) -> str:
    """`text` with both modelines at its top, in place of those that stand there; everything else stays as it is."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    end = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    lines = text.removeprefix(mark).splitlines(keepends=True)
    head = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    kept = [line for line in lines[:head] if not _MODELINE.fullmatch(line.strip())]
    return mark + "".join([*(f"{line}{end}" for line in modelines(schema)), *kept, *lines[head:]])


def with_setting(text: str, globs: list[str]) -> str:
    """The settings of a workspace with the schema for `globs`; raises `ValueError` where they are no plain JSON."""
    settings = json.loads(text or "{}", object_pairs_hook=_once)
    schemas = settings.get(SETTING, {}) if isinstance(settings, dict) else None
    if not isinstance(schemas, dict):
        raise ValueError("no mapping")  # noqa: TRY004 - the caller says one sentence for whatever is odd
    if schemas.get(f".vscode/{NAME}") == globs:
        return text
    indent = re.search(r"\n([ \t]+)\S", text)
    settings[SETTING] = {**schemas, f".vscode/{NAME}": globs}
    return json.dumps(settings, indent=indent[1] if indent else 2, ensure_ascii=False) + "\n"


def _workspace(folder: Path) -> list[str]:
    found = globs(folder)
    if not found:
        raise UserError(
            f"there is no environment file in `{folder}`", hint="`mfinfra init` writes one; then run this again"
        )
    where = folder / ".vscode"
    settings = where / "settings.json"
    if where.is_symlink():
        raise UserError(f"`{where}` is a link: nothing is written behind it", hint="make it a folder")
    text = _text(settings) or ""
    where.mkdir(exist_ok=True)
    copied = _put(where / NAME, bundle.text())
    try:
        merged = with_setting(text, found)
    except ValueError as error:
        setting = json.dumps({SETTING: {f".vscode/{NAME}": found}})
        raise UserError(
            f"`{settings}` has comments, or is no JSON: it cannot be changed without losing something",
            hint=f"the schema is there; put this in by hand: {setting}",
        ) from error
    return [copied, _put(settings, merged, f"has the schema for {', '.join(found)}")]


def globs(folder: Path) -> list[str]:
    """Patterns for the environment files in `folder`: a whole folder of them, or their names where others are."""
    found: list[str] = []
    for there, inside, names in os.walk(folder):
        depth = len(Path(there).relative_to(folder).parts)
        inside[:] = sorted(name for name in inside if not name.startswith(".") and depth < _DEEPEST)
        files = sorted(name for name in names if name.endswith((".yaml", ".yml")) and not name.startswith("."))
        ours = [name for name in files if _is_one(Path(there, name))]
        ends = sorted({f"*{Path(name).suffix}" for name in ours})
        before = Path(there).relative_to(folder)
        found += [(before / name).as_posix() for name in (ends if ours == files and depth else ours)]
    return found


def _is_one(path: Path) -> bool:
    try:
        text = _text(path)
    except UserError:
        return False  # a link, a device, or what may not be read is no file of ours
    return text is not None and all(key.search(text) for key in _TOP)


def _text(path: Path) -> str | None:
    """What stands in a file, `None` if there is none; raises `UserError` for a link or no regular file."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            raise UserError(f"`{path}` is a link, or no file: it is left alone", hint="name the file itself")
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        why = (error.strerror or "").lower() if isinstance(error, OSError) else "it is no UTF-8"
        raise UserError(f"`{path}` cannot be read: {why}") from error


def _put(path: Path, text: str, done: str = "written") -> str:
    """Write a file in one piece, with the rights of the one that it replaces; returns a line that says so."""
    before = _text(path)
    if before == text:
        return f"{path}: as it should be"
    try:
        files.write(text, path)
    except OSError as error:
        raise UserError(f"`{path}` cannot be written: {files.why(error)}") from error
    return f"{path}: {done}"


def _once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """An object in which no key stands twice: one of the two would be lost."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found
