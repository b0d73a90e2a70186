"""Keep one note in a merge request: `python note.py comment.md`, in a job of GitLab CI. Standard library only.

The note begins with the marker that `mfinfra show --format markdown` writes. Only a note of this token's own user is
ever changed: anybody can write the marker. MFINFRA_NOTE_TOKEN is a project access token with the scope `api`, because
GitLab's job token may not write notes.
"""
# ruff: noqa: INP001 - a script that is copied, no package

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

MARKER = "<!-- mfinfra:plan environment="
LONGEST = 1_000_000  # characters that GitLab takes for a note


def ask(method: str, path: str, body: str | None = None) -> Any:
    """The answer of GitLab's API, parsed; raises `HTTPError` for anything but success."""
    address = os.environ["CI_API_V4_URL"] + path
    data = None if body is None else json.dumps({"body": body}).encode()
    headers = {"PRIVATE-TOKEN": os.environ["MFINFRA_NOTE_TOKEN"], "Content-Type": "application/json"}
    with urlopen(Request(address, data, headers, method=method), timeout=30) as answer:  # noqa: S310 - GitLab's own address
        return json.load(answer)


def own_note(notes: str, marker: str) -> int | None:
    """The id of the note that this token's user wrote for this environment."""
    me = ask("GET", "/user")["id"]
    page = 1
    while found := ask("GET", f"{notes}?per_page=100&page={page}"):
        for note in found:
            if note["author"]["id"] == me and note["body"].startswith(marker):
                return int(note["id"])
        page += 1
    return None


def main(path: str) -> None:
    """Write the note, or write over it."""
    body = Path(path).read_text("utf-8")
    marker = body.partition("\n")[0]
    if not marker.startswith(MARKER) or len(body) > LONGEST:
        sys.exit(f"{path} is no comment of mfinfra")
    project, number = os.environ["CI_PROJECT_ID"], os.environ["CI_MERGE_REQUEST_IID"]
    notes = f"/projects/{project}/merge_requests/{number}/notes"
    own = own_note(notes, marker)
    if own is None:
        ask("POST", notes, body)
    else:
        ask("PUT", f"{notes}/{own}", body)


if __name__ == "__main__":
    main(sys.argv[1])
