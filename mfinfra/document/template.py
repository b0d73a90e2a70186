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
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in PLAIN else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_form)


def parse(text: str) -> dict[str, Any]:
    """The template in `text`, with every function in its long form; raises `ValueError` where it is none."""
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader)  # noqa: S506  a safe one
    except yaml.YAMLError as error:
        raise ValueError(f"the template is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict) or not isinstance(found.get("Resources"), dict):
        raise ValueError("the template has no `Resources`")  # noqa: TRY004 - it is what the text says, not its type
    return found
