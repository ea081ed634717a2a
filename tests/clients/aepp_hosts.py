"""Where Adobe's hosts are in the SDK, and the local platform's address in their place."""

from __future__ import annotations

import aepp

where: dict[str, str] = {}  # address and credential file of this run


def point_at(url: str, credentials: str) -> None:
    """Read the credential as the SDK does, then put *url* where Adobe's hosts are."""
    aepp.importConfigFile(credentials)
    where.update(url=url, credentials=credentials)
    point_back()


def point_back() -> None:
    """Put the address there again: making a connection object writes Adobe's hosts anew."""
    aepp.config.endpoints["global"] = where["url"]
    aepp.config.endpoints["streaming"]["collection"] = where["url"]
    point(aepp.config.config_object)


def point(settings: dict[str, object]) -> None:
    """The same for the settings of one connection object, ``instance.getConfigObject()``."""
    settings["imsEndpoint"] = where["url"]
    settings["oauthTokenEndpointV2"] = f"{where['url']}/ims/token/v3"
