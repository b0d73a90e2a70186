"""A template that lets go of resources, and of nothing else."""

from __future__ import annotations

import pytest

from mfinfra.document import template as documents
from mfinfra.importing import cloudformation_template as templates

YAML = """
Parameters: {Days: {Type: Number}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: []}}
  Policy:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: p, Roles: [!Ref Role], PolicyDocument: {}}
  Stray:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: p, Roles: [somebody], PolicyDocument: {}}
  Function:
    Type: AWS::Lambda::Function
    DependsOn: [Role, Policy, Stray]
    Properties:
      Role: !GetAtt Role.Arn
      Name: !Sub '${Role}-${AWS::Region}-${!Role}-${Stray}'
      Own: !Sub ['${Role}-${x}', {x: !Ref Role}]
      Code: !Join ['', [!Ref Role, !Ref Days]]
      Port: 0123
      Memory: 128
Outputs:
  Name: {Value: !Ref Role}
  Arn: {Value: !If [Always, !GetAtt Role.Arn, !Ref Days]}
"""
KNOWN = {("Role", ""): "r", ("Role", "Arn"): "arn:r", ("Policy", ""): "p"}


def literal(logical, attribute):
    return KNOWN.get((logical, attribute))


@pytest.fixture
def template():
    return documents.parse(YAML)


def test_short_forms_are_read_as_what_they_stand_for_and_dates_and_odd_numbers_as_text(template):
    function = template["Resources"]["Function"]["Properties"]

    assert function["Role"] == {"Fn::GetAtt": ["Role", "Arn"]}
    assert function["Own"] == {"Fn::Sub": ["${Role}-${x}", {"x": {"Ref": "Role"}}]}
    assert (function["Port"], function["Memory"]) == ("0123", 128)
    assert template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]["Version"] == "2012-10-17"
    long = documents.parse('{"Resources": {"A": {"Type": "x", "Properties": {"Fn::GetAtt": "B.C.D"}}}}')
    assert long["Resources"]["A"]["Properties"] == {"Fn::GetAtt": ["B", "C.D"]}


@pytest.mark.parametrize("text", ["{", "a: [", "[]", "Outputs: {}", "Resources: []"])
def test_what_is_no_template_is_told(text):
    with pytest.raises(ValueError, match=r"template|Expecting"):
        documents.parse(text)


def test_parts_of_what_goes_go_with_it(template):
    assert templates.parts(template, {"Role"}) == {"Policy"}
    assert templates.parts(template, {"Function"}) == frozenset()


def test_what_is_kept_is_kept_whatever_happens_and_nothing_else_is_touched(template):
    kept = templates.retaining(template, {"Role"})
    role = {**template["Resources"]["Role"], "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}

    assert kept["Resources"]["Role"] == {**role, "Metadata": {"mfinfra": "handed over"}}
    rest = {name: row for name, row in kept["Resources"].items() if name != "Role"}
    assert rest == {name: row for name, row in template["Resources"].items() if name != "Role"}
    assert {**kept, "Resources": 0} == {**template, "Resources": 0}


def test_what_referred_to_what_is_gone_names_it_as_it_is(template):
    left = templates.without(template, {"Role", "Policy"}, literal)

    assert left["Resources"] == {
        "Stray": template["Resources"]["Stray"],
        "Function": {
            "Type": "AWS::Lambda::Function",
            "DependsOn": ["Stray"],
            "Properties": {
                "Role": "arn:r",
                "Name": {"Fn::Sub": "r-${AWS::Region}-${!Role}-${Stray}"},
                "Own": {"Fn::Sub": ["r-${x}", {"x": "r"}]},
                "Code": {"Fn::Join": ["", ["r", {"Ref": "Days"}]]},
                "Port": "0123",
                "Memory": 128,
            },
        },
    }
    assert left["Outputs"] == {
        "Name": {"Value": "r"}, "Arn": {"Value": {"Fn::If": ["Always", "arn:r", {"Ref": "Days"}]}}
    }  # fmt: skip
    assert left["Parameters"] == template["Parameters"]
    assert template == documents.parse(YAML), "what was given is not changed"


def test_all_that_the_rest_asks_of_what_goes_is_known_before(template):
    assert templates.attributes(template, {"Role", "Policy"}) == {("Role", ""), ("Role", "Arn")}
    assert templates.attributes(template, {"Stray"}) == {("Stray", "")}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"Fn::GetAtt": ["Role", "RoleId"]}, "Role.RoleId"),
        ({"Fn::Sub": "${Role.RoleId}"}, "Role.RoleId"),
        ({"Fn::GetAtt": ["Role", {"Ref": "Days"}]}, "attribute that is computed"),
    ],
)
def test_what_nobody_knows_is_never_guessed(template, value, told):
    asks = {**template, "Outputs": {"X": {"Value": value}}}

    with pytest.raises(ValueError, match=told):
        templates.without(asks, {"Role"}, literal)


def test_what_was_escaped_when_it_was_read_is_noticed(template):
    assert not templates.unseen(template)
    assert templates.unseen({"Resources": {"A": {"Properties": ["a\\u200bb"]}}})
