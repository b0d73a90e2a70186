"""Golden files of renderers: `REFRESH_GOLDEN=1 pytest tests/render` writes them anew."""

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def compare(name, shown):
    path = GOLDEN / name
    if os.environ.get("REFRESH_GOLDEN"):
        path.write_text(shown, "utf-8")
    assert shown == path.read_text("utf-8")
