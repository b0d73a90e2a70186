"""What each code of a problem with an environment file means, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "MF1001": "The file is not there, is not a regular file, is larger than 1 MiB, or may not be read",
    "MF1002": "The file is not UTF-8: save it as UTF-8",
    "MF1003": "The file is not the plain part of YAML that is read here: one document, no tags, no key twice",
    "MF1004": "A character that nobody sees makes a name look like another, or free text differ from AWS for ever",
    "MF1005": "The file is nested too deeply, or holds too many values once its aliases are expanded",
    "MF1006": "`extends` names no file that may be read: a relative path, in its folder or below, 3 in a row",
    "MF1010": "There is no such field or kind; `mfinfra schema` prints all of them",
    "MF1011": "A required field is missing",
    "MF1012": "A value has the wrong type or form, or is out of range; `mfinfra schema KIND` describes each field",
    "MF1030": "An address names no enabled resource of the file, or one of a kind that cannot stand there",
    "MF1031": "A kind of resource has no such attribute to refer to",
    "MF1032": "A `${…}` asks for nothing that there is; `$${` is a literal `${`",
    "MF1033": "References go in a circle, so that no order is right",
    "MF1034": "A value is needed before anything is made, and AWS invents it only then",
    "MF1101": "Two resources are the same thing in AWS, by name or by what else identifies their kind",
    "MF1102": "AWS would refuse the policy document",
    "MF1103": "A Fargate compute environment has a field that only EC2 and SPOT know",
    "MF1104": "`min_vcpus` or `initial_vcpus` is above `max_vcpus`",
    "MF1105": "A job queue cannot mix compute environments on EC2 and on Fargate",
    "MF1106": "Capacities count for a table with `billing_mode: PROVISIONED` only",
    "MF1107": "An endpoint has fields of the other type, or an Interface endpoint has no subnets",
    "MF1108": "Fargate needs an execution role to start a container: write `metaflow.batch.execution_role`",
    "MF1109": "Metaflow's table for Step Functions has the hash key `pathspec`, no range key, and expires by `ttl`",
    "MF1110": "Metaflow knows no such setting and would ignore it",
    "MF1111": "A setting repeats a field of the `metaflow` block; write it once, in the block",
    "MF1112": "S3 would refuse the lifecycle rule, and with it all the others of the bucket",
    "MF1113": "AWS takes 50 tags on a resource, 3 of them are mfinfra's; keys on a role may not differ in case only",
    "MF2101": "With `BEST_FIT`, AWS can change little in place: nearly every change replaces the compute environment",
    "MF2102": "A log group of Step Functions outside of `/aws/vendedlogs/` counts against a size limit of a policy",
    "MF2103": "A bucket with `aws:kms` and no `key` uses the key `aws/s3`, which other accounts cannot be given",
    "MF2104": "A table with reserved capacity starts with 5 units each where the file has no numbers",
    "MF2105": "Metaflow sends Batch tags only if `METAFLOW_BATCH_EMIT_TAGS` is set; `metaflow.batch.tags` sets both",
    "MF2106": "With a registry and no image, Metaflow takes `python:3.x` from that registry",
    "MF2107": "With `METAFLOW_S3_SERVER_SIDE_ENCRYPTION: aws:kms` S3 uses `aws/s3`, not the key of the bucket",
    "MF2108": "Batch takes an update policy only with its service-linked role, not with `BEST_FIT`, not on Fargate",
    "MF2109": "An Interface endpoint of DynamoDB cannot have the private name of the service: AWS documents none",
}
