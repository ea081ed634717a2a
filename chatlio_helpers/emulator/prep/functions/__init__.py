"""The functions of Data Prep, one file for each category of Adobe's functions page."""

from typing import Any

from . import (
    analytics,
    arrays,
    date_functions,
    hashes,
    json_text,
    logic,
    maps,
    numbers,
    objects,
    regexes,
    special,
    strings,
    urls,
    user_agents,
)
from .operations import METHOD_ENTRIES, OPERATORS
from .registry import FUNCTIONS, Function

__all__ = ["FUNCTIONS", "OPERATORS", "Function", "catalogue"]

CATEGORIES = (strings, regexes, hashes, urls, date_functions, objects, arrays, maps, logic, numbers, json_text, special,
              user_agents, analytics)  # fmt: skip


def catalogue() -> list[dict[str, Any]]:
    """What GET /languages/el/functions answers: every function and method, by category and name."""
    entries = [function.entry() for function in FUNCTIONS.values()] + METHOD_ENTRIES
    return sorted(entries, key=lambda entry: (entry["category"], entry["function"]))
