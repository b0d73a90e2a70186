from __future__ import annotations

import hashlib

import pytest

from mfinfra.document import read
from mfinfra.errors import InvalidDocument
from mfinfra.model import Address

BASE = """
version: 1
environment: base
account: "123456789012"
region: us-east-1
tags: {team: ml, kept: "yes"}
resources:
  log_group:
    a: {name: x, retention_days: 7, class: STANDARD}
    b: {name: y}
  role:
    r: {name: r, preset: user, managed_policies: [One, Two]}
metaflow: {service: {url: "https://x"}, profile: p}
"""


def test_mappings_merge_lists_and_scalars_replace_null_is_a_value(file):
    file(BASE, "base.yaml")
    path = file("""
extends: base.yaml
environment: dev
tags: {team: data, kept: null}
resources:
  log_group:
    a: {retention_days: null}
    b: {enabled: false}
  role:
    r: {managed_policies: [Three]}
metaflow: {service: null}
""")
    environment = read(path).environment
    group = environment.resources[Address("log_group", "a")]
    assert environment.scope.environment == "dev"
    assert group.spec == {"name": "x", "retention_days": None, "key": "", "class": "STANDARD"}
    assert group.tags == {"team": "data"}
    assert environment.resources[Address("role", "r")].spec["managed_policies"] == ["Three"]
    assert list(environment.disabled) == [Address("log_group", "b")]
    assert environment.metaflow == {"profile": "p"}


def test_each_value_keeps_the_place_where_it_is_written(file):
    base = file(BASE.replace("retention_days: 7", "retention_days: 8"), "base.yaml")
    path = file("extends: base.yaml\nresources: {log_group: {b: {retention_days: 9}}}\n")
    with pytest.raises(InvalidDocument) as caught:
        read(path)
    places = [(problem.file, problem.line, problem.column) for problem in caught.value.problems]
    assert places == [(str(path), 2, 45), (str(base), 9, 34)]


def test_the_digest_is_of_all_bytes_that_were_read(file):
    file(BASE, "base.yaml")
    text = "extends: base.yaml\n"
    path = file(text)
    assert read(path).environment.source.sha256 == hashlib.sha256((text + BASE).encode()).hexdigest()
    alone = file(BASE, "alone.yaml")
    assert read(alone).environment.source.sha256 == hashlib.sha256(BASE.encode()).hexdigest()


def test_three_files_may_extend_each_other_in_a_row(file):
    file(BASE, "3.yaml")
    file("extends: 3.yaml\n", "2.yaml")
    file("extends: ../2.yaml\n", "below/1.yaml")
    assert read(file("extends: below/1.yaml\n")).environment.scope.environment == "base"


@pytest.mark.parametrize("link", ["../out/base.yaml", "below/../../out/base.yaml", "link.yaml", "folder/base.yaml"])
def test_nothing_outside_of_the_folder_is_read(file, tmp_path, link):
    out = file(BASE, "out/base.yaml")
    path = file(f"extends: {link}\n", "in/dev.yaml")
    (tmp_path / "in" / "link.yaml").symlink_to(out)
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "out")
    with pytest.raises(InvalidDocument, match="leads out of the folder"):
        read(path)


def test_a_link_that_stays_inside_is_followed(file, tmp_path):
    (tmp_path / "link.yaml").symlink_to(file(BASE, "base.yaml"))
    assert read(file("extends: link.yaml\n")).environment.scope.environment == "base"


@pytest.mark.parametrize("link", ['"a\\0b"', '"' + "x" * 5000 + '"', '" "', '"."', '"below"'])
def test_a_name_that_is_no_file_is_a_problem_and_not_a_crash(file, tmp_path, link):
    (tmp_path / "below").mkdir()
    with pytest.raises(InvalidDocument):
        read(file(f"extends: {link}\n"))
