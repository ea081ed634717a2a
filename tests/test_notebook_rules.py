"""The notebook linter: a notebook that keeps every rule, and one breach at a time."""

import json

import pytest

from chatlio_helpers import config, notebook_rules

PARAMETERS = 'platform: str = "local"  # local or live\nchats: int = 5  # how many'


def markdown(name, source):
    """Give a prose cell."""
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def code(name, source, **more):
    """Give a code cell without outputs."""
    cell = {"cell_type": "code", "id": name, "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    return cell | more


@pytest.fixture
def notebook():
    """Give a notebook that keeps every rule."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "cells": [
            markdown("title", "# One title\n\nWords, and:\n\n```python\n# a comment in code\n```\n"),
            code("parameters", PARAMETERS, metadata={"tags": ["parameters"]}),
            markdown("step", "## A step\n\n![a picture of it](data:image/png;base64,AA==)"),
            code("do-it", ["import json\n", "json.dumps(chats)"], metadata={"tags": ["step", "timeout-600"]}),
            markdown("now", "## What you have now\n\nNothing."),
            markdown("next", "## Next\n\nMore."),
        ],
    }


@pytest.fixture
def said(notebook, tmp_path):
    """Give what the linter says of the notebook, as one text."""

    def examined():
        path = tmp_path / "notebook.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return "\n".join(map(str, notebook_rules.examine(path)))

    return examined


def test_a_good_notebook_has_no_findings(said):
    """A notebook that keeps every rule is passed in silence."""
    assert said() == ""


def change(*path_and_value):
    """Give a function that sets a value deep inside a notebook."""
    *path, last, value = path_and_value

    def changed(notebook):
        for step in path:
            notebook = notebook[step]
        notebook[last] = value

    return changed


def source(cell, text):
    """Give a function that replaces the source of a cell."""
    return change("cells", cell, "source", text)


BREACHES = {
    "an old format": (change("nbformat_minor", 4), "must be nbformat 4.5"),
    "another kernel": (change("metadata", "kernelspec", "name", "myenv"), "kernelspec must be python3"),
    "widget state": (change("metadata", "widgets", {}), "metadata key widgets"),
    "a Python version": (change("metadata", "language_info", "version", "3.11.7"), "key language_info.version"),
    "a twin id": (change("cells", 3, "id", "step"), "this id is used twice"),
    "a random id": (change("cells", 3, "id", "deadbeef"), "must be readable words"),
    "an unreadable id": (change("cells", 3, "id", "Do_It"), "must be readable words"),
    "no parameters": (change("cells", 1, "metadata", {}), "exactly one cell must be tagged parameters, 0 are"),
    "two parameter cells": (change("cells", 3, "metadata", {"tags": ["parameters"]}), "tagged parameters, 2 are"),
    "a parameter without a type": (source(1, 'a = "b"  # c'), "not `name: type = literal  # comment`"),
    "a parameter without a comment": (source(1, 'a: str = "b"'), "not `name: type = literal"),
    "a computed parameter": (source(1, "a: int = len('b')  # c"), "not `name: type = literal"),
    "a type that papermill cannot read": (source(1, "a: str | None = None  # c"), "not `name: type = literal"),
    "two equal signs": (source(1, 'a: str = "b=c"  # d'), "not `name: type = literal"),
    "no title": (source(0, "## Small"), "exactly one level-one heading"),
    "two titles": (source(2, "# Another"), "exactly one level-one heading"),
    "a level left out": (source(2, "### Too deep"), "is level 3 below level 1"),
    "no closing": (source(5, "Good bye."), "must end with the headings"),
    "code without prose": (change("cells", 2, code("bare", "1")), "needs prose right before it"),
    "outputs": (change("cells", 3, "outputs", [{"output_type": "stream"}]), "outputs must not be committed"),
    "counts": (change("cells", 3, "execution_count", 1), "execution counts must not be committed"),
    "strange metadata": (change("cells", 3, "metadata", {"papermill": {}}), "metadata key papermill"),
    "an unknown tag": (change("cells", 3, "metadata", {"tags": ["raises-exception"]}), "tag raises-exception is not"),
    "a wrong time tag": (change("cells", 3, "metadata", {"tags": ["timeout-x"]}), "tag timeout-x is not"),
    "long code": (source(3, "1\n" * 16), "16 lines of code are too many"),
    "a function": (source(3, "def f():\n    pass"), "f must be defined in the package"),
    "a class": (source(3, "class A:\n    pass"), "A must be defined in the package"),
    "an install": (source(3, "%pip install x"), "no magics and no shell"),
    "a shell line": (source(3, "!ls"), "no magics and no shell"),
    "the module path": (source(3, "import sys\nsys.path.insert(0, '..')"), "sys.path must not be touched"),
    "a question": (source(3, "input('name')"), "input would wait for ever"),
    "a password": (source(3, "from getpass import getpass"), "getpass, pip and subprocess"),
    "a picture without words": (source(2, "## A\n\n![](x.png)"), "a picture has no alternative text"),
    "an image tag without words": (source(2, "## A\n\n<img src='x.png'>"), "a picture has no alternative text"),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_each_breach_is_found(breach, notebook, said):
    """Each rule finds its breach, and says so in words."""
    spoil, words = BREACHES[breach]
    spoil(notebook)
    assert words in said()


@pytest.mark.parametrize("text", ["", "not json", "[]", "{}"])
def test_what_is_no_notebook_is_a_finding(text, tmp_path):
    """A file that cannot be read as a notebook is a finding, not a traceback."""
    path = tmp_path / "broken.ipynb"
    path.write_text(text)
    assert "cannot be read as a notebook" in str(notebook_rules.examine(path)[0])


def test_the_command_counts_what_it_read(notebook, tmp_path, capsys):
    """The command is silent success for a good folder, and fails where there is no notebook."""
    assert notebook_rules.main([str(tmp_path)]) == 1
    (tmp_path / "good.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    assert notebook_rules.main([str(tmp_path)]) == 0
    assert "1 notebooks keep the rules." in capsys.readouterr().out


def test_the_notebooks_of_the_journey_keep_the_rules(capsys):
    """Every notebook of the journey passes its own linter."""
    status = notebook_rules.main([str(config.notebooks())])
    assert (status, capsys.readouterr().out) == (0, "7 notebooks keep the rules.\n")
