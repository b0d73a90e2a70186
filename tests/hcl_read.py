"""HCL as values again, by python-hcl2: text without its quotes and escapes, expressions as they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

import hcl2

_ESCAPE = re.compile(r'\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|([nrt"\\]))')
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_CALL = re.compile(r"\$\{(\w+)\((.*)\)\}", re.DOTALL)
_TEMPLATE = re.compile(r"(?<!\$)\$\{([^{}]*)\}")


@dataclass(frozen=True)
class Expr:
    """An expression, or text with some in it, as it is written."""

    text: str


def document(text):
    """Blocks by type; of resources by type and name."""
    found = hcl2.loads(text)
    resources = {}
    for row in found.pop("resource", []):
        ((kind, named),) = row.items()
        ((name, body),) = named.items()
        assert name not in resources.setdefault(kind.strip('"'), {}), name
        resources[kind.strip('"')][name.strip('"')] = body_of(body)
    return {"resource": resources, **{key: values_of(value) for key, value in found.items()}}


def body_of(body):
    return {plain(name.strip('"')): values_of(value) for name, value in body.items() if name != "__is_block__"}


def values_of(value):
    match value:
        case dict():
            return body_of(value)
        case list():
            return [values_of(item) for item in value]
        case str():
            return text_of(value)
        case _:
            return value


def text_of(written):
    if call := _CALL.fullmatch(written):
        inner = call[2].strip().removeprefix('"<<').removeprefix("<<")
        if inner != call[2].strip():
            return call[1], heredoc(inner.rstrip().removesuffix('"'))
        return call[1], values_of(hcl2.loads(f"it = {call[2]}\n")["it"])
    if written.startswith("${"):
        return Expr(written[2:-1])
    if not written.startswith('"'):
        return Expr(written)
    inner = written[1:-1]
    return Expr(inner) if _TEMPLATE.search(inner) else plain(inner)


def heredoc(text):
    mark, _, rest = text.partition("\n")
    return doubled(rest.removesuffix(mark))


def plain(inner):
    """Escapes and doubled signs stand beside each other: what the one gives is not read as the other."""
    return re.sub(
        rf"(?P<doubled>\$\$\{{|%%\{{)|{_ESCAPE.pattern}",
        lambda found: found["doubled"][1:] if found["doubled"] else unescaped(found.groups()[1:]),
        inner,
    )


def doubled(text):
    return text.replace("$${", "${").replace("%%{", "%{")


def unescaped(groups):
    short, long, letter = groups
    return _PLAIN[letter] if letter else chr(int(short or long, 16))
