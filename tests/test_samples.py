"""The sample payloads: complete, explained, and free of anybody's data."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address, ip_network

import pytest

from chatlio_helpers import config
from chatlio_helpers.documented import OLDER, PATHS, leaves, paths
from chatlio_helpers.events import KINDS
from chatlio_helpers.payloads import load

FOLDER = config.samples()
FILES = sorted(path.name for path in FOLDER.glob("*.json"))
DOCUMENTATION = [ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]


@pytest.fixture(scope="module")
def samples():
    """All sample payloads as events."""
    return load(FOLDER)


def test_every_kind_has_its_documented_sample_with_exactly_the_documented_keys():
    """The file named after its kind holds the documented paths and no others."""
    for kind in KINDS:
        (event,) = load(FOLDER / f"{kind}.json")
        assert event.kind == kind
        found = {path for path in paths(event.payload) if not path.startswith("visitorTraits.")}
        assert found == PATHS[event.family], kind


def test_every_file_is_explained_and_every_explanation_has_its_file():
    """The README lists each file once, with a basis."""
    rows = re.findall(
        r"^\| `([^`]+)` \|[^|]+\| (\w+)", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(name for name, _ in rows) == FILES
    assert {basis for _, basis in rows} <= {"documented", "observed", "assumed"}
    assert len(FILES) >= 28


def test_names_tell_what_is_in_the_files(samples):
    """Broken files are the unreadable ones; names with a kind give it; unknown ones are known by shape at most."""
    assert {lost.file for lost in samples.unreadable} == {name for name in FILES if name.startswith("broken_")}
    for event in samples:
        known_by_name = event.kind is not None and event.file.startswith(event.kind)
        assert event.file.startswith("unknown_") != known_by_name
        assert event.kind_source == ("name" if known_by_name else "shape")


def test_no_sample_holds_a_real_address(samples):
    """E-mail addresses end in example.com, IP addresses are documentation's, hosts are reserved or the vendor's."""
    for path in FOLDER.iterdir():
        text = path.read_bytes().decode("utf-8", "replace")
        assert all(host.lower().endswith("example.com") for host in re.findall(r"[\w.]+@([\w.-]+\w)", text)), path.name
    for event in samples:
        if address := event.visitor.get("IPAddress"):
            assert any(ip_address(address) in net for net in DOCUMENTATION), event.file
        hosts = {re.sub(r"^https?://([^/?#]+).*", r"\1", str(v), flags=re.DOTALL) for p, v in leaves(event.payload)
                 if re.search(r"URL$|Page$|Url$", p) and v}  # fmt: skip
        assert all(re.search(r"(^|\.)example(\.com)?$|^yourcompany\.slack\.com$", host) for host in hosts), hosts


def test_the_repaired_transcript_is_consistent():
    """Start, messages and end follow each other, and the fractions are those of a float."""
    payload = json.loads((FOLDER / "transcript.json").read_text(encoding="utf-8"))
    moments = [payload["startedAt"], *(message["sentAt"] for message in payload["messages"]), payload["endedAt"]]
    assert moments == sorted(moments)
    assert payload["messages"][0]["sentAt"].endswith(".000005006+02:00")


def test_only_the_samples_of_drift_have_undocumented_keys(samples):
    """A new key in a sample must be on purpose, and say so in the file's name."""
    for event in samples:
        known = PATHS.get(event.family, frozenset()) | OLDER.get(event.family, frozenset())
        new = {path for path in paths(event.payload) - known if not path.startswith("visitorTraits")}
        if new and not event.file.startswith("unknown_"):
            assert re.search(r"unknown_keys|rating", event.file), (event.file, new)
