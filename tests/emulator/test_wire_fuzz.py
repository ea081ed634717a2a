"""Hostile messages on the PostgreSQL port after the login: each ends in an error of the protocol, in time."""

from __future__ import annotations

import random
import socket
import struct
import time
import uuid
from collections.abc import Iterator

import psutil
import psycopg
import pytest
from running import Client, Server, running
from test_wire import parameters

from chatlio_helpers.emulator.query import query_statements
from chatlio_helpers.emulator.query.query_statements import Refused

ROUNDS = 400


class Raw:
    """A session that was let in and says what it likes."""

    def __init__(self, good: dict[str, object]) -> None:
        words = ("user", good["user"], "database", good["dbname"])
        settings = b"".join(str(one).encode() + b"\0" for one in words) + b"\0"
        self.socket = socket.create_connection((good["host"], good["port"]), timeout=10)
        self.socket.sendall(struct.pack("!II", len(settings) + 8, 196608) + settings)
        self.socket.sendall(frame(b"p", str(good["password"]).encode() + b"\0"))
        self.source = self.socket.makefile("rb")
        assert self.until_ready()[-1][0] == b"Z"

    def until_ready(self) -> list[tuple[bytes, bytes]]:
        """Give the messages up to ReadyForQuery, or to the end of the connection."""
        got: list[tuple[bytes, bytes]] = []
        while not got or got[-1][0] != b"Z":
            head = self.source.read(5)
            if len(head) < 5:
                break
            got.append((head[:1], self.source.read(struct.unpack("!I", head[1:])[0] - 4)))
        return got

    def ask(self, *messages: bytes) -> list[tuple[bytes, bytes]]:
        """Send messages and Sync, and give what comes."""
        self.socket.sendall(b"".join(messages) + frame(b"S"))
        return self.until_ready()

    def close(self) -> None:
        """Hang up."""
        self.source.close()
        self.socket.close()


def frame(letter: bytes, content: bytes = b"", length: int | None = None) -> bytes:
    """Give a message; *length* is what it pretends to have."""
    return letter + struct.pack("!I", len(content) + 4 if length is None else length) + content


def code(messages: list[tuple[bytes, bytes]]) -> str:
    """Give the SQLSTATE of the first error, or ""."""
    errors = [content for letter, content in messages if letter == b"E"]
    return next((part[1:].decode() for one in errors for part in one.split(b"\0") if part[:1] == b"C"), "")


def bind(values: list[bytes], *, forms: tuple[int, ...] = (), count: int | None = None) -> bytes:
    """Give a Bind message for the unnamed statement."""
    given = b"".join(struct.pack("!i", len(one)) + one for one in values)
    head = struct.pack(f"!H{len(forms)}H", len(forms), *forms)
    return frame(b"B", b"\0\0" + head + struct.pack("!H", len(values) if count is None else count) + given + b"\0\0")


def parse(sql: str, *oids: int) -> bytes:
    """Give a Parse message for the unnamed statement."""
    return frame(b"P", b"\0" + sql.encode() + b"\0" + struct.pack(f"!H{len(oids)}I", len(oids), *oids))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a platform that only hostile clients of the port meet."""
    with running(tmp_path_factory.mktemp("fuzz") / "state") as server:
        yield server


@pytest.fixture
def raw(server: Server) -> Iterator[Raw]:
    """Give a session."""
    made = Raw(parameters(Client(server)))
    yield made
    made.close()


@pytest.mark.parametrize(("messages", "wanted"), [
    ((parse("SELECT $1 + $2"), bind([b"1"])), "08P01"),
    ((parse("SELECT 1"), bind([b"1", b"2"])), "08P01"),
    ((parse("SELECT $1", 23), bind([b"1"], count=60000)), "08P01"),
    ((parse("SELECT $1 + $2"), bind([b"1", b"2"], forms=(0, 0, 0))), "08P01"),
    ((parse("SELECT $1", 23), bind([b"\0\0"], forms=(1,))), "08P01"),
    ((parse("SELECT $1", 23), bind([b"1"], forms=(7,))), "0A000"),
    ((parse("SELECT $1", 99999), bind([b"1"], forms=(1,))), "0A000"),
    ((parse("SELECT $1", 20), bind([b"9" * 40])), "22003"),
    ((parse("SELECT $1", 701), bind([b"nan"])), "22003"),
    ((parse("SELECT $1", 1700), bind([b"1e99999"])), "22003"),
    ((parse("SELECT $1", 1700), bind([b"x"])), "22P02"),
    ((parse("SELECT $1"), frame(b"B", b"\0\0\0\0\0\1\xff\xff\xff\xfe\0\0")), "08P01"),
    ((frame(b"P", b"\0SELECT 1\0\xff\xff"),), "08P01"),
    ((frame(b"D", b"x\0"),), "08P01"),
    ((frame(b"C", b"\0\0"),), "08P01"),
    ((parse("SELECT 1"), bind([]), frame(b"E", b"\0\0")), "08P01"),
    ((frame(b"\0", b"noise"),), "08P01"),
    ((frame(b"F", b"\0" * 100),), "08P01"),
])  # fmt: skip
def test_a_malformed_message_has_its_code_and_the_session_goes_on(
    raw: Raw, messages: tuple[bytes, ...], wanted: str
) -> None:
    """Wrong counts, forms, subtypes, cut contents and unknown letters: an error, and the next statement works."""
    assert code(raw.ask(*messages)) == wanted
    good = raw.ask(parse("SELECT $1 + 1", 23), bind([b"41"]), frame(b"E", b"\0" + b"\0" * 4))
    assert [content[-2:] for letter, content in good if letter == b"D"] == [b"42"]


@pytest.mark.parametrize("length", [0, 3, 5_000_000, 2**31, 2**32 - 1])
def test_an_impossible_length_ends_the_session(raw: Raw, length: int) -> None:
    """A length that no message has ends the connection with an error; nothing waits for the bytes it promises."""
    raw.socket.sendall(frame(b"Q", b"SELECT 1\0", length))
    got = raw.until_ready()
    assert code(got) == "08P01"
    assert got[-1][0] == b"E"


def test_a_session_keeps_no_more_bytes_than_it_should(raw: Raw) -> None:
    """Long statements are bounded together, also those that only a portal still has; closing some makes room."""
    long = f"SELECT '{'x' * 900_000}'"

    def prepared(name: str) -> str:
        return code(raw.ask(frame(b"P", name.encode() + b"\0" + long.encode() + b"\0\0\0")))

    assert [prepared(f"s{number}") for number in range(7)] == [""] * 5 + ["53400"] * 2
    assert code(raw.ask(frame(b"C", b"Ss0\0"))) == ""
    assert prepared("again") == ""
    portals = [frame(b"B", f"p{number}".encode() + b"\0s1\0" + b"\0" * 6) for number in range(7)]
    assert code(raw.ask(*portals)) == "53400"
    assert code(raw.ask(*portals[:2])) == ""


def test_random_messages_end_in_answers_within_bounds(server: Server) -> None:
    """Some hundred random sessions: none hangs, nothing breaks inside, the platform neither grows nor stops."""
    chance, good = random.Random(20260101), parameters(Client(server))
    begun = psutil.Process(server.process.pid).memory_info().rss
    session = Raw(good)
    for _ in range(ROUNDS):
        content = chance.choice((
            chance.randbytes(chance.randrange(40)),
            struct.pack("!HH", chance.randrange(65536), chance.randrange(65536)) + chance.randbytes(8),
            b"\0\0" + struct.pack("!Hi", chance.randrange(3), chance.choice((-1, -2, 2**31 - 1, 7))),
            b"S\0", b"P\0", b"\0SELECT $1\0\0\1\0\0\0\x17", b"\0\0\0\0\0\1\0\0\0\x011\0\0",
        ))  # fmt: skip
        letter = chance.choice((b"P", b"B", b"D", b"E", b"C", b"H", b"Q", b"d", b"p", chance.randbytes(1)))
        pretended = chance.choice((None, None, None, None, None, None, None, chance.randrange(2**32)))
        if letter in (b"S", b"X"):
            continue
        session.socket.sendall(frame(letter, content, pretended))
        if pretended is not None:
            session.socket.shutdown(socket.SHUT_WR)  # else a length in the bounds would be waited for
            session.until_ready()
            session.close()
            session = Raw(good)
        else:
            answered = session.ask()
            assert answered[-1][0] == b"Z"
            if letter == b"Q":  # it has a ReadyForQuery of its own
                session.until_ready()
            assert code(answered) != "58000"
    session.close()
    with psycopg.connect(**good) as database:
        assert database.execute("SELECT 1").fetchone() == (1,)
    assert psutil.Process(server.process.pid).memory_info().rss - begun < 60_000_000
    assert "Traceback" not in (server.folder / "log").read_text()


def test_a_text_of_open_quotations_is_refused_in_time() -> None:
    """Quotations in dollars that never end cost one look each, not one look through all that follows."""
    begun = time.monotonic()
    for opened in (f"$a{uuid.uuid4().hex}$ " * 20_000, "".join(f"$a{at}$ " for at in range(100_000)), "$$", "$x$ $y$"):
        text = opened.rstrip() if opened.count("$") < 10 else opened + "$end$"
        with pytest.raises(Refused):
            query_statements.one("SELECT " + text)
    assert time.monotonic() - begun < 3
    assert query_statements.one("SELECT $a$ it's; $a$, $$x$$, $1").kind == "read"
