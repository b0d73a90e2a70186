"""Bad ends that are none as long as a role is young: what a service found missing may be on its way. As data."""

from __future__ import annotations

from dataclasses import dataclass

YOUNG = 180.0
"""Seconds for which a role may be unknown, or known without its policies, to the services that use it."""

PROPAGATION = "https://github.com/hashicorp/terraform-provider-aws/issues/37945"
UNTRUSTED = "https://github.com/hashicorp/terraform-provider-aws/pull/21281"
PROFILE = "https://github.com/Netflix/metaflow-tools/issues/9"
INVALID = "https://docs.aws.amazon.com/batch/latest/userguide/invalid_compute_environment.html"


@dataclass(frozen=True, slots=True)
class Passing:
    """A status whose reason has `text` in it; seconds to go on waiting for while a role is young."""

    service: str
    operation: str
    status: str
    text: str
    window: float
    why: str
    source: str

    def fits(self, service: str, operation: str, status: str, reason: str) -> bool:
        """Whether this row speaks of that status."""
        named = (self.service, self.operation, self.status) == (service, operation, status)
        return named and self.text.lower() in reason.lower()


BATCH = ("batch", "DescribeComputeEnvironments", "INVALID")
SEEN = "Batch does not see a new role, or all of its policies, yet"

TABLE = (
    Passing(*BATCH, "not authorized to perform", YOUNG, SEEN, PROPAGATION),
    Passing(*BATCH, "sts:AssumeRole", YOUNG, SEEN, UNTRUSTED),
    Passing(*BATCH, "cannot be assumed", YOUNG, SEEN, INVALID),
    Passing(*BATCH, "Invalid IamInstanceProfile", YOUNG, "Batch does not see a new instance profile yet", PROFILE),
    Passing(*BATCH, "Invalid IAM Instance Profile", YOUNG, "Batch does not see a new instance profile yet", PROFILE),
)


def passing(service: str, operation: str, status: str, reason: str) -> Passing | None:
    """The row that speaks of this status, if any."""
    return next((row for row in TABLE if row.fits(service, operation, status, reason)), None)
