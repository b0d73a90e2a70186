from __future__ import annotations

import pytest

from mfinfra.document import read

HEAD = 'version: 1\nenvironment: dev\naccount: "123456789012"\nregion: us-east-1\n'


@pytest.fixture
def file(tmp_path):
    """Writes a file and says where it is."""

    def write(text, name="dev.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def environment(file):
    """Reads what follows the head of a file."""
    return lambda body: read(file(HEAD + body)).environment
