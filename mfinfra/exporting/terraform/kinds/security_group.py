"""A security group with its rules inside it: as here, a rule that is not listed is revoked.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mfinfra.exporting.subjects import Subject
from mfinfra.exporting.terraform.form import Form, Piece, free, tags
from mfinfra.exporting.terraform.hcl import Nested
from mfinfra.model import Template

TYPE = "aws_security_group"
FIELDS = {"name": "name", "description": "description", "vpc_id": "vpc"}
FREE = {"description": "description"}
PEERS = {"cidr": "cidr_blocks", "cidr_ipv6": "ipv6_cidr_blocks", "prefix_list": "prefix_list_ids"}
PEERS_BY_ID = "security_groups"
EVERY_PORT = 0


def pieces(subject: Subject) -> Iterator[Piece]:
    """The group; a direction without rules is an empty list, as nothing would leave the rules to others."""
    arguments = {**subject.fields(FIELDS), **tags(subject)}
    for direction in ("ingress", "egress"):
        if subject.spec[direction] is not None and direction not in subject.free:
            arguments[direction] = rules(subject.spec[direction]) or []
    yield Piece(TYPE, subject.outputs["id"], arguments, ignore=free(subject, FREE))


def rules(given: Iterable[Mapping[str, Any]]) -> tuple[Nested, ...]:
    """One block for all rules of the same ports and description, as the provider reads them."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for rule in given:
        ports = (rule.get("from_port", EVERY_PORT), rule.get("to_port", EVERY_PORT))
        protocol, description = "-1" if rule["protocol"] == "all" else rule["protocol"], rule.get("description", "")
        block = found.setdefault((protocol, *ports, description), {})
        for field, there in PEERS.items():
            if field in rule:
                block.setdefault(there, []).append(rule[field])
        if rule.get("security_group") == "self":
            block["self"] = True
        elif "security_group" in rule:
            block.setdefault(PEERS_BY_ID, []).append(peer(rule))
    return tuple(
        Nested(
            {
                **({"description": description} if description else {}),
                "protocol": protocol,
                "from_port": first,
                "to_port": last,
                **{name: sorted(item, key=str) if isinstance(item, list) else item for name, item in block.items()},
            }
        )
        for (protocol, first, last, description), block in sorted(found.items(), key=str)
    )


def peer(rule: Mapping[str, Any]) -> Any:
    """Another group; one of another account with the account before it."""
    group = rule["security_group"]
    return Template((f"{rule['account']}/", group)) if "account" in rule else group


FORM = Form({"id": (TYPE, "id"), "name": (TYPE, "name")}, pieces)
