"""What a person does in JupyterLab: open a notebook, run it, save it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

PATIENCE = 60_000  # milliseconds
_TRIES = 5
_COUNTED = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address and token, the folder it shows, the home of its kernels."""

    url: str
    token: str
    root: Path
    home: Path

    def open(self, page: Page, name: str) -> Notebook:
        """Open a notebook in a window of its own and wait for its kernel."""
        space = quote(name, safe="")
        page.goto(f"{self.url}/lab/workspaces/{space}/tree/notebooks/{name}.ipynb?reset&token={self.token}")
        opened = Notebook(page, self.root / "notebooks" / f"{name}.ipynb")
        expect(page.locator(".jp-Notebook .jp-CodeCell").first).to_be_visible(timeout=PATIENCE)
        expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=PATIENCE)
        return opened


@dataclass(frozen=True)
class Notebook:
    """A notebook that is open in a page, and the file it is saved to."""

    page: Page
    path: Path

    def run_all(self) -> None:
        """Choose Run, Run All Cells from the menu; once more when nothing begins.

        JupyterLab drops the cells without a word while it is not yet joined to the kernel (observed, 4.6).
        """
        first = self.page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").first
        for _ in range(_TRIES):
            self._choose("Run", "Run All Cells")
            self.page.wait_for_timeout(1_000)
            if first.inner_text().strip() != "[ ]:":
                return
        raise AssertionError("no cell began to run")

    def keep_widget_state(self) -> None:
        """Switch JupyterLab's saving of widget state on, or off again."""
        self._choose("Settings", "Save Widget State Automatically")

    def save(self) -> None:
        """Choose File, Save Notebook from the menu, and wait until the file has changed."""
        before = self.path.stat().st_mtime_ns
        self._choose("File", "Save Notebook")
        for _ in range(PATIENCE // 100):
            if self.path.stat().st_mtime_ns != before:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{self.path.name} was not saved")

    def finished(self) -> None:
        """Wait until every code cell has run, and none is running."""
        prompts = self.page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt")
        expect(prompts.last).to_have_text(_COUNTED, timeout=PATIENCE)
        expect(prompts.filter(has_text="[*]")).to_have_count(0, timeout=PATIENCE)

    def outputs(self, of: str) -> Locator:
        """Give the outputs of the code cell whose source holds *of*, as one place on the page."""
        source = self.page.locator(".jp-InputArea").filter(has_text=of)
        return self.page.locator(".jp-Notebook .jp-CodeCell").filter(has=source).first.locator(".jp-OutputArea").first

    def _choose(self, menu: str, item: str) -> None:
        self.page.get_by_role("menuitem", name=menu, exact=True).first.click()
        self.page.locator(".lm-Menu-item").filter(has_text=item).first.click()
