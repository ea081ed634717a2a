"""Analytics functions. Adobe limits them to Web SDK and Analytics flows; the local platform runs them anywhere."""

from __future__ import annotations

import re

from .registry import category

function = category("Analytics")

# A product is category;name;quantity;price;events;evars; events and evars are joined by | (documented for Analytics).
_CATEGORY, _NAME, _QUANTITY, _PRICE, _EVENTS, _EVARS = range(6)
_EVENT_TEXT = ("String event_string: comma-separated events", "String event_name: name of the event")
_PRODUCTS = "String products: comma-separated products"
_SAMPLE = ";Example product 1;1;3.50,Example category 2;Example product 2;1;5.99"
_RICH = ";Example product;1;4.20;event1=2.3|event2=5:1;eVar1=Merchandising|eVar2=Other"


def _event(events: str, name: str) -> re.Match[str] | None:
    return re.search(rf"(?:^|,)\s*{re.escape(name)}(?:=([^:,]*))?(?::([^,]*))?\s*(?=,|$)", events)


@function("aa_get_event_id", "String", "The id of an event.", _EVENT_TEXT,
          'aa_get_event_id("event101=5:123456,scOpen", "event101")', '"123456"')  # fmt: skip
def aa_get_event_id(events: str, name: str) -> str | None:
    """The text after the colon, or null."""
    found = _event(events, name)
    return found[2] if found else None


@function("aa_get_event_value", "String", "The value of an event; 1 when it is named without one.", _EVENT_TEXT,
          'aa_get_event_value("event101=5:123456,scOpen", "event101")', '"5"')  # fmt: skip
def aa_get_event_value(events: str, name: str) -> str | None:
    """The value, 1, or null when the event is not there."""
    found = _event(events, name)
    return (found[1] or "1") if found else None


def _column(products: str, column: int) -> list[str | None]:
    rows = (product.split(";") for product in products.split(","))
    return [(row[column].strip() or None) if column < len(row) else None for row in rows]


def _inside(products: str, column: int, name: str) -> list[str]:
    pairs = (pair.partition("=") for cell in _column(products, column) for pair in (cell or "").split("|"))
    return [value.partition(":")[0] if column == _EVENTS else value for key, _, value in pairs if key.strip() == name]


@function("aa_get_product_categories", "Array", "The category of each product, or null.", (_PRODUCTS,),
          f'aa_get_product_categories("{_SAMPLE}")', '[null,"Example category 2"]')  # fmt: skip
def aa_get_product_categories(products: str) -> list[str | None]:
    """Categories."""
    return _column(products, _CATEGORY)


@function("aa_get_product_names", "Array", "The name of each product.", (_PRODUCTS,),
          f'aa_get_product_names("{_SAMPLE}")', '["Example product 1","Example product 2"]')  # fmt: skip
def aa_get_product_names(products: str) -> list[str | None]:
    """Names."""
    return _column(products, _NAME)


@function("aa_get_product_quantities", "Array", "The quantity of each product.", (_PRODUCTS,),
          f'aa_get_product_quantities("{_SAMPLE}")', '["1","1"]', aliases=("aa_get_product_quantity",))  # fmt: skip
def aa_get_product_quantities(products: str) -> list[str | None]:
    """Quantities."""
    return _column(products, _QUANTITY)


@function("aa_get_product_prices", "Array", "The price of each product.", (_PRODUCTS,),
          f'aa_get_product_prices("{_SAMPLE}")', '["3.50","5.99"]', aliases=("aa_get_product_price",))  # fmt: skip
def aa_get_product_prices(products: str) -> list[str | None]:
    """Prices."""
    return _column(products, _PRICE)


@function("aa_get_product_event_values", "Array", "The values of an event in the products.",
          (_PRODUCTS, "String event_name: name of the event"),
          f'aa_get_product_event_values("{_RICH}", "event1")', '["2.3"]')  # fmt: skip
def aa_get_product_event_values(products: str, name: str) -> list[str]:
    """Event values."""
    return _inside(products, _EVENTS, name)


@function("aa_get_product_evars", "Array", "The values of a merchandising eVar in the products.",
          (_PRODUCTS, "String evar_name: name of the eVar"),
          f'aa_get_product_evars("{_RICH}", "eVar1")', '["Merchandising"]')  # fmt: skip
def aa_get_product_evars(products: str, name: str) -> list[str]:
    """EVar values."""
    return _inside(products, _EVARS, name)
