"""Secrets hide wherever they go, and texts lose them."""

import json
import pickle
from copy import copy

import pytest

from chatlio_helpers.secret import HIDDEN, Secret, leaks, redact

VALUE = "canary-4711-of-the-secret-test"


@pytest.mark.parametrize("shown", [repr, str, "{:>40}".format, lambda s: json.dumps([s], default=str)])
def test_a_secret_does_not_show_itself(shown):
    """Neither repr, str, format nor JSON show the value."""
    assert VALUE not in shown(Secret(VALUE))


def test_a_pickled_secret_is_empty():
    """Pickling and copying lose the value instead of carrying it away."""
    secret = Secret(VALUE)
    assert VALUE.encode() not in pickle.dumps(secret)
    assert not pickle.loads(pickle.dumps(secret))  # noqa: S301
    assert copy(secret).reveal() == ""


def test_the_value_is_there_for_those_who_ask():
    """Only reveal gives the value."""
    assert Secret(VALUE).reveal() == VALUE


def test_registered_values_leave_every_text():
    """A value once wrapped is taken out of texts, also in its URL-encoded form."""
    Secret("odd value/with&signs")
    assert redact("say odd value/with&signs twice: odd%20value%2Fwith%26signs") == f"say {HIDDEN} twice: {HIDDEN}"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdefghijkl.mnop",
        "https://dcs.example/collection/" + "ab" * 32 + "?x-adobe-flow-id=1234",
        "POST /collection/batch/" + "ab" * 32,
        '{"client_secret": "something-long"}',
        "access_token=eyJhbGciOiJSUzI1NiJ9.eyJpZCI6IjEyMzQ1NiJ9.c2ln",
        "p8e-abcdefghijklmnopqrstuv",
        '{"inletId": "' + "ab" * 32 + '"}',
    ],
)
def test_what_looks_secret_is_found_and_hidden(text):
    """Tokens, webhook URLs and client secrets are recognised by their shape; a redacted text is clean."""
    assert leaks(text)
    assert not leaks(redact(text))


def test_plain_words_stay():
    """Ordinary text passes unchanged."""
    text = "The dataflow d947e6a9-ea53-42c4-985c-c9379265491f is enabled; see collection of samples."
    assert redact(text) == text
    assert not leaks(text)
