"""Drives a check with faked answers: every question and every answer is held to botocore's own models."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import golden

from mfinfra import desired
from mfinfra.errors import AccessDenied, AwsError
from mfinfra.metaflow import configuration, needs, verify
from mfinfra.metaflow.parts import Parts
from mfinfra.metaflow.verify import Client, Subject
from mfinfra.model import Call, Command, Finding, Pause, Stage, Touch, Verdict

FILE = Path(__file__).parents[2] / "environments" / "sandbox.yaml"
TOKEN = "0a1b2c"


@cache
def environment() -> Any:
    return desired.read(FILE).environment


def subject(**more: Any) -> Subject:
    produced = configuration.produce(environment())
    found = {"values": produced.values, "token": TOKEN, "client": Client("python", "2.19.39"), **more}
    return Subject(Parts(found.pop("environment", environment())), **found)


def checks(**more: Any) -> dict[str, Any]:
    one = subject(**more)
    return {check.id: check for check in verify.checks(one, needs.of(one.parts))}


def refused(code: str, service: str = "s3", operation: str = "PutObject") -> AwsError:
    type_ = AccessDenied if "Denied" in code else AwsError
    return type_(f"{code} it says", service=service, operation=operation, aws_code=code, hint="allow it")


@dataclass
class Talk:
    """What a check asked, and what it said."""

    findings: tuple[Finding, ...] = ()
    asked: list[Any] = field(default_factory=list)
    touched: dict[str, Stage] = field(default_factory=dict)
    raised: BaseException | None = None

    @property
    def operations(self) -> list[str]:
        return [one.operation for one in self.asked if isinstance(one, Call)]

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self.findings if one.verdict in (Verdict.FAILED, Verdict.WARNING)]


def talk(check: Any, answers: dict[str, Any], *, dies_at: str = "", with_: BaseException | None = None) -> Talk:
    """Answer by operation; a list is used up one by one, an exception is thrown. `dies_at` is not answered at all."""
    left, told = (
        copy.copy({key: list(value) if isinstance(value, list) else value for key, value in answers.items()}),
        Talk(),
    )
    asker = check.ask()
    try:
        question = next(asker)
        while True:
            told.asked.append(question)
            if isinstance(question, Pause):
                question = asker.send(None)
                continue
            if isinstance(question, Touch):
                told.touched[question.what] = question.stage
                question = asker.send(None)
                continue
            name = question.operation if isinstance(question, Call) else "Command"
            if name == dies_at:
                dies_at = ""
                question = asker.throw(with_)
                continue
            answer = answer_for(question, name, left)
            question = asker.throw(answer) if isinstance(answer, BaseException) else asker.send(answer)
    except StopIteration as ended:
        told.findings = ended.value
    except BaseException as error:  # noqa: BLE001 - what ends a check is what the test is about
        told.raised = error
    return told


def answer_for(question: Any, name: str, left: dict[str, Any]) -> Any:
    if isinstance(question, Command):
        return left["Command"]
    assert not (report := golden.problems_of(question)), f"{question}: {report}"
    answer = left[name]
    if isinstance(answer, list):
        answer = answer.pop(0)
    if isinstance(answer, BaseException):
        return answer
    if answer is None:
        assert question.absent, f"{question} has no code that means absent"
        return None
    assert not (report := golden.problems_of(question, answer)), f"the faked answer of {question}: {report}"
    return answer
