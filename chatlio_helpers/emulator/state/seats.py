"""Seats: organisations side by side, each with its tenant, its sandboxes and three credentials.

The full credential may do all; the limited one is of the same organisation and has its product profile, but its role
has no permission: with it every gateway check passes and every service refuses. The outsider is of the same
organisation, too, but its project has no product profile: IMS gives it a token, and the gateway refuses that.
"""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .store import Store

DEFAULT = "default"
OUTSIDER = "outsider"
SCOPES = "openid,session,AdobeID,read_organizations,additional_info.projectedProductContext"
PERMISSIONS = (
    "manage-schemas", "view-schemas", "manage-datasets", "view-datasets", "manage-sources", "view-sources",
    "view-sandboxes", "manage-sandboxes",
)  # fmt: skip
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ROLES = ("full", "limited", OUTSIDER)
_NO_FILE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")  # names of devices: Windows makes no file con.json
_SANDBOXES = (
    ("prod", "Prod", "production", True),
    ("dev", "Development", "development", True),
    ("finance", "Finance", "development", False),
)


@dataclass(frozen=True)
class Sandbox:
    """One sandbox of a seat; ``permitted`` tells whether the seat's accounts may enter it.

    ``ready``: when it is active again (``creating``, ``resetting``); times are epoch milliseconds, 0 for those that
    the seat came with. ``version`` rises with each change; ``creator`` and ``changer`` are technical accounts.
    """

    id: str
    name: str
    title: str
    type: str
    permitted: bool
    state: str = "active"
    ready: int = 0
    created: int = 0
    modified: int = 0
    version: int = 1
    creator: str = ""
    changer: str = ""

    def state_at(self, now: int) -> str:
        """Give ``creating``, ``resetting``, ``active`` or ``deleted``."""
        return "active" if self.state in ("creating", "resetting") and now >= self.ready else self.state


@dataclass(frozen=True)
class Account:
    """One credential (technical account) of a seat."""

    role: str
    client_id: str
    secret: str
    technical_account: str
    permissions: tuple[str, ...]


@dataclass(frozen=True)
class Seat:
    """One organisation."""

    name: str
    org_id: str
    tenant: str
    created: int
    sandboxes: tuple[Sandbox, ...]
    accounts: tuple[Account, ...]

    def account(self, role: str) -> Account:
        """Give the credential of a role: ``full``, ``limited`` or ``outsider``."""
        return next(account for account in self.accounts if account.role == role)


class Seats:
    """The seats of this local platform, kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._scope = store.within("", "")
        self._by_client: dict[str, tuple[Seat, Account]] = {}
        self._complete()
        self.reload()

    def reload(self) -> None:
        """Know what the store knows: a change that the disk refused in the end is none."""
        self._by_client = {}
        for row in self._scope.list("seats"):
            self._remember(read_seat(row.body))

    def create(self, names: list[str], *, now: int) -> list[Seat]:
        """Make the seats that are not there yet, all or none; raises ValueError for a name that cannot be one."""
        wrong = [name for name in names if not isinstance(name, str) or not _NAME.fullmatch(name)]
        if wrong:
            raise ValueError(f"A seat's name has 1 to 40 of a-z, 0-9 and dash; these are not: {wrong[:5]}.")
        devices = [name for name in names if _NO_FILE.fullmatch(name)]
        if devices:
            raise ValueError(f"A seat's name becomes a file's, and Windows keeps these for devices: {devices[:5]}.")
        with self._store.transaction():
            seats = [self.get(name) or self._make(name, now) for name in dict.fromkeys(names)]
        for seat in seats:
            self._remember(seat)
        return seats

    def get(self, name: str) -> Seat | None:
        """Give one seat, or None."""
        row = self._scope.get("seats", name)
        return read_seat(row.body) if row else None

    def keep(self, name: str, sandboxes: tuple[Sandbox, ...], *, now: int) -> None:
        """Give the seat *name*, which must be there, these sandboxes."""
        seat = self.get(name)
        if seat is not None:
            changed = replace(seat, sandboxes=sandboxes)
            self._scope.put("seats", name, asdict(changed), now=now, name=name)
            self._remember(changed)

    def restore(self, name: str | None) -> None:
        """Give a seat (None: every seat) the sandboxes back that it began with; made for ``Platform.forgetters``."""
        for seat in self.list():
            if name in (None, seat.name):
                known = {sandbox.name: sandbox.id for sandbox in seat.sandboxes}
                began = tuple(Sandbox(known.get(one[0]) or str(uuid.uuid4()), *one) for one in _SANDBOXES)
                if began != seat.sandboxes:
                    self.keep(seat.name, began, now=seat.created)

    def list(self) -> list[Seat]:
        """Give all seats, oldest first."""
        return [read_seat(row.body) for row in self._scope.list("seats")]

    def account(self, client_id: str) -> tuple[Seat, Account] | None:
        """Give the seat and account of an API key, or None."""
        return self._by_client.get(client_id)

    def _complete(self) -> None:
        """Give the seats of an older state the outsider's account, which they were made without."""
        with self._store.transaction():
            for seat in self.list():
                if all(account.role != OUTSIDER for account in seat.accounts):
                    whole = replace(seat, accounts=(*seat.accounts, _account(OUTSIDER, ())))
                    self._scope.put("seats", seat.name, asdict(whole), now=seat.created, name=seat.name)

    def _make(self, name: str, now: int) -> Seat:
        seat = _new(name, now)
        self._scope.put("seats", name, asdict(seat), now=now, name=name)
        return seat

    def _remember(self, seat: Seat) -> None:
        self._by_client |= {account.client_id: (seat, account) for account in seat.accounts}


def config_file(seat: Seat, role: str) -> dict[str, Any]:
    """Give the credential as the configuration file of Adobe's Python SDK (aepp) has it."""
    account = seat.account(role)
    return {
        "org_id": seat.org_id,
        "client_id": account.client_id,
        "secret": account.secret,
        "tech_id": account.technical_account,
        "sandbox-name": "prod",
        "environment": "prod",
        "scopes": SCOPES,
    }


def _new(name: str, now: int) -> Seat:
    return Seat(
        name=name,
        org_id=f"{secrets.token_hex(12).upper()}@AdobeOrg",
        tenant=f"kit{secrets.token_hex(5)}",
        created=now,
        sandboxes=tuple(Sandbox(str(uuid.uuid4()), *sandbox) for sandbox in _SANDBOXES),
        accounts=(_account("full", PERMISSIONS), _account("limited", ()), _account(OUTSIDER, ())),
    )


def _account(role: str, permissions: tuple[str, ...]) -> Account:
    return Account(
        role=role,
        client_id=secrets.token_hex(16),
        secret=f"p8e-{secrets.token_urlsafe(24)}",
        technical_account=f"{secrets.token_hex(12).upper()}@techacct.adobe.com",
        permissions=permissions,
    )


def read_seat(body: dict[str, Any]) -> Seat:
    """Give the seat that *body* describes, as it is kept in the store.

    Raises ValueError, in words, for one that this platform cannot have written: its name becomes a part of paths.
    """
    try:
        sandboxes = tuple(Sandbox(**one) for one in body["sandboxes"])
        accounts = tuple(Account(**{**one, "permissions": _permissions(one)}) for one in body["accounts"])
        seat = Seat(**{**body, "sandboxes": sandboxes, "accounts": accounts})
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"a seat in it is not whole ({error})") from error
    if not isinstance(seat.name, str) or not _NAME.fullmatch(seat.name):
        raise ValueError(f"a seat in it has a name that none can have: {str(seat.name)[:60]!r}")
    roles = [account.role for account in accounts]  # each names a file, too
    if not _is_text(seat) or not {"full", "limited"} <= set(roles) <= set(_ROLES) or len(roles) != len(set(roles)):
        raise ValueError(f"the seat {seat.name} in it is not whole")
    return seat


def _is_text(seat: Seat) -> bool:
    fields = [seat.org_id, seat.tenant]
    for account in seat.accounts:
        fields += [account.role, account.client_id, account.secret, account.technical_account, *account.permissions]
    for sandbox in seat.sandboxes:
        fields += [sandbox.id, sandbox.name, sandbox.title, sandbox.type, sandbox.state]
    return all(isinstance(one, str) for one in fields) and isinstance(seat.created, int)


def _permissions(account: dict[str, Any]) -> tuple[str, ...]:
    """Give an account's permissions; the full one may do what a later version of the platform added, too."""
    own = account["permissions"]
    return tuple(dict.fromkeys([*own, *PERMISSIONS])) if account["role"] == "full" else tuple(own)
