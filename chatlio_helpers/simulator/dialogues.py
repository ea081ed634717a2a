"""What the simulated people say, where they are, and who answers. All invented."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any, NamedTuple


class Agent(NamedTuple):
    """An operator: Slack user id, display name in the chat, full name, e-mail."""

    user_id: str
    username: str
    name: str
    email: str


class Place(NamedTuple):
    """A visitor's place: ``location`` as Chatlio writes it, the start of the channel's name, of the handle."""

    location: str
    channel: str
    handle: str


AGENTS = (
    Agent("U0SAMPLE01", "Nora O.", "Nora Olsen", "nora.olsen@example.com"),
    Agent("U0SAMPLE02", "Tariq M.", "Tariq Mansour", "tariq.mansour@example.com"),
    Agent("U0SAMPLE03", "Jun W.", "Jun Watanabe", "jun.watanabe@example.com"),
)

PLACES = (
    Place("Lisbon, Lisbon, Portugal", "lisbon-portugal", "portugal"),
    Place("Costa Mesa, California, United States", "costa-mesa-california-us", "united-states"),
    Place("Utrecht, Provincie Utrecht, Netherlands", "utrecht-netherlands", "netherlands"),
    Place("Osaka, Osaka, Japan", "osaka-japan", "japan"),
    Place("Nairobi, Nairobi Area, Kenya", "nairobi-kenya", "kenya"),
    Place("Singapore", "singapore", "singapore"),
    Place("Recife, Pernambuco, Brazil", "recife-brazil", "brazil"),
    Place("Leeds, England, United Kingdom", "leeds-united-kingdom", "united-kingdom"),
)

NAMES = (
    "Ana Silva", "Mia Berg", "Lee Chan", "Noa Levi", "Eva Novak", "Omar Haddad", "Priya Nair", "Jonas Weber",
    "Chloé Martin", "Kofi Mensah", "Sofía Ruiz", "Aiko Mori",
)  # fmt: skip

PAGES = ("https://shop.example.com/", "https://shop.example.com/signup", "https://shop.example.com/cart",
         "https://shop.example.com/help/returns", "https://shop.example.com/product/1182")  # fmt: skip
REFERRERS = ("", "", "https://search.example.com/", "https://news.example.com/reviews")
USER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
)

TOPICS = (  # the visitor opens; agent and visitor take turns
    ("Hi, I am having trouble signing up", "Hello! What do you see when you press the button?",
     "It says that my address is already in use", "You have an account with us from last year. Shall I send a link?",
     "Oh, yes please", "Done. It is valid for an hour.", "It works, thanks!"),
    ("Where is my order? It should be here since Monday", "Sorry about that. Could you tell me the order number?",
     "It is 40-1182", "Thank you. The parcel is at the depot and comes tomorrow.", "Good, I will be at home"),
    ("Do you ship to Norway?", "We do, it takes about five days.", "And what does it cost?",
     "8 euros up to two kilos.", "Perfect 👍"),
    ("Can I return shoes that I wore once?", "If they were worn inside only, yes, within 30 days.",
     "They were outside for ten minutes…", "Let me ask my colleague, one moment.", "Sure",
     "We will make an exception. I am sending you the label.", "You are great, thank you"),
    ("The discount code does not work", "Which code is it?", "SPRING",
     "It ended yesterday, but I can extend it for you."),
    ("Is the blue jacket back in stock?", "Twelve came in this morning.", "Ordered, thanks!"),
    ("My invoice shows the wrong company name", "I can correct that. What should it say?",
     "Example Ltd, with the same address", "A new invoice is on its way to you."),
    ("¿Puedo pagar a plazos?", "Sí, en tres pagos sin intereses.", "¡Genial, gracias!"),
)  # fmt: skip

NUDGES = ("Hello?", "Is anybody there?", "I will try again later")
OFFLINE = ("Please call me about my order.", "Do you have a shop in my city?", "Your form lost my address, twice.",
           "I just want to say that I like your service!")  # fmt: skip
FEEDBACK = ("Very helpful, thank you", "Quick and friendly", "It took too long to get an answer", "", "👍")


class Visitor(NamedTuple):
    """Somebody at the site; ``name`` and ``email`` are empty for the anonymous."""

    id: str
    place: Place
    number: int
    name: str
    email: str
    page: str
    referrer: str
    user_agent: str
    created: datetime

    def written(self) -> dict[str, Any]:
        """Give the ``visitor`` object as Chatlio writes it, without its location."""
        traits = {"name": self.name, "email": self.email, "plan": "basic"}
        return {
            "email": self.email,
            "UUID": self.id,
            "name": self.name,
            "identUserId": f"customer-{self.number}" if self.email else "",
            "identTraits": json.dumps(traits, ensure_ascii=False) if self.email else "",
            "userAgent": self.user_agent,
            "handle": f"{self.place.handle}-{self.number}",
            "currentPage": self.page,
            "referrerURL": self.referrer,
            "createdAt": self.created.astimezone(timezone(timedelta(hours=-8))).isoformat(timespec="microseconds"),
            "IPAddress": f"{('192.0.2', '198.51.100', '203.0.113')[self.number % 3]}.{self.number % 254 + 1}",
        }


def visitor(seed: int, number: int) -> Visitor:
    """Give the visitor of that *number*: the same for the same *seed*, four of ten with a name and an address."""
    rng = Random(f"{seed}|visitor|{number}")
    name = rng.choice(NAMES) if rng.random() < 0.4 else ""
    mail = f"{name.lower().replace(' ', '.').replace('é', 'e').replace('í', 'i')}.{number}@example.com" if name else ""
    created = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.uniform(0, 300 * 86400))
    return Visitor(
        identifier(f"{seed}|visitor|{number}"),
        rng.choice(PLACES),
        number,
        name,
        mail,
        rng.choice(PAGES),
        rng.choice(REFERRERS),
        rng.choice(USER_AGENTS),
        created,
    )


def identifier(text: str) -> str:
    """Give an id of the look of Chatlio's (8-4-4-4-12 hex, version 4, variant 4 to 7) that depends on *text* alone."""
    digits = hashlib.sha256(text.encode()).hexdigest()
    variant = "4567"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
