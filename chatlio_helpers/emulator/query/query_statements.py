"""SQL texts as Query Service takes them: cut into statements, freed of comments, and told apart by their first words.

What a statement means is DuckDB's to say; only what Query Service itself carries out is recognised here: CREATE TABLE
AS, INSERT INTO, DROP TABLE and the statements that steer a session.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_TEXT = 1_000_000  # characters; the documented limit of an accelerated query, in bytes

READS = ("select", "with", "from", "values", "table", "show", "describe", "desc", "summarize", "explain")
SESSION = ("set", "reset", "begin", "start", "commit", "end", "rollback", "abort", "discard")

_PIECE = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*"|(?P<dollar>\$(?:[A-Za-z_]\w*)?\$).*?(?P=dollar))
      | (?P<end>;)
      | (?P<open>['"]|/\*|\$(?:[A-Za-z_]\w*)?\$)""",
    re.VERBOSE | re.DOTALL,
)
_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_TARGET = rf"(?P<target>{_NAME}(?:\s*\.\s*{_NAME})*)"
_CREATE = re.compile(
    rf"create\s+table\s+(?P<lenient>if\s+not\s+exists\s+)?{_TARGET}\s*(?:with\s*\((?P<options>[^)]*)\)\s*)?as\b(?P<select>.*)",
    re.IGNORECASE | re.DOTALL,
)
_INSERT = re.compile(rf"insert\s+into\s+{_TARGET}(?:\s+as\b)?(?P<select>.+)", re.IGNORECASE | re.DOTALL)
_DROP = re.compile(rf"drop\s+table\s+(?P<lenient>if\s+exists\s+)?{_TARGET}", re.IGNORECASE)
# What psql asks for \l, \du and \d NAME: catalogues, types and operators of PostgreSQL's own, which DuckDB has not.
_OF_POSTGRESQL = re.compile(r"\bpg_catalog\.(pg_encoding_to_char|pg_roles|regtype)\b|\bOPERATOR\s*\(\s*pg_catalog\.")
_NO_CATALOGUE = (
    "the local platform has no catalogue of PostgreSQL for this (psql's \\l, \\du or \\d NAME): "
    "DESCRIBE name tells the columns of a table, SHOW TABLES or \\dt lists the tables"
)
_OPTION = re.compile(r"(\w+)\s*=\s*'((?:[^']|'')*)'")
_PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")


class Refused(ValueError):
    """A statement that Query Service does not take: *code* is the SQLSTATE."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Statement:
    """One statement: its text, its kind (read, create, insert, drop or session) and what it aims at.

    ``select`` is what is to be read: the whole text of a reading statement, the query inside of the others.
    ``lenient`` means IF EXISTS or IF NOT EXISTS; ``options`` are those of WITH (...), names in lower case.
    """

    text: str
    kind: str
    select: str = ""
    target: str = ""
    lenient: bool = False
    options: tuple[tuple[str, str], ...] = ()

    @property
    def word(self) -> str:
        """The first word, in upper case, as a command tag begins."""
        return self.text.split(None, 1)[0].upper().strip("(")

    def option(self, name: str) -> str:
        """Give an option of WITH (...), or ""."""
        return dict(self.options).get(name, "")


def split(sql: str) -> list[str]:
    """Cut *sql* at its semicolons and leave out comments; raises Refused 42601 where a quotation has no end."""
    parts, current, at = [], [], 0
    for piece in _PIECE.finditer(sql):
        current.append(sql[at : piece.start()])
        at = piece.end()
        if piece["open"]:
            raise Refused("42601", f"syntax error: {piece['open']} at position {piece.start() + 1} has no end")
        if piece["end"]:
            parts.append("".join(current))
            current = []
        else:
            current.append(piece["text"] or " ")
    parts.append("".join([*current, sql[at:]]))
    return [part.strip() for part in parts if part.strip()]


def one(sql: str) -> Statement:
    """Give the one statement of *sql*; raises Refused when there is none, more than one, or it is not taken."""
    if len(sql) > MOST_TEXT:
        raise Refused("54000", f"the statement is longer than {MOST_TEXT} characters")
    parts = split(sql)
    if len(parts) != 1:
        raise Refused("42601", f"one SQL statement is needed; there are {len(parts)}")
    return read(parts[0])


def read(text: str) -> Statement:
    """Tell what one statement is; raises Refused 0A000 for what is not built and 42601 for what is nothing."""
    words = text.lower().lstrip("( \t\r\n").split(None, 2)
    first = words[0] if words else ""
    if first in SESSION:
        return Statement(text, "session")
    if first in READS and _OF_POSTGRESQL.search(text):
        raise Refused("0A000", _NO_CATALOGUE)
    if first in READS:
        return Statement(text, "read", select=text)
    for kind, pattern in (("create", _CREATE), ("insert", _INSERT), ("drop", _DROP)):
        found = pattern.fullmatch(text)
        if found:
            return _aimed(text, kind, found.groupdict())
    if first in ("create", "insert", "drop", "alter", "copy", "declare", "fetch", "close", "prepare", "execute",
                 "deallocate", "update", "delete", "truncate", "analyze", "attach", "detach", "install", "load",
                 "pragma", "call", "export", "import", "use", "merge", "vacuum", "checkpoint", "pivot", "unpivot",
                 "refresh", "cache", "grant", "revoke", "$$begin", "lock", "listen"):  # fmt: skip
        raise Refused("0A000", f"the local platform does not take this form of {first.upper()}")
    raise Refused("42601", f"syntax error at or near [{text[:40]}]")


def with_parameters(sql: str, values: dict[str, object]) -> str:
    """Put the values of ``queryParameters`` in the places of their ``$keys``, as they are: no type is checked.

    Raises Refused 42601 naming a key without a value.
    """
    values = {key.removeprefix("$"): value for key, value in values.items()}

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise Refused("42601", f"queryParameters has no value for ${found[1]}")
        return str(values[found[1]])

    return _PARAMETER.sub(value, sql)


def table_name(target: str) -> str:
    """Give the table's own name of a target that may be qualified and quoted; unquoted names are in lower case."""
    last = re.findall(_NAME, target)[-1]
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.lower()


def _aimed(text: str, kind: str, found: dict[str, str | None]) -> Statement:
    options = tuple(
        (name.lower(), value.replace("''", "'")) for name, value in _OPTION.findall(found.get("options") or "")
    )
    return Statement(
        text, kind, select=(found.get("select") or "").strip(), target=table_name(found["target"] or ""),
        lenient=bool(found.get("lenient")), options=options,
    )  # fmt: skip
