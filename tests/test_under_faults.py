"""Our own client against the platform's dials: it survives each fault, or says in words what to do; nothing doubles."""

from __future__ import annotations

import itertools
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

import chatlio_helpers as kit
from chatlio_helpers import config, local
from chatlio_helpers.connection import Connection, connect
from chatlio_helpers.errors import CheckFailed, KitError, NotAuthorised, RateLimited, Unavailable
from chatlio_helpers.progress import silent

SAMPLE = json.loads((Path(__file__).parent.parent / "sample_payloads" / "feedback.json").read_text("utf-8"))
QUICK = {"landing_delay": 0, "enabling_delay": 0, "run_window": 0.5, "run_close_delay": 0}
SEED = 11
CHAIN: dict[str, dict[str, float]] = {
    "throttled": {"throttle_rate": 0.25},
    "unavailable": {"fault_rate": 0.15},
    "failing": {"fault_rate": 0.15, "fault_status": 500},
    "a gateway that gives up": {"fault_rate": 0.15, "fault_status": 504},
    "answers are lost": {"lost_rate": 0.25},
    "tokens are refused": {"token_refusal_rate": 0.3},
    "all at once": {"throttle_rate": 0.1, "fault_rate": 0.1, "token_refusal_rate": 0.1, "lost_rate": 0.1},
    "slow": {"latency": 0.02, "latency_jitter": 0.03},
    "few requests a second": {"seat_limit": 20},
    "tokens that live two seconds": {"token_life": 2},
    "slow to enable": {"enabling_delay": 0.8},
    "another day": {"clock_offset": 90_000},
}
SENDING: dict[str, dict[str, float]] = {
    "throttled": {"throttle_rate": 0.15},
    "unavailable": {"fault_rate": 0.2},
    "failing": {"fault_rate": 0.2, "fault_status": 500},
    "answers are lost": {"lost_rate": 0.2},
    "few requests a second": {"inlet_limit": 6},
    "slow": {"latency_jitter": 0.1},
    "frozen for a while": {"freeze": 1.0},
    "slow to land": {"landing_delay": 0.6, "run_window": 1, "run_close_delay": 0.5},
}

ENDLESS = "SELECT count(*) AS n FROM range(100000000000) a, range(1000) b WHERE a.range + b.range = -1"


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.LocalPlatform]:
    """Run a platform whose dials these tests turn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(config.HOME_VARIABLE, str(tmp_path_factory.mktemp("troubled")))
        running = local.start()
        yield running
        local.stop()


@pytest.fixture
def turn(troubled: local.LocalPlatform) -> Iterator[Callable[..., Any]]:
    """Turn dials for one test; each begins with the same draws and good dials."""
    start = {name: about["start"] for name, about in troubled.dials()["about"].items()}
    troubled.dials(**{**start, **QUICK, "seed": SEED})
    yield troubled.dials
    troubled.dials(**{**start, **QUICK})


@pytest.fixture
def aep(turn: Callable[..., Any], tmp_path: Path) -> Connection:
    """Connect to a seat that nobody has used."""
    return connect("local", seat=f"t{uuid.uuid4().hex[:10]}", workspace=str(tmp_path / "workspace"))


def stubborn(attempt: Callable[[], Any], times: int = 25, *, hasty: bool = True) -> tuple[Any, list[KitError]]:
    """Run the same cell again until it works, as a person would; gives what came out, and the refusals on the way.

    *hasty* leaves out the client's waits between two tries, which are of no use against faults that are drawn.
    """
    told: list[KitError] = []
    with stamina.set_testing(hasty, attempts=4):
        for _ in range(times):
            try:
                return attempt(), told
            except KitError as error:
                told.append(error)
    raise AssertionError(f"it never worked: {told[-1]}")


def objects(aep: Connection) -> Counter[str]:
    """Count everything in the sandbox by kind and name."""
    listed: list[tuple[str, Any]] = []
    for noun in ("fieldgroups", "schemas"):
        listed += [(noun, item.get("title")) for item in aep.schemas.list(noun)]
    listed += [("dataSets", item.get("name")) for item in aep.catalog.datasets()]
    listed += [("mappingSets", item.get("name")) for item in aep.mappings.list()]
    for noun in ("sourceConnections", "targetConnections", "flows"):
        listed += [(noun, item.get("name")) for item in aep.flows.list(noun)]
    return Counter(f"{noun} {name}" for noun, name in listed)


@pytest.mark.parametrize("trouble", CHAIN)
def test_a_chain_is_made_once(aep: Connection, turn: Callable[..., Any], trouble: str) -> None:
    """However the calls fail, running the same cell again makes each object once, and every refusal says what to do."""
    turn(**CHAIN[trouble])
    made, told = stubborn(
        lambda: kit.plan(aep, kinds=("feedback",)).apply(bar=silent), hasty="seat_limit" not in CHAIN[trouble]
    )
    turn(**dict.fromkeys(CHAIN[trouble], 0) | {"fault_status": 503, "token_life": 3600})
    assert all(error.what and error.next_step for error in told)
    assert all(isinstance(error, Unavailable | RateLimited | NotAuthorised) for error in told), told
    assert set(objects(aep).values()) == {1}
    assert sum(objects(aep).values()) == 7
    assert made.check()
    assert kit.plan(aep, kinds=("feedback",)).counts["create"] == 0


def test_a_chain_is_cleaned_up_whole(aep: Connection, turn: Callable[..., Any]) -> None:
    """Deleting under faults leaves nothing of ours, however often it must be run again."""
    kit.plan(aep, kinds=("feedback",)).apply(bar=silent)
    turn(**CHAIN["all at once"])
    stubborn(lambda: kit.clean(aep, bar=silent))
    turn(**dict.fromkeys(CHAIN["all at once"], 0))
    assert objects(aep) == Counter()


def events(count: int) -> list[tuple[str, dict[str, Any]]]:
    """Give feedback payloads, each of another conversation."""
    return [("feedback", SAMPLE | {"conversationUUID": str(uuid.uuid4())}) for _ in range(count)]


@pytest.mark.parametrize("trouble", SENDING)
def test_no_event_is_lost(aep: Connection, turn: Callable[..., Any], trouble: str) -> None:
    """Sent again until all are received, every event lands; one whose answer was lost may land twice."""
    made = kit.plan(aep, kinds=("feedback",)).apply(bar=silent)
    turn(**SENDING[trouble])
    given = events(12)
    for _ in range(10):
        sent = kit.send(aep, given, made=made)
        if not sent.waiting:
            break
    turn(**dict.fromkeys(SENDING[trouble].keys() - QUICK.keys(), 0) | {"fault_status": 503})
    assert (len(sent.accepted) + len(sent.already_delivered), sent.dead, sent.refused) == (12, (), ())
    assert kit.verify(aep, sent).check()
    rows = Counter(kit.landed(aep)["_id"])
    assert set(rows) == set(sent.ids["feedback"])
    assert trouble == "answers are lost" or set(rows.values()) == {1}


def test_an_event_that_was_refused_for_good_is_revived(aep: Connection, turn: Callable[..., Any]) -> None:
    """An inlet that answers 401 buries the event with words; asked for again, it lands, and only once."""
    made = kit.plan(aep, kinds=("feedback",)).apply(bar=silent)
    turn(token_refusal_rate=1)
    given = events(3)
    sent = kit.send(aep, given, made=made)
    assert len(sent.dead) == 3
    assert all(one.reason and one.next_step for one in sent.dead)
    turn(token_refusal_rate=0)
    revived = kit.send(aep, given, made=made, revive=True)
    assert kit.verify(aep, revived).check()
    assert list(Counter(kit.landed(aep)["_id"]).values()) == [1, 1, 1]


def test_a_token_that_is_always_refused_is_told(aep: Connection, turn: Callable[..., Any]) -> None:
    """One new token is fetched, then the refusal is told with the next step."""
    turn(token_refusal_rate=1)
    with pytest.raises(NotAuthorised) as caught:
        aep.flows.list("flows")
    assert caught.value.next_step


def test_a_frozen_platform_is_waited_for(aep: Connection, turn: Callable[..., Any]) -> None:
    """A freeze that is shorter than the client's patience is only a slow answer; the platform is found again."""
    turn(freeze=1.2)
    assert aep.flows.list("flows") == []
    turn(freeze=0.5)
    assert local.attach() is not None


def test_a_query_that_takes_too_long_is_given_up_in_words(turn: Callable[..., Any], aep: Connection) -> None:
    """The platform ends it, and the client says that it ran out of time and what to do."""
    turn(query_time=0.5)
    with pytest.raises(CheckFailed, match="TIMEOUT") as caught:
        aep.queries.rows(ENDLESS)
    assert "longer than the platform allows" in str(caught.value)
    assert "less" in caught.value.next_step


def test_every_dial_is_turned_here(troubled: local.LocalPlatform) -> None:
    """A dial that no test of our client turns fails this test."""
    turned = set(itertools.chain.from_iterable([*CHAIN.values(), *SENDING.values()])) | {"seed", "query_time"}
    assert set(troubled.dials()["dials"]) == turned
