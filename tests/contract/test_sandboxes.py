"""Sandbox management through the client."""

from __future__ import annotations

import pytest

from chatlio_helpers import errors
from chatlio_helpers.aep import Platform


def test_the_permitted_sandboxes_are_listed(platform: Platform) -> None:
    """An account sees the sandboxes that it may use, with their type, and not the others."""
    frame = platform.sandboxes()
    assert list(frame.columns) == ["name", "title", "type", "region", "state", "default"]
    assert set(frame["name"]) == {"prod", "dev"}
    assert dict(zip(frame["name"], frame["type"], strict=True)) == {"prod": "production", "dev": "development"}


def test_no_sandbox_header_is_needed(platform: Platform) -> None:
    """Listing proves the credentials before any sandbox is chosen."""
    platform.sandboxes.list()
    (exchange,) = platform.session.record.last()
    assert "x-sandbox-name" not in exchange.headers


@pytest.mark.parametrize("name", ["finance", "no-such-sandbox"])
def test_a_sandbox_that_is_not_permitted_lists_those_that_are(platform: Platform, name: str) -> None:
    """A sandbox of others and one that does not exist give one clear error with the names to choose from."""
    with pytest.raises(errors.ConfigurationError) as caught:
        platform.sandboxes.permit(name)
    assert name in caught.value.what
    assert "dev, prod" in caught.value.cause


def test_a_permitted_sandbox_is_given_whole(platform: Platform) -> None:
    """A permitted sandbox comes with its type, which decides whether an explicit word is needed."""
    assert platform.sandboxes.permit("prod")["type"] == "production"
    assert platform.sandboxes.get("dev")["isDefault"] is False
