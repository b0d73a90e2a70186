"""What an instance is told at its first start: scripts as MIME multipart documents, the only form that Batch takes.

Batch merges a launch template's user data with its own, so it has to come in parts. A file may hold one script, which
is wrapped here, always in the same bytes, and taken out again when it is read back. Pure.
https://docs.aws.amazon.com/batch/latest/userguide/launch-templates.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html: in raw form, before it is encoded
LARGEST = 16 * 1024
MULTIPART = "multipart/mixed"
# How a single part begins, and its type. https://docs.cloud-init.io/en/latest/explanation/format.html
TYPES: Mapping[str, str] = {
    "#!": "text/x-shellscript",
    "#cloud-config": "text/cloud-config",
    "#cloud-boothook": "text/cloud-boothook",
}
MARK = "==mfinfra-"


def problem(text: str) -> tuple[str, str] | None:
    """What Batch or EC2 would refuse of user data that is written like this, and what to do; `None` if nothing."""
    if not text:
        return None
    size = len(document(text).encode())
    if size > LARGEST:
        return (
            f"the user data has {size} bytes, and EC2 takes {LARGEST}",
            "put the script into a bucket that the instance role may read, and only start it here",
        )
    return None if _type(text) else _unlike_mime(text)


def document(text: str) -> str:
    """The MIME multipart document for `text`: a script is wrapped, a document stays as it is."""
    kind = _type(text)
    if kind is None:
        return text
    boundary = f"{MARK}{hashlib.sha256(text.encode()).hexdigest()[:16]}=="
    charset = 'charset="us-ascii"' if text.isascii() else 'charset="utf-8"\nContent-Transfer-Encoding: 8bit'
    return (
        f'MIME-Version: 1.0\nContent-Type: {MULTIPART}; boundary="{boundary}"\n\n'
        f"--{boundary}\nContent-Type: {kind}; {charset}\n\n{text}\n--{boundary}--\n"
    )


def written(text: str) -> str:
    """`text` as a file would have it: the script, if it is nothing but one that was wrapped here."""
    parts = text.split("\n\n", 2)
    script = parts[-1].rpartition(f"\n--{MARK}")[0]
    return script if script and document(script) == text else text


def _type(text: str) -> str | None:
    return next((kind for start, kind in TYPES.items() if text.startswith(start)), None)


def _unlike_mime(text: str) -> tuple[str, str] | None:
    # Most files have no such document, and never pay for this import.
    from email.parser import Parser  # noqa: PLC0415 - a file without MIME does without

    message = Parser().parsestr(text)
    if "MIME-Version" not in message and not message.is_multipart():
        return (
            "Batch takes no such user data",
            "begin a script with `#!`, or write a MIME multipart document with its `MIME-Version: 1.0`",
        )
    if "MIME-Version" not in message:
        return "the MIME document does not say its `MIME-Version`", "begin it with `MIME-Version: 1.0`"
    if message.get_content_type() != MULTIPART or not message.is_multipart() or message.defects:
        return (
            f"the MIME document is not `{MULTIPART}`, or its parts do not stand between its boundaries",
            'it takes `Content-Type: multipart/mixed; boundary="X"`, each part after `--X`, and `--X--` at the end',
        )
    return None
