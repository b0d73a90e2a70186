"""From an account and a few answers to a file: what is proposed, what is refused, what is asked again."""

from __future__ import annotations

import re
from pathlib import Path

import declared
import pytest
from accounts import ACCOUNT, ISOLATED, OTHER_VPC, PRIVATE, PUBLIC, VPC, Live, Typing, rows, vpc

from mfinfra.aws import profiles, session
from mfinfra.errors import MfinfraError, Refused, UserError
from mfinfra.model import Address, Scope
from mfinfra.starting import start, text
from mfinfra.starting.answers import Preset
from mfinfra.starting.given import Given

SUBNETS = {PUBLIC: (VPC, "open"), PRIVATE: (VPC, "nat"), ISOLATED: (VPC, "isolated")}


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("MFINFRA_SANDBOX_DIR", str(tmp_path / "no sandbox runs here"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def live(monkeypatch):
    """One default VPC with a subnet of each kind."""
    found = Live(rows(vpc(default=True), subnets=SUBNETS))

    def enter(access, region, environment):
        found.access = access
        found.scope = Scope(environment, ACCOUNT, region or "us-east-1")
        found.endpoint = access.endpoint
        return found

    monkeypatch.setattr(session, "enter", enter)
    monkeypatch.setattr(profiles, "region", lambda access: "us-east-1")
    monkeypatch.setattr(profiles, "names", list)
    return found


def started(person=None, **flags):
    told = []
    found = start.start(Given(**flags), person, told.append)
    return found, told


def computes(found):
    every = found.reading.environment.resources.items()
    return {tuple(one.spec["subnets"]) for address, one in every if address.kind == "compute_environment"}


def refused(person=None, **flags):
    with pytest.raises(MfinfraError) as caught:
        started(person, **flags)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("preset", "subnet"),
    [(None, PUBLIC), ("fargate", PUBLIC), ("ec2", PRIVATE), ("spot", PRIVATE), ("private", ISOLATED)],
)
def test_with_nobody_to_ask_the_account_tells_everything(live, preset, subnet):
    found, told = started(preset=preset)
    assert (found.path, found.answers.account, found.answers.region) == (Path("dev.yaml"), ACCOUNT, "us-east-1")
    assert computes(found) == {(subnet,)}
    assert told == [f"account {ACCOUNT}, us-east-1, as {live.caller}"]
    assert f"        - {subnet} # us-east-1{subnet[-1]}, " in found.text


def test_only_what_is_declared_is_asked_and_nothing_is_written(live):
    started(preset="private")
    assert set(live.asked) <= declared.operations()
    assert [call for call in live.asked if not re.match("[a-z0-9]+:(Describe|Get|Head|List)", call)] == []


def test_what_flags_say_is_not_asked(live):
    person = Typing([])
    found, _ = started(person, preset="ec2", environment="prod", vpc=VPC, subnets=(PRIVATE,), file=Path("x.yaml"))
    assert (found.answers.environment, found.path) == ("prod", Path("x.yaml"))
    assert person.questions == []


def test_somebody_at_a_terminal_is_asked_a_few_questions_each_with_a_default(live):
    person = Typing(["", "", ""])
    found, _ = started(person)
    assert [question.flag for question in person.questions] == ["--preset", "--environment", "--subnet"]
    assert (found.answers.preset, found.answers.environment, computes(found)) == ("fargate", "dev", {(PUBLIC,)})


def test_options_are_chosen_by_number_or_by_name(live):
    person = Typing(["2", "prod", f"2, {PUBLIC}"])
    found, _ = started(person)
    assert (found.answers.preset, found.answers.environment) == (Preset.EC2, "prod")
    assert computes(found) == {(PRIVATE, PUBLIC)}


def test_a_wrong_answer_is_asked_again_with_the_reason(live):
    person = Typing(["lambda", "ec2", "Prod", "prod", "9", ISOLATED, "subnet-x", PRIVATE])
    found, _ = started(person)
    assert computes(found) == {(PRIVATE,)}
    said = "\n".join(person.told)
    assert len(person.told) == 5
    assert "it is one of fargate, ec2" in said
    assert "`Prod`: 1 to 31 lower-case letters" in said
    assert "no way out" in said
    assert "`--preset private`" in said


def test_the_name_of_the_file_is_that_of_the_environment_by_default(live):
    assert started(file=Path("prod.yaml"))[0].answers.environment == "prod"
    assert started(file=Path("Prod 1.yaml"))[0].answers.environment == "dev"


def test_what_is_proposed_at_a_terminal_has_no_file_yet(live, folder):
    for taken in ("dev.yaml", "dev-2.yaml"):
        (folder / taken).touch()
    person = Typing(["", "", ""])
    assert started(person)[0].path == Path("dev-3.yaml")
    assert [question.default for question in person.questions if question.flag == "--environment"] == [("dev-3",)]


def test_the_folder_of_environments_takes_the_file(live, folder):
    (folder / "environments").mkdir()
    assert started()[0].path == Path("environments/dev.yaml")
    assert started(file=Path("environments"), environment="prod")[0].path == Path("environments/prod.yaml")


def test_the_schema_that_is_nearest_stands_in_the_first_line(live, folder):
    (folder / "environments").mkdir()
    assert started()[0].text.startswith("# yaml-language-server: $schema=mfinfra.schema.json\n")
    (folder / "mfinfra.schema.json").write_text("{}")
    assert started()[0].text.startswith("# yaml-language-server: $schema=../mfinfra.schema.json\n")


def test_of_several_vpcs_the_default_one_is_proposed(live):
    live.rows = rows(
        vpc(OTHER_VPC, name="a"), vpc(default=True), subnets=SUBNETS | {PUBLIC[:-1] + "d": (OTHER_VPC, "open")}
    )
    person = Typing(["", "", "", ""])
    found, _ = started(person)
    question = person.questions[2]
    assert (question.flag, question.default) == ("--vpc", (VPC,))
    assert question.options[0].cells == ("(default)", "10.0.0.0/16", "1 public, 1 behind NAT, 1 isolated")
    assert question.options[1].cells == ("a", "10.0.0.0/16", "1 public")
    assert found.answers.vpc == VPC


def test_where_several_vpcs_do_and_none_is_the_default_one_the_flag_is_named(live):
    live.rows = rows(vpc(OTHER_VPC), vpc(), subnets=SUBNETS | {PUBLIC[:-1] + "d": (OTHER_VPC, "open")})
    error = refused()
    assert (error.code, "`--vpc`" in error.message) == ("MF5601", True)
    assert f"`{VPC}`, `{OTHER_VPC}`" in error.hint


def test_a_vpc_without_subnets_is_told_as_such(live):
    live.rows["DescribeVpcs"]["Vpcs"].append(vpc(OTHER_VPC))
    assert refused(vpc=OTHER_VPC).message == f"`--vpc`: `{OTHER_VPC}`: there is no subnet in it: name another VPC"


def test_the_only_vpc_that_does_is_taken(live):
    live.rows = rows(vpc(OTHER_VPC, default=True), vpc(), subnets=SUBNETS)
    assert started()[0].answers.vpc == VPC


def test_subnets_tell_their_vpc(live):
    live.rows = rows(vpc(OTHER_VPC), vpc(), subnets=SUBNETS | {PUBLIC[:-1] + "d": (OTHER_VPC, "open")})
    assert started(subnets=(PUBLIC[:-1] + "d",))[0].answers.vpc == OTHER_VPC


@pytest.mark.parametrize(
    ("kinds", "preset", "hint"),
    [
        (("isolated",), "fargate", "`--preset private`"),
        (("isolated",), "ec2", "`--preset private`"),
        (("public",), "ec2", f"`aws ec2 modify-subnet-attribute --subnet-id {PUBLIC} --map-public-ip-on-launch`"),
        (("public",), "spot", "`--preset fargate`"),
        ((), "fargate", "`--vpc`"),
    ],
)
def test_a_network_that_a_preset_cannot_work_in_is_told_with_what_does(live, kinds, preset, hint):
    live.rows = rows(vpc(default=True), subnets=dict.fromkeys((PUBLIC,) if kinds else (), (VPC, *kinds)))
    error = refused(preset=preset)
    assert (error.code, f"`{preset}`" in error.message) == ("MF5602", True)
    assert hint in error.hint


def test_at_a_terminal_the_preset_that_works_is_proposed_then(live):
    live.rows = rows(vpc(default=True), subnets={ISOLATED: (VPC, "isolated")})
    person = Typing(["", "", "", ""])
    found, _ = started(person)
    assert [question.flag for question in person.questions] == ["--preset", "--environment", "--preset", "--subnet"]
    assert found.answers.preset is Preset.PRIVATE
    assert "no VPC in us-east-1 has subnets that `fargate` can work in" in person.told[0]


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"vpc": "vpc-00000000000000009"}, "there is no such VPC in us-east-1"),
        ({"vpc": "nonsense"}, "an id is written like"),
        ({"subnets": ("subnet-00000000000000009",)}, f"there is no such subnet in `{VPC}`"),
        ({"subnets": (ISOLATED,)}, "has no way out"),
        ({"environment": "Prod"}, "1 to 31 lower-case letters"),
        ({"environment": "prod-"}, "would end with a hyphen"),
        ({"region": "useast1"}, "a region is written like"),
        ({"bucket": "My"}, "3 to 63 of the characters"),
        ({"profile": "-"}, "1 to 63 of the characters"),
        ({"endpoint": "box"}, "`sandbox`, or an http(s) URL"),
        ({"aws_profile": "a\nb"}, "each of them visible"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_flag_that_says_what_cannot_be_is_an_error_that_names_it(live, flags, says):
    with pytest.raises(UserError) as caught:
        started(**flags)
    name = {"subnets": "--subnet"}.get(next(iter(flags)), f"--{next(iter(flags)).replace('_', '-')}")
    assert (caught.value.code, caught.value.message.startswith(f"`{name}`: ")) == ("MF5600", True)
    assert says in caught.value.message


def test_a_region_without_a_vpc_names_the_command_that_makes_one(live):
    live.rows = rows(subnets={})
    error = refused()
    assert error.code == "MF5605"
    assert "`aws ec2 create-default-vpc --region us-east-1`" in error.hint


def test_another_account_than_the_one_that_is_meant_is_refused(live):
    error = refused(account="210987654321")
    assert isinstance(error, Refused)
    assert (error.code, ACCOUNT in error.message) == ("MF4001", True)


DENIED = {"ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeRouteTables"}


def test_what_the_account_may_not_tell_is_said_in_a_line_each_and_named_as_a_flag(live):
    live.denied = {"ec2:DescribeVpcs", "ec2:DescribeSubnets"}
    error = refused()
    assert (error.code, "`--vpc`" in error.message) == ("MF5601", True)
    found, told = started(vpc=VPC, subnets=(PUBLIC,))
    assert computes(found) == {(PUBLIC,)}
    assert told[1:] == [
        "these credentials may not ask which VPCs there are (`ec2:DescribeVpcs`)",
        "these credentials may not ask which subnets there are (`ec2:DescribeSubnets`)",
    ]


def test_what_the_account_may_not_tell_is_asked_of_somebody_at_a_terminal(live):
    live.denied = DENIED
    person = Typing(["private", "", "", VPC, f"{PRIVATE} {ISOLATED}", "x", "rtb-0123456789abcdef0"])
    found, _ = started(person)
    assert computes(found) == {(PRIVATE, ISOLATED)}
    assert found.answers.tables == ("rtb-0123456789abcdef0",)
    assert person.told[0] == "an answer is needed"


def test_a_bucket_of_somebody_else_leads_to_another_name(live):
    live.foreign = {f"metaflow-dev-{ACCOUNT}"}
    live.buckets = {f"metaflow-dev-{ACCOUNT}-2"}
    found, told = started()
    bucket = found.reading.environment.resources[Address("bucket", "datastore")]
    assert bucket.spec["name"] == f"metaflow-dev-{ACCOUNT}-3"
    assert f"the bucket is called `metaflow-dev-{ACCOUNT}-3`" in told[-1]


def test_where_no_bucket_may_be_looked_at_the_plan_will_tell(live):
    live.denied = {"s3:HeadBucket"}
    found, told = started()
    assert found.answers.bucket == "metaflow-${environment}-${account}"
    assert "`mfinfra plan` will show it" in told[-1]


def test_a_bucket_that_was_named_and_is_taken_is_an_error(live):
    live.buckets = {"mine"}
    error = refused(bucket="mine")
    assert (error.code, "`--bucket NAME`" in error.hint) == ("MF5604", True)
    assert started(bucket="ours")[0].answers.bucket == "ours"


def test_an_environment_whose_names_are_taken_gets_another_name(live):
    live.queues = {"metaflow-dev", "metaflow-dev-2"}
    found, told = started()
    assert (found.answers.environment, found.path) == ("dev-3", Path("dev-3.yaml"))
    assert "there is `job_queue.default` (metaflow-dev) already" in told[1]


def test_an_environment_that_was_named_and_is_taken_is_an_error(live):
    live.queues = {"metaflow-prod"}
    for flags in ({"environment": "prod"}, {"file": Path("prod.yaml")}):
        error = refused(**flags)
        assert error.code == "MF5604"
        assert "`mfinfra import`" in error.hint


def test_at_a_terminal_another_name_is_asked_for(live):
    live.queues = {"metaflow-dev"}
    person = Typing(["", "", "", "next"])
    found, _ = started(person)
    assert found.answers.environment == "next"
    assert person.questions[-1].default == ("dev-2",)


def test_names_that_may_not_be_looked_up_are_left_to_the_plan(live):
    live.denied = {"batch:DescribeJobQueues"}
    told = started()[1]
    assert "(`batch:DescribeJobQueues`): `mfinfra plan` will show it" in told[-1]


def test_after_too_many_names_that_are_taken_init_gives_up(live):
    live.queues = {"metaflow-dev", *(f"metaflow-dev-{number}" for number in range(2, 20))}
    assert refused().code == "MF5604"


def endpoint(service, **more):
    kind = "Gateway" if service in text.GATEWAYS else "Interface"
    tables = ["rtb-0000000000000000c"] if kind == "Gateway" else []
    return {
        "VpcEndpointId": f"vpce-0{service[:3]}",
        "VpcId": VPC,
        "State": "available",
        "ServiceName": f"com.amazonaws.us-east-1.{service}",
        "VpcEndpointType": kind,
        "RouteTableIds": tables,
        "PrivateDnsEnabled": kind == "Interface",
    } | more


def test_endpoints_that_are_there_are_left_out_and_what_they_need_is_said(live):
    there = [endpoint("s3", RouteTableIds=["rtb-x"]), endpoint("logs"), endpoint("ecr.api", PrivateDnsEnabled=False)]
    live.rows = rows(vpc(default=True), subnets=SUBNETS, endpoints=there)
    live.rows["DescribeVpcAttribute"] = {"EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": False}}
    found, _ = started(preset="private")
    written = {str(address) for address in found.reading.environment.resources}
    assert {"endpoint.s3", "endpoint.logs", "endpoint.ecr-api"}.isdisjoint(written)
    assert "endpoint.ecr-dkr" in written
    assert found.reading.warnings == ()
    said = "\n".join(found.remarks)
    assert f"`aws ec2 modify-vpc-attribute --vpc-id {VPC} --enable-dns-hostnames`" in said
    assert "--vpc-endpoint-id vpce-0s3 --add-route-table-ids rtb-0000000000000000c`" in said
    assert "--vpc-endpoint-id vpce-0ecr --private-dns-enabled`" in said
    assert "`vpce-0ecr`, `vpce-0log` have to let HTTPS in" in said
    assert "push one to the repository `metaflow/dev`" in said


def test_isolated_subnets_with_all_endpoints_do_for_fargate_and_want_an_own_image(live):
    there = [endpoint(name) for name in ("s3", "ecr.api", "ecr.dkr", "logs")]
    live.rows = rows(vpc(default=True), subnets={ISOLATED: (VPC, "isolated")}, endpoints=there)
    found, _ = started()
    assert computes(found) == {(ISOLATED,)}
    assert "jobs need an image in ECR" in found.remarks[0]


def test_a_missing_service_linked_role_is_told_with_its_command(live):
    assert started()[0].remarks == ()
    live.roles = set()
    (said,) = started()[0].remarks
    assert "`aws iam create-service-linked-role --aws-service-name batch.amazonaws.com`" in said
    live.denied = {"iam:GetRole"}
    assert started()[0].remarks == ()


def test_without_credentials_somebody_at_a_terminal_chooses_a_profile(live, monkeypatch):
    from mfinfra.aws import entry

    def enter(access, region, environment):
        if access.profile is None:
            raise UserError("no AWS credentials were found", hint="…", code=entry.NO_WAY)
        return live

    monkeypatch.setattr(session, "enter", enter)
    monkeypatch.setattr(profiles, "names", lambda: ["admin", "corp"])
    person = Typing(["", "corp", "", ""])
    found, _ = started(person)
    assert (found.reading.environment.access.profile, person.told) == ("corp", ["no AWS credentials were found"])
    assert refused().code == entry.NO_WAY


def test_without_a_region_somebody_is_asked_and_nobody_is_told_the_flag(live, monkeypatch):
    monkeypatch.setattr(profiles, "region", lambda access: None)
    found, _ = started(Typing(["", "eu-west-1", "", ""]))
    assert found.answers.region == "eu-west-1"
    error = refused()
    assert (error.code, "`--region`" in error.message) == ("MF5601", True)
    assert "`--region us-east-1`" in error.hint


def test_a_profile_that_was_named_stands_in_the_file(live):
    found, _ = started(aws_profile="corp admin")
    assert found.reading.environment.access.profile == live.access.profile == "corp admin"


def test_an_endpoint_stands_in_the_file_and_is_looked_at(live):
    found, _ = started(endpoint="sandbox", aws_profile="corp")
    assert (found.reading.environment.access.endpoint, live.access.endpoint) == ("sandbox", "sandbox")


OFFLINE = {"offline": True, "account": ACCOUNT, "region": "cn-north-1", "vpc": VPC, "subnets": (PUBLIC, PRIVATE)}


def test_offline_aws_is_asked_nothing(live):
    found, _ = started(**OFFLINE)
    assert live.asked == []
    assert found.reading.environment.scope == Scope("dev", ACCOUNT, "cn-north-1")
    private, _ = started(**OFFLINE, preset="private", tables=("rtb-0123456789abcdef0",))
    assert private.answers.inside == (PUBLIC, PRIVATE)


@pytest.mark.parametrize("missing", ["account", "region", "vpc", "subnets"])
def test_offline_every_answer_that_is_missing_is_named(live, missing):
    error = refused(**{name: value for name, value in OFFLINE.items() if name != missing})
    assert error.code == "MF5601"
    assert f"`--{missing.removesuffix('s')}` is needed" in error.message


def test_offline_the_private_preset_needs_route_tables(live):
    assert "`--route-table` is needed" in refused(**OFFLINE, preset="private").message


def test_the_sandbox_needs_no_account(live):
    found, told = started(preset="sandbox")
    assert (live.asked, told) == ([], [])
    assert (found.path, found.reading.environment.access.endpoint) == (Path("sandbox.yaml"), "sandbox")
    assert started(preset="sandbox", file=Path("x.yaml"), region="eu-west-1")[0].answers.region == "eu-west-1"


@pytest.mark.parametrize("flag", [{"account": "210987654321"}, {"endpoint": "https://x"}, {"aws_profile": "corp"}])
def test_a_flag_that_contradicts_the_sandbox_is_an_error(live, flag):
    assert refused(preset="sandbox", **flag).code == "MF5600"


def test_more_subnets_than_batch_takes_are_an_error(live):
    many = tuple(f"subnet-{number:017x}" for number in range(17))
    assert "17 subnets are more" in refused(**(OFFLINE | {"subnets": many})).message
