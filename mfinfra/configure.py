"""Metaflow's configuration of one environment: from the file, and from AWS where only that can tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from mfinfra import observe
from mfinfra.aws import session
from mfinfra.confidential import ARGUMENTS
from mfinfra.document import lint_metaflow
from mfinfra.errors import UserError
from mfinfra.metaflow import configuration
from mfinfra.metaflow.configuration import Produced
from mfinfra.metaflow.settings import HEADERS
from mfinfra.model import Address, Call, Environment, Outputs, Scope

_ARN_REGION = 3


class Reader(Protocol):
    """What is needed of AWS."""

    parallelism: int

    def ask(self, call: Call) -> Any:
        """Send a call; the answer has a `document`."""
        ...


def kinds() -> Mapping[str, str]:
    """Every key that Metaflow knows, with what it is read as."""
    found: Mapping[str, str] = lint_metaflow.settings()["known"]
    return found


def produce(environment: Environment, reader: Reader | None = None) -> Produced:
    """The configuration; AWS is asked only where the file leaves something open, and answers only for what stands.

    Raises `UserError` for a setting that Metaflow could not read.
    """
    produced = configuration.produce(environment)
    if produced.waiting:
        outputs = _outputs(environment, produced, reader or connect(environment))
        produced = configuration.produce(environment, lambda ref: outputs.get(ref.address, {}).get(ref.attribute))
    for key, wanted in configuration.misread(produced.values, kinds()).items():
        said = f"`metaflow.settings.{key}` is nothing that Metaflow can read: it takes {wanted}"
        raise UserError(said, code="MF5013")
    return produced


def connect(environment: Environment, region: str | None = None) -> session.Aws:
    """The way into the environment's account; raises `Refused` where the shell alone says another endpoint."""
    session.guard_endpoints(environment.access)
    scope = environment.scope
    there = scope if region in {None, scope.region} else Scope(scope.environment, scope.account, region or scope.region)
    return session.connect(environment.access, there)


def secrets(environment: Environment, produced: Produced, reader: Reader | None = None) -> dict[str, Any]:
    """The value of every secret of the configuration; raises `UserError` for one that cannot serve."""
    readers: dict[str, Reader] = {} if reader is None else {environment.scope.region: reader}
    found = {}
    for key, where in produced.secrets.items():
        region = where.split(":")[_ARN_REGION] if where.startswith("arn:") else environment.scope.region
        if region not in readers:
            readers[region] = reader or connect(environment, region)
        found[key] = _value(key, where, readers[region])
    return found


def _outputs(environment: Environment, produced: Produced, reader: Reader) -> dict[Address, Outputs]:
    wanted = sorted({ref.address for refs in produced.waiting.values() for ref in refs})
    seen = {address: observe.look_again(reader, environment.resources[address]) for address in wanted}
    return {address: observed.outputs for address, observed in seen.items() if observed is not None}


def _value(key: str, where: str, reader: Reader) -> Any:
    call = Call("secretsmanager", "GetSecretValue", {"SecretId": where}, absent=("ResourceNotFoundException",))
    answer = reader.ask(call).document
    if answer is None:
        raise _useless(where, key, "does not exist", "make it, or mend its ARN in the file")
    text = answer.get("SecretString")
    if not isinstance(text, str) or not text.strip():
        raise _useless(where, key, "holds no text", "store the value as text (`SecretString`)")
    parsed = _json(text)
    if key == HEADERS or key in ARGUMENTS:
        texts = isinstance(parsed, dict) and all(isinstance(item, str) for item in parsed.values())
        if not isinstance(parsed, dict) or (key == HEADERS and not texts):
            raise _useless(where, key, "is no JSON object of texts", 'store it as `{"Authorization": "…"}`')
        return parsed
    if isinstance(parsed, dict | list):
        raise _useless(where, key, "is JSON, and the key is wanted", "store the key alone, as plain text")
    return text.strip()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _useless(where: str, key: str, why: str, hint: str) -> UserError:
    return UserError(f"the secret `{where}` of `{key}` {why}", hint=hint, code="MF5011")


def exported(environment: Environment, produced: Produced) -> dict[str, Any]:
    """What a shell needs: every key, the region, and the endpoint where the file has a URL of its own.

    No `METAFLOW_PROFILE`: these variables need no profile, and with one that has no file Metaflow does not start.
    """
    access = environment.access
    more = {"AWS_ENDPOINT_URL": access.endpoint} if access.endpoint not in {None, "sandbox"} else {}
    return {**produced.values, "AWS_DEFAULT_REGION": environment.scope.region, **more}


def without_service(produced: Produced) -> Produced:
    """The same without the metadata service, which a sandbox does not have."""
    gone = {key for key in produced.keys if key.startswith("METAFLOW_SERVICE_")} | {"METAFLOW_DEFAULT_METADATA"}
    values = {key: value for key, value in produced.values.items() if key not in gone}
    return replace(produced, values=values, secrets={})
