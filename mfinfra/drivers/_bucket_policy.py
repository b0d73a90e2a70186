"""The one policy document of a bucket, which holds two things: our demand for TLS, and what the file says besides.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html#transit
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mfinfra import policy
from mfinfra.drivers._bucket_facets import bucket_arn, put
from mfinfra.drivers._parts import Change
from mfinfra.drivers._text import json_text
from mfinfra.model import Document, Effects, Resource, Scope, Spec

TLS_SID = "MfinfraTlsOnly"


def tls_statement(arn: str) -> dict[str, Any]:
    """Nobody may do anything with the bucket in clear text."""
    return policy.statement(
        "s3:*",
        [arn, f"{arn}/*"],
        sid=TLS_SID,
        effect="Deny",
        principal="*",
        condition={"Bool": {"aws:SecureTransport": "false"}},
    )


def split(document: str | Mapping[str, Any], arn: str, scope: Scope) -> tuple[bool, dict[str, Any]]:
    """Whether our statement is in the document, word for word in meaning, and the document without it.

    One with our `Sid` and another meaning is left in the rest: there it differs from the file, and is written anew.
    """
    whole = policy.parse(document)
    ours = _meaning(tls_statement(arn), scope)
    statements = whole.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    rest = [item for item in statements if _meaning(item, scope) != ours]
    return len(rest) < len(statements), {**whole, "Statement": rest} if rest else {}


def _meaning(statement: Any, scope: Scope) -> Any:
    return policy.canonical({"Statement": [statement]}, partition=scope.partition)


def parse(answer: Document | None, resource: Resource) -> Spec:
    tls_only, rest = split((answer or {}).get("Policy", ""), bucket_arn(resource), resource.scope)
    return {"tls_only": tls_only, "policy": rest}


def write(change: Change) -> Effects:
    """Put the file's document with our statement at its end; a document without statements is none."""
    document = policy.parse(change.want["policy"])
    if change.want["tls_only"]:
        document = _with(document, tls_statement(bucket_arn(change.resource)))
    if not document:
        return put(change, "DeleteBucketPolicy")
    return put(change, "PutBucketPolicy", Policy=json_text(document))


def _with(document: dict[str, Any], statement: Mapping[str, Any]) -> dict[str, Any]:
    if not document:
        return policy.document([statement])
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    return {**document, "Statement": [*statements, statement]}
