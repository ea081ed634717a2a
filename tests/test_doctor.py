"""The doctor: every precondition with a verdict, and a next step wherever one is needed."""

import shutil
import sys
import threading
import time
from collections import namedtuple
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from chatlio_helpers import config, doctor
from chatlio_helpers.errors import CheckFailed

Usage = namedtuple("Usage", "total used free")


def verdicts(findings):
    """Give the verdict of each finding by what was examined."""
    return {finding.what: finding.verdict for finding in findings}


def test_this_machine_can_make_the_journey(platform):
    """Where the tests run, nothing stops the local journey."""
    report = doctor.examine("local")
    found = verdicts(report.findings)
    assert list(found) == ["Python", "Packages", "Kernel", "Widgets", "Folder of the kit", "Disk", "Clock",
                           "Local platform"]  # fmt: skip
    assert doctor.STOPPED not in found.values()
    assert report.check().step == "doctor"


def test_a_report_shows_itself_in_every_form(platform):
    """The same rows as text, as HTML with a caption, and as a DataFrame."""
    report = doctor.examine("local")
    assert "Local platform" in repr(report)
    assert "<caption" in report._repr_html_()
    assert list(report.table()["what"]) == [row["what"] for row in report.rows()]


def test_what_stops_fails_the_check_with_its_next_step():
    """check() raises with the first thing that stops the journey."""
    stopped = doctor.Finding("Disk", doctor.STOPPED, "0.0 GB free", "free some space")
    report = doctor.Report("local", (doctor.Finding("Python", doctor.OK, "3.12"), stopped))
    with pytest.raises(CheckFailed, match=r"Disk: 0\.0 GB free") as failed:
        report.check()
    assert failed.value.next_step == "free some space"
    assert "next step: free some space" in repr(report)


@pytest.mark.parametrize(("free", "verdict"), [(10**8, doctor.STOPPED), (5 * 10**8, doctor.CARE), (10**10, doctor.OK)])
def test_little_space_is_told_in_time(free, verdict, monkeypatch):
    """A disk that is nearly full is a warning, a full one stops."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(10**11, 10**11 - free, free))
    assert verdicts(doctor._home())["Disk"] == verdict


def test_a_home_that_cannot_be_written_stops(monkeypatch, tmp_path):
    """When the kit's folder cannot be made, the doctor says so and goes on."""
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv(config.HOME_VARIABLE, str(tmp_path / "file" / "home"))
    assert verdicts(doctor._home()) == {"Folder of the kit": doctor.STOPPED}


def test_other_versions_than_tested_are_told(monkeypatch):
    """A package that is not of the pinned version is named with both versions."""
    pinned = doctor._pinned(config.CHECKOUT / "constraints.txt")
    monkeypatch.setattr(doctor, "_pinned", lambda _path: pinned | {"pandas": "0.1"})
    (found,) = doctor._packages()
    assert found.verdict == doctor.CARE
    assert "instead of 0.1" in found.says


def test_a_missing_package_stops(monkeypatch):
    """A package that is not installed at all stops the journey."""
    monkeypatch.setattr(doctor, "_needed", lambda: ["pandas", "no-such-package"])
    (found,) = doctor._packages()
    assert (found.verdict, found.says) == (doctor.STOPPED, "missing: no-such-package")


def test_widgets_that_do_not_fit_together_are_told(monkeypatch):
    """The two halves of ipywidgets are held against each other."""
    versions = {"ipywidgets": "8.1.9", "jupyterlab-widgets": "1.0.0"}
    monkeypatch.setattr(doctor, "_version", versions.get)
    (found,) = doctor._widgets()
    assert found.verdict == doctor.CARE
    assert "jupyterlab_widgets 1.0.0" in found.says


def test_a_kernel_of_another_python_is_told(monkeypatch):
    """When python3 would start another Python, JupyterLab would not see the kit."""
    monkeypatch.setattr(sys, "executable", "/another/python")
    monkeypatch.setattr(
        "jupyter_client.kernelspec.KernelSpecManager.get_kernel_spec",
        lambda *_: namedtuple("Spec", "argv")(["/usr/bin/other-python", "-m", "ipykernel_launcher"]),
    )
    (found,) = doctor._kernel()
    assert found.verdict == doctor.CARE
    assert "/usr/bin/other-python" in found.says


@pytest.mark.parametrize(
    ("skew", "verdict"), [(0, doctor.OK), (60, doctor.CARE), (-60, doctor.CARE), (4000, doctor.STOPPED)]
)
def test_a_wrong_clock_is_measured(skew, verdict):
    """The clock is compared with the Date of a real answer, also of one that refuses."""
    with Served(skew) as address:
        assert doctor._reached("Gateway", address).verdict == verdict


def test_a_host_that_does_not_answer_stops():
    """A closed port is told as not reached, with what to try."""
    with Served() as address:
        pass
    found = doctor._reached("Gateway", address)
    assert found.verdict == doctor.STOPPED
    assert "HTTPS_PROXY" in found.next_step
    assert doctor.Report("live", (found,)).exit_code == 4


def test_a_certificate_that_is_not_trusted_has_its_own_next_step():
    """TLS is never switched off: the way out is the right certificates."""
    assert "SSL_CERT_FILE" in doctor._unreached(doctor.ssl.SSLError("certificate verify failed"))


def test_missing_credentials_stop_with_the_ways_to_give_them(tmp_path):
    """A credential file that is not there is told, without a traceback."""
    (found,) = doctor._credentials(str(tmp_path / "none.json"))
    assert found.verdict == doctor.STOPPED
    assert found.next_step
    assert doctor.Report("live", (found,)).exit_code == 2


def test_only_what_stops_gives_an_exit_code():
    """Care is no failure; among what stops, the class of the error counts before the plain 1."""
    care = doctor.Finding("Clock", doctor.CARE, "late")
    full, refused = doctor.Finding("Disk", doctor.STOPPED, "full"), doctor.Finding("Token", doctor.STOPPED, "no", "", 3)
    assert doctor.Report("live", (care,)).exit_code == 0
    assert doctor.Report("live", (care, full)).exit_code == 1
    assert doctor.Report("live", (full, refused)).exit_code == 3


class Served:
    """A real server that refuses everything with 404, as Adobe's hosts do at their root; *ahead* seconds off."""

    def __init__(self, ahead: float = 0) -> None:
        self.ahead = ahead

    def __enter__(self) -> str:
        ahead = self.ahead

        class Refusing(BaseHTTPRequestHandler):
            def date_time_string(self, timestamp=None):
                return formatdate((timestamp or time.time()) + ahead, usegmt=True)

            def do_HEAD(self):
                self.send_error(404)

            def log_message(self, *_):
                """Stay silent."""

        self.server = HTTPServer(("127.0.0.1", 0), Refusing)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
