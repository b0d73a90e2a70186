"""Requests and answers between their bytes and the shapes of botocore's models."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode
from xml.sax.saxutils import escape

from botocore import parsers, serialize
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from mfinfra.sandbox.corrections.call import Answer, Params, ServiceError

Environ = dict[str, Any]
ERROR = 300


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in bytes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Recognised:
    """A request whose operation is known."""

    service: str
    operation: str
    protocol: str
    uri: dict[str, Any]


def recognise(service: str, environ: Environ) -> Recognised | None:
    """Which operation of `service` a request asks for; `None` if the model has no such operation."""
    copied = environ if service == "s3" else environ | {"wsgi.input": io.BytesIO(read(environ))}
    request = Request(dict(copied))
    try:
        operation, uri = get_service_router(service).match(request)
    except (HTTPException, NotImplementedError):
        return None
    protocol = determine_request_protocol(get_service_model(service), request.content_type)
    return Recognised(service, str(operation.name), protocol, uri)


def parameters(known: Recognised, environ: Environ) -> Params:
    """The parameters of a recognised request. Its body stays readable."""
    body = read(environ)
    request = Request(environ | {"wsgi.input": io.BytesIO(body)})
    data = request.get_data(parse_form_data=False, cache=True)
    parser = PROTOCOL_PARSERS[known.protocol](get_service_model(known.service).operation_model(known.operation))
    parsed = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": data,
            "url_path": request.path,
            "url_params": known.uri,
        },
    )
    return dict(parsed or {})


def read(environ: Environ) -> bytes:
    """The body of a request, put back for the next reader."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not length and not environ.get("wsgi.input_terminated"):
        return b""
    body: bytes = environ["wsgi.input"].read(length) if length else environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def request(service: str, operation: str, region: str, params: Params) -> Environ:
    """The request that asks for `operation`, as a WSGI environment."""
    model, protocol = _model(service)
    serializer = serialize.create_serializer(protocol, include_validation=False)
    made = serializer.serialize_to_request(params, model.operation_model(operation))
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
    body = body.encode() if isinstance(body, str) else body or b""
    query = made["query_string"]
    path, _, literal = made["url_path"].partition("?")
    url = "&".join(part for part in (literal, urlencode(query, doseq=True) if query else "") if part)
    scope = f"AWS4-HMAC-SHA256 Credential=testing/20260101/{region}/{model.signing_name}/aws4_request, Signature=0"
    headers = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in made["headers"].items()}
    return {
        "REQUEST_METHOD": made["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": _unquoted(path),
        "RAW_URI": path + (f"?{url}" if url else ""),
        "REQUEST_URI": path + (f"?{url}" if url else ""),
        "QUERY_STRING": url,
        "CONTENT_TYPE": headers.pop("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_AUTHORIZATION": scope,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    } | headers


def answer(service: str, operation: str, reply: Reply) -> Answer:
    """What a reply says; an error is raised."""
    model, protocol = _model(service)
    shape = model.operation_model(operation).output_shape
    response = {"headers": _lower(reply.headers), "body": reply.body, "status_code": reply.status}
    try:
        parsed: Answer = parsers.create_parser(protocol).parse(response, shape)
    except parsers.ResponseParserError:
        parsed = {"Error": {"Code": "InternalError", "Message": reply.body.decode(errors="replace")[:500]}}
    if reply.status >= ERROR:
        error = parsed.get("Error", {})
        raise ServiceError(str(error.get("Code", reply.status)), str(error.get("Message", "")), reply.status)
    parsed.pop("ResponseMetadata", None)
    return parsed


def reply(known: Recognised, said: Answer) -> Reply:
    """The bytes of an answer, in the protocol of its request."""
    model = get_service_model(known.service)
    check(model.operation_model(known.operation).output_shape, said, known.operation)
    serializer = get_serializer_class(model.service_name, known.protocol)(
        operation_model=model.operation_model(known.operation),
    )
    made = serializer.serialize(said)
    headers = tuple((name, str(value)) for name, value in made["headers"].items())
    body = made["body"]
    return Reply(made["status_code"], headers, body.encode() if isinstance(body, str) else body)


def check(shape: Any, said: Any, path: str) -> None:
    """Assert that an answer has no member that botocore's model has not; a client would never see it."""
    if shape is None or said is None:
        return
    if shape.type_name == "structure":
        unknown = set(said) - set(shape.members)
        assert not unknown, f"{path} has no {', '.join(sorted(unknown))}"
        for name, value in said.items():
            check(shape.members[name], value, f"{path}.{name}")
    elif shape.type_name == "list":
        for value in said:
            check(shape.member, value, f"{path}[]")
    elif shape.type_name == "map":
        for value in said.values():
            check(shape.value, value, f"{path}{{}}")


def failure(service: str, protocol: str, error: ServiceError) -> Reply:
    """The bytes of an error."""
    code, message = escape(error.code), escape(error.message)
    if "json" in protocol:
        body = json.dumps({"__type": error.code, "message": error.message})
        headers = (("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-errortype", error.code))
        return Reply(error.status, headers, body.encode())
    if service == "s3":
        xml = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>0</RequestId></Error>"
    elif service == "ec2":
        inner = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        xml = f"<Response>{inner}<RequestID>0</RequestID></Response>"
    else:
        inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        xml = f"<ErrorResponse>{inner}<RequestId>0</RequestId></ErrorResponse>"
    return Reply(error.status, (("Content-Type", "text/xml"),), xml.encode())


@cache
def _model(service: str) -> tuple[Any, str]:
    model = get_service_model(service)
    known = model.metadata.get("protocols", [model.protocol])
    return model, "json" if "json" in known else str(model.protocol)


def _lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def _unquoted(path: str) -> str:
    # WSGI wants the decoded bytes as latin-1 text

    return unquote_to_bytes(path).decode("latin-1")
