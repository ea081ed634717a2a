"""The documentation says what is there: commands, names, links and generated pages, held against the real ones."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

import chatlio_helpers
from chatlio_helpers import config
from chatlio_helpers.cli import kit
from chatlio_helpers.runner.parameters import declared

CHECKOUT = config.CHECKOUT
PAGES = (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md")), *sorted(CHECKOUT.glob("*/README.md")))
NOTEBOOKS = sorted(config.notebooks().rglob("*.ipynb"))
GROUPS = {name: command for name, command in kit.commands.items() if isinstance(command, click.Group)}
TARGETS = re.search(r"^\.PHONY:(.*)$", (CHECKOUT / "Makefile").read_text("utf-8"), re.MULTILINE).group(1).split()


def test_there_is_something_to_hold_against():
    """The tests below look at the README, at pages in docs/ and at seven notebooks."""
    assert PAGES[0].is_file()
    assert len(PAGES) >= 4
    assert len(NOTEBOOKS) >= 7


def test_every_make_command_is_a_target():
    """Each ``make …`` that a page shows is in the Makefile, and each target is in the README."""
    shown = {found for page in PAGES for found in re.findall(r"\bmake ([a-z]+)\b", code_of(page.read_text("utf-8")))}
    assert shown <= set(TARGETS)
    assert set(TARGETS) - {"help"} <= shown


def test_every_command_of_bootstrap_exists():
    """Each ``python bootstrap.py …`` that a page shows is a command of it."""
    shown = {found for page in PAGES for found in re.findall(r"bootstrap\.py ([a-z]+)", page.read_text("utf-8"))}
    assert shown
    assert shown <= set(TARGETS) - {"help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_every_command_line_works(page):
    """Each ``chatlio-kit …`` that a page shows names a real command, with options that it has."""
    for line in command_lines(code_of(page.read_text("utf-8"))):
        assert wrong_in(line) == "", line


def test_the_notebooks_and_the_package_name_real_commands():
    """Each ``chatlio-kit …`` in a notebook or in a message of the package is a real command too."""
    sources = [*NOTEBOOKS, *sorted(config.PACKAGE.rglob("*.py"))]
    lines = [line for path in sources for line in command_lines(text_of(path))]
    assert lines
    assert [line for line in lines if wrong_in(line)] == []


def test_every_command_is_documented():
    """Each command of ``chatlio-kit``, the ones of its groups too, is named in the README."""
    readme = code_of((CHECKOUT / "README.md").read_text("utf-8"))
    words = set(re.findall(r"[a-z]+", readme))
    commands = {name for group in (kit, *GROUPS.values()) for name in group.commands}
    assert commands - words == set()


def test_every_public_name_is_documented():
    """Each name of ``chatlio_helpers.__all__`` is in the README or in a page of docs/, as code."""
    words = {word for page in PAGES for word in re.findall(r"\w+", code_of(page.read_text("utf-8")))}
    assert set(chatlio_helpers.__all__) - words == set()


def test_the_code_in_the_readme_uses_public_names():
    """Each ``kit.name`` in the README, and in the notebooks, is public and can be loaded."""
    sources = [PAGES[0].read_text("utf-8"), *map(text_of, NOTEBOOKS)]
    names = {name for source in sources for name in re.findall(r"\bkit\.([A-Za-z]+)", source)}
    assert names <= set(chatlio_helpers.__all__)
    assert all(getattr(chatlio_helpers, name) for name in names)


def test_every_parameter_is_documented():
    """The README names each parameter that a notebook declares."""
    readme = code_of(PAGES[0].read_text("utf-8"))
    assert {name for path in NOTEBOOKS[:6] for name in declared(path)} - set(re.findall(r"\w+", readme)) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_links_of_pages_lead_somewhere(page):
    """Each relative link and picture of a page is a file, and each place within a page is a heading there."""
    assert broken_links(page, page.read_text("utf-8")) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_of_notebooks_lead_somewhere(notebook):
    """The same for the prose of each notebook."""
    assert broken_links(notebook, prose_of(notebook)) == []


def test_the_readme_links_every_notebook_and_page():
    """No notebook of the journey and no page of docs/ is left for the reader to find alone."""
    readme = PAGES[0].read_text("utf-8")
    wanted = [*(p for p in NOTEBOOKS if p.parent == config.notebooks()), *(p for p in PAGES if p.parent.name == "docs")]
    linked = {(CHECKOUT / link.partition("#")[0]).resolve() for link in links(readme)}
    assert [path.name for path in wanted if path not in linked] == []


def test_pictures_have_words():
    """Each picture of a page has an alternative text."""
    pictures = [found for page in PAGES for found in re.findall(r"!\[([^\]]*)\]\(", page.read_text("utf-8"))]
    assert pictures
    assert all(len(words.split()) > 2 for words in pictures)


def test_generated_pages_are_current(tmp_path):
    """Each generated page of docs/ is what its generator writes today; ``make docs`` writes them anew."""
    for module, *options, page in bootstrap().PAGES:
        written = tmp_path / Path(page).name
        command = [sys.executable, "-m", module, *options, str(written)]
        subprocess.run(command, check=True, timeout=60, cwd=CHECKOUT)
        current = (CHECKOUT / page).read_text("utf-8") == written.read_text("utf-8")
        assert current, f"{page} is not what `python -m {module}` writes: run `make docs`"


def test_no_page_names_a_folder_of_one_computer():
    """No page and no notebook holds a path that only its author has."""
    shown = [*(page.read_text("utf-8") for page in PAGES), *map(text_of, NOTEBOOKS)]
    assert [found for text in shown for found in re.findall(r"/(?:home|Users|root|work|tmp)/\w+", text)] == []


def text_of(path: Path) -> str:
    """Give the text of a file; of a notebook the sources of its cells."""
    if path.suffix != ".ipynb":
        return path.read_text("utf-8")
    return "\n".join("".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"])


def prose_of(notebook: Path) -> str:
    """Give the Markdown of a notebook."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def code_of(markdown: str) -> str:
    """Give what a page shows as code: fenced blocks, and words between backticks."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", markdown, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", rest)])


def command_lines(text: str) -> list[list[str]]:
    """Give the words after each ``chatlio-kit`` in *text*, up to the end of the code that they stand in."""
    found = re.findall(r"(?<![.\w])chatlio-kit ((?:--?)?[a-z][^`\"'\n|;#()]*)", text)
    return [shlex.split(line.replace("…", "").rstrip(" .,:")) for line in found]


def wrong_in(words: list[str]) -> str:
    """Say what in a command line does not exist: the command, or an option of it; "" when all does."""
    command: click.Command = kit
    for word in words:
        if word.startswith("-"):
            known = {name for option in command.params for name in option.opts + option.secondary_opts}
            if word not in known | {"--help", "-h", "--version"}:
                return f"{command.name} has no option {word}"
        elif isinstance(command, click.Group):
            if word not in command.commands:
                return f"{command.name} has no command {word}"
            command = command.commands[word]
    return f"{command.name} needs a command" if isinstance(command, click.Group) and command is not kit else ""


def links(markdown: str) -> list[str]:
    """Give the targets of links and pictures that are no addresses of the web."""
    targets = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def broken_links(page: Path, markdown: str) -> list[str]:
    """Give the links of *page* that lead nowhere."""
    return [link for link in links(markdown) if not leads_somewhere(page, markdown, link)]


def leads_somewhere(page: Path, markdown: str, link: str) -> bool:
    """Tell whether the file of a link is there, and the heading that it names."""
    name, _, place = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists() or not target.is_relative_to(CHECKOUT):
        return False
    words = markdown if target == page else text_of(target) if place else ""
    return not place or place in set(anchors(words))


def anchors(markdown: str) -> Iterator[str]:
    """Give the anchors that GitHub makes of headings."""
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*$", markdown, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def bootstrap() -> ModuleType:
    """Load bootstrap.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("bootstrap", CHECKOUT / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
