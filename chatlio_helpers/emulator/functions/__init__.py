"""The functions of Data Prep, one file for each category of Adobe's functions page."""

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
from .operations import OPERATORS
from .registry import FUNCTIONS, Function

__all__ = ["FUNCTIONS", "OPERATORS", "Function"]

CATEGORIES = (strings, regexes, hashes, urls, date_functions, objects, arrays, maps, logic, numbers, json_text, special,
              user_agents, analytics)  # fmt: skip
