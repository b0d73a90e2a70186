"""The script that keeps one note in a merge request, against a GitLab on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from pipelines import GITLAB

MARK = "<!-- mfinfra:plan environment=production -->"
COMMENT = f"{MARK}\n\n@everyone"


class GitLab(BaseHTTPRequestHandler):
    asked: ClassVar[list] = []
    notes: ClassVar[list] = []

    def _answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        self.asked.append((self.command, self.path, body, self.headers["PRIVATE-TOKEN"]))
        if self.path == "/api/v4/user":
            answer = {"id": 1}
        elif self.command == "GET":
            answer = self.notes if self.path.endswith("page=1") else []
        else:
            answer = {}
        raw = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the names that the standard library looks for

    def log_message(self, *words):
        pass


@pytest.mark.slow
class TestGitLabsNote:
    @pytest.fixture
    def server(self):
        with ThreadingHTTPServer(("127.0.0.1", 0), GitLab) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield server
            server.shutdown()

    def run(self, server, folder, *notes, body=COMMENT):
        (folder / "comment.md").write_text(body, "utf-8")
        handler = server.RequestHandlerClass
        handler.asked = []
        handler.notes = [{"id": number, "author": {"id": author}, "body": text} for number, author, text in notes]
        known = {
            "CI_API_V4_URL": f"http://127.0.0.1:{server.server_port}/api/v4", "CI_PROJECT_ID": "3",
            "CI_MERGE_REQUEST_IID": "7", "MFINFRA_NOTE_TOKEN": "glpat", "PATH": os.environ["PATH"],
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, GITLAB / "note.py", "comment.md"],
            cwd=folder, env=known, check=False, capture_output=True, text=True,
        )  # fmt: skip
        return done, [row for row in handler.asked if row[0] != "GET"]

    def test_the_first_one_is_written_and_the_next_one_takes_its_place(self, server, tmp_path):
        done, writes = self.run(server, tmp_path, (5, 2, MARK))
        assert done.returncode == 0, done.stderr
        assert writes == [("POST", "/api/v4/projects/3/merge_requests/7/notes", {"body": COMMENT}, "glpat")]

        _, writes = self.run(server, tmp_path, (5, 2, MARK), (6, 1, f"{MARK}\nold"))
        assert writes == [("PUT", "/api/v4/projects/3/merge_requests/7/notes/6", {"body": COMMENT}, "glpat")]

    def test_what_is_no_comment_of_mfinfra_is_not_written(self, server, tmp_path):
        done, writes = self.run(server, tmp_path, body="buy now")

        assert done.returncode == 1
        assert writes == []
