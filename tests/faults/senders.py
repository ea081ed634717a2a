"""Senders that post numbered events over real sockets and remember what they were answered."""

from __future__ import annotations

import threading
import time
from collections import Counter
from random import Random
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from ..emulator.running import Chain, payload

TOGETHER = 20  # messages of a batch post
BAD = 10  # every tenth event has a value that the mapping refuses
PAUSE = 0.01  # seconds between two posts of a sender: several hundred events a second are load enough for the disk
AGAIN = 0.5  # share of posts without an answer that are sent again, as real senders do


class Sender(threading.Thread):
    """Posts to one dataflow until told to stop: single events, or batches.

    For each event it counts the posts that were acknowledged and those whose answer never came.
    """

    def __init__(self, chain: Chain, lane: str, *, batches: bool, seed: int) -> None:
        super().__init__(name=f"sender {lane}")
        self.chain, self.lane, self.batches = chain, lane, batches
        self.acknowledged: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()
        self._stopping, self._chance, self._number = threading.Event(), Random(f"{seed} {lane}"), 0
        self._http = requests.Session()

    def run(self) -> None:
        """Post until told to stop."""
        while not self._stopping.is_set():
            events = [self._next() for _ in range(TOGETHER if self.batches else 1)]
            while not self._post(events) and self._chance.random() < AGAIN and not self._stopping.is_set():
                time.sleep(0.05)
            time.sleep(PAUSE)

    def stop(self) -> None:
        """Let the post at hand end, and stop."""
        self._stopping.set()
        self.join()

    def _next(self) -> dict[str, Any]:
        self._number += 1
        return payload(f"{self.lane}-{self._number}", count="many" if self._number % BAD == 0 else self._number)

    def _post(self, events: list[dict[str, Any]]) -> bool:
        """Post, and take note of the answer; False when there was none."""
        ids = [event["id"] for event in events]
        try:
            if self.batches:
                self._acknowledge(ids, self._answers(events))
            else:
                answer = self._http.post(self.chain.url, json=events[0], timeout=30)
                self._acknowledge(ids, [{} if answer.status_code == 200 else {"statusCode": answer.status_code}])
        except requests.RequestException as error:
            if not _never_sent(error):
                self.unanswered.update(ids)
            return False
        return True

    def _answers(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        url = self.chain.url.replace("/collection/", "/collection/batch/")
        answer = self._http.post(url, json={"messages": events}, timeout=30)
        return answer.json()["responses"] if answer.status_code == 207 else [{"statusCode": 0}] * len(events)

    def _acknowledge(self, ids: list[str], answers: list[dict[str, Any]]) -> None:
        self.acknowledged.update(
            id for id, answer in zip(ids, answers, strict=True) if "statusCode" not in answer
        )  # what was refused is nowhere


def _never_sent(error: requests.RequestException) -> bool:
    """Tell whether there was not even a connection: then nothing can have arrived."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def event_is_bad(id: str) -> bool:
    """Tell whether the mapping refuses the event."""
    return int(id.rpartition("-")[2]) % BAD == 0
