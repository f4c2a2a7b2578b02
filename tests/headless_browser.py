"""A headless Chromium for tests: the system's, else the one that Playwright downloads."""
import os
import shutil
from contextlib import contextmanager

import pytest

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]


def missing(reason):
    """A skip on a person's machine; a failure where the tests promise to have a browser."""
    if os.environ.get("CI") or os.environ.get("KERNWRIGHT_REQUIRE_BROWSER"):
        pytest.fail(f"this run must have a browser: {reason}")
    pytest.skip(reason)


@contextmanager
def headless_browser():
    """Yields Playwright's browser."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        missing("no headless browser: playwright is not installed (pip install 'kernwright[test]')")
    names = (os.environ.get("KERNWRIGHT_BROWSER"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    paths = [path for name in names if name and (path := shutil.which(name))]
    with sync_playwright() as playwright:
        for path in (*paths, None):
            try:
                opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
                break
            except Error as error:
                reason = str(error).splitlines()[0]
        else:
            missing(f"no headless browser starts: {reason} (apt-get install chromium, or playwright install chromium)")
        try:
            yield opened
        finally:
            opened.close()
