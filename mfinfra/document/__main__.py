"""Writes `schemas/environment.json`, the schema for editors, after a change to any schema."""

import sys

from mfinfra import schemas
from mfinfra.document import bundle

target = schemas.folder() / "environment.json"
target.write_text(bundle.text(), "utf-8")
sys.stdout.write(f"{target}\n")
