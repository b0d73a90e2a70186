"""What mkdocs does beside reading the folder: pages made from mfinfra's own words, and the nav that holds them."""  # noqa: INP001 - mkdocs loads a hook by its path

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from _pages import codes, commands, console, formats, kinds, tables
from mkdocs.structure.files import File, Files

from mfinfra import __version__, schemas

ROOT = Path(__file__).parent.parent
CELL = re.compile(r"<td>.*?</td>", re.DOTALL)
CODE = re.compile(r"<code>[^<]*</code>")
BLOCK = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
FLAG = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def on_config(config: Any) -> Any:
    """Complete the nav by what is generated: a kind or a command that is new has its entry by itself."""
    console.known()
    config.extra["version"] = __version__
    for entry in config.nav:
        [(title, inside)] = entry.items()
        if title == "Kinds":
            inside += [{kind: f"kinds/{kind}.md"} for kind in schemas.kinds()]
        if title == "Commands":
            inside += [{name: f"commands/{name}.md"} for name in commands.named()]
        if title == "Project":
            inside[-1]["Decisions"] += [_decision(path) for path in sorted((ROOT / "docs" / "decisions").glob("0*.md"))]
    return config


def _decision(path: Path) -> dict[str, str]:
    title = path.read_text("utf-8").partition("\n")[0].removeprefix("# ")
    return {title: f"decisions/{path.name}"}


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    changelog = ("changelog.md", (ROOT / "CHANGELOG.md").read_text("utf-8"))
    for path, text in (*kinds.pages(), *codes.pages(), *commands.pages(), changelog):
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001 - mkdocs' signature
    """Put generated sections in the place of their marks."""
    for mark, made in {**formats.SECTIONS, **tables.TABLES}.items():
        if mark in markdown:
            markdown = markdown.replace(mark, made())
    return markdown


def on_page_content(html: str, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001 - mkdocs' signature
    """Show an escaped bar in a table as GitHub does, as the bar that it means; and break no flag at a line end."""
    html = CELL.sub(lambda cell: cell[0].replace("\\|", "|"), html)
    return "".join(part if part.startswith("<pre>") else CODE.sub(_whole, part) for part in BLOCK.split(html))


def _whole(code: re.Match[str]) -> str:
    return FLAG.sub(r'<span class="flag">\g<0></span>', code[0])
