"""Plans in files: written so that only their user reads them, read back with distrust.

A plan comes back from a disk, a pipeline's artifact, a colleague. What is no plan, cut short, changed by somebody, too
old, of another account or of another mfinfra is refused, each with its own words.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mfinfra import __version__, files
from mfinfra.document import validate
from mfinfra.errors import Refused, Stale, UserError
from mfinfra.model import Scope
from mfinfra.planning import integrity
from mfinfra.planning.document import FORMAT_VERSION

FOLDER = Path(".mfinfra")
LAST = "last-plan"
MAX_AGE = 24.0
"""Hours after which a plan is too old to be applied."""
SKEW = timedelta(minutes=5)
LARGEST = 256 * 2**20
DEEPEST = 100
HEAD = 4096
OTHERS = 0o077
TELLTALES = (b'"applyable"', b'"format_version"', b'"resource_changes"')
AGAIN = "make it anew: `mfinfra plan {}`"


def save(text: str, path: Path, hint: str | None = None) -> None:
    """Write a plan to `path`, readable by its user only; an interrupted write leaves no half of it.

    It takes the place of a regular file or of none: not of a link, and not of `/dev/null`, which root could replace.
    """
    try:
        files.write(text, path, private=True)
    except OSError as error:
        raise UserError(f"the plan cannot be saved to `{path}`: {files.why(error)}", hint=hint) from error


def keep(text: str, environment: str) -> Path:
    """Save a plan as the folder's last one; returns its path. git does not see the folder."""
    path = FOLDER / f"{environment}.plan.json"
    hint = "`--no-save` saves none, `--out PLAN` saves it somewhere else"
    prepare(FOLDER, hint)
    for content, place in ((text, path), (f"{path.name}\n", FOLDER / LAST)):
        save(content, place, hint)
    return path


def prepare(folder: Path, hint: str | None = None) -> None:
    """Make the folder for what is left on this machine: its user's own, and unseen by git."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"nothing can be saved in `{folder}`: {(error.strerror or '').lower()}", hint=hint) from error
    save("*\n", folder / ".gitignore", hint)


@contextmanager
def whole_or_gone(path: Path) -> Iterator[None]:
    """Leave no half of a file of ours where the disk is full."""
    try:
        yield
    except OSError:
        path.unlink(missing_ok=True)
        raise


def last() -> Path:
    """The plan that the last `mfinfra plan` in this folder saved; raises `UserError` if there is none."""
    try:
        name = (FOLDER / LAST).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        name = ""
    path = FOLDER / Path(name).name
    if not name or not path.is_file():
        raise UserError(
            "no plan was saved in this folder",
            hint="`mfinfra plan FILE` makes and saves one; `mfinfra apply FILE` plans, asks and applies",
        )
    if path.stat().st_mode & OTHERS:  # as a checkout would leave it: what a repository brings is no approval
        raise UserError(
            f"`{path}` is open to others: `mfinfra plan` did not save it like that",
            hint=f"look at it (`mfinfra show {path}`), and name it to apply it: `mfinfra apply {path}`",
            code="MF4211",
        )
    return path


def looks_like_one(path: Path) -> bool:
    """Whether the file at `path` is meant to be a plan: an environment file may be written with braces too."""
    try:
        head = _read(path, HEAD)
    except (OSError, ValueError):  # a name may hold what no name can
        return False
    named = path.name.endswith(".plan.json")
    return named or (head.lstrip()[:1] == b"{" and any(key in head for key in TELLTALES))


def load(path: Path) -> dict[str, Any]:
    """The plan document at `path`, proven to be whole; raises `UserError` or `Refused`."""
    document = _parsed(path)
    version = document.get("format_version")
    if "resource_changes" not in document or not isinstance(version, str):
        raise UserError(
            f"`{path}` is no plan of mfinfra", hint="`mfinfra plan FILE --out PLAN` makes one", code="MF4201"
        )
    if not integrity.readable(version, FORMAT_VERSION):
        raise Stale(
            f"`{path}` has the plan format {version}, and this mfinfra {__version__} reads format {FORMAT_VERSION}",
            hint="make and apply a plan with the same version of mfinfra",
            code="MF4205",
        )
    if problems := validate.shape("plan", document):
        raise Refused(
            f"`{path}` was changed after it was made: {problems[0]}",
            hint=AGAIN.format(_source(document)),
            code="MF4202",
        )
    if not integrity.intact(document):
        raise Refused(
            f"`{path}` was changed after it was made: its hashes do not fit what stands in it",
            hint=AGAIN.format(_source(document)),
            code="MF4202",
        )
    return document


def guard(document: Mapping[str, Any], now: datetime, max_age: float = MAX_AGE) -> None:
    """Raise `Stale` for a plan that is too old (`max_age` in hours) or of another major version of mfinfra."""
    made, again = document["mfinfra_version"], AGAIN.format(_source(document))
    if integrity.major(made) != integrity.major(__version__):
        raise Stale(f"the plan was made by mfinfra {made}, and this is {__version__}", hint=again, code="MF4205")
    try:
        created = datetime.strptime(document["created"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        message = f"the plan was changed after it was made: `{document['created']}` is no moment"
        raise Refused(message, hint=again, code="MF4202") from error
    age = now - created
    hours = age / timedelta(hours=1)
    if hours > max_age:
        raise Stale(
            f"the plan is {hours:.0f} h old, and {max_age:g} h is the limit",
            hint=f"{again}; `--max-age HOURS` sets another limit",
            code="MF4203",
        )
    if -age > SKEW:
        raise Stale(
            f"the plan was made at {document['created']}, which has yet to come",
            hint="put this machine's clock right, or make the plan anew",
            code="MF4203",
        )


def guard_scope(document: Mapping[str, Any], scope: Scope) -> None:
    """Raise `Refused` for a plan of another account, region or environment than the file is for now."""
    planned = document["environment"]
    for name, there in (
        ("account", scope.account),
        ("region", scope.region),
        ("partition", scope.partition),
        ("environment", scope.environment),
    ):
        said = planned["name" if name == "environment" else name]
        if said != there:
            raise Refused(
                f"the plan is for {name} `{said}`, and its file is for `{there}` now",
                hint=AGAIN.format(_source(document)),
                code="MF4204",
            )


def _parsed(path: Path) -> dict[str, Any]:
    try:
        data = _read(path, LARGEST + 1)
        if len(data) > LARGEST:
            raise UserError(f"`{path}` is larger than any plan", code="MF4201")
        found = json.loads(data, object_pairs_hook=_once, parse_constant=_no_number)
    except OSError as error:
        raise UserError(f"`{path}` cannot be read: {(error.strerror or '').lower()}", code="MF4201") from error
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise UserError(
            f"`{path}` is cut short or no JSON: it cannot be read to its end{place}",
            hint="`mfinfra plan FILE --out PLAN` writes a plan in one piece or not at all",
            code="MF4201",
        ) from error
    if _deeper(found, DEEPEST):
        raise UserError(f"`{path}` is nested deeper than any plan", code="MF4201")
    return found if isinstance(found, dict) else {}


def _read(path: Path, most: int) -> bytes:
    """The first `most` bytes of a regular file; raises `OSError` for what waits for a writer or has no end."""
    with open(path, "rb", opener=_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return file.read(most)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _deeper(value: Any, levels: int) -> bool:
    """Whether `value` is nested deeper than `levels`: what reads a plan goes down into it by calling itself."""
    layer = [value]
    for _ in range(levels):
        layer = [item for one in layer if isinstance(one, dict | list) for item in _items(one)]
    return bool(layer)


def _items(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no key stands twice: two readers could take it for two things."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _source(document: Mapping[str, Any]) -> str:
    source = document.get("source")
    path = source.get("path") if isinstance(source, Mapping) else None
    return path if isinstance(path, str) else "FILE"
