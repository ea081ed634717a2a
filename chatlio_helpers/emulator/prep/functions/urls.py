"""URL functions; an invalid URL gives null (documented)."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from ..expression_errors import EvaluationError
from .registry import category

function = category("URL")

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990, "sftp": 22, "ssh": 22, "ws": 80, "wss": 443, "ldap": 389,
          "smtp": 25, "telnet": 23}  # fmt: skip
_URL = "String url: the URL"


def _parts(url: str) -> SplitResult | None:
    if not _SCHEME.match(url) or re.search(r"\s", url):
        return None
    try:
        parts = urlsplit(url)
        return parts if parts.port is None or parts.port >= 0 else None
    except ValueError:
        return None


@function("get_url_protocol", "String", "The scheme of a URL.", (_URL,),
          'get_url_protocol("https://platform.adobe.com/home")', '"https"')  # fmt: skip
def get_url_protocol(url: str) -> str | None:
    """The scheme."""
    parts = _parts(url)
    return parts.scheme if parts else None


@function("get_url_host", "String", "The host of a URL.", (_URL,),
          'get_url_host("https://platform.adobe.com/home")', '"platform.adobe.com"')  # fmt: skip
def get_url_host(url: str) -> str | None:
    """The host."""
    parts = _parts(url)
    return (parts.hostname or None) if parts else None


@function("get_url_port", "Integer", "The port of a URL, or the usual port of its scheme.", (_URL,),
          'get_url_port("sftp://example.com//home/joe/employee.csv")', "22")  # fmt: skip
def get_url_port(url: str) -> int | None:
    """The port."""
    parts = _parts(url)
    return (parts.port or _PORTS.get(parts.scheme)) if parts else None


@function("get_url_path", "String", "The path of a URL.",
          (_URL, "Boolean full_path?: false gives only what follows the last slash"),
          'get_url_path("sftp://example.com//home/joe/employee.csv")', '"//home/joe/employee.csv"')  # fmt: skip
def get_url_path(url: str, full_path: bool | None = None) -> str | None:
    """The path, whole or its end."""
    parts = _parts(url)
    if parts is None:
        return None
    return parts.path.rsplit("/", 1)[-1] if full_path is False else parts.path


@function("get_url_query_str", "Map", "The query of a URL as an object.",
          (_URL, "String anchor: what to do with the anchor: retain, remove or append"),
          'get_url_query_str("foo://example.com:8042/over/there?name=ferret#nose", "retain")',
          '{"name":"ferret#nose"}')  # fmt: skip
def get_url_query_str(url: str, anchor: str) -> dict[str, str] | None:
    """The query as a dict; with ``append`` the anchor has the key ``_anchor_``."""
    if anchor not in ("retain", "remove", "append"):
        raise EvaluationError(f"{anchor!r} is not one of retain, remove, append")
    parts = _parts(url)
    if parts is None:
        return None
    query = dict(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=10_000))
    if parts.fragment and anchor == "retain" and query:
        query[list(query)[-1]] += f"#{parts.fragment}"
    if parts.fragment and anchor == "append":
        query["_anchor_"] = parts.fragment
    return query


@function("get_url_encoded", "String", "Percent-encodes a text.", ("String url: text to encode",),
          'get_url_encoded("https://example.com/a b")', '"https%3A%2F%2Fexample.com%2Fa%20b"',
          note="Documented for newer editions; the tilde is encoded as the page lists it.")  # fmt: skip
def get_url_encoded(url: str) -> str:
    """Percent-encode all but letters, digits and ``-._``."""
    return quote(url, safe="", errors="replace").replace("~", "%7E")


@function("get_url_decoded", "String", "Undoes percent-encoding.", ("String url: text to decode",),
          'get_url_decoded("https%3A%2F%2Fexample.com%2Fa%20b")', '"https://example.com/a b"')  # fmt: skip
def get_url_decoded(url: str) -> str:
    """Undo percent-encoding."""
    return unquote(url)
