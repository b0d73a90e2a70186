"""Hostile text made inert where it is read, and secrets kept out of error text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfinfra.aws import sanitise

HOSTILE = {
    "escape": ("\x1b[2J", "\\u001b[2J"),
    "control sequence of one byte": ("\x9b31m", "\\u009b31m"),
    "bell": ("\x07", "\\u0007"),
    "null": ("a\x00b", "a\\u0000b"),
    "backspace": ("\x08", "\\u0008"),
    "delete": ("\x7f", "\\u007f"),
    "carriage return": ("safe\rrm -rf", "safe\\u000drm -rf"),
    "bidi override": ("\u202egnp.exe", "\\u202egnp.exe"),
    "bidi isolate": ("\u2066x\u2069", "\\u2066x\\u2069"),
    "zero-width space": ("a\u200bb", "a\\u200bb"),
    "zero-width joiner": ("a\u200db", "a\\u200db"),
    "byte order mark": ("\ufeffa", "\\ufeffa"),
    "soft hyphen": ("a\u00adb", "a\\u00adb"),
    "line separator": ("a\u2028b", "a\\u2028b"),
    "next line": ("a\x85b", "a\\u0085b"),
    "tag character": ("\U000e0041", "\\U000e0041"),
    "lone surrogate": ("\ud800", "\\ud800"),
    "invisible letter": ("a\u3164b\u115fc\uffa0d", "a\\u3164b\\u115fc\\uffa0d"),
    "invisible mark": ("a\u034fb\u180bc", "a\\u034fb\\u180bc"),
}


@pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_promise_14_a_character_that_nobody_sees_becomes_a_visible_escape(text, shown):
    assert sanitise.text(text) == shown


@pytest.mark.parametrize(
    "text", ["", "plain", "Größe 10 µm", "日本語", "🚀", "⚠\ufe0f", "two\nlines\tand a tab", "[red]x[/] ::error::"]
)
def test_what_can_be_seen_stays_as_it_is(text):
    assert sanitise.text(text) == text


def test_line_breaks_of_windows_become_plain_ones_so_that_a_document_stays_readable():
    policy = json.dumps({"Version": "2012-10-17"}, indent=2).replace("\n", "\r\n")

    assert json.loads(sanitise.text(policy)) == {"Version": "2012-10-17"}


@given(st.text())
def test_promise_14_nothing_invisible_is_left_and_a_second_time_changes_nothing(text):
    inert = sanitise.text(text)

    assert all(char.isprintable() or char in "\n\t" for char in inert)
    assert sanitise.text(inert) == inert


def test_promise_14_every_text_of_an_answer_is_made_inert_keys_too():
    answer = {"tags": [{"Key\x1b": "a\u202eb"}, ("\x07",)], "n": 1, "b": True, "none": None, "raw": b"\x1b"}

    assert sanitise.document(answer) == {
        "tags": [{"Key\\u001b": "a\\u202eb"}, ["\\u0007"]],
        "n": 1,
        "b": True,
        "none": None,
        "raw": b"\x1b",
    }


SECRET = "wJalrXUtnFEMI"
TOLD = {
    "signature header": f"Authorization: AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature={SECRET}",
    "bearer header": f"authorization: Bearer {SECRET}",
    "header as JSON": f'{{"Authorization": "Bearer {SECRET}", "Accept": "*/*"}}',
    "header as a dict of bytes": f"{{'Authorization': b'AWS4-HMAC-SHA256 Signature={SECRET}', 'Accept': 1}}",
    "session token header": f"X-Amz-Security-Token:{SECRET}",
    "session token as a dict": f"{{'X-Amz-Security-Token': '{SECRET}'}}",
    "signed address": f"https://b.s3.amazonaws.com/k?X-Amz-Signature={SECRET}&x=1",
    "signed address's token": f"https://b.s3.amazonaws.com/k?X-Amz-Security-Token={SECRET}&x=1",
    "secret string": f'{{"SecretString": "{SECRET}"}}',
    "secret string of several words": f'{{"SecretString": "some, words {SECRET}"}}',
    "secret string with a quote": f'{{"SecretString": "a\\" {SECRET}"}}',
    "secret string of Python": f"{{'SecretString': '{SECRET}'}}",
    "parameter": f"SecretAccessKey={SECRET}",
    "element": f"<SecretAccessKey>{SECRET}</SecretAccessKey>",
    "session token element": f"<SessionToken>{SECRET}</SessionToken>",
    "API key": f"x-api-key: {SECRET}",
    "Metaflow's headers": f'METAFLOW_SERVICE_HEADERS={{"x-api-key": "{SECRET}"}}',
}


@pytest.mark.parametrize("text", TOLD.values(), ids=TOLD)
def test_promise_13_a_secret_is_not_told(text):
    assert SECRET not in sanitise.redacted(text)
    assert "[redacted]" in sanitise.redacted(text)


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"])
def test_promise_13_an_access_key_is_not_told(key):
    assert sanitise.redacted(f"key {key} is gone") == "key [redacted] is gone"


@pytest.mark.parametrize(
    "text",
    [
        "User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: s3:GetObject",
        "The role AROAIOSFODNN7EXAMPLE is gone",
        "no authorization",
        "the secret `db` has no SecretString",
    ],
)
def test_what_is_no_secret_is_told(text):
    assert sanitise.redacted(text) == text
