"""The checks of `verify` as values: answers of AWS in, findings out."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from questioning import TOKEN, checks, environment, refused, subject, talk

from mfinfra.checking import Ended
from mfinfra.metaflow import configuration, needs, verify
from mfinfra.metaflow.presets import permissions
from mfinfra.metaflow.verify import batch, client, datastore, flows
from mfinfra.metaflow.verify import permissions as permitted
from mfinfra.model import Access, Call, Command, Stage, Verdict

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
KEY = f"metaflow/mfinfra-verify-{TOKEN}-object"
BUCKET = "metaflow-sandbox-123456789012"
BODY = f"`mfinfra verify` wrote this to see that Metaflow can, and deletes it: {TOKEN}\n".encode()
VERSION = {"Key": KEY, "VersionId": "null", "IsLatest": True}
STORED = {
    "GetBucketVersioning": {},
    "GetObjectLockConfiguration": None,
    "DeleteObject": {},
    "HeadObject": [None, {"ContentLength": len(BODY)}],
    "PutObject": {},
    "GetObject": {"Body": BODY},
    "ListObjectsV2": {"Contents": [{"Key": KEY}]},
    "ListObjectVersions": {"Versions": [VERSION]},
    "DeleteObjects": {},
}
QUEUE = {
    "jobQueueName": "metaflow-job-queue",
    "jobQueueArn": "arn:aws:batch:us-east-1:123456789012:job-queue/metaflow-job-queue",
    "state": "ENABLED",
    "status": "VALID",
    "statusReason": "JobQueue Healthy",
    "priority": 1,
    "computeEnvironmentOrder": [
        {"order": 1, "computeEnvironment": "arn:aws:batch:us-east-1:1:compute-environment/cpu"}
    ],
}
CPU = {
    "computeEnvironmentName": "cpu",
    "computeEnvironmentArn": "arn:aws:batch:us-east-1:1:compute-environment/cpu",
    "ecsClusterArn": "arn:aws:ecs:us-east-1:1:cluster/c",
    "type": "MANAGED",
    "state": "ENABLED",
    "status": "VALID",
    "computeResources": {"type": "EC2", "maxvCpus": 4, "subnets": ["subnet-1"], "instanceRole": "ecsInstanceRole"},
}
TABLE = {
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "pathspec", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pathspec", "AttributeType": "S"}],
}
RANGED = {
    **TABLE,
    "KeySchema": [*TABLE["KeySchema"], {"AttributeName": "at", "KeyType": "RANGE"}],
    "AttributeDefinitions": [*TABLE["AttributeDefinitions"], {"AttributeName": "at", "AttributeType": "N"}],
}
GROUP = "/aws/vendedlogs/states/metaflow"
GROUP_ARN = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"


def queues(**more):
    return {"DescribeJobQueues": {"jobQueues": [{**QUEUE, **more}]}}


def environments(**more):
    return {**queues(), "DescribeComputeEnvironments": {"computeEnvironments": [{**CPU, **more}]}}


def resources(**more):
    return environments(computeResources={**CPU["computeResources"], **more})


def table(**more):
    return {"DescribeTable": {"Table": {**TABLE, **more}}}


def expiry(**more):
    return {"DescribeTimeToLive": {"TimeToLiveDescription": more}}


def role(name, principal="ecs-tasks", **more):
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": f"{principal}.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": "123456789012"},
                    "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:123456789012:*"},
                },
            }
        ],
    }
    return {
        "Path": "/",
        "RoleName": name,
        "RoleId": "AROA0123456789ABCDEF",
        "Arn": f"arn:aws:iam::123456789012:role/{name}",
        "CreateDate": MOMENT,
        "AssumeRolePolicyDocument": json.dumps(trust),
        **more,
    }


def profile(*roles):
    named = {"Path": "/", "InstanceProfileName": "ecsInstanceRole", "InstanceProfileId": "AIPA0123456789ABCDEF"}
    more = {"Arn": "arn:aws:iam::123456789012:instance-profile/ecsInstanceRole", "CreateDate": MOMENT}
    return {"InstanceProfile": {**named, **more, "Roles": list(roles)}}


EC2 = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
)
WELL = {
    "datastore.bucket": {"HeadBucket": {"BucketRegion": "us-east-1"}},
    "datastore.object": STORED,
    "batch.queue": queues(),
    "batch.environments": environments(),
    "batch.image": {"DescribeImages": {"imageDetails": []}},
    "sfn.table": table(),
    "sfn.ttl": expiry(TimeToLiveStatus="ENABLED", AttributeName="ttl"),
    "sfn.log_group": {"DescribeLogGroups": {"logGroups": [{"logGroupName": GROUP, "arn": GROUP_ARN}]}},
    "roles.job": {"GetRole": {"Role": role("MetaflowBatchRole")}},
    "roles.instance": {
        **environments(),
        "GetInstanceProfile": profile(role("ecsInstanceRole", AssumeRolePolicyDocument=EC2)),
    },
}
BAD = [
    ("datastore.bucket", {"HeadBucket": None}, "MF5120"),
    ("datastore.bucket", {"HeadBucket": {"BucketRegion": "eu-west-1"}}, "MF5121"),
    ("datastore.object", {**STORED, "HeadObject": [refused("AccessDenied")]}, "MF5122"),
    ("datastore.object", {**STORED, "PutObject": refused("AccessDenied")}, "MF5122"),
    ("datastore.object", {**STORED, "PutObject": refused("KMS.DisabledException")}, "MF5123"),
    ("datastore.object", {**STORED, "GetObject": {"Body": b"something else"}}, "MF5124"),
    ("datastore.object", {**STORED, "ListObjectsV2": {}}, "MF5124"),
    ("batch.queue", {"DescribeJobQueues": {"jobQueues": []}}, "MF5130"),
    ("batch.queue", queues(state="DISABLED"), "MF5131"),
    ("batch.queue", queues(status="INVALID"), "MF5132"),
    ("batch.queue", queues(status="CREATING"), "MF5132"),
    ("batch.queue", queues(computeEnvironmentOrder=[]), "MF5133"),
    ("batch.environments", {**queues(), "DescribeComputeEnvironments": {}}, "MF5134"),
    ("batch.environments", environments(state="DISABLED"), "MF5135"),
    ("batch.environments", environments(status="INVALID", statusReason="no role"), "MF5136"),
    ("batch.environments", environments(status="UPDATING"), "MF5136"),
    ("batch.environments", resources(type="FARGATE"), "MF5137"),
    ("batch.environments", resources(type="FARGATE_SPOT"), "MF5137"),
    ("batch.environments", resources(type="ECS_MANAGED_INSTANCES"), "MF5138"),
    ("batch.image", {"DescribeImages": refused("RepositoryNotFoundException", "ecr", "DescribeImages")}, "MF5139"),
    ("sfn.table", {"DescribeTable": None}, "MF5150"),
    ("sfn.table", table(TableStatus="DELETING"), "MF5151"),
    ("sfn.table", table(TableStatus="UPDATING"), "MF5151"),
    ("sfn.table", table(AttributeDefinitions=[{"AttributeName": "pathspec", "AttributeType": "N"}]), "MF5152"),
    ("sfn.table", {"DescribeTable": {"Table": RANGED}}, "MF5152"),
    ("sfn.ttl", expiry(TimeToLiveStatus="DISABLED"), "MF5153"),
    ("sfn.ttl", expiry(TimeToLiveStatus="ENABLED", AttributeName="expires"), "MF5153"),
    ("sfn.log_group", {"DescribeLogGroups": {"logGroups": [{"logGroupName": f"{GROUP}-2", "arn": "x"}]}}, "MF5154"),
    (
        "sfn.log_group",
        {"DescribeLogGroups": {"logGroups": [{"logGroupName": GROUP, "arn": GROUP_ARN.replace("us-", "eu-")}]}},
        "MF5155",
    ),
    ("roles.job", {"GetRole": None}, "MF5160"),
    ("roles.job", {"GetRole": {"Role": role("MetaflowBatchRole", Arn="arn:aws:iam::123456789012:role/a/b")}}, "MF5161"),
    ("roles.job", {"GetRole": {"Role": role("MetaflowBatchRole", "states")}}, "MF5162"),
    ("roles.instance", {**environments(), "GetInstanceProfile": None}, "MF5164"),
    ("roles.instance", {**environments(), "GetInstanceProfile": profile()}, "MF5165"),
    ("roles.instance", {**environments(), "GetInstanceProfile": profile(role("x"))}, "MF5162"),
]


@pytest.mark.parametrize("name", WELL)
def test_what_is_well_passes(name):
    told = talk(checks()[name], WELL[name])
    assert [one.verdict for one in told.findings] == [Verdict.PASSED]
    assert told.findings[0].message


@pytest.mark.parametrize(("name", "answers", "code"), BAD, ids=[f"{row[0]}-{row[2]}-{n}" for n, row in enumerate(BAD)])
def test_what_is_wrong_has_its_code_and_a_fix(name, answers, code):
    told = talk(checks()[name], answers)
    assert told.codes == [code]
    (found,) = [one for one in told.findings if one.code]
    assert not found.message.endswith(".")
    assert found.fix


def test_an_unmanaged_environment_is_told_to_be_one():
    unmanaged = {key: value for key, value in CPU.items() if key != "computeResources"}
    answers = {**queues(), "DescribeComputeEnvironments": {"computeEnvironments": [{**unmanaged, "type": "UNMANAGED"}]}}
    assert talk(checks()["batch.environments"], answers).codes == ["MF5138"]


def test_fargate_with_an_execution_role_is_well():
    values = {**subject().values, "METAFLOW_ECS_FARGATE_EXECUTION_ROLE": "arn:aws:iam::123456789012:role/x"}
    assert talk(checks(values=values)["batch.environments"], resources(type="FARGATE")).codes == []


@pytest.mark.parametrize(("endpoint", "verdict"), [(None, Verdict.WARNING), ("sandbox", Verdict.SKIPPED)])
def test_an_image_that_was_not_pushed_is_a_warning_but_where_no_job_pulls_it(endpoint, verdict):
    there = replace(environment(), access=Access(endpoint=endpoint))
    missing = refused("ImageNotFoundException", "ecr", "DescribeImages")
    told = talk(checks(environment=there)["batch.image"], {"DescribeImages": missing})
    assert [one.verdict for one in told.findings] == [verdict]
    assert told.codes == (["MF5140"] if verdict is Verdict.WARNING else [])


@pytest.mark.parametrize(
    ("image", "registry", "whole"),
    [
        ("", "", ""),
        ("", "registry.example", ""),
        ("mine:1", "", "mine:1"),
        ("mine:1", "registry.example/", "registry.example/mine:1"),
        ("team/mine:1", "registry.example", "registry.example/team/mine:1"),
        ("quay.io/mine:1", "registry.example", "quay.io/mine:1"),
        ("localhost/mine", "registry.example", "localhost/mine"),
    ],
)
def test_the_image_is_put_together_as_metaflow_does(image, registry, whole):
    values = {"METAFLOW_BATCH_CONTAINER_IMAGE": image, "METAFLOW_BATCH_CONTAINER_REGISTRY": registry}
    assert batch.image_of(values) == whole


def test_an_image_of_another_registry_is_not_asked_for():
    values = {"METAFLOW_BATCH_CONTAINER_IMAGE": "quay.io/x:1"}
    told = talk(checks(values=values)["batch.image"], {})
    assert (told.asked, told.findings[0].verdict) == ([], Verdict.SKIPPED)


# The datastore: nothing lasting.


def test_an_object_is_sent_with_the_encryption_that_metaflow_would_send():
    values = {**subject().values, "METAFLOW_S3_SERVER_SIDE_ENCRYPTION": "AES256"}
    told = talk(checks(values=values)["datastore.object"], STORED)
    (put,) = [one for one in told.asked if isinstance(one, Call) and one.operation == "PutObject"]
    assert put.params["ServerSideEncryption"] == "AES256"
    assert put.params["Key"].startswith("metaflow/mfinfra-verify-")


@pytest.mark.parametrize("operation", ["PutObject", "HeadObject", "GetObject", "ListObjectsV2"])
@pytest.mark.parametrize("error", [Ended("late"), KeyboardInterrupt(), ValueError("a bug"), refused("SlowDown")])
def test_the_object_is_deleted_wherever_the_probe_ends(operation, error):
    told = talk(checks()["datastore.object"], STORED, dies_at=operation, with_=error)
    assert told.operations[-3:] == ["ListObjectVersions", "GetBucketVersioning", "DeleteObjects"]
    assert set(told.touched.values()) == {Stage.REMOVED}


def test_every_version_goes_and_every_marker():
    rows = {
        "Versions": [{**VERSION, "VersionId": "v1"}, {**VERSION, "VersionId": "v2"}],
        "DeleteMarkers": [{"Key": KEY, "VersionId": "v3"}],
    }
    answers = {**STORED, "GetBucketVersioning": {"Status": "Enabled"}, "ListObjectVersions": rows}
    told = talk(checks()["datastore.object"], answers)
    (gone,) = [one for one in told.asked if isinstance(one, Call) and one.operation == "DeleteObjects"]
    assert [row["VersionId"] for row in gone.params["Delete"]["Objects"]] == ["v1", "v2", "v3"]


def test_in_a_bucket_without_versions_none_is_named_as_that_takes_another_permission():
    told = talk(checks()["datastore.object"], STORED)
    (gone,) = [one for one in told.asked if isinstance(one, Call) and one.operation == "DeleteObjects"]
    assert gone.params["Delete"]["Objects"] == [{"Key": KEY}]


def test_who_may_not_list_versions_deletes_what_it_can():
    answers = {**STORED, "ListObjectVersions": refused("AccessDenied")}
    told = talk(checks()["datastore.object"], answers)
    assert told.operations[-4:] == ["ListObjectVersions", "ListObjectsV2", "GetBucketVersioning", "DeleteObjects"]


def test_in_a_bucket_whose_versions_are_suspended_no_marker_stays_behind():
    told = talk(checks()["datastore.object"], {**STORED, "GetBucketVersioning": {"Status": "Suspended"}})
    (gone,) = [one for one in told.asked if isinstance(one, Call) and one.operation == "DeleteObjects"]
    assert gone.params["Delete"]["Objects"] == [{"Key": KEY, "VersionId": "null"}]


def test_what_a_killed_run_left_is_told_and_what_one_at_work_writes_is_not():
    now = datetime(2026, 1, 9, tzinfo=UTC)
    left = {"dead0dead0de-object": 3, "dead0dead0de-flow/Flow/1": 3, "00000000gone-job/Flow/1": 9}
    left |= {"b0000000000b-flow/Flow/1": 1, "a00000000000-job/Flow/1": 9, '000000000000"; `id`-object': 9}
    rows = [{"Key": KEY, "LastModified": now}]
    for name, days in left.items():
        rows.append({"Key": f"metaflow/mfinfra-verify-{name}", "LastModified": now - timedelta(days=days)})
    told = talk(checks()["datastore.object"], {**STORED, "ListObjectsV2": {"Contents": rows}})
    assert told.codes == ["MF5125", "MF5125"]
    assert [one.subject.rpartition("-")[2] for one in told.findings] == ["dead0dead0de", "a00000000000"]
    (gone,) = [one for one in told.asked if isinstance(one, Call) and one.operation == "DeleteObjects"]
    assert gone.params["Delete"]["Objects"] == [{"Key": KEY}]


@pytest.mark.parametrize("versioning", [{"Status": "Enabled"}, refused("AccessDenied")])
def test_who_may_not_see_versions_writes_nothing_where_there_are_some(versioning):
    denied = {"GetBucketVersioning": versioning, "ListObjectVersions": refused("AccessDenied")}
    told = talk(checks()["datastore.object"], {**STORED, **denied})
    assert [one.verdict for one in told.findings] == [Verdict.SKIPPED]
    assert "PutObject" not in told.operations


@pytest.mark.parametrize(
    ("answer", "writes"),
    [
        ({"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}, True),
        ({"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}}}, False),
        (refused("AccessDenied"), True),
    ],
)
def test_nothing_is_written_where_each_new_object_is_locked(answer, writes):
    locked = {"GetBucketVersioning": {"Status": "Enabled"}, "GetObjectLockConfiguration": answer}
    told = talk(checks()["datastore.object"], {**STORED, **locked})
    assert ("PutObject" in told.operations) is writes
    assert writes or "locks every new object" in told.findings[0].message


@pytest.mark.parametrize("versioning", [{}, {"Status": "Enabled"}, refused("AccessDenied")])
def test_who_may_not_delete_writes_nothing(versioning):
    told = talk(
        checks()["datastore.object"],
        {**STORED, "GetBucketVersioning": versioning, "DeleteObject": refused("AccessDenied")},
    )
    assert [one.verdict for one in told.findings] == [Verdict.SKIPPED]
    assert told.operations == ["GetBucketVersioning", "DeleteObject"]


def test_to_see_whether_it_may_delete_leaves_no_marker_in_a_bucket_with_versions():
    told = talk(checks()["datastore.object"], {**STORED, "GetBucketVersioning": {"Status": "Suspended"}})
    assert told.asked[1].params["VersionId"] == datastore.UNVERSIONED


# The configuration.


def test_keys_that_are_missing_are_told_in_the_order_in_which_metaflow_misses_them():
    told = talk(checks(values={})["config.keys"], {})
    assert set(told.codes) == {"MF5110"}
    assert [one.subject for one in told.findings][:3] == [
        "METAFLOW_DEFAULT_DATASTORE",
        "METAFLOW_DATASTORE_SYSROOT_S3",
        "METAFLOW_BATCH_JOB_QUEUE",
    ]


def test_a_key_that_waits_for_aws_is_told_to_wait():
    told = talk(checks(values={}, waiting=("METAFLOW_BATCH_JOB_QUEUE",))["config.keys"], {})
    assert {one.code for one in told.findings if one.subject == "METAFLOW_BATCH_JOB_QUEUE"} == {"MF5111"}


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("METAFLOW_SFN_IAM_ROLE", "", "MF5112"),
        ("METAFLOW_SFN_IAM_ROLE", "MetaflowStepFunctionsRole", "MF5113"),
        ("METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN", GROUP_ARN.removesuffix(":*"), "MF5113"),
        ("METAFLOW_SFN_DYNAMO_DB_TABLE", "arn:aws:dynamodb:us-east-1:123456789012:table/x", "MF5113"),
        ("METAFLOW_DATASTORE_SYSROOT_S3", "metaflow/prefix", "MF5113"),
        ("METAFLOW_BATCH_CONTAINER_REGISTRY", "https://registry.example", "MF5113"),
        ("METAFLOW_DEFAULT_DATASTORE", "local", "MF5113"),
        ("METAFLOW_BATCH_DEFAULT_TAGS", {}, "MF5112"),
        ("METAFLOW_BATCH_EMIT_TAGS", False, None),
    ],
)
def test_the_shape_of_a_value_is_looked_at(key, value, code):
    told = talk(checks(values={**subject().values, key: value})["config.values"], {})
    assert told.codes == ([code] if code else [])


def test_without_step_functions_their_keys_are_not_missed():
    block = {key: value for key, value in environment().metaflow.items() if key != "step_functions"}
    plain = replace(environment(), metaflow=block)
    one = {"environment": plain, "values": configuration.produce(plain).values}
    assert talk(checks(**one)["config.keys"], {}).codes == []
    assert not {"sfn.table", "client.foreach", "roles.sfn"} & checks(**one).keys()


def test_a_file_without_a_metaflow_block_still_has_its_configuration_looked_at():
    bare = replace(environment(), metaflow={}, resources={})
    found = checks(environment=bare, values={})
    assert list(found) == ["config.keys", "config.values"]
    assert talk(found["config.keys"], {}).codes == ["MF5110", "MF5110"]


# Permissions.


def simulated(decision="allowed", only=""):
    """IAM's simulator, which allows everything, or decides one action otherwise."""

    def answer(call):
        results = [
            {
                "EvalActionName": action,
                "EvalResourceName": call.params["ResourceArns"][0],
                "EvalDecision": decision if only in ("", action) else "allowed",
            }
            for action in call.params["ActionNames"]
        ]
        return {"EvaluationResults": results}

    return answer


def asked_of(check, answer, **others):
    """Drive a check of permissions, whose simulated answers follow from the questions."""
    asker, calls = check.ask(), []
    try:
        call = next(asker)
        while True:
            calls.append(call)
            reply = answer(call) if call.operation == "SimulatePrincipalPolicy" else others[call.operation]
            call = asker.throw(reply) if isinstance(reply, BaseException) else asker.send(reply)
    except StopIteration as ended:
        return SimpleNamespace(findings=ended.value, calls=calls)


PERMISSIONS = ["permissions.job", "permissions.sfn", "permissions.events", "permissions.user"]


@pytest.mark.parametrize(("name", "most"), [*zip(PERMISSIONS, (5, 14, 3, 21), strict=True)])
def test_iam_is_asked_few_questions_and_all_of_them(name, most):
    told = asked_of(checks()[name], simulated(), GetBucketPolicy=None)
    assert [one.verdict for one in told.findings] == [Verdict.PASSED]
    assert "IAM's simulator" in told.findings[0].message
    calls = [call for call in told.calls if call.operation == "SimulatePrincipalPolicy"]
    assert len(calls) <= most
    who = {"job": "job_role", "sfn": "step_functions_role", "events": "events_role", "user": "user"}
    own = {need.action for need in needs.of(subject().parts) if need.role == who[name.partition(".")[2]]}
    assert {action for call in calls for action in call.params["ActionNames"]} == own


@pytest.mark.parametrize(("decision", "code"), [("implicitDeny", "MF5170"), ("explicitDeny", "MF5171")])
def test_each_denied_action_is_told_with_role_resource_and_what_to_add(decision, code):
    told = asked_of(checks()["permissions.job"], simulated(decision, "s3:PutObject"), GetBucketPolicy=None)
    assert {one.code for one in told.findings} == {code}
    assert len({one.message for one in told.findings}) == len(told.findings)
    first = told.findings[0]
    assert first.subject == "role.batch-job"
    assert "`s3:PutObject`" in first.message
    assert "arn:aws:s3:::" in first.message
    assert "in a job: write artifacts, code packages and logs, those over 8 MB in parts" in first.evidence
    assert first.fix


@pytest.mark.parametrize("decision", ["implicitDeny", "explicitDeny"])
def test_a_denial_that_hangs_on_what_only_a_real_request_carries_is_no_failure(decision):
    def answer(call):
        answered = simulated(decision, "s3:PutObject")(call)
        for row in answered["EvaluationResults"]:
            row["MissingContextValues"] = ["aws:RequestedRegion"] if row["EvalDecision"] == decision else []
        return answered

    told = asked_of(checks()["permissions.job"], answer, GetBucketPolicy=None)
    assert {(one.code, one.verdict) for one in told.findings} == {("MF5173", Verdict.WARNING)}
    assert "a condition asks for aws:RequestedRegion" in told.findings[0].evidence


@pytest.mark.parametrize("code", ["AccessDenied", "NotImplemented"])
@pytest.mark.parametrize(("preset", "codes"), [("batch_job", set()), ("events", {"MF5170"})])
def test_where_iam_does_not_say_the_live_policies_are_judged_here(code, preset, codes):
    one = subject()
    document = json.dumps(permissions(preset, one.parts))
    names = {"PolicyNames": ["p"]}
    told = asked_of(
        checks()["permissions.job"],
        lambda call: refused(code, "iam", call.operation),
        GetRole={"Role": role("MetaflowBatchRole")},
        ListRolePolicies=names,
        GetRolePolicy={"RoleName": "r", "PolicyName": "p", "PolicyDocument": document},
        ListAttachedRolePolicies={"AttachedPolicies": []},
        GetBucketPolicy=None,
    )
    assert {item.code for item in told.findings if item.code} == codes
    said = " ".join([told.findings[0].message, *told.findings[0].evidence])
    assert permitted.BY_US in said


@pytest.mark.parametrize(
    ("preset", "fix"),
    [
        ("batch_job", f"`mfinfra apply {subject().file}` puts back its preset, which allows it"),
        ("events", f"allow `s3:PutObject` on `arn:aws:s3:::{BUCKET}/metaflow/*`"),
    ],
)
def test_only_the_preset_that_is_for_this_role_is_said_to_allow_what_is_missing(preset, fix):
    whole = environment()
    (job,) = (one for one in whole.resources if str(one) == "role.batch-job")
    role_ = whole.resources[job]
    other = replace(whole, resources={**whole.resources, job: replace(role_, spec={**role_.spec, "preset": preset})})
    told = asked_of(
        checks(environment=other)["permissions.job"], simulated("implicitDeny", "s3:PutObject"), GetBucketPolicy=None
    )
    assert told.findings[0].fix == fix


def test_another_error_of_the_simulator_is_no_reason_to_judge_here():
    check = checks()["permissions.job"]
    told = talk(check, {"SimulatePrincipalPolicy": refused("NoSuchEntity", "iam", "SimulatePrincipalPolicy")})
    assert told.raised is not None
    assert told.operations == ["SimulatePrincipalPolicy"]


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        (
            {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"},
            {"MF5172"},
        ),
        (
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": f"arn:aws:s3:::{BUCKET}/*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            set(),
        ),
        ({"Effect": "Deny", "Principal": {"AWS": "999999999999"}, "Action": "s3:*", "Resource": "*"}, set()),
    ],
)
def test_what_the_buckets_own_policy_denies_is_found(statement, codes):
    policy = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    told = asked_of(checks()["permissions.job"], simulated(), GetBucketPolicy=policy)
    assert {one.code for one in told.findings if one.code} == codes


# The client.

ARN = "arn:aws:batch:us-east-1:123456789012:job-definition/metaflow_abc:1"
BEFORE = "arn:aws:batch:us-east-1:123456789012:job-definition/metaflow_old:3"
OURS = subject().values["METAFLOW_ECS_S3_ACCESS_IAM_ROLE"]


def definitions(*arns):
    rows = [
        {"jobDefinitionName": "metaflow_abc", "jobDefinitionArn": arn, "revision": 1, "type": "container"}
        | {"containerProperties": {"jobRoleArn": OURS}}
        for arn in arns
    ]
    return {"jobDefinitions": rows}


def said(code=0, stdout="", stderr=""):
    return {"code": code, "stdout": stdout, "stderr": stderr}


CLEARED = {"ListObjectVersions": {}, "DeregisterJobDefinition": {}, "DescribeJobDefinitions": definitions(BEFORE)}


def test_the_client_gets_the_produced_configuration_and_writes_below_a_folder_of_its_own():
    told = talk(checks()["client.datastore"], {**CLEARED, "Command": said(0, flows.PERSISTED)})
    (command,) = [one for one in told.asked if isinstance(one, Command)]
    written = json.loads(command.files["home/config_sandbox.json"])
    assert written.keys() == subject().values.keys()
    assert written["METAFLOW_DATASTORE_SYSROOT_S3"] == f"s3://{BUCKET}/metaflow/mfinfra-verify-{TOKEN}-flow"
    assert written["METAFLOW_CARD_S3ROOT"].startswith(written["METAFLOW_DATASTORE_SYSROOT_S3"])
    assert written["METAFLOW_SFN_IAM_ROLE"] == subject().values["METAFLOW_SFN_IAM_ROLE"]
    assert command.environment["METAFLOW_PROFILE"] == "sandbox"
    assert told.codes == []


def test_exactly_the_job_definitions_of_this_run_are_deregistered():
    told = talk(checks()["client.foreach"], {**CLEARED, "Command": said(0, f'"{ARN}", "{BEFORE}"')})
    gone = [
        one.params["jobDefinition"] for one in told.asked if getattr(one, "operation", "") == "DeregisterJobDefinition"
    ]
    assert gone == [client.NOBODY, ARN]
    assert told.touched[f"job definition {ARN}"] is Stage.REMOVED
    assert told.findings[0].evidence == (f"registered and deregistered {ARN}", f"was there before: {BEFORE}")


def test_who_may_not_deregister_registers_nothing():
    told = talk(checks()["client.foreach"], {"DeregisterJobDefinition": refused("AccessDeniedException", "batch")})
    assert [one.verdict for one in told.findings] == [Verdict.SKIPPED]
    assert not any(isinstance(one, Command) for one in told.asked)


def test_a_flow_that_does_not_compile_is_explained_by_the_ladder():
    appeared = definitions(BEFORE, ARN)
    answers = {**CLEARED, "DescribeJobDefinitions": [definitions(BEFORE), appeared, appeared]}
    words = "AWS Step Functions requires --datastore=s3."
    told = talk(checks()["client.foreach"], {**answers, "Command": said(1, "", words)})
    assert told.findings[0].subject == "METAFLOW_DEFAULT_DATASTORE"
    assert [(one.code, one.subject) for one in told.findings[1:]] == [("MF5185", ARN)]
    assert BEFORE not in str(told.findings)


def test_what_nobody_can_explain_is_shown_as_it_ended():
    told = talk(checks()["client.datastore"], {**CLEARED, "Command": said(1, "", "first\nlast words")})
    assert told.codes == ["MF5181"]
    assert told.findings[0].evidence[-1] == "last words"


ID = "78fc96f2-dd49-43c5-9b39-d99147e843b6"


def job(status, **more):
    return {
        "jobs": [
            {
                "jobName": "j",
                "jobId": ID,
                "jobQueue": "q",
                "status": status,
                "startedAt": 0,
                "jobDefinition": ARN,
                **more,
            }
        ]
    }


def ran(status, command, **more):
    looks = [job(status, **more), job("FAILED", **more)]
    answers = {**CLEARED, "Command": command, "DescribeJobs": looks, "TerminateJob": {}}
    return talk(checks(run=True, patience=60.0)["client.job"], answers)


def test_a_job_that_ran_is_told_with_its_id():
    told = ran("SUCCEEDED", said(0, f"[{ID}] Task is starting (status SUBMITTED)...\n{flows.PERSISTED}"))
    assert told.codes == []
    assert ID in told.findings[0].message
    assert "TerminateJob" not in told.operations
    assert told.touched[f"Batch job {ID}"] is Stage.ENDED
    assert told.touched[f"job definition {ARN}"] is Stage.REMOVED


def test_a_job_whose_time_is_over_is_terminated_and_told_with_its_status():
    told = ran(
        "RUNNABLE", said(None, f"[{ID}] Task is starting"), statusReason="MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
    )
    assert told.codes == ["MF5184"]
    assert f"job {ID}: RUNNABLE" in told.findings[0].evidence
    assert "Batch says: MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT" in told.findings[0].evidence
    assert "mfinfra doctor" in told.findings[0].fix
    assert told.operations.count("TerminateJob") == 1


def test_a_job_of_a_run_that_is_stopped_is_found_by_its_name_and_terminated():
    rows = {"jobSummaryList": [{"jobId": ID, "jobName": "j", "status": "RUNNABLE"}]}
    answers = {**CLEARED, "ListJobs": rows, "DescribeJobs": [job("RUNNABLE"), job("FAILED")], "TerminateJob": {}}
    told = talk(checks(run=True)["client.job"], answers, dies_at="Command", with_=Ended("stopped"))
    assert isinstance(told.raised, Ended)
    assert "TerminateJob" in told.operations
    (listed,) = [one for one in told.asked if getattr(one, "operation", "") == "ListJobs"]
    assert listed.params["filters"][0]["values"] == [f"mfinfra-verify-{TOKEN}-*"]
    assert told.operations[-1] == "ListObjectVersions"


@pytest.mark.parametrize("denied", ["TerminateJob", "DescribeJobs", "DeregisterJobDefinition"])
def test_what_is_refused_while_a_job_is_taken_back_is_named_and_the_rest_goes(denied):
    rows = {"jobSummaryList": [{"jobId": ID, "jobName": "j", "status": "RUNNABLE"}]}
    answers = {
        **CLEARED,
        "ListJobs": rows,
        "DescribeJobs": [job("RUNNABLE"), job("FAILED")],
        "TerminateJob": {},
        "Command": said(1),
    }
    refusal = refused("AccessDeniedException", "batch", denied)
    answers[denied] = [{}, refusal] if denied == "DeregisterJobDefinition" else refusal
    told = talk(checks(run=True)["client.job"], answers)
    left = {what for what, stage in told.touched.items() if stage not in (Stage.REMOVED, Stage.ENDED)}
    assert left == {f"job definition {ARN}" if denied == "DeregisterJobDefinition" else f"Batch job {ID}"}
    assert told.operations[-1] == "ListObjectVersions"


def marked(check, arn=ARN):
    """A job definition as the flow of this run makes it, whoever else's are there."""
    (row,) = definitions(arn)["jobDefinitions"]
    own = {"logDriver": "awslogs", "options": {flows.OWN: f"mfinfra-verify-{TOKEN}-{check}"}}
    row["containerProperties"]["logConfiguration"] = own
    return {"jobDefinitions": [*definitions(BEFORE, f"{ARN}9")["jobDefinitions"], row]}


@pytest.mark.parametrize("check", ["foreach", "job"])
def test_what_a_client_registered_before_it_was_killed_is_known_by_its_mark_and_deregistered(check):
    answers = {**CLEARED, "ListJobs": {"jobSummaryList": []}}
    answers["DescribeJobDefinitions"] = [definitions(BEFORE), marked(check)]
    told = talk(checks(run=True)[f"client.{check}"], answers, dies_at="Command", with_=Ended("stopped"))
    assert {what for what in told.touched if what.startswith("job definition")} == {f"job definition {ARN}"}
    assert set(told.touched.values()) == {Stage.REMOVED}


def test_a_foreach_and_a_job_share_no_job_definition_with_anybody():
    each, job_ = (flows.each(f"m-{TOKEN}-foreach"), flows.job(f"m-{TOKEN}-job"))
    assert f"{flows.OWN}:m-{TOKEN}-foreach" in each
    assert f"{flows.OWN}:m-{TOKEN}-job" in job_
    assert each.count("@batch(**own)") == each.count("@step")


def test_a_folder_is_cleared_once_the_terminated_job_writes_no_more():
    answers = {**CLEARED, "Command": said(1, f"[{ID}]"), "TerminateJob": {}}
    answers["DescribeJobs"] = [job("RUNNING"), job("RUNNING"), job("FAILED")]
    told = talk(checks(run=True)["client.job"], answers)
    last = len(told.operations) - told.operations[::-1].index("DescribeJobs")
    assert "ListObjectVersions" not in told.operations[:last]
    assert told.touched[f"Batch job {ID}"] is Stage.ENDED


def test_a_job_that_does_not_end_is_named():
    answers = {**CLEARED, "Command": said(1, f"[{ID}]"), "TerminateJob": {}, "DescribeJobs": job("RUNNING")}
    told = talk(checks(run=True)["client.job"], answers)
    assert told.touched[f"Batch job {ID}"] is Stage.MADE
    assert told.operations.count("DescribeJobs") == 1 + client.LOOKS


def test_a_job_is_run_only_if_that_is_asked_for():
    assert "client.job" not in checks()
    assert {"batch.queue", "batch.environments", "datastore.object"} <= set(checks(run=True)["client.job"].needs)


def test_without_a_client_its_checks_are_skipped_with_a_hint():
    told = talk(checks(client=None)["client.installed"], {})
    assert [(one.verdict, bool(one.fix)) for one in told.findings] == [(Verdict.SKIPPED, True)]


def test_every_check_needs_only_what_stands_before_it():
    one = subject(run=True)
    seen = set()
    for check in verify.checks(one, needs.of(one.parts)):
        assert set(check.needs) <= seen, check.id
        seen.add(check.id)
