"""From nothing to Chatlio live-chat events landing, verified, in Adobe Experience Platform.

The public names, in the order of the journey: ``doctor`` and ``connect``; ``plan``, ``inventory`` and ``clean``;
``load``, ``frames``, ``charts``, ``quality`` and ``privacy``; ``simulator``, ``send`` and ``verify``; and beside them
``KINDS``, ``check``, ``refusal``, ``panels``, ``local``, ``xdm`` and ``errors``. Each is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "KINDS": "events",
    "charts": "",
    "check": "results",
    "clean": "onboarding",
    "connect": "connection",
    "credentials": "",
    "doctor": "",
    "errors": "",
    "events": "",
    "frames": "",
    "inventory": "onboarding",
    "landed": "journey",
    "lessons": "",
    "load": "payloads",
    "local": "",
    "monitor": "",
    "onboarding": "",
    "panels": "",
    "picture": "",
    "plan": "onboarding",
    "play": "journey",
    "privacy": "",
    "quality": "",
    "refusal": "lessons",
    "samples": "config",
    "send": "journey",
    "simulator": "",
    "verify": "journey",
    "xdm": "",
}  # public name -> module that defines it; "" when the name is the module itself

__all__ = sorted(_HOMES, key=str.casefold)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    module = import_module(f".{home or name}", __name__)
    value = getattr(module, name) if home else module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
