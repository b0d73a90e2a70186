"""Which operation of which service a request asks for, by botocore's models alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

from botocore.exceptions import DataNotFoundError

from mfinfra.sandbox.corrections import wire

SCOPE: Final = re.compile(r"Credential=(?P<key>[^/]*)/\d*/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
SIGNED_AS: Final = {
    # Services that sign under another name than botocore's.
    "tagging": "resourcegroupstaggingapi",
    "states": "stepfunctions",
    "monitoring": "cloudwatch",
    "elasticfilesystem": "efs",
    "email": "ses",
}
READING: Final = (
    *("Describe", "Get", "List", "Head", "BatchGet", "TransactGet", "Query", "Scan", "Select", "Search", "Filter"),
    *("Lookup", "Simulate", "Validate", "Check", "Preview", "Decode", "AssumeRole"),
)
FORM: Final = "x-www-form-urlencoded"
READING_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `service` and `operation` in botocore's names, empty where its models do not tell."""

    service: str
    operation: str
    protocol: str
    region: str
    writes: bool
    text: str
    """Its URL and its body, with what URLs escape unescaped."""
    key: str = ""
    """The id of the access key that signed it."""

    @property
    def name(self) -> str:
        """`service.Operation`; a `?` stands for what is not known."""
        return f"{self.service or '?'}.{self.operation or '?'}"


def recognised(environ: wire.Environ) -> Request:
    """The request of a WSGI environment, whose body stays readable."""
    said = environ.get("HTTP_AUTHORIZATION") or unquote_plus(environ.get("QUERY_STRING", "")).replace("X-Amz-", "")
    scope = SCOPE.search(said)
    service = _service(scope["service"].lower()) if scope else ""
    region, key = (scope["region"], scope["key"]) if scope else ("", "")
    known = _known(service, environ) if service else None
    body = wire.read(environ).decode("utf-8", "replace")
    target = environ.get("RAW_URI") or f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
    text = f"{unquote_plus(target)}\n{unquote_plus(body) if FORM in environ.get('CONTENT_TYPE', '') else body}"
    if known is None:
        writes = environ["REQUEST_METHOD"] not in READING_METHODS
        return Request(service, "", _protocol(service, environ), region, writes, text, key)
    writes = not known.operation.startswith(READING)
    return Request(service, known.operation, known.protocol, region, writes, text, key)


def _service(signing: str) -> str:
    return SIGNED_AS.get(signing, signing)


def _known(service: str, environ: wire.Environ) -> wire.Recognised | None:
    try:
        return wire.recognise(service, environ)
    except DataNotFoundError:  # botocore has no service of that name
        return None


def _protocol(service: str, environ: dict[str, Any]) -> str:
    if environ.get("HTTP_X_AMZ_TARGET"):
        return "json"
    if "json" in environ.get("CONTENT_TYPE", ""):
        return "rest-json"
    return {"s3": "rest-xml", "ec2": "ec2"}.get(service, "query")
