"""The command itself; what it writes is told by the tests of importing."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from mfinfra import importing
from mfinfra.aws import session
from mfinfra.cli import _editor
from mfinfra.document import bundle
from mfinfra.importing import Imported
from mfinfra.importing.start import Seed, Unmodelled
from mfinfra.importing.walk import Found
from mfinfra.model import Address, Observed, Scope
from mfinfra.ownership import Ownership, Standing

SCOPE = Scope("prod", "123456789012", "us-east-1")
QUEUE, ROLE = Address("job_queue", "default"), Address("role", "instance")
MODELINES = "".join(f"{line}\n" for line in _editor.modelines())
SOURCE = ("--resource", "job_queue=q")


def found(kind, why, via="", owner=""):
    observed = Observed({}, {}, {}, f"{kind} id")
    standing = Standing.FOREIGN if owner else Standing.NOBODYS
    return Found(Seed(kind, {}, why), {}, observed, Ownership(standing, owner), via)


@pytest.fixture
def there(monkeypatch):
    """What an import finds; a test puts more in. `asked` keeps what it was asked for."""
    queue = found("job_queue", "the queue of Metaflow's jobs")
    world = SimpleNamespace(
        imported=Imported("text: here\n", SCOPE, {QUEUE: queue, ROLE: found("role", "the role", queue.key, "a tool")}),
        asked={},
    )

    def enter(access, region, environment):
        world.asked |= {"access": access, "region": region, "environment": environment}
        return SimpleNamespace(scope=Scope(environment, SCOPE.account, region or SCOPE.region), parallelism=0)

    def starts(aws, scope, wanted):
        world.asked["wanted"] = {flag: asked.values for flag, asked in wanted.items()}
        return ()

    def import_(aws, scope, starts, **options):
        world.asked |= options
        return world.imported

    monkeypatch.setattr(session, "enter", enter)
    monkeypatch.setattr(importing, "starts", starts)
    monkeypatch.setattr(importing, "importing", import_)
    return world


def with_(world, **more):
    world.imported = replace(world.imported, **more)


def test_the_file_is_written_and_the_report_says_what_led_where(there, run, tmp_path):
    file = tmp_path / "prod.yaml"
    ran = run("import", str(file), *SOURCE)
    assert ran.code == 0
    assert ran.out == ""
    assert file.read_text() == MODELINES + "text: here\n"
    assert (tmp_path / "mfinfra.schema.json").read_text("utf-8") == bundle.text()
    assert ran.err.splitlines() == [
        "Found 2 resources in account 123456789012, us-east-1",
        "  job_queue.default  the queue of Metaflow's jobs",
        "    role.instance  the role; a tool has it",
        "",
        f"Wrote {file}",
        f"{tmp_path}/mfinfra.schema.json: written",
        f"  mfinfra plan {file} --adopt all",
    ]
    assert there.asked["environment"] == "prod"


def test_the_file_leads_editors_to_the_schema_that_is_there(there, run, tmp_path):
    (tmp_path / "mfinfra.schema.json").write_text("{}")
    ran = run("import", str(tmp_path / "deep" / "prod.yaml"), *SOURCE)
    assert ran.code == 0
    text = (tmp_path / "deep" / "prod.yaml").read_text()
    assert text == MODELINES.replace("mfinfra.schema", "../mfinfra.schema") + "text: here\n"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["prod.yaml"]


def test_a_template_that_is_there_already_stops_the_import_before_anything_is_written(there, run, tmp_path):
    with_(there, files={"1.json": "new", "2.json": "new"}, handover=("step",))
    (tmp_path / "2.json").write_text("mine")
    arguments = (str(tmp_path / "prod.yaml"), *SOURCE, "--handover", str(tmp_path))
    ran = run("import", *arguments)
    assert (ran.code, "MF5603" in ran.err) == (1, True)
    assert {path.name: path.read_text() for path in tmp_path.iterdir() if path.name != "2.json"} == {}
    assert run("import", *arguments, "--overwrite").code == 0
    assert (tmp_path / "2.json").read_text() == "new"


def test_a_folder_for_templates_that_is_a_file_is_a_sentence(there, run, tmp_path):
    with_(there, files={"1.json": "new"})
    (tmp_path / "taken").write_text("mine")
    ran = run("import", str(tmp_path / "prod.yaml"), *SOURCE, "--handover", str(tmp_path / "taken"))
    assert ran.code == 1
    assert "cannot be written" in ran.err
    assert not (tmp_path / "prod.yaml").exists()


def test_the_last_step_of_a_handover_names_the_file(there, run, tmp_path):
    with_(there, handover=("Let go of it",))
    ran = run("import", str(tmp_path / "prod.yaml"), *SOURCE)
    assert ran.err.endswith(f"After the steps above:\n  mfinfra plan {tmp_path}/prod.yaml --adopt all\n")


def test_the_commands_of_a_handover_are_lines_by_themselves_and_for_the_same_credentials(there, run):
    with_(there, handover=("Let go:", "aws iam x --tag-keys 'a b'", "then `aws iam y`", "`aws z` lists them, and more"))
    ran = run("import", "-", *SOURCE, "--aws-profile", "my prod")
    assert ran.err.partition("adopted\n")[2].splitlines() == [
        "  Let go:",
        "    aws iam x --tag-keys 'a b' --profile 'my prod'",
        "    aws iam y --profile 'my prod'",
        "  `aws z` lists them, and more",
    ]


def test_a_dash_puts_the_file_on_stdout_and_nothing_else(there, run):
    ran = run("import", "-", *SOURCE)
    assert (ran.code, ran.out) == (0, "text: here\n")
    assert "Wrote" not in ran.err


def test_every_source_is_handed_on_and_they_may_be_combined(there, run, monkeypatch):
    monkeypatch.setenv("MFINFRA_TAG", "a=b c=d")
    arguments = ("--from-metaflow-profile", "p", "--from-metaflow-config", "f", "--from-environment", *SOURCE)
    ran = run("import", "-", *arguments, "--from-cloudformation", "s", "--resource", "role=r", "--region", "eu-west-1")
    assert ran.code == 0
    assert there.asked["wanted"] == {
        "--from-metaflow-profile": ("p",),
        "--from-metaflow-config": ("f",),
        "--from-environment": ("",),
        "--from-cloudformation": ("s",),
        "--resource": ("job_queue=q", "role=r"),
        "--tag": ("a=b", "c=d"),
    }
    assert (there.asked["region"], there.asked["environment"]) == ("eu-west-1", "p")


def test_what_would_differ_is_told_loudly_and_the_file_is_there_all_the_same(there, run, tmp_path):
    with_(there, differences=("`table.x` would be changed: `ttl_attribute`",))
    ran = run("import", str(tmp_path / "prod.yaml"), *SOURCE)
    assert ran.code == 1
    assert "A plan of this file would do more than adopt\n  - `table.x` would be changed" in ran.err
    assert (tmp_path / "prod.yaml").is_file()


def test_what_stays_secrets_and_the_handover_are_told_apart(there, run, tmp_path):
    with_(
        there,
        unmodelled=(Unmodelled("the key `k`", "it has no alias"),),
        withheld=("METAFLOW_SERVICE_HEADERS", "METAFLOW_SERVICE_AUTH_KEY"),
        handover=("Let go of it:", "aws cloudformation update-stack --stack-name s"),
        files={"1.json": json.dumps({})},
    )
    ran = run("import", "-", *SOURCE, "--handover", str(tmp_path / "hand"))
    assert "Stays as it is\n  - the key `k`: it has no alias\n" in ran.err
    assert "`metaflow.service.headers: {secret: ARN}`" in ran.err
    assert "`metaflow.settings.METAFLOW_SERVICE_AUTH_KEY: {secret: ARN}`" in ran.err
    assert "  Let go of it:\n    aws cloudformation update-stack --stack-name s\n" in ran.err
    assert (tmp_path / "hand" / "1.json").read_text() == "{}"


def test_what_aws_says_reaches_the_terminal_as_text_only(there, run):
    with_(there, unmodelled=(Unmodelled("\x1b[31m[bold]x", "::error::\nno"),))
    ran = run("import", "-", *SOURCE)
    assert "\x1b" not in ran.err
    assert "\n::" not in ran.err


def test_a_file_that_is_there_is_kept_until_it_may_go(there, run, tmp_path):
    file = tmp_path / "prod.yaml"
    file.write_text("mine")
    refused = run("import", str(file), *SOURCE)
    assert (refused.code, file.read_text()) == (1, "mine")
    assert "MF5603" in refused.err
    assert not there.asked, "AWS was asked for what cannot be written"
    assert run("import", str(file), *SOURCE, "--overwrite").code == 0
    assert file.read_text() == MODELINES + "text: here\n"


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        ((), "there is no place to begin at", 1),
        ((*SOURCE, "--exclude", "buckett"), "names neither a kind nor an address", 1),
        ((*SOURCE, "--environment", "Prod"), "cannot be a name", 1),
        ((*SOURCE, "--account", "999999999999"), "MF4001", 3),
    ],
)
def test_what_cannot_be_done_is_a_sentence_with_a_hint(there, run, arguments, said, code):
    ran = run("import", "-", *arguments)
    assert ran.code == code
    assert said in ran.err
    assert "hint: " in ran.err


@pytest.mark.parametrize(("file", "name"), [("prod.yaml", "prod"), ("My Prod.yaml", "metaflow")])
def test_the_environment_is_called_as_the_file(there, run, tmp_path, file, name):
    assert run("import", str(tmp_path / file), *SOURCE).code == 0
    assert there.asked["environment"] == name


def test_the_policy_for_an_import_needs_no_file_and_reads_only(run):
    ran = run("permissions", "--for", "import")
    assert ran.code == 0
    policies = json.loads(ran.out)
    policies = policies if isinstance(policies, list) else [policies]
    actions = {action for policy in policies for row in policy["Statement"] for action in row["Action"]}
    assert {"batch:DescribeJobQueues", "iam:GetInstanceProfile", "ec2:DescribeSubnets", "tag:GetResources"} <= actions
    assert all(action.partition(":")[2].startswith(("Get", "List", "Describe", "Head")) for action in actions)


def test_other_policies_need_a_file(run):
    ran = run("permissions", "--for", "plan")
    assert ran.code == 1
    assert "`mfinfra permissions FILE --for plan`" in ran.err
