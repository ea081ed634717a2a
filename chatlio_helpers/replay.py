"""Send the recorded calls of one local platform again to another: the same chain, with ids of its own.

The record (``chatlio-kit platform requests --out FILE``) holds no secrets, so each seat's calls are signed with its own
fresh token. Ids differ from platform to platform: what an old answer called by one name and the new answer by another
is called by the new name in everything that is sent from then on. Events are posted to the inlets of the dataflows that
the record made, as far as it has them whole.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit
from urllib.request import Request, urlopen

from .errors import ConfigurationError, LocalPlatformError
from .local import LocalPlatform
from .results import Result, check
from .secret import Secret

PATIENCE = 10.0  # seconds to try a call again that was good before: a dataflow needs its time until it is enabled
_PAUSE = 0.1
_NEEDED = {"seat": str, "method": str, "path": str, "query": str, "headers": dict, "status": int, "number": int,
           "cut": bool, "request": object, "answer": object}  # fmt: skip
_ID = re.compile(r"(?=.*\d)[\w.:/@$\"-]{8,}")
_LEVELS = 256  # of objects and arrays in one line: a platform writes no more
_EVENTS, _SEVERAL = "/collection/", "/collection/batch/"
_FLOW_ID = "x-adobe-flow-id"
_HIDDEN = "•••"  # what a record has in the place of a secret
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Replayed:
    """What became of each recorded call: ``same`` status, ``different``, or ``skipped`` with the reason."""

    rows: tuple[dict[str, Any], ...]

    def count(self, outcome: str) -> int:
        """Count the calls with an outcome."""
        return sum(row["outcome"] == outcome for row in self.rows)

    def check(self) -> Result:
        """Say that every call that was sent again had the same status; raises CheckFailed otherwise."""
        odd = next((row for row in self.rows if row["outcome"] == "different"), None)
        return check(
            "replay",
            odd is None and self.count("same") > 0,
            repr(self),
            otherwise=f"{self!r}; first: {odd}" if odd else "no call could be sent again",
            next_step="compare the two answers: chatlio-kit platform requests --json",
            found=self.count("same"),
        )

    def __repr__(self) -> str:
        return ", ".join(f"{self.count(outcome)} {outcome}" for outcome in ("same", "different", "skipped"))


@dataclass
class Names:
    """What is called otherwise on the new platform; old name to new name."""

    new: dict[str, str] = field(default_factory=dict)
    _pattern: re.Pattern[str] | None = None

    def tell(self, old: str, new: str) -> None:
        """Learn one pair."""
        if old and old != new:
            self.new[old], self._pattern = new, None

    def learn(self, old: Any, new: Any) -> None:
        """Learn from two answers of the same shape; from lists only where it is clear what belongs together."""
        if isinstance(old, dict) and isinstance(new, dict):
            self._learn_keys(old, new)
            for key in old.keys() & new.keys():
                self.learn(old[key], new[key])
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) == 1:
            self.learn(old[0], new[0])
        elif isinstance(old, str) and isinstance(new, str):
            self._learn_text(old, new)

    def _learn_keys(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        """Catalog puts an object under its id."""
        (gone, come) = (old.keys() - new.keys(), new.keys() - old.keys())
        if len(gone) == len(come) == 1:
            before, after = gone.pop(), come.pop()
            self._learn_text(before, after)
            self.learn(old[before], new[after])

    def _learn_text(self, old: str, new: str) -> None:
        """Learn an id, and the last part of one that is written as a path, such as ``@/dataSets/{id}``."""
        (place, _, last), (new_place, _, new_last) = old.rpartition("/"), new.rpartition("/")
        for before, after in ((old, new), (last, new_last)) if place == new_place else ((old, new),):
            if _ID.fullmatch(before) and _ID.fullmatch(after):
                self.tell(before, after)

    def translated(self, text: str) -> str:
        """Give *text* with every old name in it replaced by the new one."""
        if not self.new:
            return text
        if self._pattern is None:
            self._pattern = re.compile("|".join(map(re.escape, sorted(self.new, key=len, reverse=True))))
        return self._pattern.sub(lambda found: self.new[found.group()], text)


def replay(running: LocalPlatform, lines: Iterable[str], *, patience: float = PATIENCE) -> Replayed:
    """Send the calls of a record (JSON Lines), events too, to *running*; a seat that is not there is made.

    Token requests are left out, so are calls whose record was cut or that met a passing fault, and events of a dataflow
    that the record did not make, or with a part that was hidden as a secret.
    Raises ConfigurationError for something that is no record, or when *running* is not on this computer.
    """
    if urlsplit(running.url).hostname not in _LOOPBACK:
        raise ConfigurationError(
            f"{running.url} is not on this computer.",
            cause="a record is only ever replayed to a local platform",
            next_step="leave the address to the kit: name the state folder with --data",
        )
    records = list(_records(lines))
    names, seats = Names(), {}
    rows = []
    for record in records:
        reason = _unfit(record)
        if reason:
            rows.append(_row(record, 0, "skipped", reason))
            continue
        if record["seat"] not in seats:
            seats[record["seat"]] = _Seat(running, record, names)
        seat = seats[record["seat"]]
        rows.append((_posted if _is_event(record) else _again)(seat, record, names, patience))
    return Replayed(tuple(rows))


def _records(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not _is_record(record):
            raise ConfigurationError(
                f"Line {number} is no recorded request.",
                cause="the file is not a download of a local platform's record",
                next_step="make one with: chatlio-kit platform requests --out FILE",
            )
        yield record


def _is_record(record: Any) -> bool:
    return isinstance(record, dict) and _is_shallow(record) and all(
        name in record and isinstance(record[name], kind) for name, kind in _NEEDED.items()
    )  # fmt: skip


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(_LEVELS):
        level = [inner for one in level if isinstance(one, dict | list)
                 for inner in (one.values() if isinstance(one, dict) else one)]  # fmt: skip
        if not level:
            return True
    return False


def _is_event(record: Mapping[str, Any]) -> bool:
    return str(record["path"]).startswith(_EVENTS)


def _unfit(record: Mapping[str, Any]) -> str:
    """Say why a call cannot be sent again; empty when it can."""
    path, status = str(record["path"]), int(record["status"])
    if not path.startswith(("/data/", _EVENTS)):
        return "a token request: the replay takes tokens of its own"
    if not record["seat"]:
        return "nobody's: its API key, or its inlet, is unknown"
    if record["cut"]:
        return "recorded in part only"
    passing = status in (0, 401, 429) or (status >= 500 and status != 501)
    if passing:
        return f"met a passing fault ({status})"
    if _is_event(record) and _HIDDEN in json.dumps(record["request"], ensure_ascii=False):
        return "a part of the event is hidden in the record as a secret"
    return ""


class _Seat:
    """One seat of the new platform, with a token of its own."""

    def __init__(self, running: LocalPlatform, record: Mapping[str, Any], names: Names) -> None:
        self._url = running.url
        self._keys = json.loads(running.seat(str(record["seat"])).read_text(encoding="utf-8"))
        names.tell(str(record.get("org", "")), self._keys["org_id"])
        tenant = running.call("GET", f"/_local/seats/{quote(str(record['seat']), safe='')}")["tenant"]
        names.tell(str(record.get("tenant", "")), tenant)
        self._token = self._fresh_token()
        self._sandboxes: dict[str, str] = {}  # of the dataflows that were made anew, by their new id

    def _fresh_token(self) -> Secret:
        form = {"grant_type": "client_credentials", "client_id": self._keys["client_id"],
                "client_secret": self._keys["secret"], "scope": self._keys["scopes"]}  # fmt: skip
        headers = {"content-type": "application/x-www-form-urlencoded"}
        status, answer = _sent("POST", f"{self._url}/ims/token/v3", headers, urlencode(form).encode())
        if status != 200:
            raise LocalPlatformError(f"The local platform gave no token ({status}).", next_step="look into its log")
        return Secret(json.loads(answer)["access_token"])

    def call(self, record: Mapping[str, Any], names: Names) -> tuple[int, Any]:
        """Send a recorded call with this platform's names; gives status and JSON body (None when it has none)."""
        path = "/".join(quote(names.translated(unquote(part)), safe="") for part in str(record["path"]).split("/"))
        headers = {name: names.translated(str(text)) for name, text in record["headers"].items()}
        headers |= self._signature(str(record.get("sandbox", "")))
        url = f"{self._url}{path}{_query(record, names)}"
        return _answered(str(record["method"]), url, headers, _content(record, names))

    def made(self, record: Mapping[str, Any], answer: Any) -> None:
        """Remember a dataflow that was made anew."""
        is_flow = record["method"] == "POST" and str(record["path"]).endswith("/flowservice/flows")
        if is_flow and isinstance(answer, dict) and answer.get("id"):
            self._sandboxes[str(answer["id"])] = str(record.get("sandbox", ""))

    def has(self, flow: str) -> bool:
        """Tell whether the dataflow with the new id *flow* was made anew."""
        return flow in self._sandboxes

    def post(self, record: Mapping[str, Any], flow: str, names: Names) -> tuple[int, Any]:
        """Post a recorded event to the inlet of *flow*; gives status and JSON body, 0 while there is no inlet."""
        inlet = self._inlet(flow)
        if not inlet:
            return 0, None
        headers = {"content-type": "application/json", "authorization": f"Bearer {self._token.reveal()}"}
        if _FLOW_ID in record["headers"]:
            headers[_FLOW_ID] = flow
        beginning = _SEVERAL if str(record["path"]).startswith(_SEVERAL) else _EVENTS
        url = f"{self._url}{beginning}{inlet}{_query(record, names)}"
        return _answered(str(record["method"]), url, headers, _content(record, names))

    def _inlet(self, flow: str) -> str:
        url = f"{self._url}/data/foundation/flowservice/flows/{quote(flow, safe='')}"
        _, answer = _answered("GET", url, self._signature(self._sandboxes[flow]), None)
        try:
            return str(answer["items"][0]["options"]["inletUrl"]).rpartition("/")[2]
        except (KeyError, IndexError, TypeError):
            return ""

    def _signature(self, sandbox: str) -> dict[str, str]:
        headers = {"authorization": f"Bearer {self._token.reveal()}", "x-api-key": self._keys["client_id"],
                   "x-gw-ims-org-id": self._keys["org_id"]}  # fmt: skip
        return headers | ({"x-sandbox-name": sandbox} if sandbox else {})


def _again(seat: _Seat, record: Mapping[str, Any], names: Names, patience: float) -> dict[str, Any]:
    status, answer = _patiently(record, patience, lambda: seat.call(record, names))
    if status == record["status"]:
        names.learn(record["answer"], answer)
        seat.made(record, answer)
        return _row(record, status, "same")
    return _row(record, status, "different", json.dumps(answer)[:300])


def _posted(seat: _Seat, record: Mapping[str, Any], names: Names, patience: float) -> dict[str, Any]:
    flow = names.translated(_flow(record))
    if not seat.has(flow):
        why = "its dataflow was not made in this record" if flow else "it names no dataflow"
        return _row(record, 0, "skipped", why)
    status, answer = _patiently(record, patience, lambda: seat.post(record, flow, names))
    if status == record["status"] and _refused(answer) == _refused(record["answer"]):
        return _row(record, status, "same")
    return _row(record, status, "different", json.dumps(answer)[:300])


def _patiently(record: Mapping[str, Any], patience: float, send: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """Send until the answer is as good as it was, or the time is over: a dataflow needs its time until it is enabled.

    Several events of which one was taken are not sent again, because that one would land twice.
    """
    until = time.monotonic() + patience
    while True:
        status, answer = send()
        as_before = status == record["status"] and not (_all_refused(answer) and not _all_refused(record["answer"]))
        if as_before or int(record["status"]) >= 400 or time.monotonic() > until:
            return status, answer
        time.sleep(_PAUSE)


def _flow(record: Mapping[str, Any]) -> str:
    """Give the dataflow that an event names, by its old id: in the header, the query or the message itself; or ""."""
    body = record["request"]
    envelope = body.get("header") if isinstance(body, dict) else None
    in_message = envelope.get("flowId") if isinstance(envelope, dict) else None
    in_query = dict(parse_qsl(record["query"])).get(_FLOW_ID)
    return str(record["headers"].get(_FLOW_ID) or in_query or in_message or "")


def _responses(answer: Any) -> list[Any]:
    found = answer.get("responses") if isinstance(answer, dict) else None
    return found if isinstance(found, list) else []


def _refused(answer: Any) -> int:
    """Count the messages that the answer to several says were refused."""
    return sum(1 for one in _responses(answer) if isinstance(one, dict) and "statusCode" in one)


def _all_refused(answer: Any) -> bool:
    return 0 < len(_responses(answer)) == _refused(answer)


def _query(record: Mapping[str, Any], names: Names) -> str:
    pairs = [(name, names.translated(text)) for name, text in parse_qsl(record["query"], keep_blank_values=True)]
    return f"?{urlencode(pairs)}" if pairs else ""


def _content(record: Mapping[str, Any], names: Names) -> bytes | None:
    body = record["request"]
    text = body if isinstance(body, str) else json.dumps(body)
    return None if body is None else names.translated(text).encode()


def _answered(method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> tuple[int, Any]:
    status, answer = _sent(method, url, headers, content)
    try:
        return status, json.loads(answer)
    except ValueError:
        return status, None


def _row(record: Mapping[str, Any], status: int, outcome: str, why: str = "") -> dict[str, Any]:
    return {"number": record["number"], "seat": record["seat"], "method": record["method"], "path": record["path"],
            "was": record["status"], "is": status, "outcome": outcome, "why": why}  # fmt: skip


def _sent(method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> tuple[int, bytes]:
    request = Request(url, data=content, method=method, headers=dict(headers))  # noqa: S310 - loopback http
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            return int(answer.status), answer.read()
    except HTTPError as error:
        return error.code, error.read()
    except (URLError, OSError) as error:
        raise LocalPlatformError(
            "The local platform stopped answering.", cause=str(error), next_step="start it, and replay again"
        ) from error
