"""The command line as its users meet it: separate processes, real exit codes, a real local platform."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from chatlio_helpers import cli, errors

SPECIMENS = Path(__file__).parent / "specimens"
SAMPLES = Path(__file__).parent.parent / "sample_payloads"


def kit(*arguments, home=None):
    """Run one command; gives the finished process."""
    environment = os.environ | ({"CHATLIO_KIT_HOME": str(home)} if home else {})
    command = [sys.executable, "-m", "chatlio_helpers", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def answer(*arguments):
    """Run one command with --json that must succeed; gives its answer."""
    done = kit(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_help_is_quick_and_names_every_command():
    """The first help a person asks for comes at once, and says what exit codes mean."""
    began = time.monotonic()
    done = kit("--help")
    assert time.monotonic() - began < 2
    assert all(f"  {name} " in done.stdout for name in ("lab", "run", "doctor", "plan", "apply", "clean", "platform"))
    assert "Exit codes: 0 done, 1 a step failed" in done.stdout


def test_help_loads_nothing_heavy():
    """Asking for help imports none of the heavy libraries."""
    code = (
        "import sys\nfrom chatlio_helpers import cli\ncli.outcome(['--help'])\n"
        "heavy = {'pandas', 'papermill', 'requests', 'ipywidgets', 'nbformat'} & set(sys.modules)\n"
        "sys.stderr.write(' '.join(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["nonsense"], ["run", "--nonsense"], ["send"], ["plan", "--platform", "mars"]])
def test_wrong_usage_is_2(arguments):
    """A command line that cannot be understood ends with 2."""
    done = kit(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_an_error_is_words_on_stderr_and_an_object_on_stdout():
    """With --json an error is an object for programs, and still words for people; never a traceback."""
    done = kit("plan", "--platform", "live", "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["kind"], error["exit_code"]) == (2, "ConsentNeeded", 2)
    assert error["what"] in done.stderr
    assert "Next step:" in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback():
    """Only --debug shows where in the code an error arose."""
    done = kit("--debug", "plan", "--platform", "live")
    assert "Traceback" in done.stderr
    assert "ConsentNeeded" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigurationError("x"), 2),
        (errors.NotAuthorised("x"), 3),
        (errors.Forbidden("x"), 3),
        (errors.Unavailable("x"), 4),
        (errors.LocalPlatformError("x"), 4),
        (errors.CheckFailed("x"), 1),
        (errors.VerificationFailed("x"), 5),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_exit_code(error, code, monkeypatch, capsys):
    """The exit code of a command is that of the class of its error."""

    def fail(**_ignored):
        raise error

    monkeypatch.setattr("chatlio_helpers.doctor.examine", fail)
    assert cli.outcome(["doctor"]) == code
    assert capsys.readouterr().err


def test_an_unexpected_error_is_one_sentence(tmp_path):
    """An error that nobody foresaw still shows no traceback, and ends with 1."""
    code = (
        "import sys\nfrom chatlio_helpers import cli, doctor\ndoctor.examine = lambda **_: 1 / 0\ncli.main(['doctor'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "An error that the kit did not expect: ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr


def test_run_reports_and_gives_the_notebooks_exit_code(tmp_path):
    """A failing notebook gives the exit code of its error; progress is on stderr, the table on stdout."""
    done = kit("run", SPECIMENS / "consent_needed.ipynb", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stdout.startswith("Stopped in consent_needed at cell stop:\nThe sandbox prod was chosen.")
    assert f"Report: {tmp_path / 'out' / 'index.html'}" in done.stdout
    assert "consent_needed …" in done.stderr


def test_run_as_json_is_the_summary(tmp_path):
    """With --json the summary is the result, and its index is a whole path."""
    found = answer("run", SPECIMENS / "typed_parameters.ipynb", "-p", "flow", "123e45", "--out", tmp_path / "out")
    assert found["steps"][0]["results"][0]["evidence"]["flow"] == "123e45"
    assert Path(found["index"]).is_file()


def test_platform_up_is_idempotent_and_names_a_credential_file(platform):
    """Starting twice finds the same process; the credential file is there, private, in aepp's format."""
    first, second = answer("platform", "up"), answer("platform", "up")
    assert first == second
    assert set(first) == {"url", "pid", "data", "credentials"}
    credentials = Path(first["credentials"])
    assert {"client_id", "secret", "org_id"} <= set(json.loads(credentials.read_text()))
    assert answer("platform", "status")["running"] is True


def test_a_platform_of_its_own_starts_logs_resets_and_stops(tmp_path):
    """Every command of the local platform works on a state folder of one's own."""
    data = tmp_path / "state"
    assert answer("platform", "status", "--data", data)["running"] is False
    missing = kit("platform", "logs", "--data", data)
    up = answer("platform", "up", "--data", data)
    lines = answer("platform", "logs", "--data", data, "-n", 5)["lines"]
    unasked = kit("platform", "reset", "--data", data)
    reset = answer("platform", "reset", "--data", data, "--yes")
    one = answer("platform", "reset", "--data", data, "--seat", "default", "--yes")
    assert missing.returncode == 4
    assert unasked.returncode == 2
    assert "every seat" in unasked.stderr
    assert "--yes" in unasked.stderr
    assert up["data"] == reset["data"] == one["data"] == str(data)
    assert lines
    archive, calls = tmp_path / "state.tar.gz", tmp_path / "calls.har"
    assert answer("platform", "export", archive, "--data", data)["file"] == str(archive)
    assert kit("platform", "import", archive, "--data", data).returncode == 4  # it runs
    assert answer("platform", "requests", "--data", data) == {"requests": []}
    assert json.loads(Path(answer("platform", "requests", "--out", calls, "--data", data)["file"]).read_text())["log"]
    assert kit("platform", "replay", calls, "--data", data).returncode == 2  # not lines of requests
    assert answer("platform", "down", "--data", data) == {"stopped": True}
    assert kit("platform", "requests", "--data", data).returncode == 4
    assert kit("platform", "import", archive, "--data", data).returncode == 4  # it has a state
    assert answer("platform", "import", archive, "--replace", "--data", data)["data"] == str(data)
    assert answer("platform", "down", "--data", data) == {"stopped": False}


def test_the_journey_from_plan_to_clean(platform, tmp_path):
    """plan, apply, send, simulate and clean carry the journey out, and what they say agrees."""
    where = ("--seat", f"cli{os.getpid()}", "--workspace", tmp_path / "work")
    refused = kit("webhooks", *where)
    unmade = kit("send", SAMPLES / "transcript.json", *where)
    planned = answer("plan", *where)
    made = answer("apply", *where)
    again = answer("plan", *where)
    webhooks = answer("webhooks", "--save", *where)
    sent = answer("send", SAMPLES / "transcript.json", *where)
    resent = answer("send", SAMPLES / "transcript.json", "--no-verify", *where)
    played = answer("simulate", "--chats", 4, *where)
    dry = answer("clean", "--dry-run", *where)
    cleaned = answer("clean", *where)
    assert refused.returncode == unmade.returncode == 2
    assert "Nothing has been made yet" in refused.stderr
    assert "add --apply to this command; or, with the same options: chatlio-kit apply" in unmade.stderr
    assert planned["counts"]["create"] == again["counts"]["reuse"] == len(dry["objects"]) == len(cleaned["objects"])
    assert len(made["dataflows"]) == len(webhooks["webhooks"]) == 5
    assert all("•••" in row["webhook URL"] for row in made["dataflows"] + webhooks["webhooks"])
    assert Path(webhooks["file"]).stat().st_mode & 0o077 == 0
    assert [result["step"] for result in sent["results"]] == ["sent", "verified"]
    assert resent["results"][0]["evidence"]["already_delivered"] == 1
    assert played["results"][1]["found"] >= 4


def test_simulate_writes_what_inspect_reads(tmp_path):
    """An hour of chats in a file can be inspected and exported, without any platform."""
    posts = tmp_path / "hour.jsonl"
    written = answer("simulate", "--chats", 5, "--seed", 3, "--start", "2026-03-01T09:00:00", "--out", posts)
    found = answer("inspect", posts, "--export", tmp_path / "frames", "--format", "csv")
    assert written["posts"] == sum(row["events"] for row in found["kinds"])
    assert {Path(path).name for path in found["files"]} >= {"conversations.csv", "messages.csv"}
    assert all(Path(path).stat().st_size for path in found["files"])


def test_inspect_of_nothing_says_so(tmp_path):
    """A folder without payloads is told in words."""
    done = kit("inspect", tmp_path)
    assert done.returncode == 1
    assert f"There is no payload in {tmp_path}" in done.stderr


def test_what_is_not_sent_is_named_with_reason_and_next_step(platform, tmp_path):
    """A file that cannot be read is told beside one that is sent; some of it not sent ends with 1."""
    (tmp_path / "bad.json").write_text('{"message": ')
    where = ("--seat", f"odd{os.getpid()}", "--workspace", tmp_path / "work")
    done = kit("send", tmp_path / "bad.json", SAMPLES / "transcript.json", "--apply", *where, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert [(one["where"], bool(one["reason"]), bool(one["next_step"])) for one in found["not_sent"]] == [
        ("bad.json, line 1", True, True)
    ]
    assert "bad.json, line 1: " in done.stderr
    assert "Personal data: replaced by invented data" in done.stderr
    assert "settled: 1 of 1" in done.stderr
    assert [result["step"] for result in found["results"]] == ["sent", "verified"]


def test_files_are_examined_before_anything_is_made(platform, tmp_path):
    """Files of unknown kind are all named, at most twenty at a time, and not one object is made for them."""
    where = ("--seat", f"none{os.getpid()}", "--workspace", tmp_path / "work")
    for number in range(22):
        (tmp_path / f"what_{number:02}.json").write_text('{"visitor": {}, "conversationUUID": "c", "message": "hi"}')
    done = kit("send", tmp_path, "--apply", *where)
    assert done.returncode == 1
    assert "what_00.json: its kind is not known" in done.stderr
    assert "Next step: say which kind it is" in done.stderr
    assert "and 2 more; --json lists all" in done.stderr
    assert len(json.loads(kit("send", tmp_path, *where, "--json").stdout)["not_sent"]) == 22
    assert answer("plan", *where)["counts"]["reuse"] == 0


def test_personal_data_is_kept_only_when_asked(platform, tmp_path):
    """The default sends what the notebooks would send; keep sends the file, and both say so."""
    where = ("--seat", f"keep{os.getpid()}", "--workspace", tmp_path / "work")
    first = kit("send", SAMPLES / "offline_message.json", "--apply", "--no-verify", *where, "--json")
    kept = kit("send", SAMPLES / "offline_message.json", "--personal-data", "keep", "--no-verify", *where, "--json")
    assert "the files are sent as they are" in kept.stderr
    ids = {json.loads(done.stdout)["events"][0]["event"] for done in (first, kept)}
    assert len(ids) == 2


def test_an_event_that_fails_to_land_is_named(platform, tmp_path):
    """What the mapping refuses is told with its file, and --json has it beside the error; the exit code is 5."""
    (tmp_path / "transcript_bad.json").write_text('{"conversationUUID": "c-1", "endedAt": "2026-01-01T00:00:00Z"}')
    where = ("--seat", f"fail{os.getpid()}", "--workspace", tmp_path / "work")
    done = kit("send", tmp_path / "transcript_bad.json", "--apply", *where, "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["error"]["kind"]) == (5, "VerificationFailed")
    assert found["not_landed"][0]["where"] == "transcript_bad.json"
    assert "transcript_bad.json: MAPPER-" in done.stderr
    assert "(0 landed, 1 failed)" in done.stderr


@pytest.mark.parametrize("command", ["send", "inspect"])
def test_a_file_that_cannot_be_read_is_named(command, tmp_path):
    """Nothing read: the error has file, line and reason, and --json too."""
    bad = tmp_path / "bad.json"
    bad.write_text('{"message": ')
    done = kit(command, bad, "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["unreadable"][0]["where"]) == (1, "bad.json, line 1")
    assert done.stderr.count("bad.json, line 1: ") == 1
    assert found["unreadable"][0]["reason"] in found["error"]["what"]
    assert ".unreadable" not in done.stderr


def test_a_parameter_needs_name_and_value():
    """The usage error has an example."""
    done = kit("run", "02", "-p", "prefix")
    assert done.returncode == 2
    assert "-p takes a name and a value: -p prefix demo" in done.stderr


def test_an_hour_needs_a_chat():
    """No chats at all is a slip of the hand."""
    assert kit("simulate", "--chats", 0).returncode == 2
    assert "YYYY-MM-DDTHH:MM:SS" in kit("simulate", "--help").stdout


def test_a_credential_file_is_found_from_the_callers_folder(tmp_path, monkeypatch):
    """Notebooks run in their own folder; a relative path means the folder of the one who calls."""
    (tmp_path / "mine.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert cli._seen_from_here({"credentials": "mine.json"}) == {"credentials": str(tmp_path / "mine.json")}
    assert cli._seen_from_here({"credentials": "a-profile"}) == {"credentials": "a-profile"}
    assert cli._seen_from_here({}) == {}


def test_a_credential_file_open_to_others_is_one_clean_line(platform, tmp_path):
    """No line of source code stands in the shell, only what to do."""
    path = tmp_path / "open.json"
    path.write_text(platform.seat("one").read_text())
    path.chmod(0o644)
    done = kit("plan", "--credentials", path, "--workspace", tmp_path / "work")
    assert done.returncode == 0
    assert "Take care: open.json can be read by other users" in done.stderr
    assert "UserWarning" not in done.stderr


def test_an_interrupted_run_ends_with_130_and_leaves_no_kernel(tmp_path):
    """Ctrl+C stops the run at once: exit code 130, a sentence, and no kernel left behind."""
    slow = json.loads((SPECIMENS / "sleeps_too_long.ipynb").read_text(encoding="utf-8"))
    slow["cells"][-1]["metadata"] = {}
    (tmp_path / "slow.ipynb").write_text(json.dumps(slow), encoding="utf-8")
    command = [sys.executable, "-m", "chatlio_helpers", "run", str(tmp_path / "slow.ipynb"), "--out", tmp_path / "out"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    kernels = wait_for(lambda: psutil.Process(running.pid).children(recursive=True))
    wait_for(lambda: "Executing notebook" in (tmp_path / "out" / "run.log").read_text(encoding="utf-8"))
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Interrupted" in said
    assert "Traceback" not in said
    assert not psutil.wait_procs(kernels, timeout=10)[1]


def wait_for(found, seconds=30):
    """Give what *found* returns as soon as it is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.1)
    raise AssertionError("it never came")
