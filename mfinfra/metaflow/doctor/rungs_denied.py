"""Rungs for what IAM denied: who was denied what, and whose policy has to allow it."""

from __future__ import annotations

import re

from mfinfra.metaflow.doctor.rungs import Rung

# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_WHO = r"(?P<who>arn:[\w-]+:(?:sts|iam)::\d*:[^\s,]+)\s+is not authorized to perform: "
_ON = r"(?: on resource: (?P<resource>[^\s,]+))?"

DENIED: tuple[Rung, ...] = (
    Rung(
        "MF5301",
        re.compile(_WHO + r"(?P<action>iam:PassRole)" + _ON),
        "iam:PassRole",
        "`{who}` may not hand `{resource}` to a service: a job definition, state machine or rule needs that",
        "give the one who runs flows a role with `preset: user`; it may pass the roles of the `metaflow` block",
    ),
    Rung(
        "MF5302",
        re.compile(_WHO + r"(?P<action>batch:TagResource)" + _ON),
        "batch:TagResource",
        "`{who}` may not tag Batch jobs, and Metaflow tags every job it submits where `metaflow.batch.tags` is written",
        "give it the preset `user` or `step_functions` with `mfinfra apply FILE`, or leave `metaflow: {batch: "
        "{tags: …}}` out",
    ),
    Rung(
        "MF5303",
        re.compile(_WHO + r"(?P<action>[\w-]+:\w+)" + _ON + r"[^\n]* with an explicit deny"),
        "{action}",
        "`{action}` is denied to `{who}` by an explicit deny: no policy of its own can allow it",
        "change what denies it: a service control policy, a permissions boundary, a session or a resource policy",
    ),
    Rung(
        "MF5304",
        re.compile(_WHO + r"(?P<action>[\w-]+:\w+)" + _ON),
        "{action}",
        "`{who}` is not allowed `{action}`",
        "let the role's preset hold it: write what Metaflow uses into the `metaflow` block, then `mfinfra apply FILE`",
    ),
    Rung(
        "MF5305",
        re.compile(
            r"S3 access denied|MetaflowS3AccessDenied|An error occurred \((?:AccessDenied|403)\) when calling "
            r"the (?:HeadObject|GetObject|PutObject|ListObjectsV2|HeadBucket) operation"
        ),
        "METAFLOW_DATASTORE_SYSROOT_S3",
        "S3 denies the datastore; without `s3:ListBucket` it denies an object that is merely missing, too",
        "write `role: {batch-job: {preset: batch_job}}` (the preset `user` for people), then `mfinfra apply FILE`",
        "plugins/datatools/s3/s3.py",
    ),
)
