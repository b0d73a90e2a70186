"""The official template's resources as a stack on the sandbox, and the hand-over's own commands carried out."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from stack import ACCOUNT, REGION, Stack

from mfinfra.importing import cloudformation
from mfinfra.importing.start import Start
from mfinfra.model import Scope
from mfinfra.observe import Rounds

TEMPLATE = Path(__file__).parent / "metaflow_stack.yaml"
NAME = "metaflow"
SCOPE = Scope("test", ACCOUNT, REGION)


class Reading:
    """What a scope is read from, for `Stack.connect`."""

    class environment:  # noqa: N801 - an attribute
        scope = SCOPE


def made(stack: Stack, text: str | None = None, name: str = NAME, **parameters: str) -> str:
    """The ARN of a new stack."""
    parameters = {"DatabasePassword": "not-a-secret", **parameters} if text is None else parameters
    client = stack.client("cloudformation")
    id_: str = client.create_stack(
        StackName=name,
        TemplateBody=text or TEMPLATE.read_text("utf-8"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )["StackId"]
    assert client.describe_stacks(StackName=id_)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    return id_


def begun(stack: Stack, name: str = NAME, folder: Path | None = None) -> Start:
    """What the stack says; the files of its hand-over are written to `folder`."""
    asked = cloudformation.start(name, SCOPE, str(folder or ""))
    found: Start = Rounds(stack.connect(Reading)).run({"it": asked})["it"]
    for file, text in found.files.items():
        assert folder is not None
        (folder / file).write_text(text, "utf-8")
    return found


def handed_over(stack: Stack, steps: tuple[str, ...]) -> list[str]:
    """Carry out the commands among `steps` on the sandbox, as the `aws` command would; returns their operations."""
    done = []
    for step in steps:
        words = shlex.split(step) if step.startswith("aws ") else []
        if words[1:2] == ["cloudformation"]:
            done.append(words[2] if words[2] != "wait" else f"wait {words[3]}")
            if words[2] != "wait":
                _sent(stack, words[2], words[3:])
    return done


def _sent(stack: Stack, command: str, words: list[str]) -> None:
    """One command of `aws cloudformation`; what it does not know fails."""
    flags: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            flags[last := word] = []
        else:
            flags[last].append(word)
    assert flags.pop("--region") == [REGION]
    params: dict[str, Any] = {"StackName": flags.pop("--stack-name")[0]}
    if body := flags.pop("--template-body", None):
        params["TemplateBody"] = Path(body[0].removeprefix("file://")).read_text("utf-8")
    if given := flags.pop("--parameters", None):
        pairs = [dict(pair.split("=") for pair in word.split(",")) for word in given]
        params["Parameters"] = [{**pair, "UsePreviousValue": pair["UsePreviousValue"] == "true"} for pair in pairs]
    if words := flags.pop("--capabilities", []):
        params["Capabilities"] = words
    if flags.pop("--no-enable-termination-protection", None) is not None:
        params["EnableTerminationProtection"] = False
    assert not flags, flags
    getattr(stack.client("cloudformation"), command.replace("-", "_"))(**params)
