"""Panels: real widgets whose buttons are clicked here, twins without widgets, and no secret left in any state."""

import json
import stat
import subprocess
import sys
import threading
import time
from html import unescape
from types import SimpleNamespace

import ipywidgets
import nbformat
import pytest
from nbclient import NotebookClient

from chatlio_helpers import credentials, panels
from chatlio_helpers.delivery import Delivery, Sent
from chatlio_helpers.errors import ConfigurationError, NotAuthorised
from chatlio_helpers.events import Events, classify
from chatlio_helpers.panels.connection import keep
from chatlio_helpers.panels.webhooks import WebhooksPanel
from chatlio_helpers.progress import progress
from chatlio_helpers.secret import Secret

CANARY = "canary-p@stedSecretValue"
URL = "https://dcs.adobedc.net/collection/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
ORG = "ABCDEF0123456789ABCDEF01@AdobeOrg"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """Keep profiles in a folder of the test."""
    monkeypatch.setenv("CHATLIO_KIT_HOME", str(tmp_path / "home"))


def state() -> str:
    """Give the state of every widget of this process, as a front end would save it."""
    return json.dumps(ipywidgets.Widget.get_manager_state(), default=str)


def buttons(panel) -> dict[str, ipywidgets.Button]:
    """Find the buttons of a panel by their words."""
    return {widget.description: widget for widget in everything(panel.box) if isinstance(widget, ipywidgets.Button)}


def everything(widget):
    """Walk a widget and all its children."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def click(panel, words):
    """Click a button, and wait until its work is done."""
    buttons(panel)[words].click()
    panel.join()


class Connections:
    """Stands where ``kit.connect`` is handed over: records the calls, reads the credentials it is given."""

    def __init__(self):
        self.calls, self.loaded = [], None

    def __call__(self, platform, **chosen):
        """Record the call."""
        self.calls.append((platform, chosen))
        if "credentials" in chosen:
            self.loaded = credentials.load(chosen["credentials"])
        permitted = [{"name": "prod"}, {"name": "dev"}]
        return SimpleNamespace(sandbox="dev", sandboxes=SimpleNamespace(list=lambda: permitted))


def events():
    """Give three events of two kinds from two files."""
    return Events(
        classify({"conversationUUID": f"c-{number}", "message": "x"}, kind, file=file)
        for number, (kind, file) in enumerate(
            (("unanswered", "a.json"), ("feedback", "a.json"), ("feedback", "b.json"))
        )
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: panels.connection(Connections()),
        lambda: panels.onboarding(events()),
        lambda: panels.sending(None, events()),
        lambda: panels.webhooks({"feedback": Secret(URL)}),
    ],
    ids=["connection", "onboarding", "sending", "webhooks"],
)
def test_without_a_front_end_no_widget_is_made(make):
    """The twin says the same in text and HTML, shows the line of code, and no widget exists."""
    before = len(ipywidgets.Widget.get_manager_state()["state"])
    twin = make()
    assert isinstance(twin, panels.Twin)
    assert len(ipywidgets.Widget.get_manager_state()["state"]) == before
    assert "The same by code" in twin._repr_html_()
    assert twin.line in repr(twin)
    assert URL not in repr(twin) + twin._repr_html_()


def test_the_panels_load_no_widget_library_without_a_front_end():
    """Importing the panels and making a twin leaves ipywidgets alone."""
    program = (
        "import sys; from chatlio_helpers import panels; panels.connection(lambda *_: 0); "
        "sys.exit('ipywidgets' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_connect_calls_what_the_line_of_code_says():
    """The button hands the fields on as arguments, and the line shows just these."""
    connect = Connections()
    panel = panels.connection(connect, interactive=True)
    click(panel, "Connect")
    assert connect.calls == [("local", {})]
    assert panel.result.sandbox == "dev"
    panel.platform.value, panel.sandbox.value, panel.live.value = "live", "dev", True
    click(panel, "Connect")
    assert connect.calls[1] == ("live", {"sandbox": "dev", "allow": "live"})
    assert 'kit.connect("live", sandbox="dev", allow="live")' in unescape(panel._line.value)


def test_after_connecting_the_line_is_offered_for_the_next_cell():
    """The form says plainly that it changed nothing for the notebook, and the line carries every value."""
    panel = panels.connection(Connections(), interactive=True)
    assert "Copy this line" not in panel._line.value
    panel.prod.value = True
    click(panel, "Connect")
    assert "This form has connected once to look" in panel._line.value
    assert 'aep = kit.connect("local", sandbox="dev", allow="prod")' in unescape(panel._line.value)
    panel.sandbox.value = "prod"
    assert "Copy this line" not in panel._line.value


def test_fields_of_a_live_platform_are_hidden_and_unused_while_local_is_chosen():
    """Only platform, sandbox and the word for production are there; what stands in hidden fields is not used."""
    panel = panels.connection(Connections(), interactive=True)
    hidden = (panel.file, panel.path, panel.client_id, panel.client_secret, panel.org_id, panel.profile, panel.live)
    assert {field.layout.display for field in hidden} == {"none"}
    assert {field.layout.display for field in (panel.platform, panel.sandbox, panel.prod)} == {None}
    panel.platform.value, panel.path.value, panel.live.value = "live", "somewhere.json", True
    assert {field.layout.display for field in hidden} == {None}
    panel.platform.value = "local"
    assert 'kit.connect("local")' in unescape(panel._line.value)


def test_the_sandbox_picker_is_filled_after_connecting():
    """It offers the sandboxes that the account may use."""
    panel = panels.connection(Connections(), interactive=True)
    assert panel.sandbox.options == ()
    click(panel, "Connect")
    assert (panel.sandbox.options, panel.sandbox.value) == (("prod", "dev"), "dev")


def test_a_pasted_secret_is_gone_from_the_field_and_kept_in_a_private_profile():
    """At the moment that connect is called the field is empty; the profile file is the owner's alone."""
    seen = []

    class Watching(Connections):
        def __call__(self, platform, **chosen):
            seen.append(panel.client_secret.value)
            return super().__call__(platform, **chosen)

    connect = Watching()
    panel = panels.connection(connect, interactive=True)
    panel.platform.value, panel.live.value = "live", True
    panel.client_id.value, panel.client_secret.value, panel.org_id.value = "a" * 32, CANARY, ORG
    click(panel, "Connect")
    assert seen == [""]
    assert connect.calls == [("live", {"credentials": "pasted", "allow": "live"})]
    assert connect.loaded.client_secret.reveal() == CANARY
    assert stat.S_IMODE(credentials.profile_path("pasted").stat().st_mode) == 0o600
    assert CANARY not in state() + repr(panel) + repr(panel.place.shown) + panel._line.value


def test_a_secret_is_cleared_before_anything_can_fail():
    """Also when the pasted values are refused, the field is empty and the card does not show the value."""
    panel = panels.connection(Connections(), interactive=True)
    panel.platform.value = "live"
    panel.client_id.value, panel.client_secret.value, panel.org_id.value = "a" * 32, CANARY, "not an organisation"
    click(panel, "Connect")
    assert panel.place.shown.status == "failed"
    assert CANARY not in state() + repr(panel.place.shown) + panel.place.shown._repr_html_()
    assert not credentials.profile_path("pasted").exists()


def test_a_profile_of_other_credentials_is_not_overwritten():
    """A name that is taken by another client is refused; the same client may renew its secret."""
    keep("a" * 32, Secret(CANARY), ORG, "mine")
    keep("a" * 32, Secret(CANARY + "-new"), ORG, "mine")
    with pytest.raises(ConfigurationError, match="other credentials"):
        keep("b" * 32, Secret(CANARY), ORG, "mine")
    assert credentials.load("mine").client_secret.reveal() == CANARY + "-new"


@pytest.mark.parametrize("name", ["", "../elsewhere", "a/b"])
def test_a_profile_needs_a_plain_name(name):
    """A path as a name is refused, and nothing is written."""
    with pytest.raises(ConfigurationError, match="plain name"):
        keep("a" * 32, Secret(CANARY), ORG, name)


def test_whatever_a_callback_raises_becomes_a_card():
    """A refusal and a plain bug are both painted, the button works again, and nothing escapes."""
    refusal = NotAuthorised("The secret was refused.", cause="it is wrong", next_step="copy it again", status=401)
    for error, words in ((refusal, "copy it again"), (ZeroDivisionError("oh"), "ZeroDivisionError: oh")):

        def connect(platform, error=error, **_):
            raise error

        panel = panels.connection(connect, interactive=True)
        click(panel, "Connect")
        assert words in repr(panel.place.shown)
        assert not buttons(panel)["Connect"].disabled


def test_a_click_blocks_nothing():
    """The callback is back at once, the button is off while the work goes on, and on again after it."""
    go_on = threading.Event()
    plan = SimpleNamespace(apply=lambda: go_on.wait(5) and "made")
    panel = panels.onboarding(plan, interactive=True)
    began = time.monotonic()
    buttons(panel)["Apply the plan"].click()
    assert time.monotonic() - began < 1
    assert buttons(panel)["Apply the plan"].disabled
    go_on.set()
    panel.join()
    assert (panel.result, buttons(panel)["Apply the plan"].disabled) == ("made", False)


def test_progress_of_the_work_is_shown_in_the_panels_own_place():
    """What plan.apply() counts is painted below the button, not in the cell that made the panel."""
    painted = []

    def apply():
        with progress("making", 2) as bar:
            bar.step(2)
            painted.append(panel.place.shown)
        return "made"

    panel = panels.onboarding(SimpleNamespace(apply=apply), interactive=True)
    click(panel, "Apply the plan")
    assert str(painted[0]).startswith("making: 2 of 2")
    assert panel.place.shown == "made"


def test_only_the_chosen_kinds_and_files_are_sent():
    """Boxes and list choose; the line of code chooses the same."""
    calls = []
    sent = Sent((Delivery("feedback", "e", "accepted", at=1.0),), 0.1)

    def send(platform, chosen, **more):
        calls.append((platform, [(event.kind, event.file) for event in chosen], more))
        return sent

    panel = panels.sending("platform", events(), send=send, interactive=True)
    assert panel.kinds["transcript"].disabled
    assert "kit.send(aep, events)" in panel._line.value
    panel.kinds["unanswered"].value, panel.files.value, panel.lighten.value = False, ("b.json",), True
    click(panel, "Send")
    assert calls == [("platform", [("feedback", "b.json")], {"lighten": True})]
    assert 'e.kind in ["feedback"] and e.file in ["b.json"]' in unescape(panel._line.value)
    assert panel.result is sent


def test_the_line_of_the_sending_panel_uses_the_readers_names():
    """The variable that holds the events, and the dataflows when they were given, are in the line; in the twin too."""
    made = SimpleNamespace()
    panel = panels.sending("platform", events(), made=made, name="safe", interactive=True)
    assert "sent = kit.send(aep, safe, made=made)" in panel._line.value
    assert panels.sending("platform", events(), made=made, name="safe").line == "sent = kit.send(aep, safe, made=made)"


def test_a_revealed_url_is_gone_when_its_time_is_over():
    """One URL is in the field, then none; no widget state keeps it."""
    panel = WebhooksPanel({"feedback": Secret(URL)}, seconds=0.3)
    assert URL not in state() + repr(panel.place.shown)
    click(panel, "Reveal the URL")
    assert panel.url.value == URL
    deadline = time.monotonic() + 5
    while panel.url.value and time.monotonic() < deadline:
        time.sleep(0.02)
    assert URL not in state()


def test_a_revealed_url_can_be_hidden_at_once():
    """The second button, and choosing another kind, clear the field."""
    panel = WebhooksPanel({"feedback": Secret(URL), "unanswered": Secret(URL + "?x-adobe-flow-id=2")})
    click(panel, "Reveal the URL")
    click(panel, "Hide it now")
    assert panel.url.value == ""
    click(panel, "Reveal the URL")
    panel.kind.value = "unanswered"
    assert panel.url.value == ""


def test_every_control_has_words():
    """Buttons carry text, fields carry labels, and each can be reached by keyboard."""
    made = [
        panels.connection(Connections(), interactive=True),
        panels.onboarding(SimpleNamespace(apply=None), interactive=True),
        panels.sending(None, events(), interactive=True),
        panels.webhooks({"feedback": Secret(URL)}, interactive=True),
    ]
    controls = [
        w for panel in made for w in everything(panel.box) if hasattr(w, "description") and hasattr(w, "disabled")
    ]
    assert len(controls) > 15
    assert all(control.description.strip() for control in controls)
    assert all(getattr(control, "tabbable", None) is not False for control in controls)


def test_in_a_kernel_the_result_lands_in_the_output_of_the_cell():
    """Through a real kernel: the click's result replaces what the panel's output showed, without an Output widget."""
    cells = [
        "from types import SimpleNamespace\n"
        "from chatlio_helpers import panels\n"
        "from chatlio_helpers.cards import Card\n"
        "panel = panels.onboarding(SimpleNamespace(apply=lambda: Card('ok', 'five made')), interactive=True)",
        "panel",
        "panel.box.children[1].click()\npanel.join()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    shown = [output["data"].get("text/plain", "") for output in notebook.cells[1].outputs]
    assert shown[-1] == "ok: five made"
    assert all("OutputModel" not in json.dumps(output) for cell in notebook.cells for output in cell.outputs)
