"""What is exported: what is live, what the file wishes where that differs, and references in their places again."""

from __future__ import annotations

from dataclasses import replace

import exported
import pytest

from mfinfra import desired, ownership
from mfinfra.errors import Refused, UserError
from mfinfra.exporting import cloudformation, subjects, terraform
from mfinfra.exporting.links import Known
from mfinfra.exporting.names import Names, camel, identifier
from mfinfra.model import Address, Block, Ref, Template

EC2 = exported.ROOT / "environments" / "ec2.yaml"
QUEUE = Address("job_queue", "default")
CLUSTER = Address("compute_environment", "cpu")


def environment():
    return desired.read(EC2).environment


def subject(chosen, address):
    return next(one for one in chosen.subjects if str(one.address) == address)


def changed(made, address, **values):
    """The plan with something else found at `address`."""
    planned = tuple(
        replace(one, **{name: value(getattr(one, name)) for name, value in values.items()})
        if str(one.step.address) == address
        else one
        for one in made.planned
    )
    return replace(made, planned=planned)


def test_what_is_not_there_yet_is_an_error_that_names_it():
    made = changed(exported.planned(environment()), "log_group.step-functions", observed=lambda _: None)
    with pytest.raises(
        UserError, match=r"^1 resource of the file cannot be exported.*`log_group.step-functions`"
    ) as told:
        subjects.of(made)
    assert told.value.code == "MF5750"
    assert f"mfinfra apply {EC2}" in told.value.hint


def test_what_is_somebody_elses_is_not_handed_over():
    block = Block("MF4102", "`lg` belongs to the CloudFormation stack `old`", "have its owner let go of it first")
    made = changed(
        exported.planned(environment()), "log_group.step-functions", step=lambda step: replace(step, blocks=(block,))
    )
    with pytest.raises(Refused, match=r"`log_group\.step-functions` is not this environment's to hand over") as told:
        subjects.of(made)
    assert told.value.code == "MF4102"


def test_what_was_never_adopted_is_exported_all_the_same():
    made = changed(
        exported.planned(environment()),
        "bucket.datastore",
        step=lambda step: replace(step, blocks=(Block("MF4101", "nobody's", ""),)),
    )
    assert subjects.of(made).differing == {}


def test_where_aws_differs_the_files_wish_is_written_and_said():
    chosen = exported.chosen(EC2, **{"log_group.step-functions": {"retention_days": 90}})
    assert chosen.differing == {Address("log_group", "step-functions"): ("retention_days",)}
    assert subject(chosen, "log_group.step-functions").spec["retention_days"] == 30
    said = "`log_group.step-functions`: AWS differs from the file in `retention_days`; what is written here"
    for done in (terraform.write(chosen), cloudformation.write(chosen)):
        assert done.warnings[0].startswith(said)
        assert "# - `log_group.step-functions`: AWS differs from the file in" in done.whole


def test_what_is_live_is_written_where_it_means_the_same_as_the_wish():
    live = {"job_queue.default": {"time_limits": []}, "table.foreach": {"hash_key": "pathspec"}}
    assert exported.chosen(EC2, **live).differing == {}


def test_tags_of_others_stay_and_ours_and_awss_are_left_out():
    found = {"team": "ml", "aws:cloudformation:stack-id": "x", **ownership.tags(environment().scope, QUEUE)}
    made = changed(
        exported.planned(environment()),
        "job_queue.default",
        observed=lambda one: replace(one, tags={**one.tags, **found}),
    )
    assert subject(subjects.of(made), "job_queue.default").tags == {"team": "ml"}


def test_what_is_in_aws_and_not_in_the_file_is_said():
    from mfinfra.observe import Leftover, Survey
    from mfinfra.planning import plan

    whole, smaller = environment(), environment()
    smaller = replace(smaller, resources={at: one for at, one in smaller.resources.items() if at != QUEUE})
    found = exported.planned(whole).survey.observed
    left = Leftover(replace(whole.resources[QUEUE], leftover=True), found[QUEUE])
    observed = {at: one for at, one in found.items() if at != QUEUE}
    chosen = subjects.of(plan.make(smaller, Survey(observed, (left,))))
    assert chosen.left_out == (QUEUE,)
    assert any(
        "`job_queue.default`: it carries this environment's tags" in note for note in terraform.write(chosen).notes
    )


def test_an_environment_that_is_not_at_aws_says_so():
    sandbox = exported.example(exported.ROOT / "environments" / "sandbox.yaml")
    said = "the environment is at the endpoint `sandbox`, and what is written here speaks to AWS"
    assert said in terraform.write(sandbox).notes
    assert exported.example(EC2).endpoint == ""


def test_every_subject_stands_behind_those_that_it_refers_to_and_roles_last():
    kinds = [one.address.kind for one in exported.example(EC2).subjects]
    first = {kind: kinds.index(kind) for kind in kinds}
    assert first["role"] > max(first[kind] for kind in ("bucket", "table", "log_group", "security_group"))
    # Its role comes before the environment that needs it.
    assert first["role"] < first["compute_environment"] < first["job_queue"]


def test_ids_and_arns_are_references_again_and_look_alikes_are_not():
    known = Known()
    data, other = Address("bucket", "data"), Address("bucket", "other")
    known.add(data, {"arn": "arn:aws:s3:::data", "name": "data", "url": "s3://data"})
    known.add(other, {"arn": "arn:aws:s3:::data-other", "name": "data-other"})
    known.add(CLUSTER, {"arn": "arn:aws:batch:us-east-1:123456789012:compute-environment/cpu", "name": "cpu"})
    role = {
        "policies": {"p": {"Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*", "arn:aws:s3:::data-other", "data"]}}
    }
    arn = Ref(data, "arn")
    assert known.linked("role", role)["policies"]["p"]["Resource"] == [
        arn, Template((arn, "/*")), Ref(other, "arn"), "data"
    ]  # fmt: skip
    assert known.linked("role", {"x": "arn:aws:s3:::data2 arn:aws:s3:::data.old"})["x"] == (
        "arn:aws:s3:::data2 arn:aws:s3:::data.old"
    )
    queue = {"name": "cpu", "compute_environments": ["arn:aws:batch:us-east-1:123456789012:compute-environment/cpu"]}
    assert known.linked("job_queue", queue) == {"name": "cpu", "compute_environments": [Ref(CLUSTER, "arn")]}


def test_of_two_that_begin_alike_the_longer_one_is_meant():
    known = Known()
    every = {name: f"arn:aws:iam::123456789012:role/{name}" for name in ("jobs", "jobs/night", "jobs/night/late")}
    for number, arn in enumerate(every.values()):
        known.add(Address("role", f"r{number}"), {"arn": arn})
    policies = {"p": {"Resource": list(every.values())}}
    found = known.linked("role", {"policies": policies})["policies"]["p"]["Resource"]
    assert found == [Ref(Address("role", f"r{number}"), "arn") for number in range(3)]


def test_a_script_is_never_taken_apart():
    known = Known()
    known.add(Address("bucket", "data"), {"arn": "arn:aws:s3:::data"})
    assert known.linked("launch_template", {"user_data": "arn:aws:s3:::data"}) == {"user_data": "arn:aws:s3:::data"}


@pytest.mark.parametrize(
    ("parts", "snake", "title"),
    [
        (("batch-job",), "batch_job", "BatchJob"),
        (("batch_job", "S3 read+write"), "batch_job_s3_read_write", "BatchJobS3ReadWrite"),
        (("a", ""), "a", "A"),
        (("9", "lives"), "_9_lives", "9Lives"),
    ],
)
def test_names_are_those_of_the_target(parts, snake, title):
    assert (identifier(parts), camel(parts)) == (snake, title)


def test_no_name_is_given_twice_within_a_space():
    names = Names()
    given = [
        names.fresh(*asked)
        for asked in (("a", "x"), ("a", "x"), ("b", "x"), ("a", "X"), ("", "BatchJob"), ("", "BatchJob"))
    ]
    assert given == ["x", "x_2", "x", "X2", "BatchJob", "BatchJob2"]


def test_an_instance_profile_that_somebody_made_elsewhere_stays_there():
    """Both tools take the top for granted and would make another one there."""
    arn = "arn:aws:iam::123456789012:instance-profile/eng/batch/ecsInstanceRole"
    made = changed(
        exported.planned(environment()),
        "role.instance",
        observed=lambda one: replace(one, outputs={**one.outputs, "instance_profile_arn": arn}),
    )
    assert 'path = "/eng/batch/"' in terraform.write(subjects.of(made)).whole
    assert 'Path: "/eng/batch/"' in cloudformation.write(subjects.of(made)).whole
