"""The Ray dashboard of a real run, in a real browser: our actors and tasks are found there by name.

It also takes the picture in docs/dashboard.md:

    KERNWRIGHT_DASHBOARD_PICTURE=docs/images/dashboard.png .venv/bin/python -m pytest -m slow tests/search/test_dashboard.py
"""
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import whole_runs as runs
from headless_browser import headless_browser

pytestmark = [pytest.mark.slow, pytest.mark.browser]
PICTURE_BYTES = 400_000


@pytest.fixture
def token(tmp_path):
    file = tmp_path / "token"
    file.write_text(secrets.token_hex(16))
    file.chmod(0o600)
    return file


@pytest.fixture
def run(tmp_path, token):
    """A run with a dashboard, searching; yields the dashboard's address."""
    runs.prepare(tmp_path)
    (tmp_path / "short.toml").write_text("confirm_seconds = 6.0\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token), "KERNWRIGHT_LEASES": str(tmp_path / "leases"),
                    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    # Ray's job page shows this command line, hence no path of this machine in it.
    process = subprocess.Popen(
        ["python", "-m", "kernwright", "run", "mine.py:scores", "--config", "short.toml", "--minutes", "8"], executable=sys.executable,
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    said, ready, address = [], threading.Event(), []

    def read():
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"Ray dashboard: (http://\S+)", line):
                address.append(found[1])
            if "searching" in line:
                ready.set()

    threading.Thread(target=read, daemon=True).start()
    try:
        assert ready.wait(240) and address, "".join(said)
        yield address[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        assert not runs.left_behind(tmp_path)


def sign_in(page, token):
    """What a person does who opens the dashboard for the first time."""
    page.get_by_role("textbox", name="Authentication Token").fill(token.read_text())
    page.get_by_role("button", name="Submit").click()


def test_a_browser_finds_our_actors_and_tasks_on_the_dashboard(run, token, tmp_path):
    picture = Path(os.environ.get("KERNWRIGHT_DASHBOARD_PICTURE") or tmp_path / "dashboard.png").absolute()
    with headless_browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(90_000)
        page.goto(f"{run}/#/actors")
        sign_in(page, token)
        page.get_by_text("kernwright:scores:worker-1").wait_for()
        assert page.get_by_text("Worker(scores)").count() == page.get_by_text("kernwright:scores:worker-").count() >= 1

        page.goto(f"{run}/#/jobs")
        job = page.get_by_role("row").filter(has_text="kernwright run mine.py:scores")
        job.get_by_text("RUNNING").wait_for()
        job.get_by_role("link").first.click()
        page.get_by_text("Task Table").wait_for()
        for section in ("Logs", "Task Timeline (beta)", "Cluster status and autoscaler", "Task Table", "Actor Table"):
            page.get_by_text(section, exact=True).last.click()
        page.get_by_text(re.compile(r"^scores: evaluate seed \(seed\)$")).first.wait_for()
        page.get_by_text(re.compile(r"^scores: evaluate search \(\w+.*\)$")).first.wait_for()
        page.wait_for_timeout(2000)  # sections open and close in motion
        # A window as high as the page, as the page's head would stand in the middle of the picture otherwise.
        page.set_viewport_size({"width": 1280, "height": page.evaluate("document.documentElement.scrollHeight")})
        page.evaluate("window.scrollTo(0, 0)")
        page.wait_for_timeout(500)
        shown = page.inner_text("body")
        page.screenshot(path=picture)
    assert token.read_text() not in shown
    assert str(tmp_path) not in shown and sys.prefix not in shown
    assert 10_000 < picture.stat().st_size < PICTURE_BYTES
