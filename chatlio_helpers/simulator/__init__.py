"""Plays Chatlio, without a network: an hour of chats as the payloads that the five webhooks would post.

Shapes are exactly the documented ones. Assumed, because Chatlio documents no more: a reminder every two minutes while
a visitor waits (one team's setting), its ``message`` being the opening text, and feedback after the transcript.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from .. import times
from ..cards import html_table
from ..errors import ConfigurationError
from ..events import KINDS, Events, classify
from ..tables import table
from . import dialogues

if TYPE_CHECKING:
    import pandas

LENGTH = 3600  # seconds
REMINDER = 120  # seconds; observed in one team's workspace
MOST = 100_000
_LOAD = (1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 11, 11, 10, 12, 13, 13, 12, 11, 9, 7, 5, 4, 3, 2)  # chats by UTC hour, relative
_SHARED_CHANNEL = ("live-chat", "C0SHARED01")
_ZONE = timezone(timedelta(hours=2))
Line = tuple[float, str, bool]  # seconds after the start of the hour, text, written by the visitor


class Chat(NamedTuple):
    """One post: when (UTC), to the webhook of which kind, and its body."""

    at: datetime
    kind: str
    payload: dict[str, Any]


class Chats(Sequence[Chat]):
    """The posts of a simulated hour in the order of time."""

    def __init__(self, chats: Sequence[Chat]) -> None:
        self._chats = tuple(chats)

    @overload
    def __getitem__(self, index: int) -> Chat: ...
    @overload
    def __getitem__(self, index: slice) -> Chats: ...
    def __getitem__(self, index: int | slice) -> Chat | Chats:
        return Chats(self._chats[index]) if isinstance(index, slice) else self._chats[index]

    def __len__(self) -> int:
        return len(self._chats)

    def events(self) -> Events:
        """Give the posts as events: the kind is known by the URL, the time of receipt is that of the post."""
        return Events(classify(chat.payload, chat.kind, received_at=chat.at) for chat in self)

    def lines(self) -> Iterator[str]:
        """Give one JSON line per post, an envelope that ``load`` reads back."""
        for chat in self:
            envelope = {"kind": chat.kind, "received_at": times.written(chat.at), "payload": chat.payload}
            yield json.dumps(envelope, ensure_ascii=False)

    def summary(self) -> pandas.DataFrame:
        """Give one row per kind: posts, conversations, first and last post, median size in bytes."""
        return table(self._rows(), columns=("kind", "posts", "conversations", "first", "last", "median_bytes"))

    def __repr__(self) -> str:
        return "\n".join([self._says(), *(f"  {row['kind']}: {row['posts']}" for row in self._rows())])

    def _repr_html_(self) -> str:
        return html_table(self._rows(), self._says())

    def _says(self) -> str:
        return f"Chats: {len(self)} posts" + (f" from {self[0].at:%Y-%m-%d %H:%M} UTC" if self else "")

    def _rows(self) -> list[dict[str, Any]]:
        return [_row(kind, [chat for chat in self if chat.kind == kind]) for kind in KINDS]


def hour(seed: int = 7, start: datetime | None = None, chats: int = 40) -> Chats:
    """Give *chats* conversations and offline forms that begin and end within the hour after *start*.

    The same *seed* and *start* give the same posts; another start gives new conversations of the same visitors.
    Without *start* it is the hour that ends now. From four chats on, all five kinds occur. Raises
    ConfigurationError when *chats* is below 0 or above 100,000, or *start* has no time zone.
    """
    _checked(start, chats)
    begin = (start or datetime.now(UTC) - timedelta(seconds=LENGTH)).astimezone(UTC).replace(microsecond=0)
    return _played(seed, begin, [0] * chats)


def day(seed: int = 7, start: datetime | None = None, chats: int = 240) -> Chats:
    """Give *chats* spread over the 24 hours after *start*, most of them between 09:00 and 18:00 UTC.

    Without *start* it is the day that ends with the last full hour. For the rest see :func:`hour`.
    """
    _checked(start, chats)
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    begin = (start or end - timedelta(days=1)).astimezone(UTC).replace(microsecond=0)
    rng = Random(f"{seed}|{begin.isoformat()}|hours")
    weights = [_LOAD[(begin.hour + later) % 24] for later in range(24)]
    return _played(seed, begin, sorted(rng.choices(range(24), weights, k=chats)))


def _checked(start: datetime | None, chats: int) -> None:
    if not 0 <= chats <= MOST or (start is not None and start.tzinfo is None):
        raise ConfigurationError(
            "The simulator needs 0 to 100,000 chats and a start with a time zone.",
            cause=f"chats is {chats}, start is {start}",
            next_step="give for example start=datetime(2026, 3, 1, 9, tzinfo=UTC), or leave start away",
        )


def _played(seed: int, begin: datetime, hours: list[int]) -> Chats:
    starts = [begin + timedelta(hours=later) for later in hours]
    posts = [chat for number, at in enumerate(starts) for chat in _chat(seed, at, number, len(starts))]
    return Chats(sorted(posts, key=lambda chat: chat.at))


def _chat(seed: int, begin: datetime, number: int, chats: int) -> list[Chat]:
    rng = Random(f"{seed}|{begin.isoformat()}|{number}")
    visitor = dialogues.visitor(seed, rng.randrange(max(1, chats * 3 // 4)))
    if number == 2 or (number > 3 and rng.random() < 0.15):
        return [_offline(rng, begin, visitor)]
    return _Conversation(rng, begin, visitor, number).posts()


class _Conversation:
    """One conversation while it is being made up."""

    def __init__(self, rng: Random, begin: datetime, visitor: dialogues.Visitor, number: int) -> None:
        self.rng, self.begin, self.visitor, self.number = rng, begin, visitor, number
        self.id = dialogues.identifier(f"{begin.isoformat()}|{rng.random()}|conversation")
        self.channel = f"C0{hashlib.sha256(self.id.encode()).hexdigest()[:8].upper()}"
        self.label = f"{visitor.place.channel}-{100 + number}"
        self.agent = rng.choice(dialogues.AGENTS)
        self.abandoned = number == 1 or (number > 3 and rng.random() < 0.12)
        self.discarded = number > 3 and rng.random() < 0.05  # `/chatlio discard` sends no transcript
        self.rated = number == 0 or rng.random() < 0.4
        self.wait = 400.0 if self.abandoned else min(max(rng.lognormvariate(math.log(45), 1.0), 4.0), 900.0)
        lines = self._abandoned() if self.abandoned else self._answered()
        shift = rng.uniform(0, LENGTH - 200 - max(lines[-1][0], self.wait))
        self.lines = [(at + shift, said, mine) for at, said, mine in lines]

    def _abandoned(self) -> list[Line]:
        opening = self.rng.choice(dialogues.TOPICS)[0]
        nudges = [(90.0 * turn, said, True) for turn, said in enumerate(dialogues.NUDGES[: self.rng.randrange(4)], 1)]
        return [(0.0, opening, True), *nudges]

    def _answered(self) -> list[Line]:
        at, lines = 0.0, []
        for turn, said in enumerate(self.rng.choice(dialogues.TOPICS)):
            at += 0.0 if turn == 0 else self.wait if turn == 1 else self.rng.uniform(6, 55)
            lines.append((at, said, turn % 2 == 0))
        return lines

    def posts(self) -> list[Chat]:
        opened, opening, _ = self.lines[0]
        last = self.lines[-1][0]
        posts = [self._post(opened + 0.4, "conversation_started", opening)]
        reminders = min(int(self.wait // REMINDER), 3)
        posts += [self._post(opened + REMINDER * turn, "unanswered", opening) for turn in range(1, reminders + 1)]
        ended = max(last, opened + REMINDER * reminders) + self.rng.uniform(10, 60)
        if not self.discarded:
            posts.append(Chat(self._moment(ended), "transcript", self._transcript()))
        if self.rated and not self.abandoned:
            said = self.rng.choice(dialogues.FEEDBACK)
            posts.append(self._post(ended + self.rng.uniform(5, 60), "feedback", said))
        return posts

    def _post(self, at: float, kind: str, message: str) -> Chat:
        payload = {
            "visitor": self.visitor.written() | {"location": self.visitor.place.location},
            "message": message,
            "conversationUUID": self.id,
            "channelId": self.channel,
            "slackChannelName": _SHARED_CHANNEL[0],
            "slackChannelId": _SHARED_CHANNEL[1],
        }
        return Chat(self._moment(at), kind, payload)

    def _transcript(self) -> dict[str, Any]:
        messages = [self._message(place, line) for place, line in enumerate(self.lines)]
        drift = self.rng.uniform(0.1, 0.6) if self.rng.random() < 0.1 else -self.rng.uniform(0.05, 0.9)  # two clocks
        agent = None if self.abandoned else self.agent
        return {
            "agentEmail": agent.email if agent else "",
            "agentName": agent.name if agent else "",
            "archiveUrl": f"https://yourcompany.slack.com/archives/{self.label}",
            "extraData": [],
            "channelId": self.channel,
            "channelName": self.label,
            "conversationUUID": self.id,
            "endedAt": messages[-1]["sentAt"],
            "htmlBody": "".join(f"<p><b>{one['username']}</b>: {one['text']}</p>" for one in messages),
            "textBody": "\n".join(f"{one['username']}: {one['text']}" for one in messages),
            "messages": messages,
            "startedAt": self._moment(int(self.lines[0][0]) + drift)
            .astimezone(_ZONE)
            .isoformat(timespec="microseconds"),
            "visitorEmail": self.visitor.email,
            "replyToEmail": self.visitor.email or "support@example.com",
            "visitorName": self.visitor.name or self.label,
            "visitorTraits": {"current_page": self.visitor.page},
        }

    def _message(self, place: int, line: Line) -> dict[str, Any]:
        at, said, mine = line
        ts = f"{int(self._moment(at).timestamp())}.{place + 1:06d}"
        return {
            "text": said,
            "ts": ts,
            "sentAt": through_float(ts),
            "userId": "" if mine else self.agent.user_id,
            "username": self.visitor.place.channel if mine else self.agent.username,
            "isVisitorMsg": mine,
        }

    def _moment(self, seconds: float) -> datetime:
        return self.begin + timedelta(seconds=seconds)


def _offline(rng: Random, begin: datetime, visitor: dialogues.Visitor) -> Chat:
    name = visitor.name or rng.choice(dialogues.NAMES)
    mail = visitor.email or f"offline.{visitor.number}@example.com"
    payload = {
        "name": name,
        "email": mail,
        "emailPretty": f'"{name}" <{mail}>',
        "message": rng.choice(dialogues.OFFLINE),
        "visitor": visitor.written() | {"email": mail, "name": name},
    }
    return Chat(begin + timedelta(seconds=rng.uniform(0, LENGTH - 1)), "offline_message", payload)


def through_float(ts: str) -> str:
    """Write a Slack ``ts`` as Chatlio does: nine digits of a 64-bit float, as in its documented samples."""
    seconds = float(ts)
    nanoseconds = int((seconds - int(seconds)) * 1_000_000_000)
    moment = datetime.fromtimestamp(int(seconds), _ZONE)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}+02:00"


def _row(kind: str, chats: list[Chat]) -> dict[str, Any]:
    sizes = sorted(len(json.dumps(chat.payload, ensure_ascii=False).encode()) for chat in chats)
    return {
        "kind": kind,
        "posts": len(chats),
        "conversations": len({chat.payload.get("conversationUUID") for chat in chats} - {None}),
        "first": f"{chats[0].at:%H:%M:%S}" if chats else None,
        "last": f"{chats[-1].at:%H:%M:%S}" if chats else None,
        "median_bytes": sizes[len(sizes) // 2] if sizes else None,
    }
