"""What the first file is made of: the answers, and what is wrong with one, by the schemas' own patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mfinfra import printable, schemas
from mfinfra.document import bundle

ENVIRONMENT = "1 to 31 lower-case letters, digits and hyphens, a letter first"
BUCKET = "metaflow-${environment}-${account}"
"""The name of the datastore's bucket where no other is chosen; with the longest environment it has 53 characters."""
LONGEST_ENVIRONMENT = 31


class Preset(StrEnum):
    """What the jobs run on."""

    FARGATE = "fargate"
    EC2 = "ec2"
    SPOT = "spot"
    PRIVATE = "private"
    SANDBOX = "sandbox"


MEANINGS: Mapping[Preset, str] = {
    Preset.FARGATE: "containers without instances, up to 16 vCPUs each",
    Preset.EC2: "instances that Batch starts and stops; any size of job",
    Preset.SPOT: "spot instances first, on-demand where there are none; cheapest",
    Preset.PRIVATE: "instances without internet, and the VPC endpoints for that",
    Preset.SANDBOX: "the local AWS on this machine; no account, no cost",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """All that the file says that another one would not.

    `subnets` and `tables` may carry a remark for people. `inside` are the subnets of interface endpoints: one for each
    zone. `served` are services that have an endpoint in the VPC already, with its id: no second one is written.
    """

    preset: Preset
    environment: str
    account: str
    region: str
    vpc: str
    subnets: Mapping[str, str]
    inside: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    bucket: str = BUCKET
    profile: str = "${environment}"
    aws_profile: str | None = None
    endpoint: str | None = None
    served: Mapping[str, str] = field(default_factory=dict)


def may_be_environment(text: str) -> bool:
    """Whether a file may have this name for its environment."""
    return re.fullmatch(_of_file("environment"), text) is not None


def wrong_environment(text: str) -> str | None:
    """What is wrong with the name of an environment: it becomes part of every other name."""
    if not may_be_environment(text):
        return ENVIRONMENT
    if text.endswith("-"):
        return "the name of an image's repository would end with a hyphen, which ECR refuses"
    return None


def wrong_account(text: str) -> str | None:
    """What is wrong with an account."""
    return None if re.fullmatch(_of_file("account"), text) else "an account has 12 digits"


def wrong_region(text: str) -> str | None:
    """What is wrong with a region, by its form alone."""
    return None if re.fullmatch(_of_file("region"), text) else "a region is written like `us-east-1`"


def wrong_vpc(text: str) -> str | None:
    """What is wrong with the id of a VPC."""
    return _wrong_id(text, schemas.load("endpoint")["properties"]["vpc"]["pattern"], "vpc")


def wrong_subnet(text: str) -> str | None:
    """What is wrong with the id of a subnet."""
    return _wrong_id(text, schemas.load("endpoint")["properties"]["subnets"]["items"]["pattern"], "subnet")


def wrong_table(text: str) -> str | None:
    """What is wrong with the id of a route table."""
    return _wrong_id(text, schemas.load("endpoint")["properties"]["route_tables"]["items"]["pattern"], "rtb")


def wrong_bucket(text: str) -> str | None:
    """What is wrong with the name of a bucket."""
    said: Mapping[str, Any] = schemas.load("bucket")["properties"]["name"]
    fits = said["minLength"] <= len(text) <= said["maxLength"] and re.search(said["pattern"], text)
    return (
        None if fits else "3 to 63 of the characters `a-z0-9.-`, a letter or digit at both ends, and no AWS's own form"
    )


def wrong_profile(text: str) -> str | None:
    """What is wrong with the name of a profile of Metaflow."""
    form = "[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
    return None if re.fullmatch(form, text) else "1 to 63 of the characters `A-Za-z0-9_.-`, a letter or digit first"


def wrong_aws_profile(text: str) -> str | None:
    """What is wrong with the name of a profile of AWS: nearly nothing can be."""
    most = _access("profile")["maxLength"]
    return None if 1 <= len(text) <= most and printable.every(text) else f"1 to {most} characters, each of them visible"


def wrong_endpoint(text: str) -> str | None:
    """What is wrong with an endpoint."""
    return None if re.fullmatch(_access("endpoint")["pattern"], text) else "`sandbox`, or an http(s) URL"


def next_name(environment: str) -> str:
    """Another name for an environment, when this one is taken: `dev` → `dev-2` → `dev-3`."""
    stem, _, number = environment.rpartition("-")
    if not (stem and number.isascii() and number.isdigit() and len(number) < len("999")):
        stem, number = environment, "1"
    end = f"-{int(number) + 1}"
    return stem[: LONGEST_ENVIRONMENT - len(end)].rstrip("-") + end


def _of_file(name: str) -> str:
    pattern: str = bundle.source()["properties"][name]["pattern"]
    return pattern


def _access(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = bundle.source()["properties"]["aws"]["properties"][name]
    return found


def _wrong_id(text: str, pattern: str, prefix: str) -> str | None:
    return None if re.fullmatch(pattern, text) else f"an id is written like `{prefix}-0123456789abcdef0`"
