"""The mapping process: it may end at any moment, and nobody but the row that ends it is the worse for it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from running import Client, Server, make_chain, payload, running
from running import wait_until as wait

from chatlio_helpers.emulator.landing import frames, job, outcome
from chatlio_helpers.emulator.landing.job import Definition, Job, Piece, Target
from chatlio_helpers.emulator.landing.outcome import Outcome
from chatlio_helpers.emulator.landing.suspicion import CHANCES, MOST_ROWS, Suspicion
from chatlio_helpers.emulator.landing.tally import Causes, Reason
from chatlio_helpers.emulator.landing.time_limit import TooLong, within
from chatlio_helpers.emulator.prep.mapper import Mapper

WORKER = "chatlio_helpers.emulator.landing.worker"
TARGET = Target("s", "o", "dev", "i", "f", "d")
SLOW = "a" * 60  # what makes the pattern below try for as long as it may
SLOW_MAPPINGS = (
    ("ATTRIBUTE", "id", "_id"),
    ("EXPRESSION", "now()", "timestamp"),
    ("EXPRESSION", 'iif(matches_regex(text, "(a+)+b(?=x)c|(a|a)*b"), "yes", "no")', "_{tenant}.text"),
)


def wait_until(true: Callable[[], Any]) -> None:
    """Wait as long as several starts of a process may take on a busy machine."""
    wait(true, 60)


def _worker(server: Server) -> psutil.Process | None:
    children = psutil.Process(server.process.pid).children()
    return next((child for child in children if WORKER in _command(child)), None)


def _command(process: psutil.Process) -> list[str]:
    """Give the words that a process was started with; none when it is gone."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # also of one that has ended and that nobody has waited for yet
        return []


def _busy(server: Server, idle: float) -> psutil.Process | None:
    """Give the mapping process when it has worked clearly more than a start takes."""
    worker = _worker(server)
    return worker if worker and worker.cpu_times().user > idle + 0.2 else None


def test_jobs_and_outcomes_pass_unchanged() -> None:
    """A round and its outcomes are the same on both sides of the pipes, down to the bytes of the messages."""
    pieces = [Piece(1, "1:1:1", "inlet", b'{"a": 1}'), Piece(2, "1:1:2", "inlet", b"\xff")]
    jobs = [
        Job(TARGET, pieces, "L1", "F1", 5, definition=Definition("key", b"{}")),
        Job(TARGET, pieces[:1], "L2", "F2", 6, refusal=Reason("code", "words")),
    ]
    pipe = io.BytesIO()
    frames.send(pipe, job.packed(jobs))
    pipe.seek(0)
    for before, after in zip(jobs, job.unpacked(frames.receive(pipe)), strict=True):
        assert vars(before) == vars(after)
    causes = Causes()
    causes.add(3, [Reason("code", "words")])
    done = [Outcome(landed=1, failed=2, kinds={"mapper": 2}, causes=causes)]
    assert outcome.unpacked(outcome.packed(done, ["a note"])) == (done, ["a note"])


def test_a_frame_that_is_cut_is_the_end() -> None:
    """Half a frame, as a killed process leaves it, is told like no frame at all."""
    pipe = io.BytesIO()
    frames.send(pipe, [b"part", b"another"])
    for size in (0, 3, 10, len(pipe.getvalue()) - 1):
        with pytest.raises(EOFError):
            frames.receive(io.BytesIO(pipe.getvalue()[:size]))


def test_work_that_never_ends_is_given_up() -> None:
    """The limit interrupts work, counts processor time, and leaves no timer behind."""

    def forever() -> None:
        while True:
            pass

    with pytest.raises(TooLong):
        within(0.05, forever)
    assert within(0.05, time.sleep, 0.2) is None
    assert sum(within(5, range, 3)) == 3


def test_a_payload_that_takes_too_long_has_failed() -> None:
    """A mapping without an end fails its row, with words, and the next payload is mapped as ever."""
    mapper = Mapper([{"sourceType": "EXPRESSION", "source": SLOW_MAPPINGS[2][1], "destination": "x"}])
    slow = mapper.apply({"text": SLOW}, datetime.now(UTC), limit=0.1)
    assert slow.failed
    assert "was given up after 0.1 s" in slow.problems[0].message
    assert mapper.apply({"text": "b"}, datetime.now(UTC)).record == {"x": "yes"}


def test_the_message_that_ends_the_process_is_found() -> None:
    """Rounds are halved until one message is alone, which has its chances; afterwards rounds grow again."""
    suspicion = Suspicion()
    poison, rounds = 1500, []  # of 2000 messages, the one that ends the process
    first = 0
    while first <= poison:
        size = min(suspicion.most, 2000 - first)
        rounds.append(size)
        if suspicion.proven:
            assert (first, size) == (poison, 1)
            break
        if first <= poison < first + size:
            suspicion.ended(size)
        else:
            suspicion.landed()
            first += size
    else:
        pytest.fail("the message was not found")
    assert rounds[:3] == [MOST_ROWS, MOST_ROWS, MOST_ROWS // 2]
    assert rounds[-1 - CHANCES :] == [1] * (1 + CHANCES)
    suspicion.landed()
    assert (suspicion.proven, suspicion.most) == (False, 2)


def test_a_killed_mapping_process_loses_nothing(tmp_path: Path) -> None:
    """Whatever is accepted while the mapping process is dead lands once a new one is there."""
    with running(tmp_path) as server:
        chain = make_chain(Client(server))
        for number in range(3):
            wait_until(lambda: _worker(server))
            _worker(server).kill()
            chain.post(payload(number))
            wait_until(lambda number=number: chain.counts() == (number + 1, 0))
        assert sorted(row["_id"] for row in chain.landed()) == ["event-0", "event-1", "event-2"]


def test_a_message_that_ends_the_process_again_and_again_is_a_failed_row(tmp_path: Path) -> None:
    """After its chances it is kept as failed, with the reason; what came before and after it lands."""
    with running(tmp_path) as server:
        chain = make_chain(Client(server), mappings=SLOW_MAPPINGS)
        chain.post({"id": "before", "text": "b"})
        wait_until(lambda: chain.counts() == (1, 0))
        idle = _worker(server).cpu_times().user
        chain.post({"id": "poison", "text": SLOW})
        for _ in range(CHANCES):
            wait_until(lambda: _busy(server, idle))
            worker = _worker(server)
            worker.kill()
            wait_until(lambda worker=worker: _worker(server) not in (None, worker))
        wait_until(lambda: chain.counts() == (1, 1))
        chain.post({"id": "after", "text": "b"})
        wait_until(lambda: chain.counts() == (2, 1))
        (failure,) = chain.failed()
        assert failure["body"] == {"id": "poison", "text": SLOW}
        assert f"ended each of the {CHANCES} times" in failure["_errors"][0]["message"]


def test_the_mapping_process_ends_with_the_server(tmp_path: Path) -> None:
    """It ends after a stop, and after a kill of the server also in the middle of its work, which is done anew."""
    with running(tmp_path) as server:
        chain = make_chain(Client(server), mappings=SLOW_MAPPINGS)
        wait_until(lambda: _worker(server))
        worker = _worker(server)
        for number in range(2):
            chain.post({"id": f"{number}", "text": SLOW})
        server.kill()
        wait_until(lambda: not worker.is_running())
        server.start()
        wait_until(lambda: sum(chain.counts()) == 2)
        worker = _worker(server)
        server.stop()
        wait_until(lambda: not worker.is_running())


def test_a_disk_that_refuses_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Neither the staging folder nor the lake can be written for a while: all lands once when they can be again."""
    with running(tmp_path) as server:
        chain = make_chain(Client(server))
        chain.post(payload(0))
        wait_until(lambda: chain.counts() == (1, 0))
        for number, place in enumerate((tmp_path / "staging", tmp_path / "lake" / "default"), start=1):
            aside = place.with_name("aside")
            place.rename(aside)
            place.write_text("a file where a folder should be")
            chain.post(payload(number))
            wait_until(lambda number=number: (server.folder / "log").read_text().count("landing failed") >= number)
            assert chain.counts() == (number, 0)
            place.unlink()
            aside.rename(place)
            wait_until(lambda number=number: chain.counts() == (number + 1, 0))
        assert sorted(row["_id"] for row in chain.landed()) == ["event-0", "event-1", "event-2"]
        assert [path.name for path in (tmp_path / "staging").iterdir()] == ["lock"]
