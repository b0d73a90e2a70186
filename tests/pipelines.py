"""The example pipelines, as what tests ask of them: their files, their scripts, their IAM documents."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

EXAMPLES = Path(__file__).parent.parent / "examples"
GITHUB = EXAMPLES / "github"
GITLAB = EXAMPLES / "gitlab"
WORKFLOWS = {path.name: path for path in sorted(GITHUB.glob("*.yml"))}
GITLAB_CI = GITLAB / ".gitlab-ci.yml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where it is there: each process that tests reads every workflow several times before the first test."""


def workflow(name: str) -> dict[str, Any]:
    """The workflow, with its triggers under `on` (YAML 1.1 reads the key as `True`)."""
    found = yaml.load(WORKFLOWS[name].read_text("utf-8"), LOADER)
    return {"on" if key is True else key: value for key, value in found.items()}


def jobs(name: str) -> dict[str, Any]:
    return workflow(name)["jobs"]


def steps(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for job, body in jobs(name).items():
        for step in body["steps"]:
            yield job, step


def script(name: str, title: str) -> str:
    """The script of the step of this name."""
    [found] = [step["run"] for _, step in steps(name) if step.get("name") == title]
    return found


def gitlab() -> dict[str, Any]:
    return yaml.load(GITLAB_CI.read_text("utf-8"), LOADER)


def scripts() -> dict[str, str]:
    """Every script of every pipeline, under a name that says where it stands."""
    found = {}
    for name in WORKFLOWS:
        for number, (job, step) in enumerate(steps(name)):
            if "run" in step:
                found[f"{name} {job} {number}"] = step["run"]
    for job, body in gitlab().items():
        if isinstance(body, dict):
            for key in ("before_script", "script"):
                if body.get(key):
                    found[f"gitlab {job} {key}"] = "\n".join(body[key])
    return found


def blocks(page: Path) -> str:
    """All shell of a page of documentation."""
    return "\n".join(re.findall(r"^ *```bash\n(.*?)^ *```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE))


def commands(text: str) -> list[list[str]]:
    """The arguments of each `mfinfra …` in a script; redirections, `|| …` and variables are no part of them."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if match := re.match(r"\s*mfinfra (.*)", line):
            words = shlex.split(re.split(r" (?:>|\|\|) ?", match[1])[0], comments=True)
            found.append([re.sub(r"\$\{?\w+\}?", "value", word) for word in words])
    return found


def document(path: Path, **words: str) -> dict[str, Any]:
    """An IAM document with its words in capitals replaced."""
    text = path.read_text("utf-8")
    for word, value in words.items():
        text = text.replace(word, value)
    return json.loads(text)


def allowed(statements: list[dict[str, Any]]) -> set[str]:
    return {action for row in statements for action in listed(row["Action"])}


def allows(statements: list[dict[str, Any]], action: str, resource: str) -> bool:
    """Whether some statement allows `action` on `resource`; conditions are not looked at."""
    return any(
        action in listed(row["Action"]) and any(fnmatch.fnmatchcase(resource, item) for item in listed(row["Resource"]))
        for row in statements
    )


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
