"""By which names the platform may be called: a web page that points a name of its own at this computer is not one.

In that attack (DNS rebinding) the ``Host`` header carries the page's name. So names must be known: those of loopback,
the one that the server was bound to, and those that were allowed on purpose. An address in figures is no name and
cannot be pointed anywhere; it is taken when the server listens beyond loopback.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# An address of IPv6 in brackets, or a name, then a port, which RFC 9110 lets be empty; nothing else anywhere.
_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f.]*:[0-9a-f:.]+)\]|(?P<name>[^\[\]:]+?)\.?)(?::[0-9]*)?")


class Hosts:
    """The hosts of one server: bound to the address *bound*, and called by the names of *allowed*, too."""

    def __init__(self, bound: str = "127.0.0.1", allowed: Iterable[str] = ()) -> None:
        self.is_loopback = _is_loopback(bound)
        own = () if self.is_loopback else (socket.gethostname().lower(),)
        self._names = {*_LOOPBACK, bound.lower(), *own, *(name.lower().rstrip(".") for name in allowed)}
        self._known: set[bytes] = set()

    def know(self, header: bytes) -> bool:
        """Tell whether *header*, the value of ``Host``, names this server."""
        if header in self._known:
            return True
        name = _name(header)
        good = name in self._names or (not self.is_loopback and _is_address(name)) or _is_loopback(name)
        if good and len(self._known) < 100:  # the port may be anything, behind a tunnel
            self._known.add(header)
        return good


def _name(header: bytes) -> str:
    """Give the name in a ``Host``, without port, dot at the end and brackets; "" for what is none."""
    found = _HOST.fullmatch(header.decode("latin-1").strip().lower())
    if not found:
        return ""
    return found["six"] or found["name"]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    if not _is_address(name):
        return name == "localhost"
    address = ipaddress.ip_address(name)
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:127.0.0.1; Python 3.11 does not look into it
    return (mapped or address).is_loopback
