"""Generated pages are what their generator writes today: ``make docs`` writes them anew."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from bootstrap import PAGES  # noqa: E402


@pytest.mark.parametrize("page", PAGES, ids=lambda page: Path(page[-1]).name)
def test_a_generated_page_is_current(page, tmp_path):
    """The committed page is byte for byte the generator's."""
    fresh = tmp_path / "page.md"
    subprocess.run([sys.executable, "-m", *page[:-1], str(fresh)], check=True)
    assert (ROOT / page[-1]).read_text("utf-8") == fresh.read_text("utf-8"), "run `make docs` and commit the page"
