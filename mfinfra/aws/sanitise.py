"""Text from AWS made inert where it is read: anyone who may tag a resource can write into a terminal or a log.

Control, escape, bidi and zero-width characters become visible escapes. Line breaks and tabs stay: policy documents come
with them, and every renderer puts a value on one line itself.
"""

from __future__ import annotations

import re

from mfinfra import printable

text = printable.visible
document = printable.everywhere

NAMES = (
    "authorization|x-amz-security-token|x-amz-signature|x-amz-credential|x-api-key|"
    "SecretString|SecretBinary|SessionToken|SecretAccessKey|METAFLOW_SERVICE_HEADERS"
)
QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
SECRETS = (
    re.compile(rf"(?i)\b({NAMES})(\\?[\"']?\s*[:=]\s*b?){QUOTED}"),
    re.compile(r"(?i)\b(authorization)(\s*[:=]\s*)(?!\[redacted\])[^\r\n\"']+"),  # of several words, to the line's end
    re.compile(r"\b(METAFLOW_SERVICE_HEADERS)(\s*[:=]\s*)\{[^}]*\}"),
    re.compile(rf"(?i)\b({NAMES})(\\?[\"']?\s*[:=]\s*\\?[\"']?)(?!\[redacted\])[^\s&,\"'<>{{}}\\]+"),
    re.compile(rf"(?i)(<(?:{NAMES}))(>)[^<]+"),
    re.compile(r"()()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
)


def redacted(value: str) -> str:
    """`value` without credentials and secret values, for logs and error text."""
    for pattern in SECRETS:
        value = pattern.sub(r"\1\2[redacted]", value)
    return value
