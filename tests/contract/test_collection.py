"""Streaming collection through the client: what an inlet takes, and what it refuses."""

from __future__ import annotations

import pytest

from chatlio_helpers import errors
from chatlio_helpers.aep import Platform
from chatlio_helpers.secret import Secret, leaks

from . import chain


@pytest.fixture
def made(platform: Platform) -> chain.Chain:
    """Make a chain."""
    return chain.build(platform)


def test_an_event_gets_a_receipt(platform: Platform, made: chain.Chain) -> None:
    """The inlet answers with a transaction id and the time of receipt."""
    receipt = platform.collection.post(made.webhook, {"id": "1", "message": "hello"})
    assert receipt.ok
    assert receipt.xaction_id
    assert receipt.received_ms > 1_700_000_000_000


def test_a_batch_gets_a_receipt_for_each(platform: Platform, made: chain.Chain) -> None:
    """Several events in one request are answered one by one."""
    receipts = platform.collection.post_batch(made.webhook, [{"id": "1"}, {"id": "2"}])
    assert [receipt.ok for receipt in receipts] == [True, True]
    assert len({receipt.xaction_id for receipt in receipts}) == 2


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda url: url.split("?")[0], "lacks `?x-adobe-flow-id"),
        (lambda url: url + "0", "the dataflow that the webhook URL names"),
        (lambda url: url.replace("/collection/", "/collection/0"), "the inlet's id"),
    ],
    ids=["no flow id", "wrong flow id", "wrong inlet"],
)
def test_a_wrong_url_is_explained_and_stays_secret(
    platform: Platform, made: chain.Chain, spoil: object, cause: str
) -> None:
    """Each way to paste a wrong URL has its own explanation; neither error nor record shows the inlet."""
    url = spoil(made.webhook.reveal())
    with pytest.raises(errors.Rejected) as caught:
        platform.collection.post(Secret(url), {"id": "1"})
    assert cause in caught.value.cause
    inlet = made.webhook.reveal().split("?")[0].rsplit("/", 1)[-1]
    shown = f"{caught.value} {caught.value.vendor} {platform.show_last(50)!r}"
    assert inlet not in shown
    assert leaks(shown) == []


@pytest.mark.parametrize("body", [b"hello", b"[1, 2]", b'"text"', b""])
def test_what_is_not_a_json_object_is_rejected(platform: Platform, made: chain.Chain, body: bytes) -> None:
    """A body that is not one JSON object is refused at once."""
    with pytest.raises(errors.Rejected) as caught:
        platform.collection.post(made.webhook, body)
    assert caught.value.status == 400


def test_more_than_a_megabyte_is_rejected(platform: Platform, made: chain.Chain) -> None:
    """A body over 1 MB is refused, with what to do about it."""
    with pytest.raises(errors.Rejected) as caught:
        platform.collection.post(made.webhook, {"id": "1", "message": "x" * 1_000_100})
    assert caught.value.status == 413
    assert "fewer events" in caught.value.next_step


def test_a_paused_dataflow_takes_nothing(platform: Platform, made: chain.Chain) -> None:
    """While its dataflow is paused an inlet refuses events, so that the sender keeps them."""
    platform.flows.disable(made.flow)
    with pytest.raises(errors.Rejected) as caught:
        platform.collection.post(made.webhook, {"id": "1"})
    assert "paused" in caught.value.cause


@pytest.mark.parametrize("url", ["", "collection/abc", "ftp://x/collection/abc"])
def test_an_address_that_is_none_is_told_before_sending(platform: Platform, url: str) -> None:
    """A webhook URL that is no web address is a matter of configuration."""
    with pytest.raises(errors.ConfigurationError):
        platform.collection.post(url, {"id": "1"})


def test_a_lesson_sees_a_refusal_without_an_error(platform: Platform, made: chain.Chain) -> None:
    """For lessons a refused post is given as an exchange, with the platform's words and the curl line."""
    exchange = platform.collection.try_post(made.webhook, b"not json")
    assert exchange.status == 400
    assert '"$WEBHOOK_URL"' in exchange.curl
