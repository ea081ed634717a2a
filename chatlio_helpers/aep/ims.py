"""Tokens of Adobe's Identity Management System (IMS): one is kept in memory and renewed before its end.

Documented (Developer Console guides): POST ``/ims/token/v3`` with a form, the token lives 24 hours, there is no refresh
token, and a client that asks too often is throttled.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..errors import NotAuthorised
from ..secret import Secret
from .exchange import Answer, Exchange, Outgoing

if TYPE_CHECKING:
    from .session import Session

PATH = "/ims/token/v3"
RENEW_BEFORE = 300.0  # seconds before its end
_MILLISECONDS_ABOVE = 1_000_000  # the retired JWT exchange gave the life in milliseconds


@dataclass(frozen=True, repr=False)
class Token:
    """An access token; shows how long it still lives, never itself. ``life`` and ``ends`` are in seconds (epoch)."""

    value: Secret
    life: float
    ends: float

    @property
    def seconds_left(self) -> float:
        """Seconds until its end, 0 when it is over."""
        return max(0.0, self.ends - time.time())

    @property
    def fresh(self) -> bool:
        """Whether it lives longer than the time before its end at which it is renewed."""
        return self.seconds_left > min(RENEW_BEFORE, self.life / 10)

    def __repr__(self) -> str:
        left = round(self.seconds_left)
        return f"Token(hidden, valid for {left // 3600} h {left % 3600 // 60} min {left % 60} s)"


class Ims:
    """Gives the token of a session's credentials."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._token: Token | None = None
        self._lock = threading.Lock()

    def token(self) -> Token:
        """Give a token that is good for a while, a new one only when needed.

        Raises NotAuthorised when IMS refuses the credentials, RateLimited or Unavailable when it cannot answer now.
        """
        with self._lock:
            if self._token is None or not self._token.fresh:
                self._token = self._asked()
            return self._token

    def forget(self, refused: str = "") -> None:
        """Forget the token, so that the next call asks for a new one.

        With *refused*, only if that is still the token: of several threads that were refused, one renews it.
        """
        with self._lock:
            if not refused or (self._token and self._token.value.reveal() == refused):
                self._token = None

    def spoil(self) -> None:
        """Put a worthless token in the place of the good one, as if it had just expired; for lessons."""
        with self._lock:
            life = 3600.0
            self._token = Token(Secret("a-token-that-expired"), life, time.time() + life)

    def try_secret(self, secret: str | Secret) -> Exchange:
        """Ask for a token with another secret and return the exchange, refused or not; for lessons.

        The token that is kept in memory stays as it is.
        """
        answer, exchange = self._session.exchange(
            self._outgoing(secret if isinstance(secret, Secret) else Secret(secret))
        )
        _ = _value(answer)  # registers a token, should one have been given, so that it is hidden from here on
        return exchange

    def _asked(self) -> Token:
        outgoing = self._outgoing(self._session.credentials.client_secret)
        answer = self._session.plain(outgoing, repeatable=True)
        body = answer.parsed if isinstance(answer.parsed, dict) else {}
        value = _value(answer)
        if not value:
            raise NotAuthorised(
                "Asking IMS for a token: the answer holds no token.",
                cause="something between this computer and IMS answered in its place",
                next_step="check the address of IMS and the network's proxy",
                status=answer.status,
            )
        life = _seconds(body.get("expires_in"))
        return Token(value, life, time.time() + life)

    def _outgoing(self, secret: Secret) -> Outgoing:
        credentials = self._session.credentials
        fields = {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": secret.reveal(),
            "scope": ",".join(credentials.scopes),
        }
        return Outgoing(
            "POST",
            self._session.endpoints.ims + PATH,
            {"Content-Type": "application/x-www-form-urlencoded"},
            urlencode(fields, safe=",").encode(),
            what="Asking IMS for a token",
            variables={secret.reveal(): "CLIENT_SECRET", credentials.client_id: "API_KEY"},
        )


def _value(answer: Answer) -> Secret | None:
    body = answer.parsed
    return Secret(body["access_token"]) if isinstance(body, dict) and body.get("access_token") else None


def _seconds(expires_in: Any) -> float:
    try:
        life = float(expires_in)
    except (TypeError, ValueError):
        return RENEW_BEFORE  # no word about its life: keep it for a short time
    return life / 1000 if life > _MILLISECONDS_ABOVE else life
