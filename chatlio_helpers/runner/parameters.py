"""The parameters of notebooks: checked by name, type and discretion before anything starts.

papermill's own command line turns ``123e45`` into a float and ``007`` into 7, only warns about a name that no
notebook has, and writes every value into the executed notebook (observed, papermill 2.7). Hence: values arrive here as
text, the type declared in the notebook decides what they become, unknown names stop the run, and so does a secret.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import secret
from ..errors import ConfigurationError

TYPES = ("str", "int", "float", "bool")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SECRET_NAME = re.compile(r"(?i)secret|token|password|passphrase|api_?key|private_?key")


def declared(notebook: Path) -> dict[str, str]:
    """Give the type of each parameter of *notebook* by name; "None" where the cell declares no type."""
    from papermill import inspect_notebook

    path = str(notebook).replace("{", "{{").replace("}", "}}")  # papermill formats the path
    return {name: found["inferred_type_name"] for name, found in inspect_notebook(path).items()}


def for_each(given: Mapping[str, Any], notebooks: Sequence[Path]) -> list[dict[str, Any]]:
    """Give each notebook the part of *given* that it declares, with values of the declared types.

    Raises ConfigurationError for a name that none of the notebooks has, a value of the wrong type, or a secret.
    """
    declarations = [declared(notebook) for notebook in notebooks]
    known = sorted({name for declaration in declarations for name in declaration})
    for name, value in given.items():
        _refuse_unknown(name, known)
        _refuse_secret(name, value)
    return [
        {name: typed(name, given[name], declaration[name]) for name in declaration if name in given}
        for declaration in declarations
    ]


def typed(name: str, value: Any, type_name: str) -> Any:
    """Give *value* as the declared type; text is read strictly, other values must already have the type."""
    if type_name not in TYPES:
        return value
    if isinstance(value, str):
        return _READERS[type_name](name, value)
    wanted = {"str": str, "int": int, "float": (int, float), "bool": bool}[type_name]
    if not isinstance(value, wanted) or (isinstance(value, bool) and type_name != "bool"):
        raise _wrong(name, value, type_name)
    return value


def looks_secret(name: str, value: Any) -> bool:
    """Tell whether a parameter would carry a secret into the executed notebook."""
    text = str(value)
    return bool(text) and (bool(secret.leaks(text)) or (_SECRET_NAME.search(name) is not None and len(text) >= 6))


def _refuse_unknown(name: str, known: Sequence[str]) -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    raise ConfigurationError(
        f"No chosen notebook has a parameter named {name}.",
        cause=f"a slip of the pen for {near[0]}" if near else "the name is not in any cell tagged 'parameters'",
        next_step=f"use one of: {', '.join(known) or 'none; these notebooks take no parameters'}",
    )


def _refuse_secret(name: str, value: Any) -> None:
    if looks_secret(name, value):
        raise ConfigurationError(
            f"The value of parameter {name} looks like a secret and was not passed on.",
            cause="papermill writes every parameter into the executed notebook, for all to read",
            next_step="pass the path or the name of a credential file: -p credentials FILE",
        )


def _wrong(name: str, value: Any, type_name: str) -> ConfigurationError:
    return ConfigurationError(
        f"Parameter {name} must be {type_name}, got {value!r}.",
        cause="the parameters cell of the notebook declares this type",
        next_step=f"give a value such as {_EXAMPLES[type_name]}",
    )


def _integer(name: str, text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise _wrong(name, text, "int")
    return int(text)


def _number(name: str, text: str) -> float:
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise _wrong(name, text, "float")
    return float(text)


def _truth(name: str, text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise _wrong(name, text, "bool")
    return _TRUTH[text.lower()]


_EXAMPLES = {"str": "text", "int": "5", "float": "0.5", "bool": "true or false"}
_READERS: dict[str, Callable[[str, str], Any]] = {
    "str": lambda _name, text: text,
    "int": _integer,
    "float": _number,
    "bool": _truth,
}
