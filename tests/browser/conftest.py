"""A Chromium that is there, and pages in it that note everything a page must not do."""

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",  # root in a container has no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WATCH = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""


@dataclass
class Noted:
    """What a page asked for and complained about."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def chromium():
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "no Chromium is here; `tests/browser/install` brings one"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def shots(tmp_path):
    """Where photographs go: `BROWSER_SHOTS`, to be looked at, or away."""
    folder = Path(os.environ.get("BROWSER_SHOTS") or tmp_path / "shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def opened(chromium, tmp_path):
    """Opens HTML from a file; at its end every page must have been quiet and must have asked for nothing."""
    notes = []

    @contextmanager
    def open_(text, *, name="page.html", **options):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        if options.get("java_script_enabled", True):
            context.add_init_script(WATCH)
        page, noted = context.new_page(), Noted()
        notes.append(noted)
        page.on("request", lambda request: noted.requests.append(request.url))
        page.on("console", lambda message: noted.complaints.append(message.text))
        page.on("pageerror", lambda error: noted.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (noted.dialogs.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        yield page
        if options.get("java_script_enabled", True):
            noted.complaints += page.evaluate("window.violations")
        assert [url.partition("#")[0] for url in noted.requests if not url.startswith("data:")] == [path.as_uri()]
        context.close()

    yield open_
    assert not [complaint for noted in notes for complaint in (*noted.complaints, *noted.dialogs)]
