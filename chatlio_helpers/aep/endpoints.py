"""Where a platform is: the addresses of IMS, of the gateway and of the streaming collection."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LOOPBACK = re.compile(r"https?://(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::|/|$)")


@dataclass(frozen=True)
class Endpoints:
    """The base addresses of one platform, without a slash at their end."""

    ims: str
    gateway: str
    collection: str

    @classmethod
    def live(cls) -> Endpoints:
        """Give Adobe's own addresses (documented: Adobe's API descriptions, servers)."""
        return cls("https://ims-na1.adobelogin.com", "https://platform.adobe.io", "https://dcs.adobedc.net")

    @classmethod
    def at(cls, base_url: str) -> Endpoints:
        """Give the addresses of a local platform, which has all services beneath one *base_url*."""
        base = base_url.rstrip("/")
        return cls(base, base, base)

    @property
    def is_loopback(self) -> bool:
        """Whether the gateway is on this computer."""
        return bool(_LOOPBACK.match(self.gateway))
