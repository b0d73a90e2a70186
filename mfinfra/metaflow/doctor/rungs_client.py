"""Rungs for what the client says before a job runs: the keys that are missing, in the order they are missed in."""

from __future__ import annotations

import re

from mfinfra.metaflow.doctor.rungs import Rung, write

_CREATE = "plugins/aws/step_functions/step_functions.py"
_JOB = "plugins/aws/batch/batch_client.py"
_SERVICE = "plugins/metadata_providers/service.py"
_NONE = r"value: None, type: <class 'NoneType'>"
_ARN = "arn:aws:iam::123456789012:role/NAME"

CONFIGURATION: tuple[Rung, ...] = (
    Rung(
        "MF5310",
        re.compile(r"(?:AWS Step Functions|The \*?@batch\*? decorator) requires --datastore=s3"),
        "METAFLOW_DEFAULT_DATASTORE",
        "the flow keeps its data on this machine, and a job on AWS cannot reach it there",
        write("{datastore: {bucket: bucket.NAME}}"),
        "plugins/aws/step_functions/step_functions_cli.py",
    ),
    Rung(
        "MF5311",
        re.compile(r"Invalid type for parameter (?:jobQueues\[0\]|jobQueue), " + _NONE),
        "METAFLOW_BATCH_JOB_QUEUE",
        "no queue is configured, and `step-functions create` chooses none by itself",
        write("{batch: {queue: job_queue.NAME}}"),
    ),
    Rung(
        "MF5312",
        re.compile(
            r"Invalid type for parameter containerProperties\.jobRoleArn, "
            + _NONE
            + r"|Unable to launch AWS Batch job\. No IAM role specified"
        ),
        "METAFLOW_ECS_S3_ACCESS_IAM_ROLE",
        "no role is configured for the code of a job to run as",
        write("{batch: {job_role: role.NAME}}"),
        _JOB,
    ),
    Rung(
        "MF5313",
        re.compile(
            r"SFN_IAM_ROLE\.split[\s\S]{0,400}?'NoneType' object has no attribute 'split'"
            r"|No IAM role found for AWS Step\s+Functions"
        ),
        "METAFLOW_SFN_IAM_ROLE",
        "no role is configured for a state machine to run as",
        write("{step_functions: {role: role.NAME}}"),
        _CREATE,
    ),
    Rung(
        "MF5314",
        re.compile(r"SFN_IAM_ROLE\.split[\s\S]{0,400}?IndexError: list index out of range"),
        "METAFLOW_SFN_IAM_ROLE",
        "the role of a state machine is configured by its name, and Metaflow reads the partition in its ARN",
        write("{step_functions: {role: " + _ARN + "}}") + " (`role.NAME` for one of this file)",
    ),
    Rung(
        "MF5315",
        re.compile(r"No IAM role found for AWS\s+Events Bridge"),
        "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE",
        "no role is configured for a schedule to start state machines with; every deployment needs it, and the state "
        "machine was made already",
        write("{step_functions: {events_role: role.NAME}}"),
        _CREATE,
    ),
    Rung(
        "MF5316",
        re.compile(r"An AWS DynamoDB table is needed\s+to support foreach"),
        "METAFLOW_SFN_DYNAMO_DB_TABLE",
        "the flow has a `foreach`, and no table is configured to remember how many tasks it has",
        write("{step_functions: {table: table.NAME}}"),
        _CREATE,
    ),
    Rung(
        "MF5317",
        re.compile(r"No AWS Fargate task execution IAM role found"),
        "METAFLOW_ECS_FARGATE_EXECUTION_ROLE",
        "the first compute environment of the queue is Fargate, and no role is configured to start its tasks",
        write("{batch: {execution_role: role.NAME}}"),
        _JOB,
    ),
    Rung(
        "MF5318",
        re.compile(r"AWS Batch Job Queue (?P<queue>\S+) not found"),
        "METAFLOW_BATCH_JOB_QUEUE",
        "Batch has no queue `{queue}` in this account and region",
        "run `mfinfra apply FILE`, then `mfinfra config FILE --write`; set `AWS_DEFAULT_REGION` to the file's region",
        _JOB,
    ),
    Rung(
        "MF5329",
        # AWS's page says that it is refused and not in which words.
        re.compile(
            r"SubmitJob operation: [^\n]{0,80}?job queue (?P<queue>\S{1,400}) is (?:not|DISABLED)", re.IGNORECASE
        ),
        "METAFLOW_BATCH_JOB_QUEUE",
        "the queue `{queue}` takes no jobs: it is disabled",
        "`mfinfra doctor FILE` shows its state; write `state: ENABLED`, and `mfinfra apply FILE`",
    ),
    Rung(
        "MF5319",
        re.compile(r"Unable to launch AWS Batch job\. No job queue\s+specified and no valid & enabled queue found"),
        "METAFLOW_BATCH_JOB_QUEUE",
        "no queue is configured, and none of this region is enabled and valid",
        write("{batch: {queue: job_queue.NAME}}"),
        "plugins/aws/batch/batch.py",
    ),
    Rung(
        "MF5320",
        re.compile(r"Unable to locate METAFLOW_PROFILE '(?P<profile>[^']*)' in '(?P<home>[^']*)'"),
        "METAFLOW_PROFILE",
        "`{home}` has no configuration of the profile `{profile}`",
        "write `metaflow: {profile: {profile}}`, then `mfinfra config FILE --write`; or `unset METAFLOW_PROFILE`",
        "metaflow_config_funcs.py",
    ),
    Rung(
        "MF5321",
        re.compile(r"Missing Metaflow Service URL"),
        "METAFLOW_SERVICE_URL",
        "the metadata service is chosen, and its address is not configured",
        write("{service: {url: https://HOST/}}") + "; without a service, `unset METAFLOW_DEFAULT_METADATA`",
        _SERVICE,
    ),
    Rung(
        "MF5322",
        re.compile(r"Metadata request \((?P<path>[^)]*)\)\s+failed \(code (?P<status>40[13])\)"),
        "METAFLOW_SERVICE_HEADERS",
        "the metadata service does not let this client in: it answers {status}",
        write("{service: {headers: {secret: secret.NAME}}}") + ": API Gateway takes the key in `x-api-key`",
        _SERVICE,
    ),
    Rung(
        "MF5323",
        re.compile(r"Metadata request \((?P<path>[^)]*)\)\s+failed(?: \(code (?P<status>\d+)\))?"),
        "METAFLOW_SERVICE_URL",
        "the metadata service gives no usable answer to `{path}`",
        "see that the service runs and its network is reached from here: `mfinfra doctor FILE --connect`",
        _SERVICE,
    ),
    Rung(
        "MF5324",
        re.compile(r"No AWS CloudWatch Logs log\s+group ARN found for emitting"),
        "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN",
        "`--log-execution-history` needs a log group, and none is configured",
        write("{step_functions: {log_group: log_group.NAME}}"),
        _CREATE,
    ),
    Rung(
        "MF5325",
        re.compile(r"Expected (?:a valid JSON|value of type '[^']*') for (?P<key>METAFLOW_\w+), got"),
        "{key}",
        "the value of `{key}` is not the JSON that Metaflow takes",
        "let `mfinfra config FILE --write` write it; `unset {key}` where the shell sets another one",
        "metaflow_config_funcs.py",
    ),
    Rung(
        "MF5326",
        re.compile(r"[Nn]o such option: ?-{1,2}datastore"),
        "METAFLOW_DEFAULT_DATASTORE",
        "`--datastore` belongs before the command: `python flow.py --datastore=s3 run`",
        write("{datastore: {bucket: bucket.NAME}}") + "; then no option is needed",
        "_vendor/click/exceptions.py",
    ),
    Rung(
        "MF5327",
        re.compile(r"Default region is not specified for AWS Secrets Manager"),
        "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION",
        "a secret is named without its region, and no default region is configured",
        write("{secrets: {backend: aws-secrets-manager}}") + ", which sets the file's region",
        "plugins/aws/secrets_manager/aws_secrets_manager_secrets_provider.py",
    ),
    Rung(
        "MF5328",
        re.compile(r"DATATOOLS_S3ROOT is not configured"),
        "METAFLOW_DATATOOLS_S3ROOT",
        "`S3(run=…)` needs a place for its data, and none is configured",
        write("{datastore: {bucket: bucket.NAME}}"),
        "plugins/datatools/s3/s3.py",
    ),
)

SERVICES: tuple[Rung, ...] = (
    Rung(
        "MF5330",
        re.compile(r"NoRegionError|You must specify a region"),
        "AWS_DEFAULT_REGION",
        "boto3 knows no region; Metaflow has no key for it, and boto3 does not read `AWS_REGION`",
        "run `export AWS_DEFAULT_REGION=REGION`; `mfinfra config FILE --format env` prints it",
    ),
    Rung(
        "MF5331",
        re.compile(r"NoCredentialsError|Unable to locate credentials|PartialCredentialsError"),
        "AWS_PROFILE",
        "boto3 finds no credentials",
        "run `aws sso login` or `aws configure`, or set `AWS_PROFILE`; inside a job: write `metaflow: {batch: "
        "{job_role: role.NAME}}`",
    ),
    Rung(
        "MF5332",
        re.compile(r"ExpiredToken(?:Exception)?\b|The security token included in the request is expired"),
        "AWS_PROFILE",
        "the credentials have expired",
        "log in again: `aws sso login`",
    ),
    Rung(
        "MF5333",
        re.compile(r"NoSuchBucket|The specified bucket does not exist"),
        "METAFLOW_DATASTORE_SYSROOT_S3",
        "the bucket of the datastore does not exist",
        "run `mfinfra apply FILE`, then `mfinfra config FILE --write`",
    ),
    Rung(
        "MF5334",
        re.compile(r"\(ResourceNotFoundException\) when calling the (?:GetItem|PutItem|UpdateItem) operation"),
        "METAFLOW_SFN_DYNAMO_DB_TABLE",
        "the table that counts the tasks of a `foreach` does not exist in this region",
        "run `mfinfra apply FILE`, then `mfinfra config FILE --write`",
    ),
    Rung(
        "MF5335",
        re.compile(r"(?:state machine )?IAM Role is not authorized to access the Log Destination", re.IGNORECASE),
        "METAFLOW_SFN_IAM_ROLE",
        "the role of the state machine may not deliver logs",
        "write `role: {NAME: {preset: step_functions}}` and `metaflow: {step_functions: {log_group: "
        "log_group.NAME}}`, then `mfinfra apply FILE`",
    ),
    Rung(
        "MF5336",
        re.compile(r"InvalidLoggingConfiguration|Invalid Logging Configuration", re.IGNORECASE),
        "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN",
        "Step Functions does not take the log group: its ARN has to end in `:*` and the group has to exist",
        write("{step_functions: {log_group: log_group.NAME}}") + ", which adds the `:*`",
    ),
    Rung(
        "MF5337",
        re.compile(r"Neither the global service principal (?P<principal>\S+), nor the regional one is authorized"),
        "METAFLOW_SFN_IAM_ROLE",
        "the role's trust does not let `{principal}` in",
        "write `role: {NAME: {preset: step_functions}}`, then `mfinfra apply FILE`; a new role needs a moment",
    ),
    Rung(
        "MF5338",
        re.compile(r"Container Overrides length must be at most 8192", re.IGNORECASE),
        "METAFLOW_SFN_COMPRESS_STATE_MACHINE",
        "the command of a step is longer than Batch's limit of 8192 bytes for overrides",
        write("{step_functions: {compress: true}}"),
    ),
    Rung(
        "MF5339",
        re.compile(
            r"(?:Could not connect to the endpoint URL|Connect timeout on endpoint URL|Read timeout on endpoint URL): "
            r"\"(?P<url>[^\"]*)\""
        ),
        "{url}",
        "`{url}` is not reached over the network",
        "run `mfinfra doctor FILE`: it walks the network that jobs are in, to each service that they need",
    ),
)

CLIENT: tuple[Rung, ...] = (*CONFIGURATION, *SERVICES)
