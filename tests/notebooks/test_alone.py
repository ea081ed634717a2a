"""Each notebook by itself, in any order, from any directory, in any sandbox; and two people side by side."""

import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from chatlio_helpers import config, local
from chatlio_helpers.front_end import HEADLESS_VARIABLE
from chatlio_helpers.onboarding import inventory

from .journeys import AS_PRINTED, OF_THE_KIT, objects

SEVEN = ("00", "01", "02", "03", "04", "05", "06")


@pytest.mark.parametrize("digits", SEVEN)
def test_each_notebook_runs_alone(alone, digits):
    """A notebook that is opened first, out of order, makes or replays what it needs: 05 before 02, 06 before all."""
    run = alone(digits)
    assert run.exit_code == 0, str(run)
    assert run.steps[0].checks >= 2


def test_cleaning_up_first_removes_nothing(alone):
    """The last notebook, run before all others, says that there is nothing to remove."""
    found = {record["step"]: record["found"] for record in alone("06").steps[0].results}
    assert found["inventory"] == 0


def test_two_seats_do_not_see_each_other(kit, alone):
    """What one attendee made is not in another's sandbox, and cleaning up in one seat touches no other."""
    for digits in ("02", "05", "06"):
        assert alone(digits).exit_code == 0
    seats = {digits: kit.connect(seat=f"alone-{digits}", workspace=f"alone-{digits}") for digits in ("02", "05", "06")}
    there = {digits: objects(connection) for digits, connection in seats.items()}
    assert [len(found) for found in there.values()] == [OF_THE_KIT + AS_PRINTED, OF_THE_KIT, 0]
    assert not set(there["02"]) & set(there["05"])
    assert len({connection.org for connection in seats.values()}) == 3
    assert inventory(seats["05"]).present == OF_THE_KIT


def test_a_seat_has_a_workspace_of_its_own(kit):
    """Two attendees on one computer who name no workspace do not share a ledger."""
    ann, ben = kit.connect(seat="ann"), kit.connect(seat="ben")
    assert ann.workspace.folder != ben.workspace.folder
    assert ann.ledger.path != ben.ledger.path


def test_plain_papermill_works_from_another_directory(tmp_path):
    """papermill's own command line runs a notebook in a home where nothing is running, from wherever one is.

    Nobody tells it that it is headless, and nothing scrubs what it writes: there is no widget and no webhook URL in it.
    """
    home = tmp_path / "home"
    surroundings = {name: value for name, value in os.environ.items() if name != HEADLESS_VARIABLE}
    notebook = config.notebooks() / "02_create_the_source_connection.ipynb"
    command = [sys.executable, "-m", "papermill", str(notebook), "out.ipynb", "-p", "platform", "local"]
    try:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=surroundings | {config.HOME_VARIABLE: str(home)},
            capture_output=True,
            timeout=120,
        )
    finally:
        local.stop(home / "platform")
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    executed = (tmp_path / "out.ipynb").read_text("utf-8")
    assert "5 dataflows enabled, each with a webhook URL" in executed
    assert "widget-view" not in executed
    assert re.findall(r"collection/(?:batch/)?[0-9a-f]{8,}", executed) == []


@pytest.fixture(scope="module")
def stopped_at_prod(kit):
    """A run in the production sandbox that nobody allowed."""
    return kit.run("prod-without-a-word", ("00", "02"), sandbox="prod", seat="prod", workspace="prod")


def test_a_production_sandbox_needs_a_word(stopped_at_prod):
    """Without the word the run stops before anything is made, and says what to do, with the exit code of the error."""
    text = str(stopped_at_prod)
    assert stopped_at_prod.exit_code == 2
    assert [step.status for step in stopped_at_prod.steps] == ["failed", "not run"]
    assert "The sandbox prod is a production sandbox." in text.splitlines()[1]
    assert 'allow="prod" (notebook) or --allow prod (command line)' in text


def test_the_refusal_is_in_every_form_of_the_report(stopped_at_prod):
    """The page, the index and the JUnit file each say why the run stopped and what to do next."""
    folder = stopped_at_prod.folder
    for page in ("index.html", "00_start_here.html"):
        text = (folder / page).read_text("utf-8")
        assert "The sandbox prod is a production sandbox." in text
        assert "Next step: choose a development sandbox" in text
    failure = ElementTree.parse(folder / "junit.xml").getroot().find(".//failure")  # noqa: S314  (we wrote it)
    assert failure.get("type") == "ConsentNeeded"


def test_with_the_word_the_production_sandbox_is_used(kit, stopped_at_prod):
    """With the word the same notebook works, in the production sandbox and in no other."""
    where = {"seat": "prod", "workspace": "prod"}
    run = kit.run("prod-with-the-word", ("02",), sandbox="prod", allow="prod", **where)
    assert run.exit_code == 0, str(run)
    assert objects(kit.connect(**where)) == {}
    assert len(objects(kit.connect(**where, sandbox="prod", allow="prod"))) == OF_THE_KIT + AS_PRINTED


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sandbox": "nowhere"}, "nowhere"),
        ({"sandbox": "finance"}, "finance"),
        ({"prefix": "no good"}, "The prefix 'no good' cannot be used."),
        ({"credentials": "no-such-file.json"}, "no-such-file.json"),
    ],
    ids=["no such sandbox", "a sandbox not permitted", "an impossible prefix", "no such file"],
)
def test_a_wrong_setting_is_one_clear_error(kit, given, words, request):
    """A parameter that cannot work stops the first notebook with one error that says what to do, and no traceback."""
    run = kit.run(request.node.callspec.id.replace(" ", "-"), ("00",), **given)
    assert run.exit_code in (2, 3)
    assert words in str(run)
    assert "Next step:" in str(run)
    assert "Traceback" not in str(run)
