"""The network of the compute environments: what was read of it, and whether each service that jobs need is reached."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any

from mfinfra.metaflow.doctor import endpoints, filters, images, service
from mfinfra.metaflow.doctor.case import Case, Compute
from mfinfra.metaflow.doctor.endpoints import Stand
from mfinfra.metaflow.doctor.filters import Passage
from mfinfra.metaflow.doctor.images import Image
from mfinfra.metaflow.doctor.merging import merged
from mfinfra.metaflow.doctor.reading import Asked, Rows
from mfinfra.metaflow.doctor.routes import Network, Walk, Way, walk
from mfinfra.metaflow.doctor.services import GATEWAYS, Need, needed
from mfinfra.model import Call, CheckQuestions, Document, Finding, Question, Verdict

DNS = ("enableDnsSupport", "enableDnsHostnames")
Reading = Generator[Question, Document | None, Network]


def check(case: Case) -> CheckQuestions:
    """Read the network of every compute environment with as few questions as there are kinds, and walk it."""
    asked = Asked()
    if not case.managed:
        return (Finding(Verdict.SKIPPED, "", "there is no compute environment to walk from"),)
    network = yield from read(case, asked)
    image = images.wanted(case)
    found = [finding for compute in case.managed for finding in _compute(case, network, compute, image)]
    return merged([*asked.unread, *found, *service.from_jobs(case)])


def read(case: Case, asked: Asked) -> Reading:
    """Ask for subnets, and for all that their VPCs have."""
    subnets = yield from _ask(asked, "Subnets", "subnet-id", _all(one.subnets for one in case.managed))
    vpcs = sorted({str(row["VpcId"]) for row in subnets or ()})
    if not vpcs:
        return Network(subnets=subnets)
    tables = yield from _ask(asked, "RouteTables", "vpc-id", vpcs)
    nats = yield from _ask(asked, "NatGateways", "vpc-id", vpcs, filters_="Filter")
    served = yield from _ask(asked, "VpcEndpoints", "vpc-id", vpcs)
    acls = yield from _ask(asked, "NetworkAcls", "vpc-id", vpcs)
    homes = [*(str(row["SubnetId"]) for row in nats or ()), *_all(row.get("SubnetIds", ()) for row in served or ())]
    others = sorted(set(homes) - {str(row["SubnetId"]) for row in subnets or ()})
    more = (yield from _ask(asked, "Subnets", "subnet-id", others)) if others else ()
    ids = [*_all(one.groups for one in case.managed), *_all(_group_ids(row) for row in served or ())]
    groups = yield from _ask(asked, "SecurityGroups", "group-id", sorted(set(ids)))
    dns = yield from _dns(asked, vpcs)
    together = None if subnets is None else (*subnets, *(more or ()))
    return Network(together, tables, nats, served, groups, acls, dns)


def _ask(
    asked: Asked, what: str, by: str, values: Sequence[str], filters_: str = "Filters"
) -> Generator[Question, Document | None, Rows]:
    if not values:
        return ()
    # A filter passes over what is not there; a list of ids would fail whole.
    params = {filters_: [{"Name": by, "Values": sorted(set(values))[:200]}]}
    answer = yield from asked(Call("ec2", f"Describe{what}", params, paginate=True))
    return answer.rows(what)


def _dns(asked: Asked, vpcs: Sequence[str]) -> Generator[Question, Document | None, dict[str, dict[str, bool]]]:
    found: dict[str, dict[str, bool]] = {}
    for vpc in vpcs[:5]:
        for name in DNS:
            answer = yield from asked(Call("ec2", "DescribeVpcAttribute", {"VpcId": vpc, "Attribute": name}))
            value = (answer.document or {}).get(name[0].upper() + name[1:])
            if value is not None:
                found.setdefault(vpc, {})[name] = bool(value.get("Value"))
    return found


def _compute(case: Case, network: Network, compute: Compute, image: Image) -> Iterator[Finding]:
    yield from _groups(network, compute)
    needs = needed(case, compute, image)
    if network.subnets is None:
        return
    free = [row["AvailableIpAddressCount"] for id_ in compute.subnets if (row := network.subnet(id_))]
    for id_ in compute.subnets:
        subnet = network.subnet(id_)
        if subnet is None:
            yield _gone(compute, "MF5401", f"the subnet `{id_}` does not exist", f"write other `subnets` than `{id_}`")
            continue
        walked = walk(network, subnet, public=_public(compute, subnet))
        case.ways_out[f"{compute.name} {id_}"] = walked.way is Way.OPEN
        yield from _addresses(compute, subnet, every=not any(free))
        yield from _acl(network, compute, subnet, walked)
        reach = list(_reach(Stand(network, compute, subnet, walked.way), walked, needs, case.scope.region))
        yield from reach
        said = any(each.code == walked.code and each.verdict is Verdict.FAILED for each in reach)
        yield from _public_image(compute, image, walked, said=said)


def _public(compute: Compute, subnet: Document) -> bool | None:
    """Whether what runs there has a public address: Metaflow asks Fargate for one, EC2 goes by subnet or template."""
    if compute.fargate or subnet.get("MapPublicIpOnLaunch"):
        return True
    return None if compute.resources.get("launchTemplate") else False


def _reach(stand: Stand, walked: Walk, needs: Sequence[Need], region: str) -> Iterator[Finding]:
    compute, lacking = stand.compute, list[Need]()
    for need in needs:
        served = endpoints.of_service(stand.network, stand.subnet, need.service, region)
        trouble = [endpoints.troubles(each, stand, need) for each in served]
        if not served and walked.way is not Way.OPEN:
            lacking.append(need)
        elif trouble and all(any(each.verdict is Verdict.FAILED for each in one) for one in trouble):
            shown = trouble[0]
        else:
            shown = next((one for one in trouble if not any(each.verdict is Verdict.FAILED for each in one)), ())
        for each in shown if served else ():
            yield Finding(each.verdict, compute.name, each.message, each.code, each.evidence, each.fix)
    if stand.network.endpoints is None and walked.way is not Way.OPEN:
        return
    yield from _way(stand, walked, lacking)


def _way(stand: Stand, walked: Walk, lacking: Sequence[Need]) -> Iterator[Finding]:
    compute = stand.compute
    evidence = (str(walked), *([f"no endpoint in {stand.subnet['VpcId']} for {_services(lacking)}"] if lacking else []))
    match walked.way:
        case Way.NONE if lacking:
            yield Finding(
                Verdict.FAILED,
                compute.name,
                f"nothing leads from its subnets to {_services(lacking)}",
                "MF5380",
                evidence,
                _endpoint(lacking[0], stand) + (" (one for each), or a route to a NAT gateway" if lacking[1:] else ""),
            )
        case Way.BROKEN:
            verdict = Verdict.FAILED if lacking else Verdict.WARNING
            yield Finding(verdict, compute.name, walked.why, walked.code, evidence, walked.fix)
        case Way.UNKNOWN if lacking and walked.code:
            yield Finding(Verdict.WARNING, compute.name, walked.why, walked.code, evidence, walked.fix)
        case _:
            return


def _endpoint(need: Need, stand: Stand) -> str:
    vpc, table = stand.subnet["VpcId"], stand.network.table(stand.subnet)
    if need.service in GATEWAYS:
        tables = f", route_tables: [{table['RouteTableId']}]" if table else ""
        return f"write `endpoint: {{{need.service}: {{vpc: {vpc}, service: {need.service}, type: Gateway{tables}}}}}`"
    subnets = ", ".join(stand.compute.subnets)
    inner = f"vpc: {vpc}, service: {need.service}, subnets: [{subnets}], security_groups: [security_group.NAME]"
    return f"write `endpoint: {{{need.service.replace('.', '-')}: {{{inner}}}}}`"


def _services(needs: Sequence[Need]) -> str:
    return ", ".join(f"`{need.service}`" for need in needs)


def _public_image(compute: Compute, image: Image, walked: Walk, *, said: bool) -> Iterator[Finding]:
    """Where the way out is `said` to keep jobs from running already, it is not said again."""
    if image.registry is None and (walked.way is Way.NONE or (walked.way is Way.BROKEN and not said)):
        yield Finding(
            Verdict.FAILED,
            compute.name,
            f"the image `{image.name}` is in a public registry, and no endpoint leads there",
            "MF5399",
            (str(walked),),
            "write `metaflow: {batch: {registry: ${account}.dkr.ecr.${region}.${dns_suffix}}}`, and push the image",
        )


def _groups(network: Network, compute: Compute) -> Iterator[Finding]:
    if network.groups is None:
        return
    there = {str(row["GroupId"]) for row in network.groups}
    for id_ in compute.groups:
        if network.subnets and id_ not in there:
            yield _gone(compute, "MF5402", f"the security group `{id_}` does not exist", "run `mfinfra apply FILE`")
    rules = network.group_rules(compute.groups, "IpPermissionsEgress")
    if set(compute.groups) & there and filters.shut(rules):
        yield Finding(
            Verdict.FAILED,
            compute.name,
            "its security groups let no HTTPS out",
            "MF5392",
            (f"{', '.join(compute.groups)}: no egress rule has tcp 443",),
            "write `egress: [{protocol: tcp, port: 443, cidr: 0.0.0.0/0}]` at its security group",
        )


def _acl(network: Network, compute: Compute, subnet: Document, walked: Walk) -> Iterator[Finding]:
    row = network.acl(subnet)
    if row is None:
        return
    sides = (
        (True, filters.HTTPS, "MF5393", "HTTPS does not get out", "allow tcp 443 out"),
        (False, filters.EPHEMERAL, "MF5394", "answers do not get back", "allow tcp 1024-65535 in"),
    )
    for egress, ports, code, what, fix in sides:
        passage = filters.acl(row.get("Entries", ()), ports, egress=egress)
        # Within a VPC narrower rules may be all that is needed: it is said that they are there, no more.
        verdict = Verdict.FAILED if passage is Passage.SHUT else Verdict.WARNING
        if passage is Passage.SHUT or (passage is Passage.PARTLY and walked.way is Way.OPEN):
            yield Finding(
                verdict,
                compute.name,
                f"{what} through the network ACL of its subnets"
                + (": some of its rules name addresses" if passage is Passage.PARTLY else ""),
                code,
                (f"{subnet['SubnetId']} → {row['NetworkAclId']}: {_side(ports, egress=egress)} is {passage}",),
                f"{fix}: `aws ec2 create-network-acl-entry --network-acl-id {row['NetworkAclId']} …`",
            )


def _side(ports: tuple[int, int], *, egress: bool) -> str:
    return f"tcp {'-'.join(map(str, sorted(set(ports))))} {'out' if egress else 'in'}"


def _addresses(compute: Compute, subnet: Document, *, every: bool) -> Iterator[Finding]:
    if subnet.get("AvailableIpAddressCount") == 0:
        yield Finding(
            Verdict.FAILED if every else Verdict.WARNING,
            compute.name,
            "its subnets have no address left" if every else "one of its subnets has no address left",
            "MF5398",
            (f"{subnet['SubnetId']} ({subnet['CidrBlock']}) has 0 free addresses",),
            "write more or larger `subnets`; a task of Fargate and an instance take an address each",
        )


def _gone(compute: Compute, code: str, message: str, fix: str) -> Finding:
    return Finding(Verdict.FAILED, compute.name, message, code, (f"{compute.name} names it",), fix)


def _group_ids(endpoint: Document) -> list[str]:
    return [str(row["GroupId"]) for row in endpoint.get("Groups", ())]


def _all(lists: Any) -> list[str]:
    return [str(item) for each in lists for item in each]
