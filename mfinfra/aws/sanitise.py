"""Text from AWS made inert where it is read: anyone who may tag a resource can write into a terminal or a log.

Control, escape, bidi and zero-width characters become visible escapes. Line breaks and tabs stay: policy documents come
with them, and every renderer puts a value on one line itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mfinfra import printable

FIRST_BEYOND_BMP = 0x10000


def text(value: str) -> str:
    """`value` with a visible escape for every character that nobody sees; line breaks become plain ones."""
    if printable.every(value):
        return value
    return "".join(char if printable.seen(char) else _escape(char) for char in value.replace("\r\n", "\n"))


def document(value: Any) -> Any:
    """`value` with every text inside made inert, keys too."""
    match value:
        case str():
            return text(value)
        case Mapping():
            return {text(key) if isinstance(key, str) else key: document(item) for key, item in value.items()}
        case list() | tuple():
            return [document(item) for item in value]
        case _:
            return value


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


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < FIRST_BEYOND_BMP else f"\\U{code:08x}"
