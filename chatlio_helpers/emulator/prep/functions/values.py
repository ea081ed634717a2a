"""How a value becomes the type that a function asks for; each refuses with ``EvaluationError``, never guesses."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from ..dates import iso, parse_any
from ..expression_errors import EvaluationError

Converter = Callable[[Any], Any]

MOST_BITS: Final = 1400  # of a whole number: some 400 digits
LONGEST_TEXT: Final = 1_000_000  # no attribute can be longer than the 1 MB that a record may have
TRUE_WORDS: Final = frozenset(("y", "yes", "Y", "YES", "on", "ON", "true", "TRUE"))
FALSE_WORDS: Final = frozenset(("n", "N", "no", "NO", "off", "OFF", "false", "FALSE"))

_INTEGER = re.compile(r"[+-]?\d{1,400}\Z", re.A)
_NUMBER = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?\Z", re.A)


def kind_of(value: Any) -> str:
    """The type of a value in the words of the mapper's messages (capital letters only)."""
    if isinstance(value, bool):
        return "BOOLEAN"
    names = ((str, "STRING"), (int, "LONG"), (float, "DOUBLE"), (dict, "MAP"), (list, "LIST"), (datetime, "DATETIME"))
    return next((name for kind, name in names if isinstance(value, kind)), "NULL" if value is None else "OBJECT")


def refuse(value: Any, wanted: str) -> EvaluationError:
    """The error for a value of the wrong type."""
    return EvaluationError(f"a value of type {kind_of(value)} cannot be used as {wanted}")


def text(value: Any) -> str:
    """Text; numbers, booleans and dates are written out (number to text is documented, the others assumed)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _written(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime):
        return iso(value)
    raise refuse(value, "STRING")


def _written(value: int) -> str:
    if value.bit_length() > MOST_BITS:
        raise EvaluationError("a whole number of more than 400 digits cannot be written as text")
    return str(value)


def integer(value: Any) -> int:
    """A whole number; a text must hold nothing else, a fraction is refused."""
    if isinstance(value, bool):
        raise refuse(value, "INTEGER")
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _INTEGER.match(value):
        return int(value)
    raise EvaluationError(f"{_shown(value)} is not a whole number")


def number(value: Any) -> int | float:
    """A finite number, or a text that is one."""
    if isinstance(value, str) and _NUMBER.match(value):
        value = int(value) if _INTEGER.match(value) else float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise EvaluationError(f"{_shown(value)} is not a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise EvaluationError("the number is too large")
    return value


def finite(value: Any) -> Any:
    """The value, which no calculation may have made infinite or endlessly long: neither can be written as JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        raise EvaluationError("the number is too large")
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise EvaluationError("the number has more than 400 digits")
    return value


def boolean(value: Any) -> bool:
    """True or false, or one of the documented words for them."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value in TRUE_WORDS:
            return True
        if value in FALSE_WORDS:
            return False
    raise EvaluationError(f"{_shown(value)} is neither true nor false")


def moment(value: Any) -> datetime:
    """A date-time with its zone; a text is read by the documented default patterns."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return parse_any(value)
    raise refuse(value, "DATETIME")


def array(value: Any) -> list[Any]:
    """A list."""
    if isinstance(value, list):
        return value
    raise refuse(value, "LIST")


def mapping(value: Any) -> dict[str, Any]:
    """An object or map."""
    if isinstance(value, dict):
        return value
    raise refuse(value, "MAP")


def predicate(value: Any) -> Callable[[Any], Any]:
    """A lambda."""
    if callable(value):
        return value
    raise EvaluationError("a function such as x -> x > 0 is needed here")


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    return f"a value of type {kind_of(value)}"


CONVERTERS: Final[dict[str, Converter]] = {
    "String": text,
    "Integer": integer,
    "Number": number,
    "Boolean": boolean,
    "ZonedDateTime": moment,
    "Array": array,
    "Map": mapping,
    "Predicate": predicate,
}
