"""IMS through the client: tokens, wrong secrets, expiry, and what the gateway says about headers."""

from __future__ import annotations

import dataclasses
import time

import pytest

from chatlio_helpers import errors
from chatlio_helpers.aep import Platform
from chatlio_helpers.local import LocalPlatform
from chatlio_helpers.secret import Secret

FLOWS = "/data/foundation/flowservice/flows"


def test_a_token_is_given_and_kept(platform: Platform) -> None:
    """The right secret gets a token for a day, and the same token serves the next call."""
    token = platform.ims.token()
    assert 86_000 < token.seconds_left <= 86_400
    assert platform.ims.token() is token
    assert token.value.reveal() not in repr(token)


def test_a_wrong_secret_is_refused_in_the_words_of_ims(platform: Platform) -> None:
    """A wrong secret is shown with the vendor's answer, and the good token stays."""
    token = platform.ims.token()
    exchange = platform.ims.try_secret("wrong")
    assert exchange.status == 400
    assert exchange.json == {"error": "invalid_client", "error_description": "invalid client_secret parameter"}
    assert platform.ims.token() is token


def test_credentials_with_a_wrong_secret_cannot_call(platform: Platform) -> None:
    """With a wrong secret the first call raises NotAuthorised and says what to do."""
    wrong = dataclasses.replace(platform.credentials, client_secret=Secret("p8e-not-the-secret"))
    other = Platform(wrong, platform.endpoints, sandbox="dev", name="local")
    with pytest.raises(errors.NotAuthorised) as caught:
        other.sandboxes.list()
    assert caught.value.code == "invalid_client"
    assert "Developer Console" in caught.value.next_step


def test_an_unknown_client_is_refused(platform: Platform) -> None:
    """An unknown client id is told apart from a wrong secret by IMS's own words."""
    wrong = dataclasses.replace(platform.credentials, client_id="0" * 32)
    with pytest.raises(errors.NotAuthorised) as caught:
        Platform(wrong, platform.endpoints, sandbox="dev", name="local").ims.token()
    assert caught.value.vendor == "invalid client_id parameter"


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ("Authorization", 403, "403010"),
        ("x-api-key", 403, "403000"),
        ("x-gw-ims-org-id", 400, "400003"),
        ("x-sandbox-name", 400, "2105-400"),
    ],
)
def test_each_missing_header_has_its_code(platform: Platform, header: str, status: int, code: str) -> None:
    """A lesson leaves out one header at a time and sees the vendor's code with our explanation."""
    exchange = platform.session.probe("GET", FLOWS, without=(header,))
    assert (exchange.status, exchange.vendor.code) == (status, code)
    assert "Next step" in repr(exchange)


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("Authorization", "Bearer not-a-token-at-all", "401013"),
        ("x-api-key", "0" * 32, "403003"),
        ("x-gw-ims-org-id", "nonsense", "403027"),
        ("x-sandbox-name", "nowhere", "2100-404"),
    ],
)
def test_each_wrong_header_has_its_code(platform: Platform, header: str, value: str, code: str) -> None:
    """A wrong value is told apart from a missing one."""
    assert platform.session.probe("GET", FLOWS, replace={header: value}).vendor.code == code


def test_a_revoked_token_is_replaced_in_the_middle_of_a_run(
    platform: Platform, local: LocalPlatform, seat: str
) -> None:
    """When every token is revoked, the next call gets a new one and succeeds."""
    before = platform.ims.token()
    local.revoke_tokens(seat)
    assert platform.sandboxes.list()
    assert platform.ims.token() is not before


def test_a_short_lived_token_is_renewed_in_time(platform: Platform, local: LocalPlatform) -> None:
    """A token that lives for a second is replaced before the platform can refuse it."""
    local.dials(token_life=1)
    try:
        platform.ims.forget()
        first = platform.ims.token()
        time.sleep(1.05)
        assert platform.sandboxes.list()
        assert platform.ims.token() is not first
        assert [row["status"] for row in platform.session.record.rows()][-2:] == [200, 200]
    finally:
        local.dials(token_life=86399)
