"""Connecting: who may, where, and with which word."""

import json
import warnings

import pytest

from chatlio_helpers.connection import connect
from chatlio_helpers.errors import ConfigurationError, ConsentNeeded, CredentialError, KitError, NotAuthorised


def test_a_connection_shows_who_and_where_but_no_secret(aep, platform):
    """The card names platform, organisation, sandbox and prefix; the secret is nowhere."""
    secret = json.loads(platform.seat(aep.seat).read_text())["secret"]
    shown = repr(aep) + aep._repr_html_() + repr(vars(aep))
    assert aep.org in shown
    assert "dev" in shown
    assert secret not in shown


def test_a_production_sandbox_needs_the_word(open_seat):
    """The sandbox prod is refused without the word, and works with it."""
    with pytest.raises(ConsentNeeded, match="production sandbox") as caught:
        open_seat(sandbox="prod")
    assert 'allow="prod" (notebook) or --allow prod (command line)' in caught.value.next_step
    assert open_seat(sandbox="prod", allow="prod").sandbox == "prod"


def test_a_live_platform_needs_the_word():
    """Nothing live happens by accident."""
    with pytest.raises(ConsentNeeded, match="live platform") as caught:
        connect("live")
    assert 'allow="live" (notebook) or --allow live (command line)' in caught.value.next_step


@pytest.mark.parametrize("sandbox", ["finance", "no-such-sandbox"])
def test_a_sandbox_that_is_not_permitted_or_not_there_is_refused_with_the_list(open_seat, sandbox):
    """The refusal lists the sandboxes that this account may use."""
    with pytest.raises(KitError, match=sandbox) as caught:
        open_seat(sandbox=sandbox)
    assert "dev" in str(caught.value)


def test_credentials_of_another_organisation_are_refused(open_seat, platform, tmp_path):
    """A client id of one organisation with the organisation id of another is refused in words."""
    mine = json.loads(platform.seat("one").read_text())
    mine["org_id"] = json.loads(platform.seat("two").read_text())["org_id"]
    path = tmp_path / "mixed.json"
    path.write_text(json.dumps(mine))
    path.chmod(0o600)
    with pytest.raises(KitError) as caught:
        open_seat(credentials=str(path))
    assert caught.value.exit_code == 3
    assert caught.value.next_step


def test_a_wrong_secret_is_refused(open_seat, platform, tmp_path):
    """IMS refuses, and the words say what to check."""
    mine = json.loads(platform.seat("one").read_text())
    mine["secret"] = "p8e-not-the-right-one-000"
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(mine))
    path.chmod(0o600)
    with pytest.raises(NotAuthorised) as caught:
        open_seat(credentials=str(path))
    assert "invalid_client" in str(caught.value.vendor) + str(caught.value.code)
    assert "p8e-not" not in str(caught.value)
    assert "the local platform has its own" in caught.value.next_step


def test_a_credential_file_open_to_others_is_told_where_one_connects(open_seat, platform, tmp_path):
    """The card of the connection says so; no warning with a line of code is raised."""
    path = tmp_path / "open.json"
    path.write_text(platform.seat("one").read_text())
    path.chmod(0o644)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert "chmod 600" in open_seat(credentials=str(path))._repr_html_()


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"platform": "mock"}, ConfigurationError),
        ({"prefix": "7 bad!"}, ConfigurationError),
        ({"platform": "live", "seat": "ada", "allow": "live"}, ConfigurationError),
        ({"credentials": "/nowhere/at/all.json"}, CredentialError),
        ({"prefix": 7}, ConfigurationError),
        ({"sandbox": 1.23e47}, ConfigurationError),
        ({"credentials": "p8e-abcdefghijklmnopqrst"}, ConfigurationError),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, error):
    """Each wrong setting has its own words and a next step."""
    with pytest.raises(error) as caught:
        connect(**settings)
    assert caught.value.next_step


def test_seats_have_workspaces_of_their_own(platform, tmp_path):
    """Two seats on one machine do not share a ledger."""
    folders = {connect("local", seat=s, workspace=str(tmp_path)).workspace.folder for s in ("ada", "ben")}
    assert len(folders) == 2
