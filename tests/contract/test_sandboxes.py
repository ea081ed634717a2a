"""Sandbox management through the client."""

from __future__ import annotations

import time

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


def test_a_sandbox_is_made_renamed_reset_and_deleted_as_described(platform: Platform) -> None:
    """What administrators do is there for other clients, and its answers are as Adobe describes them."""
    base, call = "/data/foundation/sandbox-management", platform.session.call
    body = {"name": "acme", "title": "Acme", "type": "development"}
    assert call("POST", f"{base}/sandboxes", json=body).json["state"] == "creating"
    with pytest.raises(errors.ConfigurationError) as caught:
        platform.sandboxes.permit("acme")
    assert "creating" in caught.value.what
    end = time.monotonic() + 10
    while call("GET", f"{base}/sandboxes/acme").json["state"] != "active":
        assert time.monotonic() < end
        time.sleep(0.05)
    assert platform.sandboxes.permit("acme")["title"] == "Acme"
    assert call("PATCH", f"{base}/sandboxes/acme", json={"title": "New"}).json["title"] == "New"
    assert call("GET", f"{base}/sandboxTypes").json == {"sandboxTypes": ["production", "development"]}
    names = [one["name"] for one in call("GET", f"{base}/sandboxes?limit=50&offset=0").json["sandboxes"]]
    assert names == ["prod", "dev", "finance", "acme"]
    assert call("DELETE", f"{base}/sandboxes/acme").json["state"] == "deleted"
    with pytest.raises(errors.ConfigurationError):
        platform.sandboxes.permit("acme")


def test_more_sandboxes_than_one_page_are_all_listed(platform: Platform) -> None:
    """The client follows the pages of a long list, each sandbox once."""
    for number in range(60):
        body = {"name": f"acme-{number:02}", "title": "Acme", "type": "development"}
        platform.session.call("POST", "/data/foundation/sandbox-management/sandboxes", json=body)
    names = [one["name"] for one in platform.sandboxes.list()]
    assert (len(names), len(set(names))) == (62, 62)
