"""What `verify` makes of this machine, and of other partitions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mfinfra import configure, desired, verification
from mfinfra.errors import UserError
from mfinfra.metaflow import configuration, needs, verify
from mfinfra.metaflow.arns import service
from mfinfra.metaflow.parts import Parts
from mfinfra.metaflow.verify import Subject
from mfinfra.metaflow.verify import permissions as permitted
from mfinfra.model import Address, Check, Ref, Verdict

FILE = Path(__file__).parent.parent / "environments" / "sandbox.yaml"
WHOLE = [path for path in sorted(FILE.parent.glob("*.yaml")) if path.stem != "base"]
"""Every example but what others are made of."""


@pytest.fixture(scope="module")
def environment():
    return desired.read(FILE).environment


def local(environment, home, values=None, **environ):
    produced = configuration.produce(environment)
    if values is not None:
        (home / "config_sandbox.json").write_text(json.dumps({**produced.values, **values}))
    found = verification.local(environment, produced, {"METAFLOW_HOME": str(home), **environ})
    return [one for one in found if one.code in ("", "MF5020", "MF5114", "MF5115", "MF5010")]


def test_a_profile_that_was_never_written_is_a_warning(environment, tmp_path):
    (found,) = local(environment, tmp_path)
    assert (found.verdict, found.code) == (Verdict.WARNING, "MF5114")
    assert found.fix == f"mfinfra config {FILE} --write"


def test_each_key_that_the_profile_has_otherwise_is_a_warning(environment, tmp_path):
    found = local(environment, tmp_path, {"METAFLOW_BATCH_JOB_QUEUE": "another", "MINE": "x"})
    assert [(one.code, one.subject) for one in found] == [("MF5115", "METAFLOW_BATCH_JOB_QUEUE")]


def test_a_profile_that_says_the_same_has_nothing_to_warn_of(environment, tmp_path):
    assert local(environment, tmp_path, {}) == []


def test_a_key_that_the_shell_sets_otherwise_is_told(environment, tmp_path):
    found = local(environment, tmp_path, {}, METAFLOW_BATCH_JOB_QUEUE="another")
    assert [one.code for one in found] == ["MF5020"]


def test_a_profile_that_the_shell_names_and_that_is_not_there_is_told(environment, tmp_path):
    (tmp_path / "config_sandbox.json").write_text("{}")
    around = {"METAFLOW_HOME": str(tmp_path), "METAFLOW_PROFILE": "nope"}
    found = verification.local(environment, configuration.produce(environment), around)
    (told,) = (one for one in found if one.code == "MF5024")
    assert "names a profile without a file" in told.message
    assert "config_nope.json" in told.message


def test_a_profile_that_nobody_can_read_is_told_and_not_raised(environment, tmp_path):
    (tmp_path / "config_sandbox.json").write_text("{")
    (found,) = local(environment, tmp_path)
    assert (found.verdict, found.code) == (Verdict.WARNING, "MF5010")


CHECKS = [Check(name, "G", "t", lambda: iter(()), needs) for name, needs in (("a.x", ()), ("b.x", ("a.x",)))]


@pytest.mark.parametrize(
    ("only", "skip", "said"), [(["c"], [], "no check is called `c`"), ([], ["a", "b"], "no check is left")]
)
def test_a_choice_that_leaves_nothing_is_an_error(only, skip, said):
    with pytest.raises(UserError, match=said):
        verification.chosen(CHECKS, only, skip)


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_in_every_partition_the_configuration_is_well_shaped_and_the_checks_are_the_same(region, tmp_path, environment):
    path = tmp_path / "other.yaml"
    path.write_text(FILE.read_text("utf-8").replace("region: us-east-1", f"region: {region}"), "utf-8")
    other = desired.read(path).environment
    subject = Subject(Parts(other), configure.produce(other).values, "0a")
    every = {check.id: check for check in verify.checks(subject, needs.of(subject.parts))}
    home = Subject(Parts(environment), configure.produce(environment).values, "0a")
    assert every.keys() == {check.id for check in verify.checks(home, needs.of(home.parts))}
    for name in ("config.keys", "config.values"):
        with pytest.raises(StopIteration) as ended:
            next(every[name].ask())
        assert [one.verdict for one in ended.value.value] == [Verdict.PASSED]
    assert subject.parts.root.bucket_arn.split(":")[1] == other.scope.partition
    assert service("ec2", other.scope).endswith(".cn") is (other.scope.partition == "aws-cn")


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_of_every_example_the_configuration_is_whole(path):
    found = desired.read(path).environment
    subject = Subject(Parts(found), configure.produce(found).values, "0a")
    every = {check.id: check for check in verify.checks(subject, needs.of(subject.parts))}
    said = []
    for name in ("config.keys", "config.values"):
        with pytest.raises(StopIteration) as ended:
            next(every[name].ask())
        said += [one for one in ended.value.value if one.verdict is not Verdict.PASSED]
    assert said == []


def test_a_need_on_a_key_that_is_not_there_is_left_out_and_said(environment):
    subject = Subject(Parts(environment), {}, "0a")
    need = needs.Need("job_role", "in a job", "kms:Decrypt", Ref(Address("key", "data"), "arn"))
    (check,) = permitted.checks(subject, [need], [])
    asker = check.ask()
    with pytest.raises(StopIteration) as ended:
        next(asker)
    (found,) = ended.value.value
    assert (found.verdict, found.subject) == (Verdict.SKIPPED, "kms:Decrypt")
