"""What is in the notebooks: nothing before they are run, and nothing alive or private after."""

import json
import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from chatlio_helpers import config, notebook_rules
from chatlio_helpers.events import KINDS
from chatlio_helpers.payloads import load

COMMITTED = sorted(config.notebooks().rglob("*.ipynb"))
# what our cards and tables, and pandas' own, are made of; anything else would come from a payload
OUR_TAGS = {
    "caption", "code", "details", "div", "p", "pre", "span", "strong", "summary", "table", "tbody", "td", "th", "thead",
    "tr", "wbr",
}  # fmt: skip
PROGRESS = re.compile(r"[a-z ]+: \d+ of \d+ in [\d.]+ s( \(.+\))?")
OUR_ATTRIBUTES = {"aria-hidden", "aria-label", "class", "role", "scope", "style", "tabindex"}


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_committed_notebooks_keep_the_rules(path):
    """A committed notebook keeps every rule, so that changes can be read and nothing private is published."""
    assert notebook_rules.examine(path) == []


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_committed_notebooks_hold_no_outputs(path):
    """No output, no count and no widget state is in a committed notebook, as the file lies on disk."""
    notebook = json.loads(path.read_text("utf-8"))
    assert "widgets" not in notebook["metadata"]
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in code] == [([], None)] * len(code)


def test_there_are_seven():
    """The journey has seven notebooks, 00 to 06."""
    assert [path.name[:2] for path in COMMITTED if path.parent == config.notebooks()] == [f"0{n}" for n in range(7)]


def test_executed_notebooks_hold_no_widgets(first):
    """Headless, every panel shows its twin: there is no widget in an output, and no widget state."""
    for notebook in executed(first.run):
        assert "widgets" not in notebook.metadata
        kinds = {kind for output in outputs(notebook) for kind in output.get("data", {})}
        assert not [kind for kind in kinds if "widget" in kind]


def test_executed_notebooks_show_nothing_of_a_payload_as_html(first):
    """Every tag in an output is one of ours: what a chat says, a script too, is text and never markup."""
    found = [
        element
        for notebook in executed(first.run)
        for html in html_of(notebook)
        for element in BeautifulSoup(html, "html.parser").find_all(True)
    ]
    assert len(found) > 1000
    assert {element.name for element in found} <= OUR_TAGS
    assert {attribute for element in found for attribute in element.attrs} <= OUR_ATTRIBUTES


def test_no_html_body_is_in_an_output_unescaped(first):
    """The markup of a transcript's htmlBody is found in no output as it stands."""
    bodies = [event.payload.get("htmlBody") for event in load(config.samples()) if event.kind in KINDS]
    bodies = [body for body in bodies if isinstance(body, str) and "<" in body]
    assert len(bodies) > 10
    shown = "\n".join(html for notebook in executed(first.run) for html in html_of(notebook))
    assert [body[:60] for body in bodies if body[:60] in shown] == []


def test_no_cell_printed_an_error_or_a_warning(first):
    """A reader of the seven executed notebooks meets no traceback and no warning, only the last line of a progress."""
    noise = [
        (notebook.cells[0].source.splitlines()[0], line)
        for notebook in executed(first.run)
        for output in outputs(notebook)
        for line in ([output.ename] if output.output_type == "error" else output.get("text", "").splitlines())
        if not PROGRESS.fullmatch(line)
    ]
    assert noise == []


def test_every_step_shows_something(first):
    """Each cell tagged as a step or a check has an output that can be seen."""
    blind = [
        f"{notebook.cells[0].source.splitlines()[0]}: {cell.id}"
        for notebook in executed(first.run)
        for cell in notebook.cells
        if {"step", "check"} & set(cell.metadata.get("tags", [])) and not cell.outputs
    ]
    assert blind == []


def executed(run):
    """Give the executed notebooks of a run."""
    return [nbformat.read(run.folder / f"{step.name}.ipynb", as_version=4) for step in run.steps]


def outputs(notebook):
    """Give every output of a notebook."""
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def html_of(notebook):
    """Give every HTML output of a notebook."""
    return ["".join(o.data["text/html"]) for o in outputs(notebook) if "text/html" in o.get("data", {})]
