"""CloudFormation templates, read: JSON, or YAML with the short forms of the intrinsic functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
from typing import Any

import yaml

PLAIN = frozenset({"Ref", "Condition"})
"""The short forms whose long form has no `Fn::`."""
DATE = "tag:yaml.org,2002:timestamp"
INTEGER = "tag:yaml.org,2002:int"
FLOAT = "tag:yaml.org,2002:float"


class Loader(yaml.SafeLoader):
    """Reads `!Sub x` as `{"Fn::Sub": "x"}`, and a date as the text that it is in a policy's `Version`."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != DATE]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case yaml.MappingNode():
            value = loader.construct_mapping(node, deep=True)
        case _:
            raise AssertionError(node)  # YAML has no fourth sort
    return {suffix if suffix in PLAIN else f"Fn::{suffix}": value}


def _number(loader: Loader, node: yaml.ScalarNode) -> int | float | str:
    """A number that would be written otherwise (`0123`, `1_000`, `1:30`) stays the text that it is."""
    read = loader.construct_yaml_int if node.tag == INTEGER else loader.construct_yaml_float
    value: int | float = read(node)
    return value if str(value) == node.value else str(node.value)


Loader.add_constructor(INTEGER, _number)
Loader.add_constructor(FLOAT, _number)
Loader.add_multi_constructor("!", _short_form)


def parse(text: str) -> dict[str, Any]:
    """The template in `text`, with every function in its long form; raises `ValueError` where it is none."""
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader)  # noqa: S506  a safe one
    except yaml.YAMLError as error:
        raise ValueError(f"the template is no YAML: {' '.join(str(error).split())}") from error
    return parsed(found)


def parsed(found: Any) -> dict[str, Any]:
    """The template that was read, with every function in its long form; raises `ValueError` where it is none."""
    if not isinstance(found, dict) or not isinstance(found.get("Resources"), dict):
        raise ValueError("the template has no `Resources`")  # noqa: TRY004 - it is what the text says, not its type
    return {name: _long(block) for name, block in found.items()}


def _long(value: Any) -> Any:
    """`value` with `Fn::GetAtt: A.B` as the list that it stands for."""
    match value:
        case {"Fn::GetAtt": str(text), **rest} if not rest:
            return {"Fn::GetAtt": text.split(".", 1)}
        case dict():
            return {key: _long(item) for key, item in value.items()}
        case list():
            return [_long(item) for item in value]
        case _:
            return value
