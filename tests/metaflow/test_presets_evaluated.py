"""The presets are right, by IAM's rules: all that Metaflow does is allowed, and no more than that."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from fragments import environment, merged, several
from proving import PRESET_OF, asked, aws_written, dangerous, holes, key_arn, needed, policies

from mfinfra import desired
from mfinfra.evaluate import Caller, Request, decide, trusts
from mfinfra.metaflow.arns import service
from mfinfra.metaflow.presets import PRESETS, trust
from mfinfra.model import Address, Ref, Scope, fill

EXAMPLES = [path for path in sorted(Path("environments").glob("*.yaml")) if path.stem != "base"]
REGIONS = ("us-east-1", "cn-north-1", "us-gov-west-1")
ROLES = {
    "resources": {
        "role": {
            "job": {"name": "Job", "path": "/ml/", "preset": "batch_job"},
            "sfn": {"name": "Sfn", "preset": "step_functions"},
            "cron": {"name": "Cron", "preset": "events"},
            "user": {"name": "User", "preset": "user"},
        }
    },
    "metaflow": {"batch": {"job_role": "role.job"}, "step_functions": {"role": "role.sfn", "events_role": "role.cron"}},
}
SPELLINGS = {
    "by ARN": "arn:aws:kms:us-east-1:123456789012:key/{}".format,
    "by alias": "alias/{}".format,
    "of this file": lambda name: Ref(Address("key", name), "id"),
}
SWITCHES = {
    "tags": {"metaflow": {"batch": {"tags": {"team": "ml"}}}},
    "two queues": {"resources": {"job_queue": {"gpu": {"name": "gpus"}}}},
    "table": {
        "resources": {"table": {"foreach": {"name": "splits"}}},
        "metaflow": {"step_functions": {"table": "table.foreach"}},
    },
    "history": {
        "resources": {"log_group": {"history": {"name": "/aws/vendedlogs/states/x"}}},
        "metaflow": {"step_functions": {"log_group": "log_group.history"}},
    },
    "distributed map": {"metaflow": {"step_functions": {"distributed_map": True}}},
    "no prefix": {"metaflow": {"step_functions": {"prefix": None}}},
    "Fargate and images of ECR": {
        "resources": {"role": {"run": {"name": "Run", "preset": "fargate_execution"}}},
        "metaflow": {
            "batch": {
                "execution_role": "role.run",
                "image": "team/image:1",
                "registry": "123456789012.dkr.ecr.us-east-1.amazonaws.com",
            }
        },
    },
    "secrets": {
        "resources": {"secret": {"db": {"name": "metaflow/db"}, "mail": {"name": "mail"}}},
        "metaflow": {
            "secrets": {"prefix": "metaflow/"},
            "settings": {"METAFLOW_DEFAULT_SECRETS_ROLE": "arn:aws:iam::123456789012:role/Secrets"},
        },
    },
    "roots of their own": {
        "metaflow": {
            "settings": {
                "METAFLOW_CARD_S3ROOT": "s3://cards",
                "METAFLOW_SFN_S3_DISTRIBUTED_MAP_OUTPUT_PATH": "s3://data/maps",
            }
        }
    },
    "a whole bucket": {"metaflow": {"datastore": {"bucket": "bucket.datastore", "prefix": ""}}},
}


def encrypted(key):
    return {
        "resources": {
            "bucket": {"datastore": {"encryption": {"algorithm": "aws:kms", "key": key("data")}}},
            "table": {"foreach": {"name": "splits", "encryption_key": key("splits")}},
            "secret": {"mail": {"name": "mail", "key": key("mail")}},
        }
    }


def together(*fragments):
    whole = ROLES
    for fragment in fragments:
        whole = merged(whole, fragment)
    return whole


EVERY = [SWITCHES[name] for name in SWITCHES if name not in ("no prefix", "a whole bucket")]
VARIANTS = {
    "plain": together(),
    **{name: together(fragment) for name, fragment in SWITCHES.items()},
    **{
        f"everything without {name}": together(*(item for item in EVERY if item is not fragment))
        for name, fragment in SWITCHES.items()
        if fragment in EVERY
    },
    **{f"everything with keys {name}": together(*EVERY, encrypted(key)) for name, key in SPELLINGS.items()},
    "everything without a prefix": together(*EVERY, SWITCHES["no prefix"]),
}
FULL = [f"everything with keys {name}" for name in SPELLINGS]


def variant(name, region="us-east-1"):
    return environment(VARIANTS[name], region=region)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_roles_of_an_example_may_do_what_metaflow_does_and_nothing_dangerous(path):
    found = desired.read(path).environment
    assert len(needed(found)) > 25
    assert len(dangerous(found)) > 100
    assert holes(found) == []


@pytest.mark.parametrize(
    "region", [REGIONS[0], *(pytest.param(region, marks=pytest.mark.slow) for region in REGIONS[1:])]
)
@pytest.mark.parametrize("name", FULL)
def test_the_roles_of_a_full_environment_may_do_what_metaflow_does_and_nothing_dangerous(name, region):
    assert holes(variant(name, region)) == []


def test_instances_pull_images_and_write_logs_as_fargate_does():
    # On EC2 the agent of ECS does both, with the role of the instance:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html
    wanted = [need for need in needed(variant(FULL[0])) if need.role == "execution_role"]
    assert {need.action.partition(":")[0] for need in wanted} == {"ecr", "logs"}
    document = aws_written(PRESETS["ecs_instance"].managed)
    assert [need for need in wanted if decide(need.request, [document]) != "allowed"] == []


@pytest.mark.parametrize("preset", [name for name in PRESETS if PRESETS[name].managed])
def test_a_policy_of_aws_is_one_that_aws_has_and_gives_no_way_to_any_permission(preset):
    document = aws_written(PRESETS[preset].managed)
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "sts:AssumeRole", "s3:GetObject"):
        assert decide(Request(action, "arn:aws:iam::123456789012:role/x"), [document]) == "implicitDeny"


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in FULL])
def test_the_roles_of_any_environment_may_do_what_metaflow_does_and_nothing_dangerous(name):
    assert holes(variant(name)) == []


def without(statement):
    """The statement with one of its actions or resources less, each in turn; gone when it was the last."""
    for element in ("Action", "Resource"):
        values = several(statement[element])
        for value in values:
            rest = [item for item in values if item is not value]
            yield (element, str(value)), ({**statement, element: rest} if rest else None)


def weaker(documents):
    """The documents of a role, each with one statement smaller: what was left out, and the rest."""
    for number, document in enumerate(documents):
        for place, statement in enumerate(document["Statement"]):
            for gone, rest in without(statement):
                statements = list(document["Statement"])
                statements[place : place + 1] = [rest] if rest else []
                changed = list(documents)
                changed[number] = {**document, "Statement": statements}
                yield (statement["Sid"], *gone), changed


@cache
def written(name, preset):
    """What the preset itself writes, without managed policies."""
    return tuple(document for document in policies(variant(name), preset) if "Sid" in document["Statement"][0])


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FULL[:2], "everything without a prefix"])
@pytest.mark.parametrize("role", ["job_role", "step_functions_role", "events_role", "user"])
def test_no_statement_action_or_resource_of_a_preset_is_idle(role, name):
    wanted = [need for need in needed(variant(name)) if need.role == role]
    documents = written(name, PRESET_OF[role])
    assert [need for need in wanted if decide(need.request, documents) != "allowed"] == []
    idle = [gone for gone, rest in weaker(documents) if all(decide(need.request, rest) == "allowed" for need in wanted)]
    assert idle == []


def wider(documents):
    """The documents of a role, each with one statement on everything, without its condition, or with any action."""
    for number, document in enumerate(documents):
        for place, statement in enumerate(document["Statement"]):
            bolder = [{key: value for key, value in statement.items() if key != "Condition"}]
            bolder.append({**bolder[0], "Action": f"{several(statement['Action'])[0].partition(':')[0]}:*"})
            bolder.append({**statement, "Resource": "*"})
            bolder = [bold for bold in bolder if bold != statement]
            for bold in bolder:
                changed = list(documents)
                statements = list(document["Statement"])
                statements[place] = bold
                changed[number] = {**document, "Statement": statements}
                yield (statement["Sid"], bold), changed


@pytest.mark.slow
@pytest.mark.parametrize("role", ["job_role", "step_functions_role", "events_role", "user"])
@pytest.mark.parametrize("name", FULL[:2])
def test_a_preset_that_grants_more_is_found_out(role, name):
    feared = [item for item in dangerous(variant(name)) if item.role == role]
    unnoticed = [
        bold
        for bold, documents in wider(written(name, PRESET_OF[role]))
        if not any(decide(danger(item), documents) == "allowed" for item in feared)
    ]
    assert unnoticed == []


def danger(item):
    return Request(item.action, fill(item.resource, key_arn), item.context)


def test_a_hole_is_told_with_its_role_action_resource_and_reason():
    found = variant("plain")
    nobody = dict.fromkeys(PRESET_OF.values(), ()) | dict.fromkeys(PRESET_OF, ())
    everybody = dict.fromkeys(PRESET_OF, ({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},))
    assert holes(found, documents=nobody) == [asked(need) for need in needed(found)]
    assert holes(found, documents=everybody) == [asked(item) for item in dangerous(found)]


ALONE = [preset for preset in PRESETS if PRESETS[preset].deputy]
OURS, THEIRS = "123456789012", "210987654321"


def acting_for(preset, account, region):
    deputy = PRESETS[preset].deputy
    partition = Scope("x", account, region).partition
    return {
        "aws:SourceAccount": [account],
        "aws:SourceArn": [f"arn:{partition}:{deputy}:{region}:{account}:thing/x"],
    }


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("preset", [name for name in PRESETS if PRESETS[name].principal])
def test_exactly_the_right_service_assumes_a_role(preset, region):
    scope = Scope("prod", OURS, region)
    document = trust(preset, scope)
    everyone = {service(PRESETS[name].principal, scope) for name in PRESETS if PRESETS[name].principal}
    context = acting_for(preset, OURS, region)
    may = {name for name in (*everyone, "lambda.amazonaws.com") if trusts(document, Caller("Service", name), context)}
    assert may == {service(PRESETS[preset].principal, scope)}
    for account in (OURS, THEIRS):
        arn = f"arn:{scope.partition}:iam::{account}:role/x"
        assert not trusts(document, Caller("AWS", arn), context)
    assert not trusts(document, Caller("Service", *may), context, action="sts:TagSession")


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("preset", ALONE)
def test_a_service_that_acts_for_another_account_does_not_assume_a_role(preset, region):
    scope = Scope("prod", OURS, region)
    document, caller = trust(preset, scope), Caller("Service", service(PRESETS[preset].principal, scope))
    theirs, ours = acting_for(preset, THEIRS, region), acting_for(preset, OURS, region)
    elsewhere = acting_for(preset, OURS, "eu-west-1")
    assert trusts(document, caller, ours)
    for context in ({}, theirs, {**ours, "aws:SourceAccount": [THEIRS]}, {**theirs, "aws:SourceAccount": [OURS]}):
        assert not trusts(document, caller, context)
    assert not trusts(document, caller, elsewhere)


def test_the_role_of_people_is_for_the_account_alone():
    document = trust("user", Scope("prod", OURS, "us-east-1"))
    assert trusts(document, Caller("AWS", f"arn:aws:iam::{OURS}:user/somebody"))
    assert not trusts(document, Caller("AWS", f"arn:aws:iam::{THEIRS}:user/somebody"))
    assert not trusts(document, Caller("Service", "ec2.amazonaws.com"))
