"""A real JupyterLab with a home of its own, and a real Chromium that looks at it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from chatlio_helpers import config, local
from chatlio_helpers.front_end import HEADLESS_VARIABLE

from .lab import PATIENCE, Lab

DEMANDED = "CHATLIO_KIT_BROWSER_TESTS"  # set where a missing Chromium must fail, as in continuous integration
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SETTINGS = {  # nothing from the network, and every cell is drawn, however far down it is
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}


def chromium() -> str | None:
    """Give the path of this computer's Chromium, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of this folder out where there is no Chromium, unless they are demanded; the summary says so."""
    if chromium() or os.environ.get(DEMANDED):
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line that the browser tests did not run, and how to run them."""
    if not chromium() and not os.environ.get(DEMANDED):
        terminalreporter.write_line("Browser tests: left out, no Chromium was found (Debian's package `chromium`)")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start Chromium once for the tests of this folder; playwright's event loop must not outlive them."""
    found = chromium()
    if found is None:
        pytest.fail(
            "No Chromium was found, and these tests drive a real one. "
            "Next step: install Debian's package `chromium` (apt-get install chromium), "
            "or leave these tests out: pytest -m 'not browser'.",
            pytrace=False,
        )
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab on a copy of the notebooks, in a home that nobody has used."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(config.notebooks(), root / "notebooks")
    shutil.copytree(config.samples(), root / "sample_payloads")
    made = Lab(f"http://127.0.0.1:{free_port()}", "lab-token-of-the-tests", root, root / "home")
    with (root / "lab.log").open("wb") as words:
        command = server_command(made)
        process = subprocess.Popen(command, cwd=root, env=surroundings(made), stdout=words, stderr=words)
        try:
            wait_for(made, process)
            yield made
        finally:
            process.terminate()
            process.wait(20)
            local.stop(made.home / "kit" / "platform")


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Open a window that reaches nothing but this computer; the tests of one module share it."""
    context = browser.new_context(viewport={"width": 1200, "height": 1600})
    context.set_default_timeout(PATIENCE)
    context.route("**/*", lambda route: route.continue_() if is_local(route.request.url) else route.abort())
    yield context.new_page()
    context.close()


def is_local(url: str) -> bool:
    """Tell whether *url* stays on this computer."""
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "file://", "data:", "blob:"))


def server_command(lab: Lab) -> list[str]:
    """Give the command line of a server that nobody else can use, with a token."""
    options = {
        "ServerApp.root_dir": str(lab.root),
        "ServerApp.port": lab.url.rsplit(":", 1)[-1],
        "ServerApp.port_retries": "0",
        "ServerApp.allow_root": "True",
        "IdentityProvider.token": lab.token,
    }
    return [
        sys.executable, "-m", "jupyterlab", "--no-browser", *(f"--{name}={value}" for name, value in options.items())
    ]  # fmt: skip


def surroundings(lab: Lab) -> dict[str, str]:
    """Give the server's environment: a home of its own for the kit and for Jupyter, and nobody said headless."""
    overrides = lab.home / "jupyter" / "labconfig" / "default_setting_overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(json.dumps(SETTINGS), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if name != HEADLESS_VARIABLE}
    folders = {"JUPYTER_CONFIG_DIR": "jupyter", "JUPYTERLAB_WORKSPACES_DIR": "spaces", "IPYTHONDIR": "ipython",
               "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTER_RUNTIME_DIR": "runtime"}  # fmt: skip
    homes = {name: str(lab.home / folder) for name, folder in folders.items()}
    return kept | homes | {config.HOME_VARIABLE: str(lab.home / "kit")}


def wait_for(lab: Lab, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{lab.url}/api?token={lab.token}", timeout=2) as answer:  # noqa: S310  (loopback)
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start: {(lab.root / 'lab.log').read_text('utf-8')[-2000:]}", pytrace=False)


def free_port() -> int:
    """Give a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
