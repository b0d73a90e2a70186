"""What was applied, as rows or as one whole receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from mfinfra.render import inert
from mfinfra.render.board import seconds

FORMAT_VERSION = "1.0"
Receipt = Mapping[str, Any]

STYLES: Mapping[str, str] = {
    "done": "green",
    "running": "cyan",
    "failed": "red",
    "lost lock": "red",
    "unreadable": "red",
    "interrupted": "yellow",
    "did not finish": "yellow",
    "skipped": "yellow",
    "unfinished": "yellow",
}
ROW_RESULTS: Mapping[str, str] = {"did not finish": "killed?"}
COUNTS = (("create", "+"), ("update", "~"), ("delete", "-"), ("replace", "+/-"), ("adopt", "="), ("forget", "."))
HEADINGS = ("began (UTC)", "id", "run", "result", "who", "commit", "plan", "changes")
WIDEST = 16
SHORT = 6


def document(environment: str, receipts: Sequence[Receipt]) -> dict[str, Any]:
    """What `history --format json` prints."""
    return {"format_version": FORMAT_VERSION, "environment": environment, "receipts": list(receipts)}


def rows(receipts: Sequence[Receipt]) -> Iterator[Text]:
    """One row for each run."""
    if not receipts:
        yield Text("No history: no receipt is in the bucket.")
        return
    cells = [HEADINGS, *(_cells(receipt) for receipt in receipts)]
    widths = [max(cell_len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    for number, row in enumerate(cells):
        styles = ["dim" if number == 0 else ""] * len(row)
        if number:
            styles[HEADINGS.index("result")] = STYLES.get(receipts[number - 1]["result"], "")
        line = Text()
        for text, width, style in zip(row[:-1], widths, styles, strict=False):
            line.append(set_cell_size(text, width), style).append("  ")
        line.append(row[-1], styles[-1])
        line.rstrip()
        yield line


def whole(receipt: Receipt) -> Iterator[Text]:
    """Everything that one receipt says."""
    said = f"{inert.line(receipt['operation'] or 'a run')} of {inert.line(receipt['environment'])}, "
    yield (
        Text(said, "bold")
        .append(inert.line(receipt["id"]))
        .append(": ")
        .append(_result(receipt["result"]), STYLES.get(receipt["result"], ""))
    )
    for name, value in _facts(receipt):
        yield Text(f"  {name:<9}").append(inert.line(value))
    yield from _steps(receipt["steps"])
    yield from _calls(receipt)


def _facts(receipt: Receipt) -> Iterator[tuple[str, str]]:
    source = receipt["source"]
    yield "began", _moment(receipt["began"])
    if receipt["ended"]:
        took = receipt["duration_seconds"]
        yield "ended", _moment(receipt["ended"]) + ("" if took is None else f", after {seconds(took)}")
    yield "who", f"{receipt['user']} ({receipt['who']})"
    if receipt["run_url"]:
        yield "run", receipt["run_url"]
    yield "file", f"{source['path']} (sha256 {source['sha256']})"
    if source["commit"]:
        yield "commit", source["commit"] + (", with changes that were not committed" if source["dirty"] else "")
    yield "plan", receipt["plan_sha256"]
    yield "changes", _changes(receipt["summary"])
    yield "mfinfra", receipt["mfinfra_version"]
    if not receipt["locked"]:
        yield "lock", "none, as `--no-lock` wanted it"


def _steps(steps: Sequence[Receipt]) -> Iterator[Text]:
    if steps:
        yield Text()
        yield Text("Steps", "bold")
    for step in steps:
        line = Text("  ").append(f"{inert.line(step['result']):<10}", STYLES.get(step["result"], ""))
        line.append(f" {inert.line(step['address'])} ").append(inert.line(step["action"]))
        yield line.append(f", {seconds(step['seconds'])}" if step["seconds"] else "")
        error = step["error"]
        if error:
            code = f" [{inert.line(error['code'])}]" if error["code"] else ""
            yield Text("    ").append(inert.line(error["message"])).append(code, "dim")


def _calls(receipt: Receipt) -> Iterator[Text]:
    if receipt["calls"]:
        yield Text()
        yield Text("Calls", "bold")
    for call in receipt["calls"]:
        line = Text("  ").append(f"{inert.line(call['address'])} ", "dim")
        line.append(inert.line(f"{call['service']}:{call['operation']}"))
        yield line.append(f" {inert.line(call['request_id'])}" if call["request_id"] else "", "dim")
    if receipt["calls_omitted"]:
        yield Text(f"  … and {receipt['calls_omitted']} more")


def _cells(receipt: Receipt) -> tuple[str, ...]:
    source = receipt["source"]
    commit = (source["commit"] or "")[: SHORT + 1] + ("*" if source["commit"] and source["dirty"] else "")
    cells = (
        _moment(receipt["began"])[:16],
        receipt["id"][:SHORT],
        receipt["operation"],
        ROW_RESULTS.get(receipt["result"], receipt["result"]),
        receipt["user"],
        commit or "-",
        receipt["plan_sha256"][:SHORT] or "-",
        _changes(receipt["summary"]),
    )
    return tuple(_cut(inert.line(cell)) for cell in cells)


def _cut(text: str) -> str:
    return text if cell_len(text) <= WIDEST else f"{set_cell_size(text, WIDEST - 1)}…"


def _result(result: str) -> str:
    return "did not finish (killed?)" if result == "did not finish" else inert.line(result)


def _moment(text: str) -> str:
    """`2026-11-23T16:00:00Z` → `2026-11-23 16:00:00 UTC`."""
    return text.replace("T", " ", 1).replace("Z", " UTC")


def _changes(summary: Mapping[str, int]) -> str:
    found = [f"{sign}{summary[word]}" for word, sign in COUNTS if summary.get(word)]
    return " ".join(found) or "none"
