"""Which plan it is: of what, made of which file by whom, with which options; and the command that carries it out."""

from __future__ import annotations

import shlex

from mfinfra import printable
from mfinfra.render import looks
from mfinfra.render.looks import Document

SANDBOX = "sandbox (an emulator on this machine, not AWS)"
FLAGS = ("adopt", "target", "exclude", "replace", "forget")
SHORT_COMMIT = 12
LONGEST_PATH = 200
WHOLE = "mfinfra apply PLAN"


def facts(document: Document, digits: int | None = None) -> dict[str, str]:
    """What a plan is of, by name; `digits` of the commit, all of them without it."""
    environment, source = document["environment"], document["source"]
    endpoint, commit = environment.get("endpoint"), source.get("git_commit")
    found = {
        "environment": environment["name"],
        "account": f"{environment['account']}, {environment['region']}",
        "caller": environment["caller"],
        "endpoint": SANDBOX if endpoint == "sandbox" else endpoint,
        "file": source["path"],
        "commit": f"{commit[:digits]}{uncommitted(document)}" if commit else None,
    }
    return {name: value for name, value in found.items() if value}


def uncommitted(document: Document) -> str:
    """What is said behind the commit of a file that differs from it."""
    return ", with uncommitted changes" if document["source"].get("git_dirty") else ""


def options(document: Document) -> list[str]:
    """The planning options, as they are written on the command line."""
    found = document.get("options") or {}
    flags = [f"--{name} {value}" for name in FLAGS for value in found.get(name) or ()]
    return [*(["--destroy"] if found.get("destroy") else ()), *flags]


def command(document: Document) -> str:
    """The command that carries out this plan and no other; empty where nothing can be carried out.

    What options have shaped cannot be asked for again at `apply`: that takes the saved plan itself. So does a path that
    cannot be copied.
    """
    if looks.unchanged(document) or not document.get("applyable"):
        return ""
    path, digest = str(document["source"]["path"]), (document.get("integrity") or {}).get("plan_sha256")
    if not digest or len(path) > LONGEST_PATH or path.startswith("-") or options(document):
        return WHOLE
    written = shlex.join(["mfinfra", "apply", path, "--checksum", str(digest)])
    return written if printable.every(written) else WHOLE
