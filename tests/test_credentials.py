"""Credentials: every file that people have is read, and no way of failing shows a secret."""

from __future__ import annotations

import json
import os
import pickle
import stat
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatlio_helpers import credentials
from chatlio_helpers.errors import CredentialError

ORG = "0123456789ABCDEF01234567@AdobeOrg"
CANARY = "p8e-canary-Kx7pQ2vZ9sT4"

PROJECT = {
    "project": {
        "id": "1",
        "org": {"id": "2", "ims_org_id": ORG},
        "workspace": {
            "details": {
                "credentials": [
                    {"id": "3", "integration_type": "apikey", "apikey": {"client_id": "other"}},
                    {
                        "id": "4",
                        "integration_type": "oauth_server_to_server",
                        "oauth_server_to_server": {
                            "client_id": "cafe",
                            "client_secrets": [CANARY],
                            "technical_account_id": "A@techacct.adobe.com",
                            "scopes": ["openid", "AdobeID"],
                        },
                    },
                ]
            }
        },
    }
}
DOWNLOAD = {
    "CLIENT_SECRETS": [CANARY],
    "ORG_ID": ORG,
    "CLIENT_ID": "cafe",
    "TECHNICAL_ACCOUNT_ID": "A@techacct.adobe.com",
    "SCOPES": ["openid", "AdobeID"],
}
AIO = {"client_id": "cafe", "client_secrets": [CANARY], "ims_org_id": ORG, "scopes": ["openid"], "oauth_enabled": True}
POSTMAN = {
    "name": "Experience Platform",
    "values": [
        {"key": "CLIENT_SECRET", "value": CANARY, "type": "secret", "enabled": True},
        {"key": "API_KEY", "value": "cafe", "enabled": True},
        {"key": "ACCESS_TOKEN", "value": "", "enabled": True},
        {"key": "IMS_ORG", "value": ORG, "enabled": True},
        {"key": "SANDBOX_NAME", "value": "dev", "enabled": True},
    ],
}
AEPP = {"org_id": ORG, "client_id": "cafe", "secret": CANARY, "sandbox-name": "dev", "scopes": "openid, AdobeID"}
INI = f"""[Platform]
ims_org_id = {ORG}
sandbox_name = dev
[Authentication]
client_id = cafe
client_secret = {CANARY}
scopes = openid,AdobeID
"""
DOTENV = f"AEP_CLIENT_ID=cafe\nAEP_CLIENT_SECRET='{CANARY}'\nAEP_ORG_ID={ORG}\n"

FILES = {
    "project.json": json.dumps(PROJECT),
    "oauth_server_to_server.json": json.dumps(DOWNLOAD),
    "aio.json": json.dumps(AIO),
    "postman_environment.json": "\ufeff" + json.dumps(POSTMAN),
    "aepp.json": json.dumps(AEPP),
    "config.ini": INI,
    "mine.env": DOTENV,
}


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Give each test an empty home, an empty folder and no variables of ours."""
    for name in list(os.environ):
        if name.startswith("AEP_CLIENT") or name in {"AEP_ORG_ID", "AEP_SANDBOX", credentials.POINTER_VARIABLE}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("CHATLIO_KIT_HOME", str(tmp_path / "home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    yield
    for name in ("keyring", "keyring.errors"):
        sys.modules.pop(name, None)


def written(name: str, text: str, mode: int = 0o600) -> Path:
    """Write a file here with *mode* and give its path."""
    path = Path.cwd() / name
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("name", FILES)
def test_every_known_file_is_read(name: str) -> None:
    """Each of the seven forms gives the same client id, organisation and secret."""
    read = credentials.load(written(name, FILES[name]))
    assert (read.client_id, read.org_id, read.client_secret.reveal()) == ("cafe", ORG, CANARY)
    assert len(read.keys_found) >= 3


@pytest.mark.parametrize("name", FILES)
def test_nothing_shown_holds_the_secret(name: str) -> None:
    """No text, card, or pickle of credentials holds the secret."""
    read = credentials.load(written(name, FILES[name]))
    shown = f"{read!r} {read} {read._repr_html_()} {read.card()!r} {read.client_secret!r}"
    assert CANARY not in shown
    assert CANARY.encode() not in pickle.dumps(read)
    assert ORG not in read._repr_html_()


def test_scopes_are_split_and_defaulted() -> None:
    """Scopes come as a list, as text with blanks, or not at all; then Adobe's own are used."""
    assert credentials.load(written("aepp.json", json.dumps(AEPP))).scopes == ("openid", "AdobeID")
    without = {name: value for name, value in AEPP.items() if name != "scopes"}
    assert credentials.load(written("aepp.json", json.dumps(without))).scopes == credentials.SCOPES


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("cut.json", '{"client_secret": "' + CANARY, "not valid JSON"),
        ("list.json", json.dumps([CANARY]), "not an object"),
        ("other.json", json.dumps({"colour": CANARY}), "none of the keys"),
        ("other.txt", f"dear diary {CANARY}", "no known format"),
        ("empty.json", "", "is empty"),
        ("bad.ini", f"[Platform]\n{CANARY}\n", "not a valid INI"),
        ("no_secret.json", json.dumps({"org_id": ORG, "client_id": CANARY}), "has no client_secret"),
        ("no_org.json", json.dumps({"secret": CANARY, "client_id": "cafe"}), "has no org_id"),
        ("no_id.json", json.dumps({"secret": CANARY, "org_id": ORG}), "has no client_id"),
        ("bad_org.json", json.dumps({**AEPP, "org_id": f"{CANARY}@example.com"}), "is not an organisation id"),
        ("jwt.json", json.dumps({"org_id": ORG, "client_id": "cafe", "private_key": CANARY}), "JWT"),
        ("template.json", json.dumps({**AEPP, "client_id": "{{API_KEY}}"}), "client_id in template.json is empty"),
        ("jwt_project.json", json.dumps({"project": {"name": CANARY}}), "no OAuth Server-to-Server credential"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(name: str, text: str, says: str) -> None:
    """Each bad file gives one typed error with a next step; neither it nor its traceback holds a value."""
    path = written(name, text)
    with pytest.raises(CredentialError) as caught:
        credentials.load(name if path.suffix else path)
    assert says in str(caught.value)
    assert caught.value.next_step
    assert caught.value.exit_code == 2
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_an_empty_postman_value_is_named() -> None:
    """A Postman template that was not filled in names the empty key and the keys that are there."""
    values = [{**entry, "value": ""} if entry["key"] == "CLIENT_SECRET" else entry for entry in POSTMAN["values"]]
    with pytest.raises(CredentialError, match=r"CLIENT_SECRET .* is empty.*Keys found: API_KEY, IMS_ORG"):
        credentials.load(written("postman.json", json.dumps({"values": values})))


def test_a_switched_off_postman_value_does_not_count() -> None:
    """Postman keeps switched-off entries in the file; they are not used."""
    values = [{**entry, "enabled": entry["key"] != "API_KEY"} for entry in POSTMAN["values"]]
    with pytest.raises(CredentialError, match="has no client_id"):
        credentials.load(written("postman.json", json.dumps({"values": values})))


def test_a_file_that_cannot_be_read_says_so() -> None:
    """A missing file, a folder, and a file that is not text are each told apart from a bad format."""
    (Path.cwd() / "folder.json").mkdir()
    written("picture.json", "")
    (Path.cwd() / "picture.json").write_bytes(b"\x89PNG\xff\xfe")
    for name, says in (
        ("missing.json", "No such file"),
        ("folder.json", "folder"),
        ("picture.json", "not a text file"),
    ):
        with pytest.raises(CredentialError, match=says):
            credentials.load(name)


def test_a_file_open_to_others_is_told_on_its_card() -> None:
    """A credential file that other users can read is used; its card has the command that closes it."""
    read = credentials.load(written("aepp.json", json.dumps(AEPP), mode=0o644))
    assert read.card().status == "warning"
    assert "chmod 600" in read._repr_html_()


def test_save_and_profile(tmp_path: Path) -> None:
    """Saved credentials are readable by their owner only, and are found again by the profile's name."""
    read = credentials.load(written("aepp.json", json.dumps(AEPP)))
    path = credentials.save(read, credentials.profile_path("work"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    again = credentials.load("work")
    assert (again.client_secret, again.sandbox, again.scopes) == (read.client_secret, "dev", read.scopes)
    assert credentials.profiles() == ["work"]


def test_an_unknown_profile_lists_the_known_ones() -> None:
    """A profile name that is misspelt is answered with the names that exist."""
    credentials.save(credentials.load(written("aepp.json", json.dumps(AEPP))), credentials.profile_path("work"))
    with pytest.raises(CredentialError, match=r"profiles in .*: work"):
        credentials.load("wrok")


def test_nothing_anywhere_lists_the_ways() -> None:
    """Without any credentials the error lists the ways to give them."""
    with pytest.raises(CredentialError) as caught:
        credentials.load()
    assert "AEP_CLIENT_SECRET" in caught.value.next_step


def test_variables_and_their_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables come first; one that ends in _FILE names a file that holds the value."""
    written("secret", CANARY + "\n")
    monkeypatch.setenv("AEP_CLIENT_ID", "cafe")
    monkeypatch.setenv("AEP_ORG_ID", ORG)
    monkeypatch.setenv("AEP_CLIENT_SECRET_FILE", "secret")
    read = credentials.load()
    assert read.client_secret.reveal() == CANARY
    assert read.source == "environment"


def test_variables_complete_a_dotenv_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a .env file lacks may come from the environment, and the environment wins."""
    written(".env", DOTENV.replace("cafe", "overruled"))
    monkeypatch.setenv("AEP_CLIENT_ID", "cafe")
    read = credentials.load("")
    assert (read.client_id, read.source) == ("cafe", "environment and .env")


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """When some variables are set, the error names the one that is missing."""
    monkeypatch.setenv("AEP_CLIENT_ID", "cafe")
    with pytest.raises(CredentialError, match="AEP_CLIENT_SECRET"):
        credentials.load()


def test_the_pointer_variable_names_a_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHATLIO_KIT_CREDENTIALS holds a path or a profile name, never a secret."""
    credentials.save(credentials.load(written("aepp.json", json.dumps(AEPP))), credentials.profile_path("work"))
    monkeypatch.setenv(credentials.POINTER_VARIABLE, "work")
    assert credentials.load().client_id == "cafe"


def test_the_keyring_is_asked_last(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the optional keyring package installed, its entry is used when nothing else is there."""
    package = tmp_path / "site" / "keyring"
    package.mkdir(parents=True)
    body = json.dumps(AEPP)
    (package / "__init__.py").write_text(
        f"from . import errors\ndef get_password(service, user):\n    return {body!r}\n"
    )
    (package / "errors.py").write_text("class KeyringError(Exception):\n    pass\n")
    monkeypatch.syspath_prepend(str(package.parent))
    assert credentials.load().source == "keyring"
