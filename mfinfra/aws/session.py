"""A way into one account and region: a session, its clients, and the guard that it is the right account."""

from __future__ import annotations

import gc
import os
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES  # sic
from botocore.exceptions import BotoCoreError

from mfinfra.aws import assumed, entry, profiles, retry, transport, troubles
from mfinfra.aws.calls import Answer, perform, unreachable
from mfinfra.aws.clock import Clock
from mfinfra.aws.retry import persist
from mfinfra.aws.transport import permitted, tried_once
from mfinfra.errors import Refused
from mfinfra.model import Access, Call, Scope

SANDBOX_PACE = 0.05
WHO_AM_I = Call("sts", "GetCallerIdentity")
AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn")
OF_FILE = "`profile:` under `aws:`"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(slots=True)
class Aws:
    """One account and region of AWS, or an emulator's. Threads may share it.

    `endpoint` is the URL that every client uses, `None` for AWS's own. `caller` is the ARN of who we are. `permit` is
    asked before every attempt of a writing call, botocore's own repetitions too: what it raises ends the call unsent.
    """

    session: Any
    scope: Scope
    endpoint: str | None = None
    sandbox: bool = False
    clock: Clock = field(default_factory=Clock)
    parallelism: int = 16
    caller: str = ""
    permit: Callable[[], None] | None = None
    _clients: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str, region: str = "") -> Any:
        """The client of `service`; made once, under a lock: side by side it takes longer."""
        known = f"{service} {region}" if region else service
        with self._lock:
            if known not in self._clients:
                self._clients[known] = self._made(service, region or self.scope.region)
            return self._clients[known]

    def _made(self, service: str, region: str) -> Any:
        url = self.endpoint
        config = transport.config(service, emulated=bool(url), parallelism=self.parallelism)
        try:
            with _collector_off(), entry.by(self.session):
                client = self.session.client(service, region_name=region, endpoint_url=url, config=config)
        except (BotoCoreError, ValueError) as error:  # credentials are looked up here; a bad URL is a ValueError
            with entry.by(self.session):
                raise unreachable(service, error) from error
        transport.watch(client)
        return client

    def _perform(self, client: Any, call: Call) -> Answer:
        with entry.by(self.session):  # what goes wrong on the way in names the profile
            return perform(client, call)

    def destinations(self) -> dict[str, str]:
        """The URL of each service that was spoken to so far."""
        with self._lock:
            return {service: client.meta.endpoint_url for service, client in sorted(self._clients.items())}

    def ask(self, call: Call) -> Answer:
        """Send a reading call; while AWS breaks down, takes no more requests or cannot be reached, wait."""
        client = self.client(call.service, call.region) if call.region else self.client(call.service)
        return persist(lambda: self._perform(client, call), self.clock, _unsaid, passes=troubles.trouble_of)

    def first(self, call: Call) -> Answer:
        """Send what comes before everything else: a throttle is waited for, but no network that is not there."""
        client = self.client(call.service)
        return persist(lambda: self._perform(client, call), self.clock, _unsaid, passes=troubles.refusal_of)

    def send(self, call: Call) -> Answer:
        """Send a call once and without a permit: what keeps the lock and the records is sent like this."""
        return self._perform(self.client(call.service), call)

    def write(
        self, call: Call, waiting: Callable[[str, float], None], fresh: Callable[[], bool] = lambda: True
    ) -> Answer:
        """Send a writing call; while AWS is not ready for it, wait and say why. Raises what `permit` raises.

        `fresh` says whether this run has written what the call speaks of: then AWS may not know it everywhere yet.
        """
        client = self.client(call.service)

        def attempt() -> Answer:
            with permitted(self.permit), tried_once(once=call.once):
                return self._perform(client, call)

        return persist(attempt, self.clock, waiting, fresh, passes=retry.unless_done if call.once else None)


def connect(
    access: Access, scope: Scope, *, parallelism: int = 16, clock: Clock | None = None, writes: bool = False
) -> Aws:
    """Make a session and prove that it is the file's account.

    `writes`: it is going to be written to, so that a destination which the file does not name is refused before
    anything is sent there. Raises `Refused` for that and for another account or partition, `UserError` where there is
    no way in.
    """
    aws = _way(access, scope, parallelism, clock)
    if writes:
        aws.client(WHO_AM_I.service)
        guard_destination(aws)
    _guard_account(aws)
    return aws


def enter(access: Access, region: str | None, environment: str, *, clock: Clock | None = None) -> Aws:
    """The account that the credentials are of, whichever that is; `region` is the profile's where none is given.

    Raises `UserError` where there is no way in or no region is known, `Refused` for a region of another partition.
    """
    region = region or profiles.region(access)
    if not region:
        raise profiles.no_region(access)
    aws = _way(access, Scope(environment, "", region), 16, clock)
    account, partition = _identified(aws)
    aws.scope = replace(aws.scope, account=account)
    if partition != aws.scope.partition:
        raise Refused(
            f"these credentials are of the partition `{partition}`, and `{aws.scope.region}` is in another",
            hint="name a region of theirs (`--region`), or choose other credentials (`--aws-profile`)",
            code="MF4001",
        )
    return aws


def foreign_endpoints(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The `AWS_ENDPOINT_URL*` variables that boto3 follows: silently, as people should not."""
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return {}
    return {name: url for name, url in sorted(environ.items()) if name.startswith("AWS_ENDPOINT_URL") and url}


def guard_destination(aws: Aws) -> None:
    """Refuse to write where a profile's `endpoint_url` leads, and not AWS: boto3 follows it as silently."""
    for service, url in aws.destinations().items():
        host = urlsplit(url).hostname or ""
        if not (aws.endpoint or host.endswith(AWS_DOMAINS)):
            raise Refused(
                f"the AWS configuration sends `{service}` to `{url}`, and the file names no endpoint",
                hint="take `endpoint_url` out of the profile, or write the same URL as `endpoint:` under `aws:`",
                code="MF4004",
            )


def guard_endpoints(access: Access, environ: Mapping[str, str] = os.environ) -> None:
    """Refuse to write through an endpoint that the environment names and the file does not."""
    if access.endpoint:
        return
    for name, url in foreign_endpoints(environ).items():
        raise Refused(
            f"`{name}` is set to `{url}`, and the file names no endpoint",
            hint="unset it, or write the same URL as `endpoint:` under `aws:`",
            code="MF4004",
        )


def _way(access: Access, scope: Scope, parallelism: int, clock: Clock | None) -> Aws:
    """A way to where `access` leads; who we are there is not asked yet."""
    if access.endpoint == "sandbox":
        return _sandbox(scope, parallelism, clock)
    if access.endpoint:
        return _emulator(access.endpoint, access, scope, parallelism, clock)
    return Aws(_session(access, scope), scope, clock=clock or Clock(), parallelism=parallelism)


def _sandbox(scope: Scope, parallelism: int, clock: Clock | None) -> Aws:
    from mfinfra.sandbox import lifecycle, network  # noqa: PLC0415 - nobody else pays for the sandbox

    endpoint = lifecycle.ensure().endpoint
    if urlsplit(endpoint).hostname not in LOOPBACK:
        raise AssertionError(f"the sandbox is not on loopback: {endpoint}")
    session = isolated_session(network.ACCESS_KEY_ID, network.SECRET_ACCESS_KEY)
    return Aws(session, scope, endpoint, sandbox=True, clock=clock or Clock(SANDBOX_PACE), parallelism=parallelism)


def isolated_session(access_key: str, secret_key: str) -> Any:
    """A boto3 session that reads no profile, no file and no variable of the user's."""
    nothing = {
        name: (None, None, _NOTHING.get(name, default), convert)
        for name, (_, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    core = botocore.session.Session(session_vars=nothing)
    core.set_credentials(access_key, secret_key)
    return boto3.Session(botocore_session=core)


_NOTHING = {"profile": None, "config_file": os.devnull, "credentials_file": os.devnull}


def _emulator(url: str, access: Access, scope: Scope, parallelism: int, clock: Clock | None) -> Aws:
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise Refused(
            f"the endpoint `{url}` is not encrypted and not on this machine",
            hint="write an `https://…` URL as `endpoint:` under `aws:`, or that of an emulator on 127.0.0.1",
            code="MF4005",
        )
    clock = clock or Clock(SANDBOX_PACE if parts.hostname in LOOPBACK else 1.0)
    return Aws(_session(access, scope, url), scope, url, clock=clock, parallelism=parallelism)


def _session(access: Access, scope: Scope, endpoint: str | None = None) -> Any:
    session = profiles.opened(access.profile, scope.region)
    if not access.assume_role:
        return session
    return assumed.session(Aws(session, scope, endpoint), access.assume_role)


def _identified(aws: Aws) -> tuple[str, str]:
    """Account and partition of who we are, whose ARN becomes `caller`."""
    identity = aws.first(WHO_AM_I).document or {}
    aws.caller = identity["Arn"]
    return identity["Account"], aws.caller.split(":")[1]


def _guard_account(aws: Aws) -> None:
    account, partition = _identified(aws)
    if (account, partition) != (aws.scope.account, aws.scope.partition):
        raise Refused(
            f"these credentials are of account `{account}` (partition `{partition}`), "
            f"the file is for `{aws.scope.account}` (partition `{aws.scope.partition}`)",
            hint=_other_account(aws, account),
            code="MF4001",
        )


def _other_account(aws: Aws, account: str) -> str:
    """What to do where credentials and file do not belong together."""
    if aws.sandbox:
        return f"the sandbox is account `{account}`: write that as `account:`"
    if account == aws.scope.account:
        return f"choose other credentials (`AWS_PROFILE`, or {OF_FILE}), or mend `region:`, which tells the partition"
    profile = entry.of_account(aws.session, aws.scope.account)
    if profile:
        return f"`export AWS_PROFILE={shlex.quote(profile)}` is of that account; or {OF_FILE}, or mend `account:`"
    return f"choose other credentials (`export AWS_PROFILE=NAME`, or {OF_FILE}), or mend `account:`"


def _unsaid(why: str, seconds: float) -> None:
    """A reading waits without a word: what is read together is told as one thing."""


@contextmanager
def _collector_off() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
