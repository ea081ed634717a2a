"""The whole journey with Adobe's Python SDK ``aepp``, as it comes from the package index.

    python aepp_journey.py http://127.0.0.1:8123 credentials/default.json

Only the hosts are set; no function of the SDK is replaced. Every step prints one JSON line: ``{"step", "result"}``, or
``{"step", "error"}`` when the step raised something; the steps after that still run.
"""

from __future__ import annotations

import sys

import aepp
import aepp_afterwards  # noqa: F401  (its steps; it imports those that come first)
import journey_steps


def point_at(url: str, credentials: str) -> None:
    """Read the credential as the SDK does, then put *url* where Adobe's hosts are."""
    aepp.importConfigFile(credentials)
    aepp.config.endpoints["global"] = url
    aepp.config.endpoints["streaming"]["collection"] = url
    aepp.config.config_object["imsEndpoint"] = url
    aepp.config.config_object["oauthTokenEndpointV2"] = f"{url}/ims/token/v3"


if __name__ == "__main__":
    point_at(*sys.argv[1:3])
    journey_steps.run()
