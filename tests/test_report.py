"""The pages of a run: readable by all, acting on nothing, showing no secret."""

import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from chatlio_helpers import runner
from chatlio_helpers.runner import report
from chatlio_helpers.runner.failures import Failure
from chatlio_helpers.runner.record import Run, Step

SPECIMENS = Path(__file__).parent / "specimens"
HOSTILE = "<script>alert(1)</script><iframe src='https://example.org'></iframe><b onclick='x()'>kept</b>"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Give the page of a notebook that was really run: a picture, a table, a script, a text."""
    out = tmp_path_factory.mktemp("runs") / "out"
    runner.run([SPECIMENS / "picture_and_table.ipynb"], {}, out)
    return BeautifulSoup((out / "picture_and_table.html").read_text(encoding="utf-8"), "html.parser")


def page(*cells) -> BeautifulSoup:
    """Give the page of a notebook with these cells below a title."""
    notebook = new_notebook(cells=[new_markdown_cell("# Title", id="title"), *cells])
    return BeautifulSoup(report.page(notebook), "html.parser")


def shown(output) -> BeautifulSoup:
    """Give the page of a notebook whose only code cell has this output."""
    return page(new_code_cell("1", id="code", execution_count=1, outputs=[output]))


def test_a_page_has_language_title_one_h1_and_a_skip_link(executed):
    """A screen reader finds the language, the title, one main heading and the way to the content."""
    assert executed.html["lang"] == "en"
    assert executed.title.text == "A picture and a table"
    assert [heading.text for heading in executed.find_all("h1")] == ["A picture and a table"]
    target = executed.select_one("a.skip")["href"].removeprefix("#")
    assert executed.find(id=target).name == "main"


def test_a_picture_keeps_its_alternative_text(executed):
    """The alternative text that the notebook gave is on the page."""
    assert executed.img["alt"] == "A black dot"
    assert executed.img["src"].startswith("data:image/png;base64,")


def test_a_table_has_a_caption_and_scopes(executed):
    """Every table can be found by its caption and read by its headings."""
    assert executed.table.caption.text == "A picture and a table: 1 row, 1 column"
    assert {cell["scope"] for cell in executed.table.find_all("th")} == {"col"}


def test_a_page_runs_no_script_and_loads_nothing(executed):
    """No script survives, and a policy forbids everything but the page's own styles and pictures."""
    assert not executed.find_all(["script", "link", "iframe"])
    policy = executed.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'none'" in policy
    assert not [tag for tag in executed.find_all(src=True) if not tag["src"].startswith("data:")]
    assert "url(" not in executed.style.text


def test_printed_markup_stays_text(executed):
    """What a cell printed is shown as text, never as markup."""
    assert "<b>not bold</b>" in executed.find(id="cell-text").select_one(".output").text


def test_hostile_markup_loses_its_teeth():
    """An output with a script and a frame keeps its text only."""
    found = shown(new_output("display_data", {"text/html": HOSTILE}))
    assert not found.find_all(["script", "iframe"])
    assert "kept" in found.text


def test_a_picture_without_words_is_said_to_have_none():
    """A picture that nobody described is announced as such, never silent."""
    found = shown(new_output("display_data", {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>"}))
    assert found.img["alt"] == report.NO_ALT


def test_the_order_of_outputs_prefers_html_and_ignores_our_records():
    """HTML is shown before plain text; a result record is for programs and is not shown."""
    data = {"text/plain": "plain", "text/html": "<p>rich</p>", "application/vnd.chatlio-kit.result+json": {"a": 1}}
    output = shown(new_output("execute_result", data, execution_count=1)).select_one(".output").text
    assert output.strip() == "rich"


def test_a_secret_does_not_reach_a_page():
    """Whatever an output holds, the page goes through the filter."""
    found = shown(new_output("stream", text="Authorization: Bearer abcdefabcdefabcdef"))
    assert "Bearer •••" in found.text
    assert "abcdefabcdef" not in str(found)


def test_a_failed_page_says_why_first_and_leads_to_the_cell():
    """The failure stands above the notebook, with a link that leads to the cell."""
    failure = Failure("X", "It broke.", "a <b> cause", "do this", cell="code")
    notebook = new_notebook(cells=[new_markdown_cell("# T", id="title"), new_code_cell("1", id="code")])
    found = BeautifulSoup(report.page(notebook, Step("n", "T", "failed", 1.0, (), failure)), "html.parser")
    verdict = found.select_one(".verdict.failed")
    assert "It broke.\nLikely cause: a <b> cause\nNext step: do this" in verdict.text
    assert found.find(id=verdict.a["href"].removeprefix("#"))
    assert "✗ failed" in verdict.text


@pytest.fixture
def index(tmp_path) -> BeautifulSoup:
    """Give the index page of a run with one success, one failure and one notebook that was not run."""
    failure = Failure("Rejected", "The platform said no.", "a wrong name", "choose another")
    steps = (
        Step("00_a", "First", "ok", 1.5, [{"step": "s", "status": "ok", "says": "5 made <&>"}]),
        Step("01_b", "Second", "failed", 2.0, (), failure),
        Step("02_c", "Third"),
    )
    run = Run(tmp_path, "2026-01-01T00:00:00+00:00", steps, 3.5, {"platform": "local"}, {"Python": "3.12"},
              {"seconds": 61.5, "since": "fresh clone"})  # fmt: skip
    return BeautifulSoup(report.index(run, {"00_a": "00_a.html", "01_b": "01_b.html"}), "html.parser")


def test_the_index_says_the_failure_first_and_in_words(index):
    """The reason why the run stopped stands before the table of notebooks."""
    text = index.text
    assert text.index("The platform said no.") < text.index("The notebooks in the order they ran")
    assert "Next step: choose another" in text


def test_the_index_has_a_row_for_each_notebook_with_sign_and_word(index):
    """A status is a sign and a word, never a colour alone; only what was run has a link."""
    rows = [[cell.text.strip() for cell in row.find_all(["th", "td"])] for row in index.table.tbody.find_all("tr")]
    assert [row[:3] for row in rows] == [
        ["First", "✓ ok", "1"],
        ["Second", "✗ failed", "0"],
        ["Third", "– not run", "0"],
    ]
    assert [link["href"] for link in index.table.find_all("a")][::2] == ["00_a.html", "01_b.html"]


def test_the_index_tells_how_to_repeat_the_run(index):
    """Parameters, versions and the time to the first verified event are on the page."""
    for words in ("Parameter platform", "3.12", "From fresh clone to the first landed, verified event: 61.5 s."):
        assert words in index.text


def test_every_table_of_the_index_is_labelled(index):
    """Each table has a caption, and each heading a scope."""
    for table in index.find_all("table"):
        assert table.caption.text
        assert all(cell.get("scope") for cell in table.find_all("th"))


def test_colours_can_be_read_on_both_papers():
    """Text colours reach a contrast of 4.5 to 1 on paper and on wash, light and dark."""
    for names in re.findall(r"\{([^{}]*--ink:[^{}]*--number[^{}]*)\}", report.style()):
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", names))
        for name in ("ink", "quiet", "link", "ok", "failed", "keyword", "text", "number"):
            for paper in ("paper", "wash"):
                assert contrast(colours[name], colours[paper]) >= 4.5, (name, paper)


def test_links_stay_within_the_run():
    """A notebook of the run is reached as a page; what the folder does not hold is text; the web stays a link."""
    source = (
        "[next](01_b.ipynb#x) [other](09_z.ipynb) [deep](exercises/01_b.ipynb) [top](../README.md) "
        "[web](https://example.org/a.ipynb) [here](#title)"
    )
    notebook = new_notebook(cells=[new_markdown_cell(source, id="links")])
    section = BeautifulSoup(report.page(notebook, beside={"01_b"}), "html.parser").find(id="cell-links")
    links = {link.text: link["href"] for link in section.find_all("a")}
    assert links == {"next": "01_b.html#x", "web": "https://example.org/a.ipynb", "here": "#title"}
    assert "other (not part of this run) deep (not part of this run) top web" in section.text


def test_a_written_table_needs_no_size():
    """A table in the text is named by its heading, for the ear only."""
    written = page(new_markdown_cell("## Parts\n\n| a | b |\n| - | - |\n| 1 | 2 |"))
    assert written.table.caption.text == "Parts"
    assert written.table.caption["class"] == ["unseen"]


def test_title_is_the_first_heading_without_marks():
    """The title of a page is the notebook's level-one heading as plain words."""
    notebook = nbformat.v4.new_notebook(cells=[new_markdown_cell("text\n\n# The *first* `run` #\n## x")])
    assert report.title(notebook) == "The first run"


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colours (WCAG 2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Give the relative luminance of a colour (WCAG 2)."""
    digits = colour.lstrip("#") if len(colour) == 7 else "".join(2 * digit for digit in colour.lstrip("#"))
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
