"""Carrying a diagnosis out: asking AWS, or reading a log, and showing what was found, the worst first."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from rich.text import Text

from mfinfra import checking
from mfinfra.aws import session
from mfinfra.cli import _checks
from mfinfra.cli._checks import Format, Outcome
from mfinfra.errors import UserError
from mfinfra.metaflow.doctor import causes, ladder, service
from mfinfra.metaflow.doctor.case import Case
from mfinfra.model import Check, Checked, CheckQuestions, Environment, Finding, Scope, Verdict
from mfinfra.render import checks as shown
from mfinfra.render import console, inert, json, streams

LARGEST = 500_000
"""How much of a log is looked at, from its end: what failed stands there. Bytes."""
PATIENCE = 5.0
"""Seconds to wait for the metadata service."""
HALF = "Nothing was found in what was looked at; the rest was not."
_COMMAND = re.compile(r"(`mfinfra [a-z]+ )FILE\b")


def run(environment: Environment, job: str | None, parallelism: int, *, connect: bool) -> Outcome:
    """What was found, the worst first."""
    aws = session.connect(environment.access, environment.scope, parallelism=parallelism)
    case = Case(environment, time.time(), job)
    outcome = _checks.follow(checking.Run(aws, causes.checks(case)))
    found = list(outcome.checked)
    if connect and not outcome.signal:
        found.append(_connected(case))
    named = [_for(environment.source.path, one) for one in found]
    return replace(outcome, checked=causes.sorted_by_cause(named))


def _for(file: str, checked: Checked) -> Checked:
    """The same with the commands of its fixes about `file`, so that they can be pasted."""
    named = [
        replace(each, fix=each.fix and _COMMAND.sub(lambda found: f"{found[1]}{shlex.quote(file)}", each.fix))
        for each in checked.findings
    ]
    return replace(checked, findings=tuple(named))


def put(scope: Scope, found: Sequence[Checked], format_: Format, *, verbose: bool) -> None:
    """Print the report; for people it ends with the most likely cause."""
    _checks.put("doctor", scope, found, format_, sys.stdout, verbose=verbose)
    if format_ is Format.TEXT:
        stopped = any(one.verdict is Verdict.STOPPED for one in found)
        console.write([_likely(causes.likeliest(found), *((HALF,) if stopped else ()))], sys.stdout)


def explain(path: Path, format_: Format) -> int:
    """Explain what a log says, offline; returns 1 if something in it is known."""
    found = tuple(ladder.explanations(_read(path)))
    match format_:
        case Format.JSON:
            streams.put(json.text({"findings": [asdict(each) for each in found]}), sys.stdout)
        case Format.TEXT:
            console.write(_explained(found), sys.stdout)
        case Format.JUNIT:
            raise UserError("a log is no test", hint="`--format` is `text` or `json` with `--error`")
    return 1 if found else 0


def _explained(found: Sequence[Finding]) -> Iterator[Text]:
    if found:
        yield from _lines(found)
        yield Text()
    yield _likely(next(iter(found), None), "Nothing in it is known: `mfinfra doctor FILE` looks at what stands in AWS.")


def _lines(found: Sequence[Finding]) -> Iterator[Text]:
    """The findings as the tree of the checks has them, without its verdict."""
    check = Check("log.says", "Log", "what it says", _nothing)
    whole = list(shown.lines([Checked(check, tuple(found))]))
    end = next(number for number, line in enumerate(whole) if not line.plain)
    yield from whole[:end]


def _read(path: Path) -> str:
    """The end of a log, with what is no UTF-8 in it replaced; raises `UserError` where it cannot be read."""
    try:
        if str(path) == "-":
            return _end(sys.stdin.buffer)
        with path.open("rb") as stream:
            return _end(stream)
    except OSError as error:
        raise UserError(f"`{path}` cannot be read: {error.strerror}", hint="`-` reads what is piped in") from error


def _end(stream: BinaryIO) -> str:
    if stream.seekable():
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - LARGEST))
        end = stream.read(LARGEST)
    else:
        end = b""
        while more := stream.read(LARGEST):
            end = (end + more)[-LARGEST:]
    return end.decode("utf-8", errors="replace")


def _likely(finding: Finding | None, nothing: str = "Nothing was found that would keep flows from running.") -> Text:
    if finding is None:
        return Text(nothing)
    line = Text("Most likely: ", "bold").append(inert.line(shown.told(finding)))
    return line.append(f" [{inert.line(finding.code)}]", "dim")


def _connected(case: Case) -> Checked:
    url, began = case.setting(service.URL), time.monotonic()
    outcome = None if url is None else _ping(url)
    found = service.connected(url, outcome) if url else (Finding(Verdict.SKIPPED, "", "the file names no service"),)
    return Checked(Check("service.answer", "Metadata service", "answers", _nothing), found, time.monotonic() - began)


def _nothing() -> CheckQuestions:
    yield from ()
    return ()


def _ping(url: str) -> str | None:
    """What went wrong when the service was asked for its version, as Metaflow asks; `None` if it answered."""
    try:
        if urlsplit(url).scheme not in {"http", "https"}:
            return "the address has no `http://` or `https://`"
        with urllib.request.urlopen(f"{url.rstrip('/')}/ping", timeout=PATIENCE):  # noqa: S310 - the scheme was looked at
            return None
    except urllib.error.HTTPError as error:
        # It answers: without the headers, which are a secret, it need not let us in.
        return None if error.code in {401, 403} else f"it answered {error.code}"
    except http.client.InvalidURL as error:
        return f"the address is none: {error}"
    except http.client.HTTPException as error:
        return f"what answered speaks no HTTP: {type(error).__name__}"
    except ValueError as error:
        return f"the address is none: {error}"
    except OSError as error:
        return str(error)
