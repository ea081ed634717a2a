"""The whole journey with Adobe's Python SDK ``aepp``, as it comes from the package index.

    python aepp_journey.py http://127.0.0.1:8123 credentials/default.json

Only the hosts are set (``aepp_hosts``); no function of the SDK is replaced. Every step prints one JSON line:
``{"step", "result"}``, or ``{"step", "error"}`` when the step raised something; the steps after that still run.
"""

from __future__ import annotations

import sys

import aepp_afterwards  # noqa: F401  (its steps; it imports those that come first)
import aepp_hosts
import journey_steps

if __name__ == "__main__":
    aepp_hosts.point_at(*sys.argv[1:3])
    journey_steps.run()
