"""Whether the CloudFormation stack that a resource's tags name still holds it. Promises 4, 5 and 15."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from mfinfra import catalogue, observe, ownership, schemas, stacks
from mfinfra.aws.calls import Answer
from mfinfra.errors import AccessDenied
from mfinfra.importing import cloudformation_parts as parts
from mfinfra.model import Address, Call, Observed, Resource, Scope
from mfinfra.ownership import Standing

SCOPE = Scope("test", "123456789012", "us-east-1")
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/flows/0a1b"
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:"


def tags_of(stack=STACK):
    return {stacks.ID: stack, stacks.NAME: "flows", f"{stacks.TAGS}logical-id": "Logs"}


def row(name, status="CREATE_COMPLETE", type_="AWS::Logs::LogGroup"):
    return {"ResourceType": type_, "PhysicalResourceId": name, "ResourceStatus": status, "LogicalResourceId": "Logs"}


@dataclass
class Reader:
    """Log groups with their tags, and what their stack answers."""

    groups: dict[str, dict[str, str]]
    stack: Any = None
    parallelism: int = 2
    asked: list[Call] = field(default_factory=list)

    def ask(self, call):
        self.asked.append(call)
        match call.operation:
            case "DescribeLogGroups":
                names = call.params["logGroupIdentifiers"]
                return Answer({"logGroups": [{"logGroupName": name} for name in names if name in self.groups]})
            case "ListTagsForResource":
                return Answer({"tags": self.groups[call.params["resourceArn"].removeprefix(GROUP)]})
            case _ if isinstance(self.stack, Exception):
                raise self.stack
            case _:
                return Answer(self.stack if self.stack is None else {"StackResourceSummaries": self.stack})

    @property
    def questions(self):
        return [call for call in self.asked if call.service == "cloudformation"]


def group(name):
    spec = {**dict.fromkeys(schemas.traits("log_group").fields), "name": name, "retention_days": None}
    return Resource(Address("log_group", name), spec, SCOPE)


def looked(reader, *names):
    return observe.Rounds(reader).run({name: observe.observe(group(name)) for name in names})


def owner(reader, name="a"):
    return ownership.of(looked(reader, name)[name], SCOPE)


def test_promise_5_what_the_stack_lists_is_the_stack_s():
    found = owner(Reader({"a": tags_of()}, [row("b"), row("a")]))

    assert (found.standing, found.stack) == (Standing.FOREIGN, "flows")


@pytest.mark.parametrize(
    "rows",
    [
        None,
        [],
        [row("b")],
        [row("a", "DELETE_COMPLETE")],
        [row("a", "DELETE_SKIPPED")],
        [row("a", type_="AWS::S3::Bucket")],
        [{key: value for key, value in row("a", "CREATE_FAILED").items() if key != "PhysicalResourceId"}],
    ],
    ids=["no such stack", "empty", "another one", "deleted", "retained", "another type", "never made"],
)
def test_what_the_stack_does_not_hold_any_more_is_nobody_s_though_the_tags_stay(rows):
    reader = Reader({"a": tags_of()}, rows)

    assert owner(reader).standing is Standing.NOBODYS
    assert looked(reader, "a")["a"].tags == tags_of()


@pytest.mark.parametrize(
    "status", ["DELETE_FAILED", "DELETE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"]
)
def test_a_stack_that_is_on_its_way_or_failed_still_holds_what_it_lists(status):
    assert owner(Reader({"a": tags_of()}, [row("a", status)])).standing is Standing.FOREIGN


def test_promise_4_what_carries_our_tags_beside_those_of_a_stack_that_let_go_is_ours():
    ours = ownership.tags(SCOPE, Address("log_group", "a"))

    assert owner(Reader({"a": {**tags_of(), **ours}}, [])).standing is Standing.OURS
    assert owner(Reader({"a": {**tags_of(), **ours}}, [row("a")])).standing is Standing.FOREIGN


def test_one_question_for_all_that_one_stack_made_and_none_where_no_stack_made_anything():
    reader = Reader({"a": tags_of(), "b": tags_of(), "c": {"team": "ml"}}, [row("a")])
    found = looked(reader, "a", "b", "c")

    assert {name: seen.released for name, seen in found.items()} == {"a": False, "b": True, "c": False}
    assert [call.params for call in reader.questions] == [{"StackName": STACK}]
    assert [call.paginate for call in reader.questions] == [True]
    plain = Reader({"c": {"team": "ml"}})
    looked(plain, "c")
    assert plain.questions == []


def test_promise_15_who_may_not_ask_the_stack_does_not_learn_that_nobody_owns_it():
    where = {"service": "cloudformation", "operation": "ListStackResources", "aws_code": "AccessDenied"}
    denied = AccessDenied("no", hint="it takes `cloudformation:ListStackResources`", code="MF3001", **where)

    with pytest.raises(AccessDenied, match="no") as caught:
        looked(Reader({"a": tags_of()}, denied), "a")
    assert "cloudformation:ListStackResources" in caught.value.hint


def test_a_stack_of_another_region_is_asked_there():
    abroad = STACK.replace("us-east-1", "eu-west-1")
    reader = Reader({"a": tags_of(abroad)}, [])
    owner(reader)

    assert [call.region for call in reader.questions] == ["eu-west-1"]


@pytest.mark.parametrize(
    "told", [STACK.replace("123456789012", "210987654321"), STACK.replace(":aws:", ":aws-cn:"), "x"]
)
def test_a_stack_that_cannot_be_asked_owns_what_its_tags_say(told):
    reader = Reader({"a": tags_of(told)}, [])

    assert owner(reader).standing is Standing.FOREIGN
    assert reader.questions == []


IDS = {
    "AWS::Batch::ComputeEnvironment": "arn:aws:batch:us-east-1:123456789012:compute-environment/x",
    "AWS::Batch::JobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/x",
    "AWS::EC2::SecurityGroup": "sg-0a",
    "AWS::IAM::Role": "flows-Jobs-1A2B",
    "AWS::KMS::Key": "0a1b-2c3d",
    "AWS::S3::Bucket": "flows-bucket",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:x-0a1b2c",
}


@pytest.mark.parametrize(("type_", "id_"), IDS.items())
def test_a_resource_goes_by_the_id_that_its_type_has_in_cloudformation(type_, id_):
    """An ARN for some, a name or an id for others: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/ ."""
    kind = parts.TYPES[type_]
    shown = {"arn": id_} if id_.startswith("arn:") else {"arn": f"arn:aws:x:::{id_}", "name": id_, "id": id_}
    observed = Observed({}, shown, {}, shown["arn"])
    answer = {"StackResourceSummaries": [row(id_, type_=type_)]}

    assert stacks.holds(answer, kind, observed)
    assert not stacks.holds(answer, kind, Observed({}, {"name": "y"}, {}, "y"))


def test_a_type_is_of_its_kind_and_of_no_other():
    for type_, kind in parts.TYPES.items():
        assert [known for known in catalogue.kinds() if stacks.of(known, type_)] == [kind]
    assert set(parts.TYPES.values()) == set(catalogue.kinds())
    assert not any(stacks.of(kind, "AWS::IAM::InstanceProfile") for kind in catalogue.kinds())
