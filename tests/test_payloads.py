"""Payloads: whatever is in a file becomes an event or an unreadable with its place and reason."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlio_helpers.errors import ConfigurationError, PayloadError
from chatlio_helpers.payloads import load

STARTED = {"visitor": {"UUID": "v-1"}, "message": "Hi", "conversationUUID": "c-1"}


def write(folder, name, raw):
    """Write *raw* (bytes, or JSON) to a file and give its path."""
    path = folder / name
    path.write_bytes(raw if isinstance(raw, bytes) else json.dumps(raw).encode())
    return path


def test_a_file_name_tells_the_kind_and_the_place(tmp_path):
    """The start of the name is the kind; file, line and size are kept."""
    (event,) = load(write(tmp_path, "unanswered_again.json", STARTED))
    assert (event.kind, event.kind_source, event.file, event.line) == ("unanswered", "name", "unanswered_again.json", 1)
    assert event.size == len(json.dumps(STARTED))


@pytest.mark.parametrize("name", ["feedbacks.json", "my_feedback.json", "payload.json"])
def test_a_name_that_only_resembles_a_kind_tells_nothing(tmp_path, name):
    """The kind must be the whole first word."""
    assert load(write(tmp_path, name, STARTED))[0].kind is None


def test_json_lines_plain_and_gzip_and_under_the_name_json(tmp_path):
    """One payload a line, blank lines skipped, a bad line kept with its number."""
    raw = b"\n\n".join([json.dumps(STARTED).encode(), b"{oops", json.dumps(STARTED).encode()])
    for name in ("feedback.jsonl", "feedback.json"):
        events = load(write(tmp_path, name, raw))
        assert [event.line for event in events] == [1, 5]
        assert [(lost.line, lost.raw.strip()) for lost in events.unreadable] == [(3, b"{oops")]
    events = load(write(tmp_path, "feedback.ndjson.gz", gzip.compress(raw)))
    assert [event.kind for event in events] == ["feedback", "feedback"]


def test_an_envelope_tells_kind_and_time_of_receipt(tmp_path):
    """A receiver's line is opened; its kind counts as known by the URL."""
    line = {"kind": "unanswered", "received_at": "2026-03-01T10:00:00+01:00", "payload": STARTED}
    (event,) = load(write(tmp_path, "archive.jsonl", line))
    assert (event.kind, event.kind_source, event.payload) == ("unanswered", "url", STARTED)
    assert event.received_at.isoformat() == "2026-03-01T09:00:00+00:00"


def test_an_envelope_with_an_unknown_kind_is_unreadable_and_kept(tmp_path):
    """A kind that does not exist is told, and the bytes stay."""
    (lost,) = load(write(tmp_path, "archive.jsonl", {"kind": "chat", "payload": STARTED})).unreadable
    assert "chat" in lost.reason
    assert b"c-1" in lost.raw


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"\xff\xfe", "empty|not JSON"),
        (b"not json", "not JSON"),
        (b'{"a": ', "not JSON"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too long"),
        (b'{"a": "\\ud83d"}', "surrogate"),
        (b'{"\\udc00": 1}', "surrogate"),
        (b'{"a": "\xfc"}', "UTF-8"),
        (b"[" * 100_000, "deeply|levels|not JSON"),
        (b'{"a":' * 150 + b"1" + b"}" * 150, "levels"),
        (b"[{}]", "a list of 1"),
        (b'"text"', "a text"),
        (b"null", "null"),
        (b"3", "a number"),
    ],
)
def test_what_is_no_payload_is_kept_with_a_reason(tmp_path, raw, reason):
    """Nothing is fatal, nothing is dropped; strict raises and names file and line."""
    path = write(tmp_path, "transcript.json", raw)
    (lost,) = load(path).unreadable
    assert (lost.file, lost.raw) == ("transcript.json", raw)
    assert any(word in lost.reason for word in reason.split("|")), lost.reason
    with pytest.raises(PayloadError, match=r"transcript\.json, line 1"):
        load(path, strict=True)


@pytest.mark.parametrize(
    ("encoding", "note"), [("utf-8-sig", "byte order mark"), ("utf-16", "UTF-16"), ("utf-32", "UTF-32")]
)
def test_other_encodings_are_read_and_noted(tmp_path, encoding, note):
    """A byte order mark, UTF-16 and UTF-32 are understood."""
    raw = json.dumps({**STARTED, "message": "Grüße 👋"}, ensure_ascii=False).encode(encoding)
    (event,) = load(write(tmp_path, "feedback.json", raw))
    assert event.payload["message"] == "Grüße 👋"
    assert note in event.notes[0]


def test_a_key_that_stands_twice_is_noted(tmp_path):
    """The last value counts, as on the platform, and a note says so."""
    (event,) = load(write(tmp_path, "feedback.json", b'{"message": "one", "message": "two"}'))
    assert event.payload == {"message": "two"}
    assert "twice" in event.notes[0]


def test_more_than_a_megabyte_is_read_and_its_size_known(tmp_path):
    """A transcript too large for the platform is still data here."""
    (event,) = load(write(tmp_path, "transcript.json", {"messages": [], "textBody": "x" * 1_100_000}))
    assert event.size > 1024 * 1024


def test_a_folder_is_read_in_order_and_other_files_are_named(tmp_path):
    """Only payload files count; what is skipped is not silent, what cannot be opened is unreadable."""
    for name in ("feedback.json", "conversation_started.json"):
        write(tmp_path, name, STARTED)
    write(tmp_path, "README.md", b"hello")
    write(tmp_path, "unanswered.json.gz", b"not gzip")
    write(tmp_path, "transcript.json.gz", gzip.compress(b'{"messages": []}')[:-12])
    events = load(tmp_path)
    assert [event.kind for event in events] == ["conversation_started", "feedback"]
    assert events.skipped == ("README.md",)
    assert [lost.file for lost in events.unreadable] == ["transcript.json.gz", "unanswered.json.gz"]


def test_payloads_themselves_are_taken_one_or_many():
    """A dictionary, or any iterable of them; what JSON cannot carry is unreadable."""
    assert len(load(STARTED)) == 1
    events = load([STARTED, {"a": float("nan")}, {"a": {1, 2}}, ["list"], {"a": "\ud83d"}])
    assert (len(events), [lost.line for lost in events.unreadable]) == (1, [2, 3, 4, 5])


def test_a_path_that_is_not_there_says_what_to_do(tmp_path):
    """A missing folder is a configuration error, not an empty result."""
    with pytest.raises(ConfigurationError, match="Next step"):
        load(tmp_path / "nowhere")


def test_guess_is_off_unless_asked_for(tmp_path):
    """The same file gives no kind, or a marked guess."""
    path = write(tmp_path, "archive.jsonl", STARTED)
    assert load(path)[0].kind is None
    assert load(path, guess=True)[0].kind_source == "guess"


@given(st.binary(max_size=300))
def test_no_bytes_are_fatal(tmp_path_factory, raw):
    """Any content gives events or unreadables, one at least when there is anything but blanks."""
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(raw)
    found = load(path)
    assert len(found) + len(found.unreadable) >= 1
