"""What `export terraform` says, held to Terraform itself where it is there."""

from __future__ import annotations

import json
import os
import re
import shutil

import exported
import pytest
import yaml

from mfinfra.exporting import subjects, terraform

ENDPOINTS = ("s3", "dynamodb", "iam", "ec2", "ecr", "batch", "logs", "kms", "secretsmanager", "sts")


PLUGINS = os.environ.get("TEST_TERRAFORM_PLUGINS", "")
needs_terraform = pytest.mark.skipif(not shutil.which("terraform"), reason="there is no `terraform` here")
needs_provider = pytest.mark.skipif(
    not (PLUGINS and shutil.which("terraform")),
    reason="TEST_TERRAFORM_PLUGINS names no folder with the AWS provider 5.98 or newer of major version 5",
)


@pytest.mark.slow
@needs_terraform
def test_the_formatter_has_nothing_to_say(tmp_path):
    for path in exported.EXAMPLES:
        (tmp_path / path.stem).mkdir()
        for name, text in terraform.write(exported.example(path)).files.items():
            (tmp_path / path.stem / name).write_text(text, "utf-8")
    assert exported.terraform(tmp_path, "fmt", "-check", "-recursive", "-diff").stdout == ""


@pytest.mark.slow
@needs_provider
def test_terraforms_plan_imports_everything_and_changes_nothing(stack, tmp_path):
    """On the sandbox, with provider 5; its own settings, which no import reads, are the changes that were announced."""
    folder = tmp_path / "terraform"
    folder.mkdir()
    wished = together("sandbox", "encrypted", "gpu")
    stack.apply(wished)
    done = terraform.write(subjects.of(stack.plan(wished).plan), 5)
    for name, text in done.files.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "sandbox_override.tf").write_text(override(stack.server.endpoint), "utf-8")
    exported.terraform(folder, "init", f"-plugin-dir={PLUGINS}")
    exported.terraform(folder, "plan", "-out=plan.bin")
    plan = json.loads(exported.terraform(folder, "show", "-json", "plan.bin").stdout)
    rows = {row["address"]: row["change"] for row in plan["resource_changes"]}
    assert all("importing" in change for change in rows.values())
    changed = {address: differing(change) for address, change in rows.items() if change["actions"] != ["no-op"]}
    assert changed == {
        "aws_s3_bucket.datastore": {"force_destroy"},
        "aws_ecr_repository.images": {"force_delete"},
        "aws_secretsmanager_secret.database": {"recovery_window_in_days", "force_overwrite_replica_secret"},
    }
    announced = {name for note in done.notes if "for Terraform alone" in note for name in re.findall(r"`(\w+)`", note)}
    assert announced == {"force_destroy", "force_delete", "recovery_window_in_days"}


def together(*names):
    """One environment with the resources of several examples, the first one's where two have an address."""
    whole = {}
    for name in reversed(names):
        path = exported.ROOT / "environments" / f"{name}.yaml"
        loaded = yaml.safe_load(path.read_text("utf-8"))
        for kind, named in loaded["resources"].items():
            whole.setdefault(kind, {}).update(named)
    first = yaml.safe_load((exported.ROOT / "environments" / f"{names[0]}.yaml").read_text("utf-8"))
    return {**first, "resources": whole}


def override(endpoint):
    rows = "".join(f'    {service} = "{endpoint}"\n' for service in ENDPOINTS)
    return (
        'provider "aws" {\n  access_key = "testing"\n  secret_key = "testing"\n  s3_use_path_style = true\n'
        "  skip_credentials_validation = true\n  skip_metadata_api_check = true\n"
        f"  endpoints {{\n{rows}  }}\n}}\n"
    )


def differing(change):
    before, after = change["before"], change["after"]
    return {name for name in after if before.get(name) != after[name]}
