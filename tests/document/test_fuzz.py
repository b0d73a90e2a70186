"""Whatever the bytes, the answer is a reading or an `InvalidDocument` that can be printed."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from mfinfra import schemas
from mfinfra.document import Reading, read, write
from mfinfra.errors import InvalidDocument

PRODUCTION = Path(__file__).with_name("files") / "production.yaml"
TEXT = PRODUCTION.read_text("utf-8").replace("extends: base.yaml", "")
LINES = TEXT.split("\n")
quick = settings(max_examples=80, suppress_health_check=list(HealthCheck))

FIELDS = sorted({name for kind in schemas.kinds() for name in schemas.load(kind)["properties"]})
words = some.sampled_from(
    [
        *FIELDS,
        *("on", "~", "", "a", "1a", "aws:kms", "BEST_FIT", "FARGATE", "SPOT", "EC2", "Gateway", "s3", "Statement"),
        *(
            "${account}",
            "${",
            "$${",
            "${bucket.a.arn}",
            "${log_group.b.name}",
            "${security_group.a.id}",
            "${self.name}",
        ),
        *(f"{kind}.{name}" for kind in schemas.kinds() for name in ("a", "b")),
    ]
)
values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | words | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(words, inner, max_size=4),
    max_leaves=8,
)
bodies = some.dictionaries(some.sampled_from(FIELDS), values, max_size=5)
named = some.dictionaries(some.sampled_from(["a", "b"]), bodies | values, max_size=2)
documents = some.fixed_dictionaries(
    {
        "version": some.just(1) | values,
        "environment": some.just("dev") | values,
        "account": some.just("123456789012") | values,
        "region": some.just("us-east-1") | values,
        "resources": some.dictionaries(some.sampled_from(schemas.kinds()) | words, named | values, max_size=3) | values,
    },
    optional={
        "metaflow": some.dictionaries(
            some.sampled_from(["datastore", "batch", "step_functions", "service", "settings"]),
            values | some.dictionaries(some.sampled_from(["queue", "table", "role", "log_group", "tags"]), values),
        )
        | values,
        "tags": values,
        "aws": values,
        "lock": values,
        "extends": values,
    },
)


def answer(path):
    found = outcome(path)
    if isinstance(found, Reading):
        assert write(found.environment)
    else:
        assert {problem.severity for problem in found.problems} == {"error"}
        assert str(found).encode()


def outcome(path):
    try:
        return read(path)
    except InvalidDocument as error:
        return error


@quick
@given(some.binary(max_size=200))
def test_any_bytes(file, content):
    answer(file(content))


@quick
@given(
    some.text(some.characters(exclude_categories=["Cs"]) | some.sampled_from("\n :-[]{}&*!|>'\"%@`#?,\t"), max_size=120)
)
def test_any_text(file, text):
    answer(file(text))


@quick
@given(some.data())
def test_a_valid_file_with_something_wrong_in_it(file, data):
    lines = list(LINES)
    for _ in range(data.draw(some.integers(1, 4))):
        at = data.draw(some.integers(0, len(lines) - 1))
        line = lines[at]
        cut = data.draw(some.integers(0, len(line)))
        piece = data.draw(
            some.sampled_from(["", ":", "-", "  ", "\t", "'", "{", "]", "&a ", "*a", "!x ", "null", "é", "${"]) | words
        )
        lines[at] = data.draw(
            some.sampled_from([line[:cut] + piece + line[cut:], line[:cut], piece, line + "\n" + line])
        )
    answer(file("\n".join(lines)))


@settings(parent=quick, max_examples=60)
@given(documents)
def test_any_document(file, document):
    answer(file(json.dumps(document)))
