"""The rules that keep every notebook of the journey readable, repeatable and clean.

    python -m chatlio_helpers.notebook_rules notebooks

Only the standard library is used, and the file is read as it lies on disk: a tool that repairs notebooks while it
reads them would hide what the rules look for.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

MOST_LINES = 15
NOTEBOOK_KEYS = {"kernelspec", "language_info"}
KERNEL_KEYS = {"display_name", "language", "name"}
LANGUAGE_KEYS = {"name", "file_extension", "mimetype", "pygments_lexer"}  # no version: it differs on every machine
CELL_KEYS = {"tags", "editable", "deletable"}
TAGS = {"parameters", "step", "check", "exercise", "solution", "live-only", "instructor-only"}
TIME_TAG = re.compile(r"timeout-[1-9][0-9]*")
PARAMETER_TYPES = {"str", "int", "float", "bool"}  # what papermill can read and the runner can check
READABLE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?")
CLOSING = ("what you have now", "next")


@dataclass(frozen=True)
class Finding:
    """One breach of a rule: in which file, at which cell ("" for the file itself), and what to do."""

    path: Path
    cell: str
    says: str

    def __str__(self) -> str:
        return f"{self.path}: {f'cell {self.cell}: ' if self.cell else ''}{self.says}"


Notebook = dict[str, Any]
Cell = dict[str, Any]
Said = Iterator[tuple[str, str]]  # pairs of a cell id and what is wrong


def examine(path: Path) -> list[Finding]:
    """Give every breach in one notebook; empty when it keeps all rules."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [Finding(path, "", f"cannot be read as a notebook ({type(error).__name__})")]
    said = [pair for rule in _NOTEBOOK_RULES for pair in rule(notebook)]
    said += [(_id(cell), words) for cell in cells for rule in _CELL_RULES for words in rule(cell)]
    return [Finding(path, cell, words) for cell, words in said]


def main(arguments: Sequence[str]) -> int:
    """Examine the named notebooks, or all directly in a folder; gives 1 for a breach, or when there is none."""
    paths = [path for name in arguments for path in _notebooks(Path(name))]
    findings = [finding for path in paths for finding in examine(path)]
    lines = [str(finding) for finding in findings] or [f"{len(paths)} notebooks keep the rules."]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if findings or not paths else 0


def _notebooks(where: Path) -> list[Path]:
    return sorted(where.glob("*.ipynb")) if where.is_dir() else [where]


def format_rule(notebook: Notebook) -> Said:
    """The file is nbformat 4.5, whose cells have ids."""
    version = (notebook.get("nbformat"), notebook.get("nbformat_minor"))
    if version != (4, 5):
        yield "", f"must be nbformat 4.5, is {version[0]}.{version[1]}"


def metadata_rule(notebook: Notebook) -> Said:
    """The metadata hold the kernel ``python3`` and nothing that differs from machine to machine."""
    metadata = notebook.get("metadata", {})
    kernel, language = metadata.get("kernelspec", {}), metadata.get("language_info", {})
    if kernel.get("name") != "python3":
        yield "", f"the kernelspec must be python3, is {kernel.get('name')}"
    strangers = sorted(set(metadata) - NOTEBOOK_KEYS)
    strangers += [f"kernelspec.{key}" for key in sorted(set(kernel) - KERNEL_KEYS)]
    strangers += [f"language_info.{key}" for key in sorted(set(language) - LANGUAGE_KEYS)]
    for key in strangers:
        yield "", f"metadata key {key} does not belong into a committed notebook"


def id_rule(notebook: Notebook) -> Said:
    """Cell ids are unique and can be read: they are the addresses in reports."""
    seen: set[str] = set()
    for cell in notebook["cells"]:
        name = _id(cell)
        if name in seen:
            yield name, "this id is used twice"
        if not READABLE_ID.fullmatch(name) or RANDOM_ID.fullmatch(name):
            yield name, "the id must be readable words with hyphens, such as read-the-rows"
        seen.add(name)


def parameters_rule(notebook: Notebook) -> Said:
    """Exactly one cell is tagged parameters; each line is a literal with a type and a comment."""
    tagged = [cell for cell in _code(notebook) if "parameters" in _tags(cell)]
    if len(tagged) != 1:
        yield "", f"exactly one cell must be tagged parameters, {len(tagged)} are"
    for cell in tagged:
        for line in _source(cell).splitlines():
            if not _is_parameter(line):
                yield _id(cell), f"not `name: type = literal  # comment`: {line}"


def heading_rule(notebook: Notebook) -> Said:
    """One level-one heading, in the first cell; no level is left out on the way down."""
    headings = list(_headings(notebook))
    if [level for level, _, _ in headings].count(1) != 1 or headings[0][0] != 1:
        yield "", "must have exactly one level-one heading, before all others"
    for (above, _, _), (level, text, cell) in pairwise(headings):
        if level > above + 1:
            yield cell, f"the heading {text!r} is level {level} below level {above}"


def closing_rule(notebook: Notebook) -> Said:
    """The last two headings are What you have now, and Next."""
    last = tuple(text.lower().rstrip(".:?!") for _, text, _ in list(_headings(notebook))[-2:])
    if last != CLOSING:
        yield "", "must end with the headings 'What you have now' and 'Next'"


def prose_rule(notebook: Notebook) -> Said:
    """Words that say why come before every code cell, but for a check (its step has said why) and the one import."""
    before: Cell = {}
    for cell in notebook["cells"]:
        after_step = "check" in _tags(cell) or "parameters" in _tags(before)
        if cell["cell_type"] == "code" and before.get("cell_type") != "markdown" and not after_step:
            yield _id(cell), "a code cell needs prose right before it"
        before = cell


def stripped_rule(cell: Cell) -> Iterator[str]:
    """No outputs and no counts are committed."""
    if cell.get("outputs"):
        yield "outputs must not be committed"
    if cell.get("execution_count") is not None:
        yield "execution counts must not be committed"


def cell_metadata_rule(cell: Cell) -> Iterator[str]:
    """Cells carry known metadata and known tags only."""
    for key in sorted(set(cell.get("metadata", {})) - CELL_KEYS):
        yield f"metadata key {key} does not belong into a committed notebook"
    for tag in _tags(cell):
        if tag not in TAGS and not TIME_TAG.fullmatch(tag):
            yield f"the tag {tag} is not known"


def code_rule(cell: Cell) -> Iterator[str]:
    """Code is short, plain Python that calls the package: nothing is defined, installed or asked for in a cell."""
    if cell["cell_type"] != "code":
        return
    source = _source(cell)
    if len(source.splitlines()) > MOST_LINES:
        yield f"{len(source.splitlines())} lines of code are too many; at most {MOST_LINES}, better 8"
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        yield f"must be plain Python, no magics and no shell: {error.text or error.msg}".rstrip()
        return
    yield from dict.fromkeys(filter(None, map(_forbidden, ast.walk(tree))))


def picture_rule(cell: Cell) -> Iterator[str]:
    """Every picture in prose has an alternative text."""
    if cell["cell_type"] == "markdown":
        source = _source(cell)
        tags = re.findall(r"<img\b[^>]*>", source)
        if re.search(r"!\[\s*\]\(", source) or any(not re.search(r"\balt=[\"'][^\"']+", tag) for tag in tags):
            yield "a picture has no alternative text"


def _forbidden(node: ast.AST) -> str:
    """Name what a cell must not contain, "" for anything else."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return f"{node.name} must be defined in the package, not in a cell"
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) == _PATH:
        return "sys.path must not be touched; the package is installed"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("input", "getpass"):
        return f"{node.func.id} would wait for ever when nobody is there; use a parameter"
    if isinstance(node, (ast.Import, ast.ImportFrom)) and _imported(node) & {"getpass", "pip", "subprocess"}:
        return "getpass, pip and subprocess have no place in a notebook"
    return ""


_PATH = ("sys", "path")


def _imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return {name.partition(".")[0] for name in names}


def _is_parameter(line: str) -> bool:
    code, _, comment = line.rpartition("  # ")
    try:
        (statement,) = ast.parse(code).body
        ast.literal_eval(statement.value)  # type: ignore[attr-defined]
    except (SyntaxError, ValueError, AttributeError):
        return False
    typed = isinstance(statement, ast.AnnAssign) and isinstance(statement.annotation, ast.Name)
    return typed and statement.annotation.id in PARAMETER_TYPES and bool(comment.strip()) and line.count("=") == 1


def _headings(notebook: Notebook) -> Iterator[tuple[int, str, str]]:
    """Give level, text and cell id of every heading in prose, outside fenced code."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            prose = re.sub(r"^(```|~~~).*?^\1", "", _source(cell), flags=re.MULTILINE | re.DOTALL)
            for found in re.finditer(r"^(#{1,6})\s+(.+?)\s*#*$", prose, re.MULTILINE):
                yield len(found[1]), found[2], _id(cell)


def _code(notebook: Notebook) -> list[Cell]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _id(cell: Cell) -> str:
    return str(cell.get("id", ""))


def _tags(cell: Cell) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))


def _source(cell: Cell) -> str:
    return "".join(cell.get("source", ""))


_NOTEBOOK_RULES: tuple[Callable[[Notebook], Said], ...] = (
    format_rule,
    metadata_rule,
    id_rule,
    parameters_rule,
    heading_rule,
    closing_rule,
    prose_rule,
)
_CELL_RULES: tuple[Callable[[Cell], Iterator[str]], ...] = (stripped_rule, cell_metadata_rule, code_rule, picture_rule)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
