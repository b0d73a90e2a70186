from __future__ import annotations

import os
import time

import pytest

from mfinfra.document import read
from mfinfra.document.load import load
from mfinfra.errors import InvalidDocument

HEAD = 'version: 1\nenvironment: dev\naccount: "123456789012"\nregion: us-east-1\n'


def problems(path):
    with pytest.raises(InvalidDocument) as caught:
        read(path)
    return [problem.headline.removeprefix(f"{path}:") for problem in caught.value.problems]


def data(file, text):
    return load(file(text), "x").root.data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("0", 0),
        ("-12", -12),
        ("+12", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("-.5", -0.5),
        *(
            (text, text)
            for text in (
                *("on", "off", "yes", "No", "y", "n", "tRUE", "012", "0o8", "1:30", "1_000", "2024-01-01", "0b11"),
                *("012345670123", "123456789012", ".inf", ".nan", "1e999", "9" * 5000, "1.", "=", "."),
            )
        ),
    ],
)
def test_unquoted_text_means_what_yaml_1_2_says_or_is_text(file, text, value):
    if text == "1.":
        value = 1.0
    found = data(file, f"a: {text}\n")["a"]
    assert (found, type(found)) == (value, type(value))


def test_quoted_text_is_text(file):
    assert data(file, "a: 'true'\nb: \"1\"\nc: |\n  on\n") == {"a": "true", "b": "1", "c": "on\n"}


def test_keys_are_always_text(file):
    assert data(file, "on: a\n1: b\n~: c\n0o1: d\n'<<': e\n") == {"on": "a", "1": "b", "~": "c", "0o1": "d", "<<": "e"}


def test_aliases_are_values_and_names_of_keys(file):
    assert data(file, "a: &x {b: 1}\nc: *x\nd: &k key\n*k : 2\n") == {
        "a": {"b": 1},
        "c": {"b": 1},
        "d": "key",
        "key": 2,
    }


def test_every_value_knows_its_place(file):
    root = load(file("a: [b,   'c d']\nü: {f: g}\n"), "x").root
    items = root.child("a")
    assert [(i.place.mark.line, i.place.mark.column, i.place.length) for i in items.value] == [(1, 5, 1), (1, 10, 5)]
    inner = root.child("ü").value["f"]
    assert (inner.key.mark.line, inner.key.mark.column, inner.node.place.mark.column) == (2, 5, 8)


def test_a_byte_order_mark_and_windows_lines_change_nothing(file):
    text = f"{HEAD}resources: {{}}\n"
    plain = read(file(text)).environment
    assert read(file(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())).environment.scope == plain.scope


def test_bytes_that_are_not_utf8_are_refused_at_their_place(file):
    assert problems(file(b"a: 1\nb: \xc3\xa9\xff\n")) == ["2:5: the byte 0xff is not UTF-8"]
    assert "not UTF-8" in problems(file("a: 1\n".encode("utf-16")))[0]


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\x00", "\ufffe"])
def test_characters_that_break_lines_unseen_are_refused(file, end):
    assert "2:4: the file contains U+" in problems(file(f"a: 1\nb: {end}\n"))[0]


def test_what_is_no_regular_file_is_refused(tmp_path, file):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(file("x: 1\n"))
    assert problems(tmp_path) == problems(tmp_path / "pipe") == [" this is not a regular file"]
    assert "not a field" in "".join(problems(tmp_path / "link"))
    assert problems(tmp_path / "nothing.yaml") == [" there is no such file"]
    assert "cannot be read" in problems(tmp_path / ("x" * 300))[0]
    assert "cannot be read" in problems(tmp_path / "a\0b")[0]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("envs/prd.yaml", "did you mean `{}/envs/prod.yaml`?"),
        ("envs/else.yaml", "`mfinfra init FILE` writes a first one"),
        ("nowhere/prod.yaml", "`mfinfra init FILE` writes a first one"),
    ],
)
def test_a_file_that_is_not_there_is_meant_to_be_another_one_or_a_first_one(tmp_path, name, hint):
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "prod.yaml").write_text("version: 1\n", "utf-8")
    with pytest.raises(InvalidDocument) as caught:
        load(tmp_path / name, str(tmp_path / name))
    assert [one.hint for one in caught.value.problems] == [hint.format(tmp_path)]


def test_a_file_over_1_mib_is_refused(file):
    fits = f"{HEAD}resources: {{}}\n#".encode()
    assert read(file(fits + b"x" * ((1 << 20) - len(fits)))).warnings == ()
    assert problems(file(fits + b"x" * ((1 << 20) + 1 - len(fits)))) == [" the file is larger than 1 MiB"]


def test_nesting_is_read_to_64_levels(file):
    assert "deeper" not in "".join(problems(file("[" * 64 + "]" * 64)))
    assert "nesting is deeper than 64 levels" in problems(file("[" * 65 + "]" * 65))[0]
    assert "nesting is deeper than 64 levels" in problems(file("[" * 100_000))[0]
    deep = "a: &x " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*x" + "]" * 40
    assert "nesting is deeper than 64 levels" in problems(file(deep))[0]


def test_a_bomb_of_aliases_is_refused_in_no_time(file):
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    path = file("\n".join(levels))
    read_once = problems(path)
    start = time.process_time()
    assert problems(path) == read_once
    assert time.process_time() - start < 1
    assert "more than 20,000 values" in read_once[0]


def test_an_alias_of_itself_is_refused_in_no_time(file):
    path = file("a: &a [*a]\n")
    problems(path)
    start = time.process_time()
    assert problems(path) == ["1:8: `*a` contains itself"]
    assert time.process_time() - start < 1


def test_references_that_double_again_and_again_are_refused(file):
    names = ["    t0: {name: aaaaaaaa}"]
    names += [f'    t{n}: {{name: "${{log_group.t{n - 1}.name}}${{log_group.t{n - 1}.name}}"}}' for n in range(1, 40)]
    text = f"{HEAD}resources:\n  log_group:\n" + "\n".join(names)
    assert "more than 4 MiB of text" in "".join(problems(file(text)))


def test_a_long_chain_of_references_is_refused_and_not_a_crash(file):
    names = [f'    t{n}: {{name: "${{log_group.t{n + 1}.name}}"}}' for n in range(500)]
    text = f"{HEAD}resources:\n  log_group:\n" + "\n".join(names) + "\n    t500: {name: x}\n"
    assert "more than 40 fields refer to each other in a row" in "".join(problems(file(text)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["${" * 200_000, "${account}" * 40_000, "${x} " * 100_000, "$${" * 200_000],
    ids=["open", "known", "unknown", "escaped"],
)
def test_a_text_full_of_references_takes_seconds_at_most(file, name):
    start = time.process_time()
    assert problems(file(f'{HEAD}resources: {{log_group: {{a: {{name: "{name}"}}}}}}\n'))
    assert time.process_time() - start < 20


@pytest.mark.slow
def test_a_file_with_thousands_of_problems_is_told_all_of_them(file):
    names = "".join(f"    g{number}: {{nam: x{number}}}\n" for number in range(2000))
    assert len(problems(file(f"{HEAD}resources:\n  log_group:\n{names}"))) == 4000
