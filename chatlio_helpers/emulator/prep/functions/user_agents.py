"""User agent functions, from a small table of our own: the browsers, systems and devices that chat visitors use.

Adobe recognises far more device classes; an agent outside the table is Unknown. The words for the classes are Adobe's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from .registry import category

function = category("User Agent")

# The first pattern that is found wins: an agent names the engines and browsers it descends from after its own name.
_AGENTS: Final = tuple((name, re.compile(pattern)) for name, pattern in (
    ("Edge", r"(?:Edg|Edge|EdgA|EdgiOS)/([\d.]+)"),
    ("Opera", r"(?:OPR|OPiOS)/([\d.]+)"),
    ("Samsung Browser", r"SamsungBrowser/([\d.]+)"),
    ("Vivaldi", r"Vivaldi/([\d.]+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/([\d.]+)"),
    ("Chrome", r"(?:Chrome|CriOS|HeadlessChrome)/([\d.]+)"),
    ("Safari", r"Version/([\d.]+)(?:.*) Safari/"),
    ("Internet Explorer", r"(?:MSIE |Trident/.*rv:)([\d.]+)"),
    ("curl", r"^curl/([\d.]+)"),
))  # fmt: skip
_SYSTEMS: Final = tuple((name, re.compile(pattern)) for name, pattern in (
    ("iOS", r"(?:iPhone|iPad|iPod).*? OS ([\d_]+)"),
    ("Windows Phone", r"Windows Phone(?: OS)? ([\d.]+)"),
    ("Windows NT", r"Windows NT ([\d.]+)"),
    ("Mac OS X", r"Mac OS X ([\d_.]+)"),
    ("Android", r"Android ([\d.]+)"),
    ("Chrome OS", r"CrOS \S+ ([\d.]+)"),
    ("Linux", r"Linux()"),
))  # fmt: skip
_DEVICES: Final = tuple((name, re.compile(pattern, re.I)) for name, pattern in (
    ("Robot", r"bot\b|crawler|spider|slurp|headless"),
    ("Tablet", r"iPad|Tablet|Kindle|Silk/|Android(?!.*Mobile)"),
    ("TV", r"SmartTV|Smart-TV|BRAVIA|AppleTV|HbbTV"),
    ("Game Console", r"PlayStation \d|Xbox|Nintendo Wii"),
    ("Handheld Game Console", r"PlayStation Vita|Nintendo 3DS|Nintendo Switch"),
    ("Watch", r"\bWatch\b"),
    ("Phone", r"iPhone|iPod|Windows Phone|Android.*Mobile"),
    ("Mobile", r"Mobile"),
    ("Desktop", r"Windows NT|Macintosh|X11|CrOS"),
))  # fmt: skip

_IPHONE: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 5_1_1 like Mac OS X) AppleWebKit/534.46 (KHTML, like Gecko) "
    "Version/5.1 Mobile/9B206 Safari/7534.48.3"
)
_PARAMETERS: Final = ("String user_agent: the user agent text",)
_TRAITS: Final = {"note": "Own table of common agents; anything else is Unknown (assumed)."}
UNKNOWN: Final = "Unknown"
_LONGEST: Final = 2000


def _found(table: Iterable[tuple[str, re.Pattern[str]]], agent: str) -> tuple[str, str]:
    for name, pattern in table:
        match = pattern.search(agent[:_LONGEST])
        if match:
            version = match[1] if pattern.groups else ""
            return name, version.replace("_", ".")
    return UNKNOWN, ""


@lru_cache(maxsize=1024)
def _system(agent: str) -> tuple[str, str]:
    return _found(_SYSTEMS, agent)


@lru_cache(maxsize=1024)
def _browser(agent: str) -> tuple[str, str]:
    return _found(_AGENTS, agent)


def _named(name: str, version: str) -> str:
    return f"{name} {version}".strip() if version else name


@function("ua_os_name", "String", "Name of the operating system.", _PARAMETERS, f'ua_os_name("{_IPHONE}")', '"iOS"',
          **_TRAITS)  # fmt: skip
def ua_os_name(agent: str) -> str:
    """The system's name."""
    return _system(agent)[0]


@function("ua_os_version_major", "String", "Name and main version of the operating system.", _PARAMETERS,
          f'ua_os_version_major("{_IPHONE}")', '"iOS 5"', **_TRAITS)  # fmt: skip
def ua_os_version_major(agent: str) -> str:
    """The system's name and main version."""
    name, version = _system(agent)
    return _named(name, version.split(".")[0])


@function("ua_os_version", "String", "Version of the operating system.", _PARAMETERS,
          f'ua_os_version("{_IPHONE}")', '"5.1.1"', **_TRAITS)  # fmt: skip
def ua_os_version(agent: str) -> str:
    """The system's version."""
    return _system(agent)[1] or UNKNOWN


@function("ua_os_name_version", "String", "Name and version of the operating system.", _PARAMETERS,
          f'ua_os_name_version("{_IPHONE}")', '"iOS 5.1.1"', **_TRAITS)  # fmt: skip
def ua_os_name_version(agent: str) -> str:
    """The system's name and version."""
    return _named(*_system(agent))


@function("ua_agent_version", "String", "Version of the browser.", _PARAMETERS,
          f'ua_agent_version("{_IPHONE}")', '"5.1"', **_TRAITS)  # fmt: skip
def ua_agent_version(agent: str) -> str:
    """The browser's version."""
    return _browser(agent)[1] or UNKNOWN


@function("ua_agent_version_major", "String", "Name and main version of the browser.", _PARAMETERS,
          f'ua_agent_version_major("{_IPHONE}")', '"Safari 5"', **_TRAITS)  # fmt: skip
def ua_agent_version_major(agent: str) -> str:
    """The browser's name and main version."""
    name, version = _browser(agent)
    return _named(name, version.split(".")[0])


@function("ua_agent_name", "String", "Name of the browser.", _PARAMETERS, f'ua_agent_name("{_IPHONE}")', '"Safari"',
          **_TRAITS)  # fmt: skip
def ua_agent_name(agent: str) -> str:
    """The browser's name."""
    return _browser(agent)[0]


@function("ua_device_class", "String", "Class of the device.", _PARAMETERS, f'ua_device_class("{_IPHONE}")', '"Phone"',
          **_TRAITS)  # fmt: skip
def ua_device_class(agent: str) -> str:
    """The device's class."""
    return _found(_DEVICES, agent)[0]
