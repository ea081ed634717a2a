"""Access tokens: random, remembered only by their hash.

A token is looked up by its SHA-256, so the time that it takes says nothing about how near a guess is.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any

import orjson

from .store import Store

MOST_KEPT = 4_096
_DELETE = "DELETE FROM objects WHERE seat = ? AND sandbox = '' AND kind = 'tokens'"


class Tokens:
    """The tokens that IMS has given out and that have neither expired nor been revoked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[str, int]] = {}  # hash: client id, when it expires
        self._generation = -1

    def issue(self, seat: str, client_id: str, scope: str, *, life: float, now: int) -> str:
        """Make a token for *client_id* that is good for *life* seconds from *now* (epoch milliseconds)."""
        token = _token({"client_id": client_id, "scope": scope, "created_at": str(now), "expires_in": int(life * 1000)})
        body = {"client_id": client_id, "expires": now + int(life * 1000)}
        with self._store.transaction() as database:
            database.execute(f"{_DELETE} AND json_extract(body, '$.expires') <= ?", (seat, now))
            self._store.within(seat, "").put("tokens", _hash(token), body, now=now, name=client_id)
        return token

    def owner(self, token: str, *, now: int) -> str | None:
        """Give the client id that *token* was issued to, or None when it is unknown, expired or revoked."""
        key = _hash(token)
        client_id, expires = self._remembered().get(key) or self._looked_up(key)
        return client_id if expires > now else None

    def _remembered(self) -> dict[str, tuple[str, int]]:
        """Give the tokens that were looked up since one was last issued or revoked."""
        generation = self._store.generation(("tokens",))
        if generation != self._generation or len(self._known) >= MOST_KEPT:
            self._known, self._generation = {}, generation
        return self._known

    def _looked_up(self, key: str) -> tuple[str, int]:
        row = self._store.anywhere("tokens", key)
        if row is None:
            return "", 0
        self._known[key] = row.body["client_id"], row.body["expires"]
        return self._known[key]

    def revoke(self, seat: str) -> int:
        """Make all tokens of *seat* invalid at once; gives how many there were."""
        with self._store.transaction() as database:
            return database.execute(_DELETE, (seat,)).rowcount


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _token(claims: dict[str, Any]) -> str:
    """Look like the live token (three dot-separated parts), so that tools which peek inside do not stumble."""
    payload = {"id": secrets.token_hex(16), "type": "access_token", "as": "ims-na1", **claims}
    parts = (orjson.dumps({"alg": "RS256", "typ": "JWT"}), orjson.dumps(payload), secrets.token_bytes(48))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
