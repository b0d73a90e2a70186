from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from mfinfra.document import read, show, write
from mfinfra.document.merge import merged
from mfinfra.document.references import resolve
from mfinfra.errors import UserError
from mfinfra.model import Address, Source

PRODUCTION = Path(__file__).with_name("files") / "production.yaml"
HEAD = 'version: 1\nenvironment: dev\naccount: "123456789012"\nregion: us-east-1\n'


def without_places(environment):
    def of(resources):
        return {address: replace(resource, mark=None) for address, resource in resources.items()}

    return replace(
        environment,
        source=Source("", ""),
        resources=of(environment.resources),
        disabled=of(environment.disabled),
    )


def test_a_whole_file_is_valid_and_says_what_it_means():
    reading = read(PRODUCTION)
    assert reading.warnings == ()
    environment = reading.environment
    assert environment.access.endpoint == "sandbox"
    assert environment.access.assume_role == {
        "arn": "arn:aws:iam::123456789012:role/deploy",
        "external_id": "metaflow-deploy",
        "session_name": "mfinfra",
    }
    assert environment.lock == "bucket.datastore"
    assert environment.source.path == str(PRODUCTION)
    table = environment.resources[Address("table", "foreach")]
    assert table.spec["point_in_time_recovery"] is True
    assert table.tags == {"team": "ml", "cost-center": "4711"}
    assert (Path(table.mark.file).name, table.mark.line) == ("production.yaml", 20)
    assert environment.metaflow["step_functions"]["distributed_map"] is True


def test_what_is_shown_reads_back_as_the_same(file):
    environment = read(PRODUCTION).environment
    text = write(environment)
    again = read(file(text)).environment
    assert without_places(again) == without_places(environment)
    assert write(again) == text


def test_one_resource_is_shown_with_defaults_and_references(file):
    path = file(
        HEAD
        + """
tags: {on: "1"}
resources:
  security_group: {s: {name: s, vpc: vpc-01234567}}
  endpoint:
    e: {vpc: vpc-01234567, service: logs, subnets: [subnet-01234567], security_groups: [security_group.s], policy: null}
"""
    )
    assert (
        show(read(path), "endpoint.e")
        == """resources:
  endpoint:
    e:
      vpc: vpc-01234567
      service: logs
      type: auto
      subnets:
      - subnet-01234567
      security_groups:
      - ${security_group.s.id}
      route_tables: []
      private_dns: true
      policy: null
      tags:
        "on": "1"
      depends_on:
      - security_group.s
      protect: false
      adopt: false
"""
    )


def test_an_address_that_is_not_there_is_answered_with_the_nearest():
    with pytest.raises(UserError) as caught:
        show(read(PRODUCTION), "bucket.datastor")
    assert caught.value.hint == "did you mean `bucket.datastore`?"


free_text = some.text(some.characters(exclude_categories=["Cc", "Cs"]) | some.sampled_from("\n\t${}:#'\"~!&*|>-"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    free_text.map(lambda text: text[:250]), some.sampled_from(["on", "1e3", "0o7", "null", "2024-01-01", "<<", "${"])
)
def test_any_text_survives_being_shown(file, text, tag):
    first = read(file(HEAD + "resources: {role: {r: {name: r, preset: user}}}\n")).environment
    address = Address("role", "r")
    role = first.resources[address]
    changed = replace(
        first,
        resources={
            address: replace(
                role,
                spec={
                    **role.spec,
                    "description": text,
                    "policies": {"p": {"Statement": [{"Sid": tag, "Condition": {text or "x": {tag: "x"}}}]}},
                },
                tags={"a": tag},
            )
        },
    )
    tree = merged(file(write(changed), "again.yaml")).tree
    spec = resolve(tree, first.scope).specs[address]
    assert spec["description"] == text
    assert spec["policies"] == changed.resources[address].spec["policies"]
    assert spec["tags"] == {"a": tag}
