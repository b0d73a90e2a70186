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


def test_what_an_earlier_run_left_goes_and_nothing_else(run, tmp_path):
    names = ("apply", "apply-3", "apply-3x", "plan-1", "apply-old")
    for name in names:
        (tmp_path / f"mfinfra-sandbox-{name}.json").write_text("{}", "utf-8")

    ran = run("permissions", str(SANDBOX), "--into", str(tmp_path))

    left = {path.stem.removeprefix("mfinfra-sandbox-") for path in tmp_path.iterdir()}
    assert left == {"apply-1", "apply-2", "apply-3x", "plan-1", "apply-old"}
    assert len(ran.out.splitlines()) == 2
    assert ran.err.count("was of an earlier run, and is gone") == 2


def test_a_link_is_not_followed_and_stays(run, tmp_path):
    theirs, folder = tmp_path / "theirs", tmp_path / "policies"
    theirs.write_text("mine", "utf-8")
    folder.mkdir()
    for name in ("1", "9"):
        (folder / f"mfinfra-sandbox-apply-{name}.json").symlink_to(theirs)

    ran = run("permissions", str(SANDBOX), "--into", str(folder))

    assert ran.code == 1
    assert "mfinfra-sandbox-apply-1.json` cannot be written: that is there, and no regular file" in ran.err
    assert theirs.read_text("utf-8") == "mine"
    assert len([path for path in folder.iterdir() if path.is_symlink()]) == 2
