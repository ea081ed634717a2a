"""The pages of a run: each executed notebook, and an index. No script, nothing from the network, readable by all.

A policy in each page forbids scripts and foreign addresses, whatever an output contains.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..secret import redact
from .record import SIGNS, Run, Step, first_event_text

FOLDER = Path(__file__).resolve().parent / "report_template"
SHOWN = ("text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/latex", "text/plain")
ACTIVE = ("script", "iframe", "object", "embed", "base", "meta", "link", "form")  # never part of a report
NO_ALT = "Picture without description"


def write(run: Run, notebooks: Mapping[str, Any]) -> None:
    """Write ``index.html`` and a page for each executed notebook into the run's folder."""
    for name, notebook in notebooks.items():
        _write(run.folder / f"{name}.html", page(notebook, next(step for step in run.steps if step.name == name)))
    _write(run.index, index(run, {name: f"{name}.html" for name in notebooks}))


def page(notebook: Any, step: Step | None = None) -> str:
    """Give one executed notebook as an HTML page."""
    resources = {"step": step, "signs": SIGNS, "page_title": title(notebook)}
    html, _ = _exporter().from_notebook_node(notebook, resources)
    return redact(accessible(html))


def index(run: Run, links: Mapping[str, str]) -> str:
    """Give the page of the whole run; *links* are the pages of its notebooks by name."""
    first = first_event_text(run.first_event) if run.first_event else ""
    template = _environment().get_template("run.html.j2")
    return redact(template.render(run=run, links=links, signs=SIGNS, first_event=first, css=style()))


def title(notebook: Any) -> str:
    """Give the first level-one heading of a notebook, "" when it has none."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.search(r"^#\s+(.+?)\s*#*$", cell.source, re.MULTILINE)
            if found:
                return re.sub(r"[*_`]", "", found.group(1))
    return ""


def style() -> str:
    """Give the style sheet of all pages."""
    return (FOLDER / "report.css").read_text(encoding="utf-8")


def accessible(html: str) -> str:
    """Give *html* with a caption and scopes in every table, a text for every picture, and nothing that acts."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for table in soup.find_all("table"):
        _label_table(soup, table)
    for picture in soup.find_all("img"):
        if not picture.get("alt"):
            picture["alt"] = NO_ALT
    for active in soup.main.find_all(ACTIVE) if soup.main else []:
        active.decompose()
    return str(soup)


def _label_table(soup: Any, table: Any) -> None:
    for cell in table.select("thead th:not([scope])"):
        cell["scope"] = "col"
    for cell in table.select("tbody th:not([scope])"):
        cell["scope"] = "row"
    if table.find("caption") is None:
        caption = soup.new_tag("caption")
        caption.string = _caption(table)
        table.insert(0, caption)
    if not table.parent.get("tabindex"):  # the kit's own tables bring a frame that scrolls
        table.wrap(soup.new_tag("div", attrs={"class": "wide", "tabindex": "0", "role": "group"}))
    table.parent["aria-label"] = table.caption.get_text(strip=True)


def _caption(table: Any) -> str:
    """Give a table that has no caption the heading above it and its size."""
    heading = table.find_previous(["h1", "h2", "h3", "h4"])
    rows, columns = len(table.select("tbody tr")), len(table.select("thead tr:first-child th"))
    size = f"{rows} {'row' if rows == 1 else 'rows'}, {columns} {'column' if columns == 1 else 'columns'}"
    return f"{heading.get_text(strip=True)}: {size}" if heading else size


@cache
def _exporter() -> Any:
    from nbconvert.exporters import HTMLExporter
    from traitlets.config import Config

    settings = Config({"NbConvertBase": {"display_data_priority": list(SHOWN)}})
    return HTMLExporter(
        config=settings,
        extra_template_basedirs=[str(FOLDER.parent)],
        template_name=FOLDER.name,
        exclude_anchor_links=True,
    )


def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
