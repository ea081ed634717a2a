"""The journal keeps what was accepted: in order, on disk, in few commits."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from chatlio_helpers.emulator.collection.journal import Journal, JournalUnwritable, Message


def _message(text: str) -> Message:
    return Message("default", "dev", "flow", "dataset", "inlet", f"1:1:{text}", 1, text.encode())


def _append(journal: Journal, *groups: list[str]) -> None:
    async def together() -> None:
        await asyncio.gather(*(journal.append([_message(text) for text in group]) for group in groups))

    asyncio.run(together())


@pytest.fixture
def journal(tmp_path: Path):
    """Give a journal in a folder of its own."""
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


def test_messages_come_back_in_the_order_of_acceptance(journal: Journal) -> None:
    """Reading gives bodies and numbers in the order in which they were appended, page by page."""
    _append(journal, ["a", "b"], ["c"])
    first = journal.read(after=0, limit=2)
    rest = journal.read(after=first[-1].number, limit=10)
    assert [message.body for message in first + rest] == [b"a", b"b", b"c"]


def test_an_append_outlives_a_new_start(tmp_path: Path) -> None:
    """What was appended is there for the next process that opens the file."""
    before = Journal(tmp_path / "journal.sqlite")
    _append(before, ["kept"])
    before.close()
    after = Journal(tmp_path / "journal.sqlite")
    assert [message.body for message in after.read(0, 10)] == [b"kept"]
    after.close()


def test_requests_that_wait_together_share_a_commit(journal: Journal) -> None:
    """Two hundred appends at once need only a handful of commits."""
    commits: list[int] = []
    journal.appended = lambda: commits.append(1)
    _append(journal, *([str(number)] for number in range(200)))
    assert len(journal.read(0, 1000)) == 200
    assert len(commits) <= 5


def test_numbers_are_never_used_twice(journal: Journal) -> None:
    """A cursor stays right after the journal was emptied and opened again: new messages get higher numbers."""
    _append(journal, ["a", "b"])
    last = journal.read(0, 10)[-1].number
    journal.forget(last)
    journal.close()
    again = Journal(journal.path)
    _append(again, ["c"])
    assert [message.body for message in again.read(last, 10)] == [b"c"]
    again.close()


def test_forgetting_leaves_what_is_newer(journal: Journal) -> None:
    """Messages up to the given number go, with their content; newer ones stay."""
    _append(journal, ["a", "b", "c"])
    last = journal.read(0, 2)[-1].number
    journal.forget(last)
    assert [message.body for message in journal.read(0, 10)] == [b"", b"c"]
    assert [message.body for message in journal.read(last, 10)] == [b"c"]


def test_a_full_disk_refuses_and_recovers(journal: Journal) -> None:
    """When the file cannot grow the append raises, nothing of it stays, and it works again when there is room."""
    _append(journal, ["before"])
    pages = journal._writer.execute("PRAGMA page_count").fetchone()[0]
    journal._writer.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(JournalUnwritable, match="full"):
        _append(journal, ["small", "x" * 200_000])
    journal._writer.execute("PRAGMA max_page_count=1000000")
    _append(journal, ["after"])
    assert [message.body for message in journal.read(0, 10)] == [b"before", b"after"]


def test_a_cancelled_request_does_not_harm_the_others(journal: Journal) -> None:
    """A client that hangs up during the commit leaves the neighbours' messages accepted."""

    async def scene() -> None:
        leaving = asyncio.create_task(journal.append([_message("leaving")]))
        staying = asyncio.create_task(journal.append([_message("staying")]))
        await asyncio.sleep(0)
        leaving.cancel()
        await staying

    asyncio.run(scene())
    assert b"staying" in [message.body for message in journal.read(0, 10)]


def test_what_was_confirmed_survives_a_kill(tmp_path: Path) -> None:
    """After SIGKILL in the middle of appending, every confirmed message is in the file, whole."""
    path = tmp_path / "journal.sqlite"
    writer = textwrap.dedent(f"""
        import asyncio, sys
        from chatlio_helpers.emulator.collection.journal import Journal, Message
        async def main():
            journal = Journal({str(path)!r})
            for number in range(100000):
                await journal.append([Message("s", "dev", "f", "d", "i", str(number), 1, b"x" * 500)])
                sys.stdout.write(f"{{number}}\\n"); sys.stdout.flush()
        asyncio.run(main())
    """)
    process = subprocess.Popen([sys.executable, "-c", writer], stdout=subprocess.PIPE, text=True)
    confirmed = [process.stdout.readline().strip() for _ in range(100)]
    os.kill(process.pid, signal.SIGKILL)
    confirmed += process.stdout.read().split()
    process.wait()
    journal = Journal(path)
    stored = [message.transaction_id for message in journal.read(0, 200_000)]
    journal.close()
    assert stored[: len(confirmed)] == confirmed
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
