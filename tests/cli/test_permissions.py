from __future__ import annotations

import json
from pathlib import Path

SANDBOX = Path(__file__).parent.parent.parent / "environments" / "sandbox.yaml"


def test_a_policy_is_json_to_paste(run):
    ran = run("permissions", str(SANDBOX), "--for", "plan")

    assert ran.code == 0
    assert ran.err == ""
    assert json.loads(ran.out)["Version"] == "2012-10-17"


def test_what_does_not_fit_into_one_policy_is_a_list_and_a_file_for_each(run, tmp_path):
    ran = run("permissions", str(SANDBOX))
    written = run("permissions", str(SANDBOX), "--into", str(tmp_path / "policies"))

    files = [Path(line) for line in written.out.splitlines()]
    assert [path.name for path in files] == ["mfinfra-sandbox-apply-1.json", "mfinfra-sandbox-apply-2.json"]
    assert [json.loads(path.read_text("utf-8")) for path in files] == json.loads(ran.out)


def test_a_folder_that_is_a_file_is_an_error(run, tmp_path):
    (tmp_path / "file").write_text("", "utf-8")

    ran = run("permissions", str(SANDBOX), "--into", str(tmp_path / "file"))

    assert ran.code == 1
    assert "cannot be written" in ran.err
