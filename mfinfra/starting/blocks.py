"""The parts of a first file, with their comments; `<<name>>` are the places of answers."""

from __future__ import annotations

from collections.abc import Mapping

from mfinfra.starting.answers import Preset

TITLES: Mapping[Preset, str] = {
    Preset.FARGATE: "Metaflow on AWS Batch without instances: every task is a Fargate container.",
    Preset.EC2: "Metaflow on AWS Batch, on EC2 instances that are there only while something runs.",
    Preset.SPOT: "Metaflow on AWS Batch, on spot instances first and on-demand ones where there are none.",
    Preset.PRIVATE: "Metaflow on AWS Batch without a way to the internet: AWS is reached by VPC endpoints.",
    Preset.SANDBOX: "Metaflow on the local AWS of mfinfra: nothing here reaches AWS or costs money.",
}
ADVICE: Mapping[Preset, str] = {
    Preset.FARGATE: """\
# A task has up to 16 vCPUs and 120 GB, and no GPU.
""",
    Preset.EC2: "",
    Preset.SPOT: """\
# A spot instance may be taken back: give steps `@retry`.
""",
    Preset.PRIVATE: """\
# Jobs cannot pull Metaflow's default image, which comes from Docker Hub. Before the first run, push one with boto3 and
# requests in it, and METAFLOW_SKIP_INSTALL_DEPENDENCIES=1 set, to the repository below.
""",
    Preset.SANDBOX: "",
}
HEAD = """\
# yaml-language-server: $schema=<<schema>>
# $schema: <<schema>>
#
# <<title>>
<<advice>>#
# `mfinfra init` wrote this, and it is yours: change it, see with `mfinfra plan` what that would do, and `mfinfra apply`
# it. What is not written has a safe default; `mfinfra show` prints the file with all of them.
version: 1
environment: <<environment>> # stands in every name and ownership tag: choose it once
account: <<account>> # credentials of any other account are refused
region: <<region>>
"""
PROFILE = """\
aws: {profile: <<aws_profile>>} # whose credentials are used; leave it out where they come from the environment
"""
ENDPOINT = """\
aws: {endpoint: <<endpoint>>} # leave this out to mean AWS
"""
BOTH = """\
aws: {profile: <<aws_profile>>, endpoint: <<endpoint>>} # without the endpoint, AWS is meant
"""
TAGS = """\
# tags: {team: ml} # on everything here; write the same under `metaflow.batch.tags`, so that jobs have them too
"""
SUPPRESS = """\

suppress: # what `mfinfra validate` would warn of, and why it may stand
  - code: MF2128
    address: compute_environment.cpu
    reason: <<reason>>
"""
DATA = """\

resources:
  # Where Metaflow keeps everything: code, artifacts, logs. Protected: no plan deletes it.
  bucket:
    datastore: {name: <<bucket>>} # unique in the whole world

  # How Step Functions counts the tasks of a `foreach`
  table:
    foreach: {name: "metaflow-${environment}"}

  # What happened in the executions of deployed flows
  log_group:
    step-functions:
      name: /aws/vendedlogs/states/metaflow-${environment}
      retention_days: 30
"""
DATA_OF_SANDBOX = """\

resources:
  # Where Metaflow keeps everything. Only in a sandbox is nothing protected: all of it may go again.
  bucket:
    datastore: {name: <<bucket>>, protect: false, force_destroy: true}

  # How Step Functions counts the tasks of a `foreach`
  table:
    foreach: {name: "metaflow-${environment}", deletion_protection: false, protect: false}

  # What happened in the executions of deployed flows
  log_group:
    step-functions: {name: "/aws/vendedlogs/states/metaflow-${environment}", retention_days: 7, protect: false}
"""
ROLES = """\

  # Each preset allows exactly what this file makes Metaflow use
  role:
    batch-job: {name: "metaflow-${environment}-batch-job", preset: batch_job} # what steps run as
<<own>>\
    step-functions: {name: "metaflow-${environment}-step-functions", preset: step_functions} # … deployed flows
    events: {name: "metaflow-${environment}-events", preset: events} # what starts those on a schedule
"""
EXECUTION_ROLE = """\
    execution: {name: "metaflow-${environment}-execution", preset: fargate_execution} # what pulls the image
"""
INSTANCE_ROLE = """\
    instance: {name: "metaflow-${environment}-instance", preset: ecs_instance} # what instances join the cluster as
"""
GROUP = """\

  security_group:
    batch: # nothing comes in; everything may go out
      name: metaflow-${environment}-batch
      vpc: <<vpc>>
      description: Metaflow jobs
"""
GROUP_OF_ENDPOINTS = """\
    endpoints:
      name: metaflow-${environment}-endpoints
      vpc: <<vpc>>
      description: HTTPS from Metaflow jobs to the VPC endpoints
      ingress:
        - {protocol: tcp, port: 443, security_group: security_group.batch}
"""
INTERFACE = """\
    <<address>>:
      vpc: <<vpc>>
      service: <<service>>
      subnets: <<subnets>>
      security_groups: [security_group.endpoints]
"""
REPOSITORY = """\

  # Where the image of your steps goes
  repository:
    images: {name: "metaflow/${environment}"}
"""
FARGATE = """\

  compute_environment:
    fargate:
      name: metaflow-${environment}-fargate
      type: FARGATE # FARGATE_SPOT is cheaper, and may be interrupted
      max_vcpus: 64 # a limit on cost, too: so many at once
      subnets:
<<subnets>>\
      security_groups: [security_group.batch]

  job_queue:
    default: {name: "metaflow-${environment}", compute_environments: [compute_environment.fargate]}
"""
EC2 = """\

  compute_environment:
    cpu:
      name: metaflow-${environment}-cpu
      type: EC2
      max_vcpus: 64 # a limit on cost, too: so many at once; none while nothing runs
      instance_types: [optimal] # or families, as m5 and c5: Batch takes the sizes that fit
      instance_role: role.instance
      subnets:
<<subnets>>\
      security_groups: [security_group.batch]
<<after>>\

  job_queue:
    default: {name: "metaflow-${environment}", compute_environments: [compute_environment.cpu]}
"""
SPOT = """\

  compute_environment:
    spot:
      name: metaflow-${environment}-spot
      type: SPOT
      max_vcpus: 128 # a limit on cost, too: so many at once; none while nothing runs
      instance_types: [m5, m5a, c5, c5a, r5, r5a] # the more families, the fewer interruptions
      instance_role: role.instance
      subnets: &subnets
<<subnets>>\
      security_groups: [security_group.batch]
    on-demand:
      name: metaflow-${environment}-on-demand
      type: EC2
      max_vcpus: 64
      instance_types: [optimal]
      instance_role: role.instance
      subnets: *subnets
      security_groups: [security_group.batch]

  job_queue:
    default: # tried in this order
      name: metaflow-${environment}
      compute_environments: [compute_environment.spot, compute_environment.on-demand]
"""
METAFLOW = """\

# Which of them plays which part for Metaflow; `mfinfra config --write` puts it into Metaflow's own configuration
metaflow:
  profile: <<profile>> # METAFLOW_PROFILE chooses it
  datastore: bucket.datastore
  batch:
    queue: job_queue.default
    job_role: role.batch-job
<<batch>>\
  step_functions:
    role: role.step-functions
    events_role: role.events
    table: table.foreach
    log_group: log_group.step-functions
    prefix: ${environment} # state machines are called so, and the roles reach no others
"""
BATCH_ON_FARGATE = """\
    execution_role: role.execution
"""
BATCH_OF_OWN_IMAGE = """\
    image: metaflow/${environment}:1.0
    registry: ${account}.dkr.ecr.${region}.${dns_suffix}
"""
SECRETS = """\
  secrets: {backend: aws-secrets-manager, prefix: metaflow/}
"""
