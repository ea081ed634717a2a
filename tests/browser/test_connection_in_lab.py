"""Notebook 00 in JupyterLab: everything runs, and the connection panel connects and keeps no secret."""

import json
import stat

import pytest
from playwright.sync_api import expect

PANEL = "kit.panels.connection"

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def start(lab, page):
    """Notebook 00, opened by a person who chose Run All."""
    notebook = lab.open(page, "00_start_here")
    notebook.run_all()
    notebook.finished()
    return notebook


def test_run_all_shows_the_cards(start, tmp_path):
    """Run All brings both green cards, the picture with its words, and no error."""
    for cell, words in (
        ("health.check()", "preconditions examined"),
        ("kit.check(", "connected to the local platform"),
    ):
        card = start.outputs(cell).get_by_role("note")
        expect(card).to_contain_text(words)
        expect(card).to_contain_text("ok:")
    expect(start.outputs("kit.picture.journey").get_by_role("img")).to_be_visible()
    expect(start.page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]')).to_have_count(0)
    shot = tmp_path / "notebook.png"
    start.page.screenshot(path=shot)
    assert shot.stat().st_size > 20_000


def test_the_panel_connects(start):
    """The panel stands there as widgets; choosing local and pressing Connect shows who and where."""
    panel = start.outputs(PANEL)
    panel.get_by_label("local", exact=True).check()
    panel.get_by_role("button", name="Connect").click()
    expect(panel).to_contain_text("Connected to the local platform: sandbox dev")
    expect(panel.get_by_label("Sandbox", exact=True)).to_have_value("dev")
    expect(panel).to_contain_text('Copy this line there: aep = kit.connect("local", sandbox="dev")')
    expect(panel.get_by_label("client secret")).to_be_hidden()


def test_a_refusal_is_a_card(start):
    """A live platform without the word brings a card with the next step, and nothing leaves this computer."""
    panel = start.outputs(PANEL)
    panel.get_by_label("live", exact=True).check()
    panel.get_by_role("button", name="Connect").click()
    card = panel.get_by_role("note")
    expect(card).to_contain_text("stopped: This would connect to a live platform.")
    expect(card).to_contain_text("Next step:")
    panel.get_by_label("local", exact=True).check()


def test_a_pasted_secret_is_gone_at_once(start, lab):
    """A secret typed into the field leaves it at the click, and is in no file but the private profile.

    Not even in the saved state of the widgets, for a person who has JupyterLab save that.
    """
    account = json.loads((lab.home / "kit" / "platform" / "credentials" / "default.json").read_text("utf-8"))
    panel = start.outputs(PANEL)
    panel.get_by_label("live", exact=True).check()  # without the word: nothing leaves this computer
    field = panel.get_by_label("client secret")
    expect(field).to_have_attribute("type", "password")
    panel.get_by_label("or paste: client ID").fill(account["client_id"])
    panel.get_by_label("organisation ID").fill(account["org_id"])
    field.fill(account["secret"])
    panel.get_by_role("button", name="Connect").click()
    expect(field).to_have_value("")
    expect(panel).to_contain_text('credentials="pasted"')
    expect(panel).to_contain_text("This would connect to a live platform.")
    start.keep_widget_state()
    start.save()
    start.keep_widget_state()  # as it was: JupyterLab remembers it for every notebook
    assert "client secret" in json.dumps(json.loads(start.path.read_text("utf-8"))["metadata"]["widgets"])
    assert account["secret"] not in start.page.content()
    holders = [
        path for path in lab.root.rglob("*") if path.is_file() and account["secret"].encode() in path.read_bytes()
    ]
    kept = {path.relative_to(lab.home / "kit").as_posix() for path in holders}
    profile = lab.home / "kit" / "credentials" / "pasted.json"
    assert stat.S_IMODE(profile.stat().st_mode) == 0o600
    assert {name for name in kept if not name.startswith("platform/")} == {"credentials/pasted.json"}
