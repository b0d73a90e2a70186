"""The metadata service, as far as its address tells: whether jobs and people can reach it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from mfinfra.metaflow.doctor.case import Case
from mfinfra.metaflow.doctor.merging import merged
from mfinfra.model import Finding, Verdict

URL, INTERNAL = "METAFLOW_SERVICE_URL", "METAFLOW_SERVICE_INTERNAL_URL"
PRIVATE_ENDINGS = (".internal", ".local", ".lan", ".corp", ".localdomain")


def private(url: SplitResult) -> bool | None:
    """Whether a host is inside a network: by its address or name; `None` where only DNS could tell."""
    host = url.hostname or ""
    if not host:
        return None
    try:
        return not ip_address(host).is_global
    except ValueError:
        pass
    if host.endswith(PRIVATE_ENDINGS) or "." not in host:
        return True
    # Application load balancers that are internal say so in their names; network load balancers do not.
    if host.startswith("internal-") and ".elb." in host:
        return True
    if ".execute-api." in host:
        return False
    return None


def findings(case: Case) -> tuple[Finding, ...]:
    """What the addresses alone tell; nothing is connected to."""
    return merged(_findings(case))


def _findings(case: Case) -> Iterator[Finding]:
    outer, inner = case.setting(URL), case.setting(INTERNAL, URL)
    if not outer or not inner:
        return
    for key, url in dict.fromkeys([(URL, outer), (INTERNAL if case.setting(INTERNAL) else URL, inner)]):
        if urlsplit(url).scheme not in {"http", "https"}:
            yield Finding(
                Verdict.FAILED,
                key,
                "the address has no `http://` or `https://`, and Metaflow adds none",
                "MF5454",
                (f"`{url}`",),
                "write `metaflow: {service: {url: https://HOST/}}`",
            )
        elif urlsplit(url).scheme == "http" and not private(urlsplit(url)):
            yield Finding(
                Verdict.WARNING,
                key,
                "the service is asked in the clear over a host that is not known to be private: headers with keys too",
                "MF5452",
                (f"`{url}`",),
                f"write `https://` in `metaflow.service.{'url' if key == URL else 'internal_url'}`",
            )
    if private(urlsplit(outer)):
        yield Finding(
            Verdict.WARNING,
            URL,
            "the address is inside a network: people reach it there only, through a VPN or a tunnel",
            "MF5450",
            (f"`{outer}`",),
            "write the public address as `url`, and this one as `internal_url`",
        )


def from_jobs(case: Case) -> Iterator[Finding]:
    """Whether jobs have a way to the service, once the network has been walked."""
    inner = case.setting(INTERNAL, URL)
    if not inner:
        return
    shut = sorted(where for where, open_ in case.ways_out.items() if not open_)
    if private(urlsplit(inner)) is False and shut:
        yield Finding(
            Verdict.FAILED,
            INTERNAL,
            "jobs ask the service at a public address, and nothing leads there from their subnets",
            "MF5451",
            (f"`{inner}`", *shut),
            "write `metaflow: {service: {internal_url: http://INTERNAL-HOST/}}`: jobs take that one",
        )


def connected(url: str, outcome: str | None) -> tuple[Finding, ...]:
    """What came of asking the service: `outcome` is what went wrong, `None` if it answered."""
    if outcome is None:
        return (Finding(Verdict.PASSED, URL, "the service answers to this machine", evidence=(f"`{url}`",)),)
    return (
        Finding(
            Verdict.FAILED,
            URL,
            "the service does not answer to this machine",
            "MF5453",
            (f"`{url}`", outcome),
            "see that the service runs, and that this machine is in its network",
        ),
    )
