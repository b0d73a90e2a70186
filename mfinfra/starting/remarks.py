"""What somebody should know who has the first file, and that the file cannot see to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mfinfra.observe import Reader
from mfinfra.starting import survey, text
from mfinfra.starting.answers import Answers, Preset
from mfinfra.starting.network import Account, Kind, Subnet

FLAGS = {"enableDnsSupport": "--enable-dns-support", "enableDnsHostnames": "--enable-dns-hostnames"}


def remarks(reader: Reader, answers: Answers, found: Account, subnets: Sequence[Subnet]) -> Iterator[str]:
    """One sentence each, with the command that mends it where there is one."""
    if answers.preset is Preset.PRIVATE:
        yield from _of_private(reader, answers, found, subnets)
        yield (
            "jobs cannot pull Metaflow's default image: push one to the repository "
            f"`metaflow/{answers.environment}` before the first run, as the file says at its top"
        )
    elif any(one.kind is Kind.ISOLATED for one in subnets):
        yield "isolated subnets reach AWS by the endpoints there are: jobs need an image in ECR, see `metaflow.batch`"
    if not answers.endpoint and survey.lacks_linked_role(reader):
        yield (
            f"the role `{survey.LINKED[0]}` does not exist yet: the first apply makes it, if it may "
            "`iam:CreateServiceLinkedRole`; if not, somebody who may runs "
            f"`aws iam create-service-linked-role --aws-service-name {survey.LINKED[1]}`"
        )


def _of_private(reader: Reader, answers: Answers, found: Account, subnets: Sequence[Subnet]) -> Iterator[str]:
    for name in survey.without_names(reader, answers.vpc):
        yield (
            f"endpoints have no names in `{answers.vpc}`, so that the apply would fail: "
            f"`aws ec2 modify-vpc-attribute --vpc-id {answers.vpc} {FLAGS[name]}`"
        )
    served = found.served(answers.vpc)
    interfaces = []
    for name in (one for one in text.names() if one in served):
        endpoint = served[name]
        if not endpoint.gateway:
            interfaces.append(endpoint.id)
            if not endpoint.names:
                yield (
                    f"`{endpoint.id}` ({name}) has no private name: "
                    f"`aws ec2 modify-vpc-endpoint --vpc-endpoint-id {endpoint.id} --private-dns-enabled`"
                )
        elif missing := sorted({one.table for one in subnets if one.table} - set(endpoint.tables)):
            yield (
                f"`{endpoint.id}` ({name}) is not in every route table: `aws ec2 modify-vpc-endpoint "
                f"--vpc-endpoint-id {endpoint.id} --add-route-table-ids {' '.join(missing)}`"
            )
    if interfaces:
        yield (
            f"the security groups of {', '.join(f'`{one}`' for one in interfaces)} have to let HTTPS in from "
            f"`metaflow-{answers.environment}-batch`; `mfinfra doctor` tells after the apply"
        )
