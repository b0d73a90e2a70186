"""Stores and roles as they stand in accounts, with all that a file has to say of each beside what it is called."""

from __future__ import annotations

import json

from making import Variation, bucket, log_group, policy, repository, role, table, trusting
from stack import ACCOUNT

BUCKET = {"versioning": False, "tls_only": False, "lifecycle_rules": []}
"""What a file says of a bucket that nobody has set anything of."""
ECS = {"services": ["ecs-tasks.amazonaws.com"]}
JOBS = {
    "Effect": "Allow",
    "Action": "s3:*",
    "Principal": {"Service": "batch.amazonaws.com"},
    "Resource": ["arn:aws:s3:::v-policy", "arn:aws:s3:::v-policy/*"],
}
NO_HTTP = {
    "Sid": "HTTPS",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::v-https", "arn:aws:s3:::v-https/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
FEDERATED = {
    "Effect": "Allow",
    "Principal": {"Federated": OIDC},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:us/it:*"}},
}
OUTSIDE = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": "x"}},
}
BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
SCALARS = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
LISTS = policy({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]})
OLD_IMAGES = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": 14,
            },
            "action": {"type": "expire"},
        }
    ]
}
PULLING = policy(
    {
        "Sid": "pull",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
)
STORES = (
    Variation("a bucket as it is born", bucket("v-born"), BUCKET),
    Variation(
        "a bucket with KMS and nobody's key",
        bucket(
            "v-kms",
            put_bucket_encryption={
                "ServerSideEncryptionConfiguration": {
                    "Rules": [
                        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
                    ]
                }
            },
        ),
        {**BUCKET, "encryption": {"algorithm": "aws:kms"}},
    ),
    Variation(
        "a bucket that Batch may use, as the guide has it",
        bucket("v-policy", put_bucket_policy={"Policy": json.dumps(policy(JOBS))}),
        {**BUCKET, "policy": policy(JOBS)},
    ),
    Variation(
        "a bucket that refuses clear text by other words",
        bucket("v-https", put_bucket_policy={"Policy": json.dumps(policy(NO_HTTP))}),
        {**BUCKET, "policy": policy(NO_HTTP)},
    ),
    Variation(
        "a bucket that is open, with ACLs and suspended versions",
        bucket(
            "v-acls",
            put_bucket_ownership_controls={"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
            delete_public_access_block={},
            put_bucket_versioning={"VersioningConfiguration": {"Status": "Suspended"}},
        ),
        {**BUCKET, "object_ownership": "ObjectWriter", "block_public_access": False},
    ),
    Variation(
        "a bucket with versions and rules in S3's older form",
        bucket(
            "v-rules",
            put_bucket_versioning={"VersioningConfiguration": {"Status": "Enabled"}},
            put_bucket_lifecycle_configuration={
                "LifecycleConfiguration": {
                    "Rules": [{"ID": "tmp", "Prefix": "tmp/", "Status": "Enabled", "Expiration": {"Days": 3}}]
                }
            },
        ),
        {"tls_only": False, "lifecycle_rules": [{"id": "tmp", "prefix": "tmp/", "expiration_days": 3}]},
    ),
    Variation("a table that keeps its items", table("v-kept"), {"ttl_attribute": "", "deletion_protection": False}),
    Variation(
        "a table with reserved capacity, protected",
        table(
            "v-reserved",
            "ttl",
            BillingMode="PROVISIONED",
            ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
            DeletionProtectionEnabled=True,
        ),
        {"billing_mode": "PROVISIONED", "read_capacity": 3, "write_capacity": 4},
    ),
    Variation(
        "a table with a sort key, backups and other expiry",
        table(
            "v-sorted",
            "gone_at",
            backups=True,
            KeySchema=[
                {"AttributeName": "flow", "KeyType": "HASH"},
                {"AttributeName": "when", "KeyType": "RANGE"},
            ],
        ),
        {
            "hash_key": "flow",
            "range_key": "when",
            "attributes": {"when": "N"},
            "ttl_attribute": "gone_at",
            "point_in_time_recovery": True,
            "deletion_protection": False,
        },
    ),
    Variation("a log for ever", log_group("/v/ever"), {"retention_days": 0}),
    Variation("a log of a month", log_group("/v/month", 30), {}),
    Variation(
        "a log that is read seldom",
        log_group("/aws/vendedlogs/v", 400, logGroupClass="INFREQUENT_ACCESS"),
        {"retention_days": 400, "class": "INFREQUENT_ACCESS"},
    ),
    Variation("a repository as it is born", repository("v/born"), {"immutable_tags": False, "scan_on_push": False}),
    Variation(
        "a repository with all of it",
        repository(
            "v/all",
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
            lifecyclePolicyText=OLD_IMAGES,
            policyText=PULLING,
        ),
        {"lifecycle_policy": OLD_IMAGES, "policy": PULLING},
    ),
)
ROLES = (
    Variation(
        "a role with a path, a boundary and long sessions",
        role(
            "v-path",
            trusting("ecs-tasks"),
            Path="/team/ml/",
            PermissionsBoundary=BOUNDARY,
            MaxSessionDuration=7200,
            Description="für Läufe",
        ),
        {
            "path": "/team/ml/",
            "description": "für Läufe",
            "trust": ECS,
            "permissions_boundary": BOUNDARY,
            "max_session_seconds": 7200,
        },
    ),
    Variation(
        "a role with its statements as scalars",
        role("v-scalars", [trusting("ecs-tasks")], own={"read": SCALARS}),
        {"trust": ECS, "policies": {"read": SCALARS}},
    ),
    Variation(
        "a role with its statements as lists",
        role("v-lists", [trusting("ecs-tasks")], own={"read": LISTS}),
        {"trust": ECS, "policies": {"read": LISTS}},
    ),
    Variation(
        "a role for a pipeline elsewhere",
        role("v-oidc", [FEDERATED], BOUNDARY),
        {"trust": policy(FEDERATED), "managed_policies": ["PowerUserAccess"]},
    ),
    Variation("a role for another account", role("v-outside", [OUTSIDE]), {"trust": policy(OUTSIDE)}),
    Variation(
        "a role of our account and of services",
        role("v-both", [{**trusting("x"), "Principal": {"Service": "states.amazonaws.com", "AWS": ACCOUNT}}]),
        {"trust": {"services": ["states.amazonaws.com"], "accounts": [ACCOUNT]}},
    ),
    Variation(
        "a role that its service takes for this account alone",
        role("v-held", [trusting("batch", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})]),
        {"trust": policy(trusting("batch", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}))},
    ),
)
