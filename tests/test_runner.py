"""Notebooks run headless: real kernels, tiny notebooks whose name is the case."""

import json
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest

from chatlio_helpers import config, runner
from chatlio_helpers.errors import ConfigurationError
from chatlio_helpers.runner import engine
from chatlio_helpers.runner.record import Limits

SPECIMENS = Path(__file__).parent / "specimens"
CANARY = "canary-5d41402abc4b2a76b9719d911017c592"


def specimen(name: str) -> Path:
    """Give the path of a tiny notebook."""
    return SPECIMENS / f"{name}.ipynb"


@pytest.fixture(scope="module")
def green(tmp_path_factory):
    """Run the notebooks that succeed, once for all tests of this module."""
    out = tmp_path_factory.mktemp("runs") / "green"
    said = []
    names = ("results_of_two_steps", "where_it_runs", "makes_a_widget", "typed_parameters")
    given = {"platform": "local", "flow": "123e45", "chats": "007", "share": "1e-1", "live": "yes"}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(runner.FRESH_VARIABLE, raising=False)  # bootstrap sets it when the tests had to install first
        done = runner.run([specimen(name) for name in names], given, out, tell=said.append)
    return done, said


def stopped(name: str, out: Path, **options):
    """Run a notebook that must fail, with one behind it; gives the run."""
    return runner.run([specimen(name), specimen("results_of_two_steps")], {}, out, **options)


def test_every_notebook_is_executed_and_reported(green):
    """Each notebook leaves its executed file and its page, and the run says ok."""
    done, said = green
    assert [step.status for step in done.steps] == ["ok"] * 4
    assert done.exit_code == 0
    for step in done.steps:
        assert (done.folder / f"{step.name}.ipynb").is_file()
        assert (done.folder / f"{step.name}.html").is_file()
    assert said[0] == "results_of_two_steps …"


def test_the_summary_holds_the_result_records(green):
    """The records that cells displayed arrive in summary.json with their notebook."""
    done, _ = green
    summary = json.loads((done.folder / "summary.json").read_text())
    first = summary["steps"][0]
    assert [record["says"] for record in first["results"]] == ["prepared on local", "1 event landed"]
    assert (first["checks"], summary["status"], summary["exit_code"]) == (2, "ok", 0)


def test_the_first_verified_event_is_timed(green):
    """The time to the first verified event is measured from the start of the run."""
    done, _ = green
    assert done.first_event["since"] == "the start of this run"
    assert 0 < done.first_event["seconds"] < done.seconds
    assert "to the first landed, verified event" in str(done)


def test_a_fresh_clone_is_timed_from_the_start_of_bootstrap(green, monkeypatch):
    """When bootstrap installed something, the time counts from the moment it was started."""
    done, _ = green
    began = time.time()
    monkeypatch.setenv(runner.FRESH_VARIABLE, "1")
    monkeypatch.setenv(runner.STARTED_VARIABLE, str(began - 1000))
    found = runner.first_event(done.steps, began)
    assert found["since"] == "fresh clone"
    assert found["seconds"] > 900


def test_the_kernel_is_this_interpreter_in_the_notebooks_folder(green):
    """Kernels run this Python, in the folder of the notebook, with nobody to answer."""
    done, _ = green
    found = done.steps[1].results[0]["evidence"]
    assert Path(found["python"]).samefile(sys.executable)
    assert found["folder"] == str(SPECIMENS)
    assert found["interactive"] is False


def test_the_callers_folder_is_left_as_it_was(green):
    """A run leaves the working directory of its caller alone."""
    done, _ = green
    assert Path.cwd() != SPECIMENS
    assert done.folder != Path.cwd()


def test_widget_state_is_not_kept(green):
    """Widget state would hold what was typed; it never reaches a file."""
    done, _ = green
    executed = nbformat.read(done.folder / "makes_a_widget.ipynb", as_version=4)
    assert "widgets" not in executed.metadata
    assert "widget-view" in json.dumps(executed.cells[-1])  # the notebook did make one


def test_parameters_arrive_with_their_declared_types(green):
    """An id that looks like a number stays text, and words become what the cell declares."""
    done, _ = green
    assert done.steps[3].results[0]["evidence"] == {"flow": "123e45", "chats": 7, "share": 0.1, "live": True}


def test_executed_files_name_no_folder_of_this_machine(green):
    """papermill notes paths; the kept notes hold names only."""
    done, _ = green
    for step in done.steps:
        notes = nbformat.read(done.folder / f"{step.name}.ipynb", as_version=4).metadata.papermill
        assert notes["input_path"] == notes["output_path"] == f"{step.name}.ipynb"


def test_the_folder_is_private(green):
    """Only the owner reads a run's folder and log."""
    done, _ = green
    assert done.folder.stat().st_mode & 0o077 == 0
    assert (done.folder / "run.log").stat().st_mode & 0o077 == 0


def test_an_error_of_ours_stops_the_run_with_its_own_exit_code(tmp_path):
    """The first failure stops the run; its words come first, its class decides the exit code."""
    done = stopped("consent_needed", tmp_path / "out")
    text = str(done)
    assert done.exit_code == 2
    assert text.index("The sandbox prod was chosen.") < text.index("notebook ")
    assert "Likely cause: no word was given\nNext step: say so" in text
    assert [step.status for step in done.steps] == ["failed", "not run"]
    assert done.failed.failure.cell == "stop"


def test_junit_tells_failures_from_what_was_not_run(tmp_path):
    """JUnit has a case for each notebook: failed with words, or skipped."""
    done = stopped("division_by_zero", tmp_path / "out")
    suite = ElementTree.parse(done.folder / "junit.xml").getroot()[0]  # noqa: S314  (we wrote it)
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "1", "1")
    failure = suite.find("testcase/failure")
    assert (failure.get("type"), done.exit_code) == ("ZeroDivisionError", 1)
    assert "division by zero" in failure.get("message")


def test_an_executed_notebook_that_fails_is_kept_without_papermills_banners(tmp_path):
    """The failed notebook is there to be read, with the cells that were written and no others."""
    done = stopped("division_by_zero", tmp_path / "out")
    executed = nbformat.read(done.folder / "division_by_zero.ipynb", as_version=4)
    assert [cell.id for cell in executed.cells] == ["title", "parameters", "divide"]
    assert executed.cells[-1].outputs[0].ename == "ZeroDivisionError"


def test_a_notebook_that_shows_a_token_is_not_written(tmp_path):
    """What looks like a token fails the run, and no file of the run holds it."""
    done = stopped("prints_a_token", tmp_path / "out")
    assert done.failed.failure.kind == "SecretInOutput"
    assert "cell print" in str(done)
    assert not list(done.folder.glob("prints_a_token.*"))
    assert_nowhere("abcdef" * 4, done.folder)


def test_a_traceback_loses_its_token_and_stays_readable(tmp_path):
    """A token in a traceback is taken out; the notebook is kept."""
    done = stopped("raises_a_token", tmp_path / "out")
    assert done.failed.failure.what == "RuntimeError: Bearer •••"
    assert (done.folder / "raises_a_token.ipynb").is_file()
    assert_nowhere("abcdef" * 4, done.folder)


def test_a_secret_of_the_credential_file_is_recognised(tmp_path):
    """The runner reads the credentials that a notebook could read, and so knows their secret in any output."""
    path = tmp_path / "own.json"
    path.write_text(
        json.dumps({"client_secret": CANARY, "client_id": "a" * 32, "org_id": "B" * 24 + "@AdobeOrg"}).replace(
            ": ", ":"
        )
    )
    path.chmod(0o600)
    done = runner.run([specimen("prints_a_registered_secret")], {"credentials": str(path)}, tmp_path / "out")
    assert done.failed.failure.kind == "SecretInOutput"
    assert "a registered secret" in done.failed.failure.cause
    assert_nowhere(CANARY[:16], done.folder)


def test_a_cell_has_a_time_limit_of_its_own(tmp_path):
    """The tag timeout-1 stops a cell after a second, long before the limit of all cells."""
    done = stopped("sleeps_too_long", tmp_path / "out")
    assert done.failed.failure.kind == "CellTimeoutError"
    assert done.failed.seconds < 30


def test_the_whole_run_has_a_time_limit(tmp_path):
    """When the run's time is used up, the next cell does not begin."""
    done = stopped("where_it_runs", tmp_path / "out", limits=Limits(run=0))
    assert done.failed.failure.kind == "OutOfTime"
    assert "--run-seconds" in done.failed.failure.next_step


def test_a_dead_kernel_is_said_in_words(tmp_path):
    """A kernel that ends by itself fails the notebook, and the notebook is not tried again."""
    done = stopped("kernel_dies", tmp_path / "out")
    assert done.failed.failure.what == "The kernel died."
    assert done.exit_code == 1


def test_leaving_early_is_not_success(tmp_path):
    """sys.exit(0) ends a notebook before its checks: that is a failure."""
    done = stopped("leaves_early", tmp_path / "out")
    assert done.failed.failure.kind == "LeftEarly"
    assert done.failed.failure.cell == "after"


def test_a_kernel_that_dies_at_its_start_is_started_again(tmp_path, monkeypatch):
    """Only what fails before the first cell is tried again: here a kernel that fails its first start."""
    switch = tmp_path / "failed-once"
    starter = tmp_path / "starter.py"
    starter.write_text(
        f"import pathlib, runpy, sys\nswitch = pathlib.Path({str(switch)!r})\n"
        "if not switch.exists():\n    switch.touch()\n    sys.exit(3)\n"
        "runpy.run_module('ipykernel_launcher', run_name='__main__')\n"
    )
    spec = engine.KernelSpec(
        argv=[sys.executable, str(starter), "-f", "{connection_file}"], display_name="python3", language="python"
    )
    monkeypatch.setattr(engine.ThisInterpreter, "get_kernel_spec", lambda *_: spec)
    done = runner.run([specimen("results_of_two_steps")], {}, tmp_path / "out")
    assert switch.exists()
    assert done.exit_code == 0


def test_without_unix_sockets_kernels_use_tcp(tmp_path, monkeypatch):
    """Where the system has no UNIX sockets, notebooks run all the same."""
    monkeypatch.setattr(engine, "has_unix_sockets", lambda: False)
    done = runner.run([specimen("results_of_two_steps")], {}, tmp_path / "out")
    assert done.exit_code == 0


def test_a_long_temporary_folder_still_gives_short_sockets(tmp_path, monkeypatch):
    """Socket paths have a limit of about a hundred bytes; a long temporary folder does not break it."""
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with engine.private_folder() as folder:
        assert len(str(folder)) < 90
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_a_report_never_overwrites_another(tmp_path):
    """A folder that holds something is refused before anything starts."""
    (tmp_path / "precious").write_text("x")
    with pytest.raises(ConfigurationError, match="not empty"):
        runner.run([specimen("results_of_two_steps")], {}, tmp_path)


def test_two_runs_in_one_second_have_two_folders(tmp_path, monkeypatch):
    """The folder of a run is named by its time, and is never shared."""
    monkeypatch.setenv(config.HOME_VARIABLE, str(tmp_path))
    first, second = runner.run_folder(None), runner.run_folder(None)
    assert first != second
    assert first.parent == second.parent == tmp_path / "runs"


@pytest.mark.parametrize("name", ["no_such_notebook", "../README.md", "zz"])
def test_an_unknown_notebook_is_refused(name):
    """A name that means no notebook stops the run before it starts."""
    with pytest.raises(ConfigurationError, match="names no notebook"):
        runner.chosen([name])


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    """A damaged notebook gets one clear error, before anything starts."""
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{not json")
    with pytest.raises(ConfigurationError, match="cannot be read as a notebook"):
        runner.run([broken], {}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_braces_in_a_path_do_no_harm(tmp_path):
    """papermill formats paths; ours may hold braces all the same."""
    folder = tmp_path / "a {b} c"
    folder.mkdir()
    notebook = folder / "results.ipynb"
    notebook.write_bytes(specimen("results_of_two_steps").read_bytes())
    done = runner.run([notebook], {"platform": "there"}, tmp_path / "out")
    assert done.steps[0].results[0]["says"] == "prepared on there"


def assert_nowhere(secret: str, folder: Path) -> None:
    """Assert that no file beneath *folder* holds *secret*."""
    holders = [path.name for path in folder.rglob("*") if path.is_file() and secret in path.read_text(errors="replace")]
    assert holders == []
