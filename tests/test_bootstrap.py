"""The one way in: real environments where that is quick, the texts of pip where it is not."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
BOOTSTRAP = CHECKOUT / "bootstrap.py"

sys.path.insert(0, str(CHECKOUT))
import bootstrap  # noqa: E402

sys.path.pop(0)


def start(*arguments, checkout=CHECKOUT, python=(sys.executable,), **environment):
    """Run bootstrap.py in a process of its own."""
    command = [*python, str(checkout / "bootstrap.py"), *arguments]
    environment = {**os.environ, **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def checkout(tmp_path):
    """Give a tiny checkout whose requirements are already there, so that its set-up needs no network."""
    folder = tmp_path / "checkout"
    (folder / "tiny").mkdir(parents=True)
    (folder / "tiny" / "__init__.py").touch()
    shutil.copy(BOOTSTRAP, folder)
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-build.txt", "constraints.txt"):
        (folder / name).write_text("")
    (folder / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
        "[project]\nname = 'tiny'\nversion = '1'\n"
    )
    (folder / "backend.py").write_text(BACKEND)
    return folder


BACKEND = '''
"""The smallest build backend: an editable wheel that says where the package lies."""
import pathlib, zipfile

HERE = pathlib.Path(__file__).parent
INFO = "tiny-1.dist-info/"


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("tiny.pth", str(HERE))
        wheel.writestr(INFO + "METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n")
        wheel.writestr(INFO + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(INFO + "RECORD", "")
    return name
'''


def test_every_old_python_can_read_the_file():
    """The file parses with the grammar of the oldest Python 3 that the parser knows."""
    ast.parse(BOOTSTRAP.read_text(encoding="utf-8"), feature_version=(3, 4))


def test_an_old_python_is_refused_in_one_line():
    """A Python that is too old is told so in one line, with the next step, and exit code 2."""
    pretend = (
        f"import sys, runpy; sys.version_info = (3, 8, 10); runpy.run_path({str(BOOTSTRAP)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("bootstrap: Python 3.11 or newer is needed, this is 3.8.10. Next step:")
    assert len(done.stderr.splitlines()) == 1


def test_set_up_once_then_only_after_a_change(checkout):
    """The first start installs; the second installs nothing, and says so; a changed requirement is noticed."""
    first = start("setup", checkout=checkout, VENV="")
    second = start("setup", checkout=checkout, VENV="")
    imported = subprocess.run([bootstrap.interpreter(str(checkout / ".venv")), "-c", "import tiny"], check=False)
    (checkout / "requirements.txt").write_text("# changed\n")
    third = start("setup", checkout=checkout, VENV="")
    assert first.returncode == 0, first.stderr
    assert ".venv is ready." in first.stderr
    assert "Installing what the kit needs" in third.stderr
    assert imported.returncode == 0
    assert second.stderr.splitlines() == ["bootstrap: .venv is up to date: nothing to install."]


def test_the_clients_of_others_are_installed_once_and_only_when_demanded(checkout):
    """`test` makes their environment inside the kit's own when the variable says so, and leaves a current one alone."""
    (checkout / "tests" / "clients").mkdir(parents=True)
    for name in bootstrap.CLIENTS:
        (checkout / name).write_text("")
    without = start("test", checkout=checkout, VENV="", CHATLIO_KIT_CLIENT_TESTS="")
    first, second = (start("test", checkout=checkout, VENV="", CHATLIO_KIT_CLIENT_TESTS="1") for _ in range(2))
    assert "Installing the clients" not in without.stderr
    assert "Installing the clients" in first.stderr
    assert (checkout / ".venv" / "clients" / "pyvenv.cfg").is_file()
    assert "Installing" not in second.stderr


def test_another_folder_and_odd_settings_do_no_harm(checkout, tmp_path):
    """VENV names another folder, also one with a blank; settings of Python's own do not disturb."""
    folder = tmp_path / "my environments" / "one"
    done = start("setup", checkout=checkout, VENV=str(folder), PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1")
    assert done.returncode == 0, done.stderr
    assert (folder / "pyvenv.cfg").is_file()
    assert not (checkout / ".venv").exists()


def test_a_folder_that_is_no_environment_is_left_alone(checkout, tmp_path):
    """A VENV that holds something else is refused and not touched."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    done = start("setup", checkout=checkout, VENV=str(tmp_path / "mine"))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "is not a Python environment" in done.stderr
    assert os.listdir(tmp_path / "mine") == ["thesis.txt"]


def test_a_folder_that_cannot_be_made_is_one_line(checkout, tmp_path):
    """A place where no folder can be made is told with its name."""
    (tmp_path / "file").write_text("x")
    done = start("setup", checkout=checkout, VENV=str(tmp_path / "file" / "venv"))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "cannot be written" in done.stderr


def test_an_environment_without_its_python_is_told(checkout):
    """An environment whose Python was removed is told, with what to delete."""
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "pyvenv.cfg").write_text("home = /gone\n")
    done = start("setup", checkout=checkout, VENV="")
    assert done.returncode == 2
    assert "does not start" in done.stderr


def test_a_python_without_ensurepip_is_told_what_to_install(checkout, tmp_path):
    """Debian's Python comes without ensurepip; the package to install is named."""
    (tmp_path / "ensurepip.py").write_text("raise ImportError('No module named ensurepip')")
    done = start("setup", checkout=checkout, VENV="", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert f"apt-get install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in done.stderr


def test_no_network_is_one_line(checkout):
    """Without a way to the package index, pip's many lines become one."""
    (checkout / "requirements.txt").write_text("no-such-package-of-ours\n")
    done = start(
        "setup", checkout=checkout, VENV="", PIP_CONFIG_FILE=os.devnull, PIP_INDEX_URL="https://127.0.0.1:9/simple",
        PIP_FIND_LINKS="", PIP_RETRIES="0",
    )  # fmt: skip
    assert done.returncode == 2
    assert "no network: pip could not reach a package index. Next step: connect" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "set PIP_CERT"),
        ("ProxyError('Cannot connect to proxy.', NewConnectionError(", "set HTTPS_PROXY"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "the disk is full"),
        ("<NewConnectionError>: Temporary failure in name resolution", "no network"),
        ("ERROR: No matching distribution found for pandas==9", "constraints.txt pins"),
        ("building\nERROR: something new.\nnote: more", "ERROR: something new. Next step"),
        ("", "it said nothing"),
    ],
)
def test_the_words_of_pip_become_a_cause_and_a_next_step(said, words):
    """What pip says when it fails is told as a likely cause and what to do."""
    assert words in bootstrap.explained(said)


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["setup", "too", "much"]])
def test_wrong_usage_is_told(arguments):
    """An unknown command, or arguments where none are taken, end with 2 and one line."""
    done = start(*arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_the_pinned_set_is_complete_and_names_no_host():
    """Every direct requirement is pinned, and the file would be the same on any machine."""
    text = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8")
    pinned = {line.partition("==")[0] for line in text.splitlines() if "==" in line}
    for name in bootstrap.CHECKS:
        for line in (CHECKOUT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                assert re.split(r"[~>\[]", line)[0].strip() in pinned
    assert "://" not in text
    assert str(CHECKOUT) not in text


def test_make_and_bootstrap_have_the_same_commands():
    """Each command of bootstrap.py is a target of the Makefile."""
    target = next(line for line in (CHECKOUT / "Makefile").read_text().splitlines() if line.startswith("setup run"))
    assert set(target.rstrip(":").split()) == set(bootstrap.COMMANDS)
