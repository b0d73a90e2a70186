"""The questions about the network: which VPC, which of its subnets, which route tables; with what the account tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mfinfra.errors import UserError
from mfinfra.starting import answers as rules
from mfinfra.starting import text
from mfinfra.starting.answers import Preset
from mfinfra.starting.asking import Option, Person, Question, answered
from mfinfra.starting.given import Given
from mfinfra.starting.network import MOST_SUBNETS, Account, Kind, Subnet, Vpc, counted, one_each

INSTEAD = "`--preset private` works in isolated subnets: it brings the VPC endpoints for that"


class UnsuitableError(UserError):
    """No subnet that is there does for the preset; `instead` is one that would have some, if there is one."""

    def __init__(self, message: str, hint: str, instead: Preset | None) -> None:
        super().__init__(message, hint=hint, code="MF5602")
        self.instead = instead


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where jobs run."""

    vpc: str
    subnets: tuple[Subnet, ...]
    tables: tuple[str, ...] = ()

    @property
    def inside(self) -> tuple[str, ...]:
        """The subnets of interface endpoints."""
        return one_each(self.subnets)


def choose(preset: Preset, given: Given, found: Account, region: str, person: Person | None) -> Chosen:
    """The network that the file is for; raises `UnsuitableError` where none that is there does."""
    vpc = _vpc(preset, given, found, region, person)
    subnets = _subnets(preset, given, found, vpc, person)
    return Chosen(vpc, subnets, _tables(preset, given, found, vpc, subnets, person))


def _vpc(preset: Preset, given: Given, found: Account, region: str, person: Person | None) -> str:
    if not given.vpc and (home := _home(given, found)):
        return home
    if found.vpcs is not None and not found.vpcs:
        raise UserError(
            f"there is no VPC in {region}",
            hint=f"`aws ec2 create-default-vpc --region {region}` makes one, or name another region: `--region`",
            code="MF5605",
        )

    def wrong(vpc: str) -> str | None:
        if reason := rules.wrong_vpc(vpc):
            return reason
        if found.vpcs is not None and vpc not in {one.id for one in found.vpcs}:
            return f"there is no such VPC in {region}"
        return _no_place(preset, found, vpc) if not given.subnets else None

    if not given.vpc:
        _guard_any(preset, found, region)
        if only := _only(found):
            return only
    question = Question(
        "--vpc",
        "Which VPC do jobs run in?",
        _default_vpc(preset, found),
        tuple(Option(one.id, (_called(one), one.cidr, counted(found.inside(one.id)))) for one in found.vpcs or ()),
        wrong=wrong,
    )
    return answered(question, [given.vpc] if given.vpc else None, person)[0]


def _home(given: Given, found: Account) -> str | None:
    """The VPC of the subnets that were named."""
    homes = {one.id: one.vpc for one in found.subnets or ()}
    return next((homes[id_] for id_ in given.subnets if id_ in homes), None)


def _only(found: Account) -> str | None:
    return found.vpcs[0].id if found.vpcs and len(found.vpcs) == 1 else None


def _default_vpc(preset: Preset, found: Account) -> tuple[str, ...] | None:
    """The default VPC, else the only one that does; of several, nobody can say which is meant."""
    vpcs = found.vpcs or ()
    fit = [one.id for one in vpcs if found.subnets is None or found.proposal(preset, one.id)]
    usual = [one.id for one in vpcs if one.default and one.id in fit]
    return (usual[0],) if usual else (fit[0],) if len(fit) == 1 else None


def _guard_any(preset: Preset, found: Account, region: str) -> None:
    if found.subnets is None or not found.vpcs or any(found.proposal(preset, one.id) for one in found.vpcs):
        return
    seen = "; ".join(f"`{one.id}` has {counted(found.inside(one.id))}" for one in found.vpcs[:3])
    instead, hint = _instead(preset, found, [one.id for one in found.vpcs])
    raise UnsuitableError(f"no VPC in {region} has subnets that `{preset}` can work in: {seen}", hint, instead)


def _no_place(preset: Preset, found: Account, vpc: str) -> str | None:
    """Why a VPC does not do, with what would."""
    if found.subnets is None or found.proposal(preset, vpc):
        return None
    if not found.inside(vpc):
        return "there is no subnet in it: name another VPC"
    return f"`{preset}` cannot work in its subnets ({counted(found.inside(vpc))}); {_instead(preset, found, [vpc])[1]}"


def _instead(preset: Preset, found: Account, vpcs: Iterable[str]) -> tuple[Preset | None, str]:
    """A preset that would work in these VPCs, and what to do in words."""
    subnets = [one for vpc in vpcs for one in found.inside(vpc)]
    kinds = {one.kind for one in subnets}
    if Kind.ISOLATED in kinds:
        return Preset.PRIVATE, INSTEAD
    if Kind.PUBLIC in kinds and preset is not Preset.FARGATE:
        id_ = next(one.id for one in subnets if one.kind is Kind.PUBLIC)
        how = f"`aws ec2 modify-subnet-attribute --subnet-id {id_} --map-public-ip-on-launch` gives instances addresses"
        return Preset.FARGATE, f"`--preset fargate` works in public subnets; or {how}"
    return None, "give a route table of theirs a way to an internet or NAT gateway, or name other ones: `--vpc`"


def _subnets(preset: Preset, given: Given, found: Account, vpc: str, person: Person | None) -> tuple[Subnet, ...]:
    there = {one.id: one for one in found.inside(vpc)}
    proposed = found.proposal(preset, vpc)

    def wrong(id_: str) -> str | None:
        if reason := rules.wrong_subnet(id_):
            return reason
        if found.subnets is None:
            return None
        if id_ not in there:
            return f"there is no such subnet in `{vpc}`"
        reason = found.objection(preset, there[id_])
        return f"{reason}; {_instead(preset, found, [vpc])[1]}" if reason else None

    question = Question(
        "--subnet",
        "In which of its subnets?",
        tuple(one.id for one in proposed) or None,
        tuple(Option(one.id, (one.zone, one.cidr, str(one.kind), one.name)) for one in there.values()),
        several=True,
        wrong=wrong,
        hint="`--subnet` names each of them" if found.subnets is None else None,
    )
    chosen = answered(question, given.subnets or None, person)
    if len(chosen) > MOST_SUBNETS:
        raise UserError(
            f"{len(chosen)} subnets are more than AWS Batch takes",
            hint=f"`--subnet` names up to {MOST_SUBNETS}",
            code="MF5600",
        )
    return tuple(there.get(id_, Subnet(id_, vpc)) for id_ in chosen)


def _tables(  # noqa: PLR0913, PLR0917 - what is known so far
    preset: Preset, given: Given, found: Account, vpc: str, subnets: tuple[Subnet, ...], person: Person | None
) -> tuple[str, ...]:
    """The route tables that gateway endpoints stand in: those of the subnets, where they are known."""
    if preset is not Preset.PRIVATE or all(name in found.served(vpc) for name in text.GATEWAYS):
        return ()
    known = tuple(dict.fromkeys(one.table for one in subnets if one.table))
    whole = all(one.table for one in subnets)
    question = Question(
        "--route-table",
        "Which route tables have these subnets?",
        known if whole else None,
        several=True,
        wrong=rules.wrong_table,
        hint="`--route-table` names each of them",
    )
    return answered(question, given.tables or (known if whole else None), person)


def _called(vpc: Vpc) -> str:
    return " ".join(part for part in ("(default)" if vpc.default else "", vpc.name) if part)
