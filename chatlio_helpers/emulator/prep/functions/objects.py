"""Object functions."""

from __future__ import annotations

from typing import Any

from ..expression_errors import EvaluationError
from ..paths import ABSENT
from .registry import category
from .values import array, kind_of, text

function = category("Hierarchies - Objects")


@function("size_of", "Integer", "How many elements, keys or characters there are.",
          ("Object input: array, object or text",),
          "size_of([1, 2, 3, 4])", "4")  # fmt: skip
def size_of(value: Any) -> int | None:
    """The size; null of null."""
    if value is None:
        return None
    if isinstance(value, (list, dict, str)):
        return len(value)
    raise EvaluationError(f"a value of type {kind_of(value)} has no size")


@function("is_empty", "Boolean", "Whether a value is null, absent, or has no element, key or character.",
          ("Object input: array, object or text",), "is_empty([1, 2, 3])", "false", lenient="all",
          note="An absent path counts as empty (assumed).")  # fmt: skip
def is_empty(value: Any) -> bool:
    """Whether there is nothing in it."""
    return value is None or (isinstance(value, (list, dict, str)) and not value)


def _pairs(arguments: tuple[Any, ...], name: str) -> list[tuple[str, Any]]:
    if len(arguments) % 2:
        raise EvaluationError(f"{name}() needs a value for each key")
    keys, values = arguments[::2], arguments[1::2]
    if any(key is None for key in keys):
        raise EvaluationError(f"{name}() got null as a key")
    return [(text(key), value) for key, value in zip(keys, values, strict=True)]


def paired(arguments: tuple[Any, ...], name: str) -> dict[str, Any]:
    """A dict from key, value, key, value."""
    return dict(_pairs(arguments, name))


@function("arrays_to_object", "Array", "A list of objects from keys and the arrays of their values.",
          ("Object input...: key, array, key, array ...",),
          'arrays_to_object("sku", ["id1", "id2"], "price", [22.5, 14.35])',
          '[{"sku":"id1","price":22.5},{"sku":"id2","price":14.35}]', aliases=("arrays_to_objects",),
          note="The page has no good sample; a shorter array leaves its key out of the later objects (assumed).",
          )  # fmt: skip
def arrays_to_object(*arguments: Any) -> list[dict[str, Any]]:
    """Objects, as many as the longest array has elements."""
    columns = [(key, array(values)) for key, values in _pairs(arguments, "arrays_to_object") if values is not None]
    longest = max((len(values) for _, values in columns), default=0)
    return [{key: values[row] for key, values in columns if row < len(values)} for row in range(longest)]


@function("to_object", "Map", "An object from keys and values.", ("Object input...: key, value, key, value ...",),
          'to_object("firstName", "John", "lastName", "Doe")', '{"firstName":"John","lastName":"Doe"}')  # fmt: skip
def to_object(*arguments: Any) -> dict[str, Any]:
    """An object."""
    return paired(arguments, "to_object")


@function("str_to_object", "Map", "An object from a text such as a=1,b=2.",
          ("String string: the text", "String value_delimiter?: between key and value; a colon by default",
           "String field_delimiter?: between two pairs; a comma by default"),
          'str_to_object("firstName=John,lastName=Doe,phone=123 456 7890", "=", ",")',
          '{"firstName":"John","lastName":"Doe","phone":"123 456 7890"}')  # fmt: skip
def str_to_object(
    string: str, value_delimiter: str | None = None, field_delimiter: str | None = None
) -> dict[str, str]:
    """Keys and values, trimmed; a part without a delimiter is left out (assumed)."""
    between = value_delimiter or ":"
    parts = (part.partition(between) for part in string.split(field_delimiter or ","))
    return {key.strip(): value.strip() for key, found, value in parts if found}


@function("contains_key", "Boolean", "Whether the source has a path, given as a path or as text.",
          ("Object input: the path",), 'contains_key("evars.evar.field1")', "true",
          style="probe", aliases=("is_set",),
          note="A path that holds null is there (assumed). is_set is its older name.")  # fmt: skip
def contains_key(value: Any) -> bool:
    """Whether the path is there."""
    return value is not ABSENT


@function("nullify", "Object", "Null: do not copy this attribute.", (), "nullify()", "null")
def nullify() -> None:
    """Null."""
    return


@function("get_keys", "Array", "The keys of an object.", ("Map object: the object",),
          'get_keys({"book1": "Pride and Prejudice", "book2": "1984"})', '["book1","book2"]')  # fmt: skip
def get_keys(value: dict[str, Any]) -> list[str]:
    """The keys."""
    return list(value)


@function("get_values", "String", "The value of one key in a text such as a=1,b=2.",
          ("String string: the text", "String key: the key", "String value_delimiter?: a colon by default",
           "String field_delimiter?: a comma by default"),
          'get_values("firstName - John , lastName - Cena , phone - 555 420 8692", "firstName", "-", ",")',
          '"John"')  # fmt: skip
def get_values(
    string: str, key: str, value_delimiter: str | None = None, field_delimiter: str | None = None
) -> str | None:
    """One value, or null."""
    return str_to_object(string, value_delimiter, field_delimiter).get(key.strip())
