"""The environment that moto is imported in, and the one that clients of the sandbox run in."""

from __future__ import annotations

import os
from importlib import metadata
from typing import Final

from mfinfra.sandbox.network import ACCESS_KEY_ID, ACCOUNT_ID, REGION, SECRET_ACCESS_KEY

MOTO: Final = {
    "MOTO_ACCOUNT_ID": ACCOUNT_ID,
    # Without it, attaching `arn:aws:iam::aws:policy/...` answers NoSuchEntity.
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    # Nothing here starts a machine, and moto's 1,300 images take 80 ms a region to load.
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    # moto itself holds boto3 sessions; with these they ask neither the metadata service nor AWS.
    "AWS_EC2_METADATA_DISABLED": "true",
}


def prepare() -> None:
    """Set the environment that moto reads when it is imported."""
    os.environ.update(MOTO)


def client_environment(endpoint: str, region: str = REGION) -> dict[str, str]:
    """What a client's environment needs, for it to speak to the sandbox and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def version() -> str:
    """The version of mfinfra that serves."""
    try:
        return metadata.version("mfinfra")
    except metadata.PackageNotFoundError:
        return "unknown"
