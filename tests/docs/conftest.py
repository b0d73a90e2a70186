"""The browser of the tests of the HTML page looks at the site, too."""

from __future__ import annotations

from browser.conftest import chromium as chromium  # noqa: PLC0414 - a fixture, given on
