"""Where rules stop: what is right, what is not known and what is not managed is never judged.

What each rule finds is in its page's example; here are the boundaries.
"""

from __future__ import annotations

import pytest

from mfinfra import document
from mfinfra.document import lint_compute
from mfinfra.drivers import _environment_names
from mfinfra.errors import InvalidDocument

HEAD = 'version: 1\nenvironment: {env}\naccount: "123456789012"\nregion: us-east-1\n'
PLACE = "instance_role: i, subnets: [subnet-0a], security_groups: [sg-0a]"
SERVICE_LINKED = "arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
JOB_ROLE = "{METAFLOW_ECS_S3_ACCESS_IAM_ROLE: 'arn:aws:iam::123456789012:role/j'}"
VPC, NET = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0"


@pytest.fixture
def codes(file):
    """The codes of all that is found in a file with this body."""

    def read(body, env="prod"):
        try:
            return {one.code for one in document.read(file(HEAD.format(env=env) + body)).warnings}
        except InvalidDocument as invalid:
            return {one.code for one in invalid.problems}

    return read


def environment(fields, *more):
    rows = "".join(f"    {row}\n" for row in more)
    return f"resources:\n  compute_environment:\n    cpu: {{name: cpu, {fields}}}\n{rows}"


@pytest.mark.parametrize(
    ("types", "mixed"),
    [
        ("[m7i, c7a.large, r5, x2iedn, g4dn, p6-b200.48xlarge, c7i-flex.large]", False),
        ("[m7g, c7gn.large, a1, t4g.micro, x2gd, is4gen, g5g, default_arm64]", False),
        ("[optimal, c5]", False),
        ("[optimal, c6g]", True),
        ("[default_x86_64, a1]", True),
        ("[c6g, u-6tb1]", False),  # a name that does not tell
    ],
)
def test_instance_types_share_an_architecture(codes, types, mixed):
    assert ("MF1123" in codes(environment(f"type: EC2, instance_types: {types}, {PLACE}"))) is mixed


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("instance_types: [g5], image_type: ECS_AL2", True),
        ("instance_types: [p5.48xlarge, g6e], image_type: ECS_AL2023", True),
        ("instance_types: [g5, m5], image_type: ECS_AL2023", False),
        ("instance_types: [g4ad], image_type: ECS_AL2023", False),
        ("instance_types: [g5], image_type: ECS_AL2023_NVIDIA", False),
        ("instance_types: [g5]", False),
        ('instance_types: [g5], image_type: ECS_AL2023, launch_template: "theirs:1"', False),
    ],
)
def test_gpus_need_a_driver_where_the_image_is_known(codes, fields, told):
    assert ("MF2119" in codes(environment(f"type: EC2, {fields}, {PLACE}"))) is told


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("type: EC2, service_role: theirs", {"MF2120"}),
        ("type: EC2, service_role: theirs, allocation_strategy: BEST_FIT", {"MF2101"}),
        (
            f'type: EC2, service_role: "{SERVICE_LINKED}"',
            set(),
        ),
        ("type: EC2, service_role: AWSServiceRoleForBatch", set()),
        ("type: EC2, service_role: null", set()),
    ],
)
def test_only_a_role_of_its_own_keeps_an_environment_from_updates(codes, fields, told):
    assert codes(environment(f"{fields}, {PLACE}")) == told


def test_the_names_of_replacements_are_those_that_the_driver_makes():
    assert len(_environment_names._stem("x" * 200)) == lint_compute.LONGEST_STEM


def roles(policy="{}", managed="[]", trust="{services: [ecs-tasks.amazonaws.com]}"):
    fields = f"name: r, trust: {trust}, policies: {{p: {policy}}}, managed_policies: {managed}"
    return f"resources:\n  role:\n    r: {{{fields}}}\n"


def allow(action, resource, more=""):
    return f'{{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: {action}, Resource: {resource}{more}}}]}}'


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (allow('"*"', '"*"'), True),
        (allow('"*"', '"arn:aws:s3:::data/*"'), True),
        (allow('["logs:PutLogEvents", "S3:getobject"]', '"*"'), True),
        (allow('"s3:Get*"', '"arn:aws:s3:::*/*"'), True),
        (allow('"states:StartExecution"', '"arn:aws:states:*:*:stateMachine:*"'), True),
        (allow('"batch:*"', '["arn:aws:batch:us-east-1:123456789012:job-queue/q", "*"]'), True),
        ('{Version: "2012-10-17", Statement: {Effect: Allow, NotAction: "iam:*", Resource: "*"}}', True),
        (allow('"s3:GetObject"', '"arn:aws:s3:::data/*"'), False),
        (allow('"s3:*"', '["arn:aws:s3:::data", "arn:aws:s3:::data/*"]'), False),
        (allow('["batch:DescribeJobs", "logs:CreateLogDelivery", "ecr:GetAuthorizationToken"]', '"*"'), False),
        (allow('"s3:ListAllMyBuckets"', '"*"'), False),
        (allow('"states:StartExecution"', '"arn:aws:states:us-east-1:123456789012:stateMachine:prod_*"'), False),
        (
            allow(
                '"kms:Decrypt"', '"*"', ', Condition: {StringEquals: {"kms:ViaService": s3.us-east-1.amazonaws.com}}'
            ),
            False,
        ),
        ('{Version: "2012-10-17", Statement: [{Effect: Deny, Action: "*", Resource: "*"}]}', False),
        ("{}", False),
    ],
)
def test_a_wildcard_is_told_where_a_scope_exists(codes, policy, told):
    assert codes(roles(policy)) == ({"MF2124"} if told else set())


@pytest.mark.parametrize(
    ("managed", "told"),
    [
        ("[AdministratorAccess]", True),
        ('["arn:aws:iam::aws:policy/AmazonS3FullAccess"]', True),
        ('["arn:aws-cn:iam::aws:policy/CloudWatchLogsFullAccess"]', True),
        ("[AmazonDynamoDBFullAccess_v2]", True),
        ("[job-function/PowerUserAccess]", True),
        ("[AmazonS3ReadOnlyAccess, service-role/AWSBatchServiceRole]", False),
        ('["arn:aws:iam::123456789012:policy/OurFullAccess"]', False),  # somebody's own: what is in it is not known
    ],
)
def test_a_managed_policy_of_aws_that_allows_all_is_told(codes, managed, told):
    assert codes(roles(managed=managed)) == ({"MF2125"} if told else set())


@pytest.mark.parametrize(
    ("principal", "told"),
    [('{AWS: "*"}', True), ('{AWS: ["123456789012", "*"]}', True), ('"*"', True), ('{AWS: "123456789012"}', False)],
)
def test_a_trust_policy_for_everybody_is_told(codes, principal, told):
    statement = f"{{Effect: Allow, Principal: {principal}, Action: 'sts:AssumeRole'}}"
    open_ = roles(trust=f'{{Version: "2012-10-17", Statement: [{statement}]}}')
    narrowed = open_.replace("Action: 'sts", "Condition: {StringEquals: {'aws:PrincipalOrgID': o-1}}, Action: 'sts")
    assert codes(open_) == ({"MF2123"} if told else set())
    assert codes(narrowed) == set()


@pytest.mark.parametrize(
    ("env", "bucket", "told"),
    [
        ("staging", "prod-metaflow-bucket", True),
        ("dev", "metaflow.production", True),
        ("prod", "metaflow-production", False),
        ("production", "prod-metaflow", False),
        ("prod", "metaflow-prod-staging-copy", False),
        ("ml", "metaflow-prod", False),
        ("staging", "metaflow", False),
        ("staging", "reproduction-data", False),
        ("dev-prod", "dev-prod-data", False),
    ],
)
def test_a_bucket_is_another_environment_s_if_its_name_says_so(codes, env, bucket, told):
    assert ("MF2122" in codes(f"resources: {{}}\nmetaflow: {{datastore: {bucket}}}\n", env)) is told


@pytest.mark.parametrize(
    ("block", "missing"),
    [
        ("{datastore: d}", 0),
        ("{batch: {image: 'a:1'}}", 0),
        ("{step_functions: {prefix: p}}", 0),
        ("{batch: {queue: q}}", 2),
        ("{datastore: d, batch: {queue: q, job_role: j}}", 0),
        ("{step_functions: {events_role: e, log_group: l, prefix: p}}", 4),
        (
            f"{{datastore: d, batch: {{queue: q}}, settings: {JOB_ROLE}}}",
            0,
        ),
        ("{settings: {METAFLOW_DEFAULT_METADATA: service}}", 1),
        ("{settings: {METAFLOW_DEFAULT_METADATA: service, METAFLOW_SERVICE_URL: 'https://m'}}", 0),
        ("{settings: {METAFLOW_DEFAULT_METADATA: local}}", 0),
    ],
)
def test_a_missing_part_is_told_once_where_another_needs_it(file, block, missing):
    found = document.read(file(f"{HEAD.format(env='prod')}resources: {{}}\nmetaflow: {block}\n")).warnings
    assert len([one for one in found if one.code == "MF2114"]) == missing


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("{url: 'http://localhost:8080'}", True),
        ("{url: 'http://127.0.0.1'}", True),
        ("{url: 'http://[::1]:8080/x'}", True),
        ("{url: 'https://m', internal_url: 'http://localhost'}", True),
        ("{url: 'http://localhost', internal_url: 'https://m'}", False),
        ("{url: 'http://10.0.0.7'}", False),
        ("{url: 'https://localhost.example.com'}", False),
    ],
)
def test_a_service_is_out_of_reach_for_jobs_on_their_own_machine_only(codes, service, told):
    assert codes(f"resources: {{}}\nmetaflow: {{service: {service}}}\n") == ({"MF2116"} if told else set())


def network(kind, services, metaflow="{}", vpc=VPC):
    way = dict.fromkeys(("s3", "dynamodb"), "route_tables: [rtb-0123456789abcdef0]")
    rows = "".join(
        f"    e{number}: {{vpc: {vpc}, service: {name}, {way.get(name, f'subnets: [{NET}]')}}}\n"
        for number, name in enumerate(services)
    )
    role = ", instance_role: i" if kind in ("EC2", "SPOT") else ""
    fields = f"name: cpu, type: {kind}, subnets: [{NET}], security_groups: [security_group.jobs]{role}"
    return (
        f"resources:\n  security_group:\n    jobs: {{name: jobs, vpc: {VPC}}}\n  endpoint:\n{rows}"
        f"  compute_environment:\n    cpu: {{{fields}}}\n"
        f"  job_queue:\n    q: {{name: q, compute_environments: [compute_environment.cpu]}}\nmetaflow: {metaflow}\n"
    )


IMAGES = ("s3", "ecr.api", "ecr.dkr")
CLUSTER = ("ecs", "ecs-agent", "ecs-telemetry", "logs")


@pytest.mark.parametrize(
    ("kind", "services", "metaflow", "missing"),
    [
        ("EC2", ("s3",), "{}", None),
        ("EC2", ("s3", "dynamodb", "sts"), "{}", None),
        ("EC2", IMAGES, "{}", None),
        ("FARGATE", IMAGES, "{}", None),
        ("FARGATE", ("ecr.dkr",), "{}", "`ecr.api`, `s3`"),
        ("SPOT", ("s3", "ecr.api"), "{}", "`ecr.dkr`"),
        ("FARGATE", (*IMAGES, "ecs"), "{}", None),  # of Fargate no endpoint tells that it is private
        ("EC2", (*IMAGES, *CLUSTER), "{}", None),
        ("EC2", (*IMAGES, "ecs"), "{}", "`ecs-agent`, `ecs-telemetry`, `logs`"),
        ("EC2", (*IMAGES, *CLUSTER), "{step_functions: {table: t}}", "`dynamodb`"),
        ("EC2", (*IMAGES, *CLUSTER), "{secrets: {prefix: p}}", "`secretsmanager`"),
        (
            "EC2",
            (*IMAGES, *CLUSTER, "dynamodb", "secretsmanager"),
            "{step_functions: {table: t}, secrets: {prefix: p}}",
            None,
        ),
    ],
)
def test_what_endpoints_need_beside_themselves_is_told(file, kind, services, metaflow, missing):
    found = document.read(file(HEAD.format(env="prod") + network(kind, services, metaflow))).warnings
    told = [one.message for one in found if one.code == "MF2128"]
    assert told == ([] if missing is None else told[:1])
    assert (missing is None) is (not told)
    assert all(message.endswith(f"for {missing}") for message in told)


def test_endpoints_of_another_vpc_say_nothing(codes):
    other = network("EC2", ("ecr.dkr",), vpc="vpc-00000000000000009").replace(
        f"subnets: [{NET}]}}", "subnets: [subnet-00000009]}"
    )
    assert "MF2128" not in codes(other)


@pytest.mark.parametrize(
    ("batch", "told"),
    [
        ("{queue: q}", True),
        ("{queue: job_queue.q}", True),
        ("{queue: job_queue.q, image: 'ghcr.io/a/b:1'}", True),
        ("{queue: job_queue.q, image: 'public.ecr.aws/a/b:1'}", True),
        ("{queue: job_queue.q, image: 'a/b:1'}", True),
        ("{queue: job_queue.q, image: 'a/b:1', registry: 123456789012.dkr.ecr.us-east-1.amazonaws.com}", False),
        ("{queue: job_queue.q, image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1'}", False),
        ("{queue: job_queue.q, image: 'registry.internal:5000/a:1'}", False),
        ("{queue: elsewhere}", False),
        ("{image: 'ghcr.io/a/b:1'}", False),
    ],
)
def test_a_public_image_is_told_where_the_network_is_known_to_be_private(codes, batch, told):
    private = network("EC2", (*IMAGES, *CLUSTER), f"{{batch: {batch}}}")
    assert ("MF2129" in codes(private)) is told
    assert "MF2129" not in codes(network("EC2", IMAGES, f"{{batch: {batch}}}"))


@pytest.mark.parametrize(
    "bucket",
    ["{name: data-prod}", "{name: data-prod, versioning: null}", "{name: data-prod, versioning: true}"],
)
def test_versions_that_are_kept_or_not_managed_are_not_judged(codes, bucket):
    assert codes(f"resources:\n  bucket:\n    d: {bucket}\nmetaflow: {{datastore: bucket.d}}\n") == set()


def test_a_bucket_that_is_no_datastore_may_go_without_versions(codes):
    assert (
        codes("resources:\n  bucket:\n    d: {name: other, versioning: false}\nmetaflow: {datastore: data}\n") == set()
    )


@pytest.mark.parametrize(
    "group", ["{name: /g}", "{name: /g, retention_days: null}", "{name: /g, retention_days: 3653}"]
)
def test_a_retention_that_ends_or_is_not_managed_is_not_judged(codes, group):
    assert codes(f"resources:\n  log_group:\n    g: {group}\n") == set()


LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/metaflow"
SPOT = "type: SPOT, allocation_strategy: BEST_FIT"
BATCH_IN_A_BUCKET = (
    '{Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: batch.amazonaws.com}, '
    'Action: "s3:*", Resource: ["arn:aws:s3:::b-1", "arn:aws:s3:::b-1/*"]}]}'
)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            "resources: {}\nmetaflow: {settings: {METAFLOW_SFN_IAM_ROLE: 'arn:aws:iam::123456789:role/SFNRole'}}\n",
            "MF1120",
        ),
        ("resources: {}\nmetaflow: {settings: {METAFLOW_DATASTORE_SYSROOT_S3: my-bucket/metaflow}}\n", "MF1120"),
        (f"resources: {{}}\nmetaflow: {{settings: {{METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN: '{LOGS}'}}}}\n", "MF1121"),
        ("resources: {}\nmetaflow: {settings: {METAFLOW_BATCH_DEFAULT_TAGS: {team: ml}}}\n", "MF2105"),
        ("resources: {}\nmetaflow: {step_functions: {role: r}, datastore: d}\n", "MF2114"),
        (environment(f"{SPOT}, {PLACE}"), "MF1011"),  # no spot fleet role
        (environment(f"{SPOT}, spot_fleet_role: f, {PLACE}"), "MF2101"),
        (f"resources:\n  endpoint:\n    e: {{vpc: {VPC}, service: ecr.dkr}}\n", "MF1107"),
        (f"resources:\n  bucket:\n    b: {{name: b-1, policy: {BATCH_IN_A_BUCKET}}}\n", "MF2132"),
        (roles(managed="[AmazonS3FullAccess, CloudWatchLogsFullAccess]"), "MF2125"),
        (roles(allow('"states:StartExecution"', '"arn:aws:states:*:*:stateMachine:*"')), "MF2124"),
        (roles(allow('["batch:SubmitJob", "batch:DescribeJobs", "batch:TerminateJob"]', '"*"')), "MF2124"),
    ],
)
def test_what_the_popular_guide_gets_wrong_is_told(codes, body, code):
    assert code in codes(body)
