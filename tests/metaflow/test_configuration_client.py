"""The configuration, read by the real client: Metaflow of PyPI, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fragments import environment, merged
from test_settings import WHOLE

from mfinfra import configure
from mfinfra.cli.app import main
from mfinfra.document import bundle
from mfinfra.metaflow import configuration
from mfinfra.metaflow.settings import text

pytestmark = pytest.mark.slow

SANDBOX = Path(__file__).parents[2] / "environments" / "sandbox.yaml"
# Every `from_conf()` that runs when Metaflow starts, and those that stand in its configuration under a condition.
KNOWN = """
import ast, json, inspect
import metaflow, metaflow.plugins, metaflow.integrations, metaflow.extension_support.cmd
from metaflow import metaflow_config, metaflow_config_funcs
names = {"int": "integer", "bool": "switch", "dict": "object", "list": "list"}
ran = {key: names.get(type(found.value).__name__, "text") for key, found in metaflow_config_funcs._all_configs.items()}
calls = (node for node in ast.walk(ast.parse(inspect.getsource(metaflow_config))) if isinstance(node, ast.Call))
calls = (node.args[0] for node in calls if getattr(node.func, "id", "") == "from_conf")
conditional = sorted({f"METAFLOW_{name.value}" for name in calls if isinstance(name, ast.Constant)} - ran.keys())
print(json.dumps({"version": metaflow.__version__, "ran": ran, "conditional": conditional}))
"""
# The configuration as Metaflow's own module reads it, once for each profile and once for each environment.
READ = """
import importlib, json, os, sys
from metaflow import metaflow_config, metaflow_config_funcs as funcs
found = {}
for name, (variables, keys) in json.load(sys.stdin).items():
    os.environ.update(variables)
    funcs.METAFLOW_CONFIG = funcs.METAFLOW_LOCAL_CONFIG = None
    funcs._all_configs.clear()
    importlib.reload(metaflow_config)
    found[name] = {key: getattr(metaflow_config, key.removeprefix("METAFLOW_")) for key in keys}
    for variable in variables:
        del os.environ[variable]
print(json.dumps(found))
"""


def client(*words, home, cwd=None, given="", **variables):
    """Run Python with the client in it, and nothing of ours but a home."""
    there = {"PATH": os.environ["PATH"], "HOME": str(home), "METAFLOW_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=cwd or home,
        env=there | variables,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_keys_that_are_known_are_those_of_the_installed_metaflow(tmp_path):
    there = json.loads(client("-c", KNOWN, home=tmp_path))
    known = dict(configure.kinds())
    what = f"metaflow {there['version']}: bring mfinfra/document/metaflow_settings.json up to date"
    assert there["ran"].keys() - known.keys() == set(), f"{what}: these are new"
    assert known.keys() - there["ran"].keys() - set(there["conditional"]) == set(), f"{what}: these are gone"
    other = {key: kind for key, kind in there["ran"].items() if known[key] != kind}
    assert other == {}, f"{what}: these are read as another kind of value"


def leaves(node, path=()):
    """Every field of the `metaflow` block that the schema has."""
    below = node.get("properties")
    if not below:
        return {path}
    return {leaf for name, part in below.items() for leaf in leaves(part, (*path, name))}


def test_what_is_written_and_what_is_exported_is_what_metaflow_reads_in_every_partition(tmp_path):
    whole = merged(WHOLE, {"metaflow": {"secrets": {"region": "eu-west-3"}}})
    schema = bundle.source()["properties"]["metaflow"]
    fields = {path for path in leaves(schema) if path[0] != "settings" and path != ("datastore",)}
    block = environment(whole).metaflow
    missing = [path for path in sorted(fields) if not reach(block, path)]
    assert missing == [], "the file below is meant to use every field"

    asked, meant = {}, {}
    for region in ("us-east-1", "us-gov-west-1", "cn-north-1"):
        wished = environment(whole, region=region)
        values = configure.produce(wished).values | {"METAFLOW_SERVICE_HEADERS": {"Authorization": "x"}}
        (tmp_path / f"config_{region}.json").write_text(configuration.document(values))
        asked[f"{region} file"] = ({"METAFLOW_PROFILE": region}, list(values))
        asked[f"{region} env"] = ({key: text(value) for key, value in values.items()}, list(values))
        kinds = configure.kinds()
        meant[region] = {key: configuration.meaning(value, kinds[key]) for key, value in values.items()}
    found = json.loads(client("-c", READ, home=tmp_path, given=json.dumps(asked)))
    for region, values in meant.items():
        for form in ("file", "env"):
            assert found[f"{region} {form}"] == values, f"{region} {form}"
    assert found["cn-north-1 file"]["METAFLOW_SFN_IAM_ROLE"].startswith("arn:aws-cn:iam::")
    assert found["us-gov-west-1 env"]["METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN"].startswith(
        "arn:aws-us-gov:logs:us-gov-west-1:"
    )


def reach(block, path):
    for name in path:
        block = block.get(name) if isinstance(block, dict) else None
    return block


@pytest.fixture
def config(tmp_path, monkeypatch, capsys):
    """Run `mfinfra config` on the sandbox's file, with a home of its own; stdout and stderr."""
    for name in [name for name in os.environ if name.startswith("METAFLOW_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("METAFLOW_HOME", str(tmp_path))

    def run(*words):
        assert main(["config", str(SANDBOX), *words]) == 0
        return capsys.readouterr()

    return run


def test_the_profile_works_from_another_directory_and_after_the_wizard_has_been_run_again(config, tmp_path):
    config("--write")
    where, elsewhere = tmp_path / "config_sandbox.json", tmp_path / "elsewhere"
    written = json.loads(where.read_text())
    elsewhere.mkdir()
    asked = {"there": ({"METAFLOW_PROFILE": "sandbox"}, list(written))}
    found = json.loads(client("-c", READ, home=tmp_path, cwd=elsewhere, given=json.dumps(asked)))
    assert found["there"] == written

    # Overwrite; credentials are there; S3 as it is; a service; Batch with another queue; Step Functions as it is.
    answers = ["y", "y", "", "", "", "y", "https://theirs", "", "their-key", "", "their-queue", *[""] * 7]
    wizard = ["-m", "metaflow.cmd.main_cli", "configure", "aws", "--profile", "sandbox"]
    client(*wizard, home=tmp_path, given="\n".join(answers) + "\n")
    after = json.loads(where.read_text())
    added = {
        "METAFLOW_DEFAULT_METADATA": "service",
        "METAFLOW_SERVICE_AUTH_KEY": "their-key",
        "METAFLOW_SERVICE_INTERNAL_URL": "https://theirs",
        "METAFLOW_SERVICE_URL": "https://theirs",
    }
    assert {key: after[key] for key in added} == added

    rows = {
        line[4:].split(" ")[0]: line[2] for line in config("--format", "diff").out.splitlines() if line[2:3] in "+~-?*"
    }
    lost = dict.fromkeys(written.keys() - after.keys(), "+")
    stale = dict.fromkeys(added.keys() - {"METAFLOW_SERVICE_AUTH_KEY"}, "?")
    assert len(lost) >= 8
    assert rows == {**lost, "METAFLOW_BATCH_JOB_QUEUE": "~", **stale}

    assert "their-key" not in "".join(config("--write"))
    assert json.loads(where.read_text()) == {**written, **added}
    assert "nothing to write" in config("--write").err
    found = json.loads(client("-c", READ, home=tmp_path, cwd=elsewhere, given=json.dumps(asked)))
    assert found["there"] == {**written}
