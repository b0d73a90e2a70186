"""Every document that any combination of features yields is one that AWS takes."""

from __future__ import annotations

import re
from functools import cache

import pytest
from botocore.session import get_session
from fragments import EVERYTHING, SHEET, expanded, merged, several, statements
from hypothesis import given, settings
from hypothesis import strategies as st

from mfinfra import policy, policy_lint
from mfinfra.metaflow.presets import INLINE_SIZE, PRESETS

# Actions whose name is not that of the operation, and the operation that they allow
RENAMED = {
    "s3:ListBucket": "ListObjectsV2",
    "s3:ListMultipartUploadParts": "ListParts",
    # no operations of their own: they guard other ones
    "iam:PassRole": None,
    "logs:CreateLogDelivery": None,
    "logs:GetLogDelivery": None,
    "logs:UpdateLogDelivery": None,
    "logs:DeleteLogDelivery": None,
    "logs:ListLogDeliveries": None,
}
CLIENTS = {"states": "stepfunctions"}

# Actions that AWS cannot hold to a resource
# Those of Batch that can: https://docs.aws.amazon.com/batch/latest/userguide/batch-supported-iam-actions-resources.html
EVERYWHERE = {
    *(f"batch:{name}" for name in ("DescribeJobs", "DescribeJobQueues", "DescribeComputeEnvironments")),
    *("batch:DescribeJobDefinitions", "batch:ListJobs", "states:ListStateMachines"),
    # deliveries belong to the account; https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
}


@cache
def operations(service):
    return set(get_session().get_service_model(CLIENTS.get(service, service)).operation_names)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_action_exists(preset):
    for item in statements(EVERYTHING, preset=preset):
        for action in several(item["Action"]):
            service, _, name = action.partition(":")
            operation = RENAMED.get(action, name)
            assert operation is None or operation in operations(service), action


@pytest.mark.parametrize("preset", PRESETS)
def test_star_stands_only_where_aws_knows_nothing_narrower(preset):
    for item in statements(EVERYTHING, preset=preset):
        if item["Resource"] == "*":
            assert set(several(item["Action"])) <= EVERYWHERE
        assert not any("*" in action for action in several(item["Action"]))


feature = st.sampled_from([switch["with"] for switch in SHEET["switches"]] + [EVERYTHING])
queue = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.builds(dict, name=st.from_regex(r"[a-z]{1,60}", fullmatch=True)),
    max_size=20,
)


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(PRESETS)),
    st.lists(feature, max_size=5),
    queue,
    st.sampled_from(["us-east-1", "cn-north-1", "us-gov-west-1"]),
)
def test_any_features_make_documents_that_aws_takes(preset, features, queues, region):
    fragment = {"resources": {"job_queue": queues}}
    for one in features:
        fragment = merged(fragment, one)
    spec = expanded(fragment, preset=preset, region=region)
    assert policy_lint.problems(spec["trust"], kind="trust") == []
    for document in spec["policies"].values():
        assert policy_lint.problems(document, kind="identity") == []
        assert all(item["Resource"] for item in document["Statement"])
    assert sum(map(policy.size, spec["policies"].values())) <= INLINE_SIZE
    assert all(re.fullmatch(r"[\w+=,.@-]{1,128}", name) for name in spec["policies"])
