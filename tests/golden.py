"""The harness of the golden cases: spec and answers of AWS in, action, changes and effects out.

`tests/drivers/<kind>.yaml` holds, for one kind:

base        a spec that the sandbox accepts, and `needs`: the other resources that it refers to (kind → name → spec)
variations  field → other values, each applied on top of `base` one at a time by the convergence test
replacing   the same for fields whose change replaces the resource
untried     field → why the sandbox cannot try another value; golden cases have to do
cases       name, spec (omitted fields get their defaults), answers (operation → answer; `null` = AWS says "absent"; a
            list of {when: {some parameters}, answer: …} where one operation is asked several times), action; optional:
            changes (field → [before, after]), effects, warnings, because, block (its code, where there is one),
            postponed (fields), outputs, region (us-east-1), leftover: true, teardown: true, forget: true
refusals    name, spec, answers, error: the message of the user's error that observing or planning ends in

Placeholders inside: `$tags` the tags as a map, `$tag_list` as a list of Key/Value, `$tag_list_lower` of key/value;
`${kind.name.attribute}` a value that is known after apply.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from botocore.session import get_session
from botocore.validate import ParamValidator

from mfinfra import catalogue, schemas
from mfinfra.model import Address, Call, Drain, Effect, Ref, Resource, Scope, Settle, Step, fill, plain

HERE = Path(__file__).parent / "drivers"
SCOPE = Scope("test", "123456789012", "us-east-1")


def tags_of(kind: str) -> dict[str, str]:
    return {"mfinfra:environment": "test", "mfinfra:address": f"{kind}.main", "mfinfra:owner": "0123456789abcdef"}


@cache
def sheet(kind: str) -> dict[str, Any]:
    return yaml.load((HERE / f"{kind}.yaml").read_text("utf-8"), yaml.CSafeLoader)


def cases(block: str = "cases") -> list[tuple[str, dict[str, Any]]]:
    return [(path.stem, case) for path in sorted(HERE.glob("*.yaml")) for case in sheet(path.stem).get(block, ())]


def unfold(value: Any, kind: str) -> Any:
    """Replace the placeholders."""
    tags = tags_of(kind)
    match value:
        case "$tags":
            return tags
        case "$tag_list":
            return [{"Key": key, "Value": text} for key, text in sorted(tags.items())]
        case "$tag_list_lower":
            return [{"key": key, "value": text} for key, text in sorted(tags.items())]
        case str() if found := re.fullmatch(r"\$\{(\w+)\.([\w-]+)\.(\w+)\}", value):
            return Ref(Address(found[1], found[2]), found[3])
        case dict():
            return {key: unfold(item, kind) for key, item in value.items()}
        case list():
            return [unfold(item, kind) for item in value]
        case _:
            return value


def resource_of(kind: str, case: dict[str, Any]) -> Resource:
    spec = unfold(case["spec"], kind)
    if case.get("leftover"):
        spec = {name: spec.get(name) for name in {*schemas.traits(kind).fields, *spec}}
    else:
        spec = schemas.complete(kind, spec)
    scope = replace(SCOPE, region=case.get("region", SCOPE.region))
    return Resource(Address(kind, "main"), spec, scope, tags_of(kind), leftover=bool(case.get("leftover")))


@cache
def service_model(service: str) -> Any:
    return get_session().get_service_model(service)


def problems_of(call: Call, answer: Any = None) -> str:
    """What botocore's own model says against a call's parameters, or an answer to it; empty when all is well."""
    operation = service_model(call.service).operation_model(call.operation)
    shape, value = (operation.input_shape, call.params) if answer is None else (operation.output_shape, answer)
    if shape is None:
        return "" if not value else f"{call} takes no members"
    return ParamValidator().validate(fill(value, str), shape).generate_report()


def answer_for(call: Call, answers: dict[str, Any]) -> Any:
    if call.operation == "ListInstanceProfiles" and call.operation not in answers:
        found = answers.get("GetInstanceProfile")
        return {"InstanceProfiles": [found["InstanceProfile"]] if found else []}
    if call.operation not in answers:
        assert call.absent or call.fine, f"the case has no answer for {call} {dict(call.params)}"
        return None if call.absent else {}
    answer = answers[call.operation]
    if isinstance(answer, list):
        fitting = [row["answer"] for row in answer if row["when"].items() <= plain(call.params).items()]
        assert fitting, f"no answer for {call} {dict(call.params)}"
        answer = fitting[0]
    if answer is None:
        assert call.absent, f"{call} has no error code that means absent"
        return None
    assert not (report := problems_of(call, answer)), f"the faked answer of {call} is not AWS's: {report}"
    return answer


def observe(resource: Resource, answers: dict[str, Any]) -> Any:
    """Drive the driver's questions with the faked answers; every question is checked against botocore's model."""
    asking = catalogue.driver(resource.kind).observe(resource)
    try:
        questions = next(asking)
        while True:
            for question in questions:
                assert not (report := problems_of(question)), f"{question}: {report}"
            questions = asking.send(tuple(answer_for(question, answers) for question in questions))
    except StopIteration as done:
        return done.value


def planned(kind: str, case: dict[str, Any]) -> tuple[Any, Step]:
    """What the driver observes in a case, and the step it plans."""
    resource = resource_of(kind, case)
    observed = observe(resource, unfold(case.get("answers", {}), kind))
    if case.get("teardown"):
        assert observed is not None, "nothing to tear down"
        return observed, catalogue.driver(kind).teardown(resource, observed)
    if case.get("forget"):
        assert observed is not None, "nothing to forget"
        held = catalogue.driver(kind).tagged(observed)
        off = tuple({key: tags[key] for key in tags_of(kind) if key in tags} for tags in held)
        return observed, catalogue.driver(kind).forgetting(resource, observed, off)
    return observed, catalogue.driver(kind).step(resource, observed)


def effect_as_data(effect: Effect) -> dict[str, Any]:
    match effect:
        case Call():
            return {f"{effect.service}.{effect.operation}": plain(effect.params)}
        case Settle():
            return {"wait": effect.why}
        case Drain():
            return {"drain": f"{effect.question.service}.{effect.question.operation}", "by": effect.call.operation}


def calls_of(effect: Effect) -> list[Call]:
    match effect:
        case Call():
            return [effect]
        case Settle():
            return [effect.question]
        case Drain():
            return [effect.question]
