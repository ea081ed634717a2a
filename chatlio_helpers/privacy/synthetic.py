"""Events with the personal data replaced: the shape, the lengths of texts and the joins stay.

Equal values get equal replacements, so that conversations, visitors and repeats are still found. Whoever knows the
seed can test guesses against the result: it is for test events, not an anonymisation of an archive.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import replace
from email.utils import parseaddr
from ipaddress import IPv6Address, ip_address
from random import Random
from typing import Any

from ..events import Event, Events, Unreadable, payload_size
from ..frames.conversations import is_generated

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
_GIVEN = ("Ada", "Ben", "Cleo", "Dan", "Elif", "Finn", "Gia", "Hugo", "Ines", "Jan", "Kira", "Luca", "Mara", "Nils")
_FAMILY = ("Adler", "Brook", "Costa", "Dahl", "Ekman", "Frost", "Gomez", "Hansen", "Ito", "Jensen", "Klein", "Lopez")
_LOREM = ("lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et "
          "dolore magna aliqua ut enim ad minim veniam quis nostrud exercitation ullamco laboris")  # fmt: skip
_RANGES = ("192.0.2", "198.51.100", "203.0.113")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_LABEL = re.compile(r"(.+?)(-\d+)?", re.DOTALL)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)|\d{9,11}\.\d{1,6}", re.ASCII)
_HEX = "0123456789abcdef"


def synthetic(events: Events, seed: int | str = 1) -> Events:
    """Give the same *events* with invented personal data; the same *seed* gives the same replacements.

    Times, kinds, files and what was noted stay. Undocumented keys are treated as free text; keys themselves stay.
    Of unreadable things only place and reason stay, not their bytes.
    """
    writer = _Writer(str(seed))
    unreadable = (Unreadable(lost.file, lost.line, lost.reason) for lost in events.unreadable)
    return Events((_replaced(event, writer) for event in events), unreadable, events.skipped)


def _replaced(event: Event, writer: _Writer) -> Event:
    payload = {key: writer.value(key, value) for key, value in event.payload.items()}
    return replace(event, payload=payload, size=payload_size(payload))


class _Writer:
    """Invents replacements; each depends on the seed and the value alone."""

    def __init__(self, seed: str) -> None:
        self._key = seed.encode()
        self._rules: dict[str, Callable[[str], str]] = {
            "visitor.email": self.email, "email": self.email, "visitorEmail": self.email, "agentEmail": self.email,
            "replyToEmail": self.email, "emailPretty": self.mailbox, "visitor.name": self.name, "name": self.name,
            "visitorName": self.name, "agentName": self.name, "messages[].username": self.name,
            "visitor.identUserId": self.identity, "visitor.identTraits": self.json_text,
            "visitorTraits": self.json_text, "visitor.UUID": self.scrambled, "conversationUUID": self.scrambled,
            "visitor.IPAddress": self.ip, "visitor.location": self.place, "visitor.userAgent": self.browser,
            "visitor.currentPage": self.url, "visitor.referrerURL": self.url, "archiveUrl": self.archive,
            "visitor.handle": self.label, "channelName": self.label, "slackChannelName": self.label,
            "htmlBody": self.html, "channelId": self.slack_id, "slackChannelId": self.slack_id,
            "slackTeamID": self.slack_id, "messages[].userId": self.slack_id, "messages[].ts": self.moment,
            "messages[].sentAt": self.moment, "startedAt": self.moment, "endedAt": self.moment,
            "visitor.createdAt": self.moment,
        }  # fmt: skip

    def value(self, path: str, value: Any) -> Any:
        """Replace *value*, found at *path*; blanks, null and true or false stay."""
        if isinstance(value, str):
            return self._rules.get(path, self.anything)(value) if value.strip() else value
        if isinstance(value, dict):
            return {self._field(key): self.value(f"{path}.{key}", inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(f"{path}[]", inner) for inner in value]
        if isinstance(value, bool) or value is None:
            return value
        return self._number(value)

    def email(self, value: str) -> str:
        """Invent an address; capitals and surrounding blanks, which are oddities to test, stay."""
        bare = value.strip()
        if not _EMAIL.fullmatch(bare):
            return self.text(value)
        made = f"person-{self._random(bare.lower()).getrandbits(40):010x}@example.com"
        return value.replace(bare, made if bare == bare.lower() else made.replace("person", "Person"))

    def mailbox(self, value: str) -> str:
        """Invent a ``"Name" <address>`` of the same name and address as elsewhere."""
        name, mail = parseaddr(value)
        return f'"{self.name(name) if name else ""}" <{self.email(mail)}>' if mail else self.text(value)

    def name(self, value: str) -> str:
        """Invent a name; a label made by Chatlio becomes another label."""
        if is_generated(value) or "-" in value:
            return self.label(value)
        rng = self._random(value)
        return f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)}"

    def label(self, value: str) -> str:
        """Invent a label; its counter stays, so that labels with and without it still belong together."""
        stem, counter = _LABEL.fullmatch(value).groups()  # type: ignore[union-attr]  # matches any text
        return f"place-{self._random(stem).getrandbits(24):06x}{counter or ''}"

    def identity(self, value: str) -> str:
        """Invent a customer id of the same length, or an address for an address."""
        return self.email(value) if _EMAIL.fullmatch(value.strip()) else self.scrambled(value)

    def json_text(self, value: str) -> str:
        """Replace the values inside JSON text; other text becomes lorem."""
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return self.text(value)
        return json.dumps(self.value("", inner), ensure_ascii=False)

    def scrambled(self, value: str) -> str:
        """Replace digits by digits and letters by letters, hexadecimal ones by hexadecimal ones."""
        rng = self._random(value)
        alike = (_HEX, "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        whole = _HEX if set(value) <= {*_HEX, "-"} else ""
        groups = (whole, *alike[1:])
        return "".join(next((rng.choice(group) for group in groups if one in group), one) for one in value)

    def slack_id(self, value: str) -> str:
        """Replace a Slack id; its first letter, which tells its type, stays."""
        return value[:1] + self.scrambled(value)[1:]

    def ip(self, value: str) -> str:
        """Invent an address of the same version in the ranges reserved for documentation."""
        rng = self._random(value.strip())
        try:
            version = ip_address(value.strip()).version
        except ValueError:
            return self.text(value)
        if version == 4:
            return f"{rng.choice(_RANGES)}.{rng.randrange(1, 255)}"
        return str(IPv6Address((0x20010DB8 << 96) + rng.getrandbits(64)))

    def place(self, value: str) -> str:
        """Invent a place of as many parts."""
        names = ("Country", "Region", "City", "Quarter")
        parts = [part.strip() for part in value.split(",")]
        made = [
            f"{names[min(place, 3)]} {self._random(part).randrange(1000)}" for place, part in enumerate(reversed(parts))
        ]
        return ", ".join(reversed(made))

    def browser(self, value: str) -> str:
        """Give one fixed user agent."""
        return USER_AGENT if value else value

    def url(self, value: str) -> str:
        """Invent a page; queries and fragments are gone."""
        return f"https://www.example.com/page-{self._random(value).getrandbits(24):06x}"

    def archive(self, value: str) -> str:
        """Invent the link of the same channel."""
        return f"https://yourcompany.slack.com/archives/{self.label(value.rstrip('/').rpartition('/')[2] or value)}"

    def html(self, value: str) -> str:
        """Give one paragraph of the same length."""
        return f"<p>{self.text(value[7:])}</p>" if len(value) > 7 else self.text(value)

    def text(self, value: str) -> str:
        """Give lorem text of the same length, with line breaks and blanks around it where they were."""
        bare, made = value.strip(), ""
        if not bare:
            return value
        rng, words = self._random(bare), _LOREM.split()
        while len(made) <= len(bare):
            made += rng.choice(words) + " "
        made = made[: len(bare) - 1] + "a"  # never ends in a blank
        return value.replace(bare, "".join("\n" if old == "\n" else new for old, new in zip(bare, made, strict=True)))

    def moment(self, value: str) -> str:
        """Keep a time; what stands in its place and is none becomes lorem."""
        return value if _MOMENT.fullmatch(value) else self.text(value)

    def anything(self, value: str) -> str:
        """Replace a text of unknown meaning."""
        return self.email(value) if _EMAIL.fullmatch(value.strip()) else self.text(value)

    def _field(self, key: str) -> str:
        return self.email(key) if "@" in key else key

    def _number(self, value: float) -> float:
        rng = self._random(str(value))
        if isinstance(value, float):
            return value * rng.uniform(0.5, 1.0)
        low = 10 ** (len(str(abs(value))) - 1)
        return rng.randrange(low if low > 1 else 0, 10 * low)

    def _random(self, value: str) -> Random:
        return Random(hmac.new(self._key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).digest())
