"""Masks: enough of a value to recognise it, too little to reach a person."""

from __future__ import annotations

import re
from ipaddress import ip_address

HIDDEN = "•••"
_EMAIL = re.compile(r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_PHONE = re.compile(r"(?<![\w-])\+?\d[\d ()/-]{5,}\d(?![\w-])")
_QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S*")


def email(value: str) -> str:
    """Mask an e-mail address: its first letter and its domain stay."""
    name, at, domain = value.strip().partition("@")
    return f"{name[:1]}{HIDDEN}@{domain}" if at else HIDDEN


def address(value: str) -> str:
    """Mask an IP address: the network stays (/24, /48)."""
    if not _is_address(value):
        return HIDDEN
    parsed = ip_address(value.strip())
    if parsed.version == 4:
        return f"{value.strip().rpartition('.')[0]}.{HIDDEN}"
    return f"{':'.join(parsed.exploded.split(':')[:3])}:{HIDDEN}"


def phone(value: str) -> str:
    """Mask a phone number: its last two digits stay."""
    return f"{HIDDEN}{value.strip()[-2:]}"


def name(value: str) -> str:
    """Mask a person's name: the initials stay."""
    return " ".join(f"{word[0]}." for word in value.split()) or HIDDEN


def identifier(value: str) -> str:
    """Mask an id: its first four characters stay; one that is an e-mail address is masked as such."""
    return email(value) if "@" in value else f"{value[:4]}{HIDDEN}"


def text(value: str, longest: int = 60) -> str:
    """Mask addresses, phone numbers and query strings inside free text, and cut it after *longest* characters.

    Names inside a text cannot be recognised: of free text, show the length instead.
    """
    masked = _QUERY.sub(rf"\1?{HIDDEN}", value[: longest * 20])
    masked = _EMAIL.sub(lambda found: email(found[0].replace("%40", "@")), masked)
    masked = _IPV4.sub(lambda found: address(found[0]), masked)
    masked = _IPV6.sub(lambda found: address(found[0]) if _is_address(found[0]) else found[0], masked)
    masked = _PHONE.sub(lambda found: phone(found[0]), masked)
    return masked if len(masked) <= longest else masked[: longest - 1] + "…"


def _is_address(value: str) -> bool:
    try:
        ip_address(value.strip())
    except ValueError:
        return False
    return True
