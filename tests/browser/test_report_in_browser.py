"""The report in a browser, opened as a file: it can be read by all, and needs nothing and nobody else."""

import pytest
from playwright.sync_api import expect

from chatlio_helpers import runner

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def report(platform, tmp_path_factory):
    """The report of one notebook with charts and tables."""
    done = runner.run(["03"], {"seat": "browser"}, tmp_path_factory.mktemp("report") / "run")
    assert done.exit_code == 0, str(done)
    return done.folder


@pytest.fixture
def opened(page, report):
    """Give a function that opens a page of the report, and the addresses that it asked for."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    def open_page(name):
        asked.clear()
        page.goto((report / name).as_uri())
        return page, asked

    return open_page


@pytest.mark.parametrize("name", ["index.html", "03_inspect_webhook_data.html"])
def test_a_page_is_whole_by_itself(opened, name):
    """A page asks for no other file and no address, has no script, and stays inside the window."""
    page, asked = opened(name)
    assert [url for url in asked if not url.startswith("data:")] == [page.url]
    assert page.locator("script, iframe, object, embed, link[rel=stylesheet]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("name", ["index.html", "03_inspect_webhook_data.html"])
def test_a_page_can_be_read_by_ear(opened, name):
    """One level-one heading, a language, a text for each picture, a caption for each table."""
    page, _ = opened(name)
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
    texts = [picture.get_attribute("alt") for picture in page.locator("img").all()]
    assert all(text and text != "Picture without description" for text in texts)
    assert len(texts) == (3 if name.startswith("03") else 0)
    assert page.locator("table").count() == page.locator("table > caption").count() > 0


@pytest.mark.parametrize("name", ["index.html", "03_inspect_webhook_data.html"])
def test_the_skip_link_is_first_and_leads_to_the_content(opened, name):
    """With the keyboard alone: the first Tab shows the skip link, Enter moves on to the content."""
    page, _ = opened(name)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_the_index_leads_to_the_notebook_and_back(opened):
    """A click on the notebook's title opens its page, and a link there leads back."""
    page, _ = opened("index.html")
    page.get_by_role("link", name="03 · Inspect webhook data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("03 · Inspect webhook data")
    page.get_by_role("link", name="All notebooks of this run").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Run of the Chatlio notebooks")


@pytest.mark.parametrize("width", [1000, 1500])
def test_no_table_is_cut_off(opened, width):
    """Every column can be seen without scrolling sideways, the advice first of all."""
    page, _ = opened("03_inspect_webhook_data.html")
    page.set_viewport_size({"width": width, "height": 1600})
    frames = page.locator("main [tabindex='0']:has(> table)")
    assert frames.count() >= 10
    cut = frames.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.ariaLabel)")
    assert cut == []
