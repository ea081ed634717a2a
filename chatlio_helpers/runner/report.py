"""The pages of a run: each executed notebook, and an index. No script, nothing from the network, readable by all.

A policy in each page forbids scripts and foreign addresses, whatever an output contains.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..secret import redact
from .record import SIGNS, Run, Step, first_event_text

FOLDER = Path(__file__).resolve().parent / "report_template"
SHOWN = ("text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/latex", "text/plain")
ACTIVE = ("script", "iframe", "object", "embed", "base", "meta", "link", "form")  # never part of a report
REACHED = ("http", "https", "mailto")  # what a link of a report may lead to outside of its page
ELSEWHERE = " (not part of this run)"
NO_ALT = "Picture without description"


def write(run: Run, notebooks: Mapping[str, Any]) -> None:
    """Write ``index.html`` and a page for each executed notebook into the run's folder."""
    steps = {step.name: step for step in run.steps}
    for name, notebook in notebooks.items():
        _write(run.folder / f"{name}.html", page(notebook, steps[name], notebooks))
    _write(run.index, index(run, {name: f"{name}.html" for name in notebooks}))


def page(notebook: Any, step: Step | None = None, beside: Collection[str] = ()) -> str:
    """Give one executed notebook as an HTML page; *beside* are the names of the notebooks that have a page, too."""
    resources = {"step": step, "signs": SIGNS, "page_title": title(notebook)}
    html, _ = _exporter().from_notebook_node(notebook, resources)
    return redact(accessible(html, beside))


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


def accessible(html: str, beside: Collection[str] = ()) -> str:
    """Give *html* with a caption and scopes in every table, a text for every picture, and nothing that acts.

    Links lead to the page of a notebook *beside* this one, or out into the web; what would lead to a file that is not
    in the run's folder is plain text.
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for table in soup.find_all("table"):
        _label_table(soup, table)
    for picture in soup.find_all("img"):
        if not picture.get("alt"):
            picture["alt"] = NO_ALT
    for active in soup.main.find_all(ACTIVE) if soup.main else []:
        active.decompose()
    for link in soup.main.find_all("a", href=True) if soup.main else []:
        _lead(link, beside)
    return str(soup)


def _lead(link: Any, beside: Collection[str]) -> None:
    parts = urlsplit(link["href"])
    if parts.scheme in REACHED or not (parts.scheme or parts.netloc or parts.path):  # the last: within this page
        return
    target = Path(parts.path)
    if parts.path == target.name and target.suffix == ".ipynb" and target.stem in beside:
        link["href"] = parts._replace(path=f"{target.stem}.html").geturl()
        return
    if target.suffix == ".ipynb":
        link.append(ELSEWHERE)
    link.unwrap()


def _label_table(soup: Any, table: Any) -> None:
    for cell in table.select("thead th:not([scope])"):
        cell["scope"] = "col"
    for cell in table.select("tbody th:not([scope])"):
        cell["scope"] = "row"
    if table.find("caption") is None:
        heading, size = _heading(table), _size(table)
        written = table.find_parent(class_="prose") is not None  # the text around such a table says what it is
        caption = soup.new_tag("caption", attrs={"class": "unseen"} if written and heading else {})
        caption.string = heading if written and heading else ": ".join(filter(None, (heading, size)))
        table.insert(0, caption)
    if not table.parent.get("tabindex"):  # the kit's own tables bring a frame that scrolls
        table.wrap(soup.new_tag("div", attrs={"class": "wide", "tabindex": "0", "role": "group"}))
    table.parent["aria-label"] = table.caption.get_text(strip=True)


def _heading(table: Any) -> str:
    found = table.find_previous(["h1", "h2", "h3", "h4"])
    return found.get_text(strip=True) if found else ""


def _size(table: Any) -> str:
    rows, columns = len(table.select("tbody tr")), len(table.select("thead tr:first-child th"))
    return f"{rows} {'row' if rows == 1 else 'rows'}, {columns} {'column' if columns == 1 else 'columns'}"


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
