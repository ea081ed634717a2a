"""Make the environment and start what was asked for: the one way in, with or without make.

    python bootstrap.py setup | run | test | lab | lint | bench | docs | lock   [arguments of that command]

Only the standard library is used, and only syntax that every Python understands: an old Python must be able to read
this file far enough to say that it is too old.
"""

# ruff: noqa: B904, RUF005  (what these rules ask for is a syntax error in the Pythons that this file must refuse in words)

import hashlib
import json
import os
import subprocess
import sys
import time

OLDEST = (3, 11)
CHECKOUT = os.path.dirname(os.path.abspath(__file__))
RUNTIME = ("requirements.txt", "requirements-build.txt")
CHECKS = RUNTIME + ("requirements-dev.txt",)
CLIENTS = ("tests/clients/requirements.txt", "tests/clients/constraints.txt")
CONSTRAINTS = "constraints.txt"
STAMP = "chatlio-kit-stamp.json"
STARTED = "CHATLIO_KIT_STARTED"  # epoch seconds; the run's summary measures from here
CLIENT_TESTS = "CHATLIO_KIT_CLIENT_TESTS"  # "1" when the tests with other people's clients are demanded
FRESH = "CHATLIO_KIT_FRESH"  # "1" when this start had to install something
PAGES = (
    ["chatlio_helpers.frames", "docs/data-dictionary.md"],
    ["chatlio_helpers.aep.error_guide", "docs/errors.md"],
    ["chatlio_helpers.emulator", "--describe", "docs/local-platform.md"],
)
LOCK_OPTIONS = ("--universal", "--upgrade", "--no-header", "--no-annotate", "--no-emit-index-url")

FAILURES = (  # words in pip's output, what they mean, the next step; the first that matches is told
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLError", "TLS CA certificate"),
        "the certificate of the package index, or of a proxy before it, is not trusted",
        "set PIP_CERT to your company's certificate file and run this again",
    ),
    (
        ("ProxyError", "407 Proxy", "Tunnel connection failed"),
        "the proxy refused the connection to the package index",
        "set HTTPS_PROXY to a proxy that reaches it and run this again",
    ),
    (
        ("No space left on device",),
        "the disk is full",
        "free about 1.5 GB, or set VENV to a folder on another disk",
    ),
    (
        ("NewConnectionError", "Failed to establish a new connection", "name resolution", "Network is unreachable",
         "ConnectTimeoutError", "Read timed out", "getaddrinfo failed", "Connection refused"),
        "no network: pip could not reach a package index",
        "connect, or set PIP_INDEX_URL to an index that you can reach, and run this again",
    ),
    (
        ("ResolutionImpossible", "No matching distribution", "Could not find a version"),
        "the package index does not offer the versions that constraints.txt pins, for this Python and system",
        "set PIP_INDEX_URL to an index that does, or use a Python from 3.11 to 3.13",
    ),
)  # fmt: skip


class Stop(Exception):
    """A reason to stop, in one line, for the person at the terminal."""


def main(arguments):
    """Run one command; gives the exit code (2 when the machine or the command line must be put right first)."""
    try:
        refuse_old_python()
        if not arguments or arguments[0] not in COMMANDS:
            raise Stop("Usage: python bootstrap.py " + " | ".join(sorted(COMMANDS)))
        os.environ.setdefault(STARTED, "%.3f" % time.time())
        os.chdir(CHECKOUT)
        command = COMMANDS[arguments[0]]
        if command in ALONE and arguments[1:]:
            raise Stop("%s takes no arguments, got: %s" % (arguments[0], " ".join(arguments[1:])))
        return command() if command in ALONE else command(arguments[1:])
    except Stop as stop:
        sys.stderr.write("bootstrap: %s\n" % stop)
        return 2
    except KeyboardInterrupt:
        return 130


def refuse_old_python():
    """Stop unless this Python is new enough."""
    if sys.version_info[:2] < OLDEST:
        have = ".".join(str(part) for part in sys.version_info[:3])
        raise Stop(
            "Python %d.%d or newer is needed, this is %s. Next step: install a newer one and name it, "
            "for example: make setup PYTHON=python3.12" % (OLDEST[0], OLDEST[1], have)
        )


def setup():
    """Make the environment and stop."""
    environment(RUNTIME)
    return 0


def run(arguments):
    """Run the notebooks headless."""
    return start([environment(RUNTIME), "-m", "chatlio_helpers", "run"] + arguments)


def lab(arguments):
    """Open JupyterLab on the first notebook."""
    return start([environment(RUNTIME), "-m", "chatlio_helpers", "lab"] + arguments)


def test(arguments):
    """Run the test suite; with CHATLIO_KIT_CLIENT_TESTS, other people's clients are installed for it first."""
    python = environment(CHECKS)
    if os.environ.get(CLIENT_TESTS):
        clients()
    return start([python, "-m", "pytest"] + arguments)


def lint():
    """Check style, format and the notebooks' own rules; every check runs, also after one that fails."""
    python = environment(CHECKS)
    checks = (
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["chatlio_helpers.notebook_rules", "notebooks"],
    )
    return max([start([python, "-m"] + check) for check in checks])


def bench(arguments):
    """Measure every figure that the README claims."""
    return start([environment(CHECKS), "-m", "benchmarks"] + arguments)


def docs():
    """Write the generated pages of docs/ anew, from the code that they describe."""
    python = environment(RUNTIME)
    return max([start([python, "-m"] + page) for page in PAGES])


def lock():
    """Resolve every requirement again and write constraints.txt, for all systems and Pythons at once."""
    python = environment(RUNTIME)
    tool = os.path.join(venv_folder(), "lock")
    step([python, "-m", "venv", tool], "making an environment for the resolver")
    step([interpreter(tool), "-m", "pip", "install", "-q", "uv"], "installing the resolver")
    oldest = "%d.%d" % OLDEST
    command = [interpreter(tool), "-m", "uv", "pip", "compile", "--python-version", oldest] + list(LOCK_OPTIONS)
    return start(command + list(CHECKS) + ["-q", "-o", CONSTRAINTS])


COMMANDS = {
    "setup": setup,
    "run": run,
    "test": test,
    "lab": lab,
    "lint": lint,
    "bench": bench,
    "docs": docs,
    "lock": lock,
}
ALONE = (setup, lint, docs, lock)


def environment(files):
    """Give the Python of an environment that holds *files*; installs only what the stamp does not vouch for."""
    folder = venv_folder()
    python = made(folder)
    wanted = fingerprint(files, folder)
    stamp = read_stamp(folder)
    key = files[-1]
    if stamp.get(key) == wanted:
        say("%s is up to date: nothing to install." % shown(folder))
        return python
    os.environ[FRESH] = "1"
    install(python, files, folder)
    stamp[key] = wanted
    if files == CHECKS:
        stamp[RUNTIME[-1]] = fingerprint(RUNTIME, folder)
    write(os.path.join(folder, STAMP), json.dumps(stamp))
    return python


def clients():
    """Make the environment of other people's clients, inside our own; theirs must not mix with what the kit needs."""
    folder = os.path.join(venv_folder(), "clients")
    python = made(folder)
    wanted = fingerprint(CLIENTS, folder)
    if read_stamp(folder).get("clients") == wanted:
        return
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--retries", "2"]
    step(pip + ["-r", CLIENTS[0], "-c", CLIENTS[1]], "installing the clients that the tests run, once; about a minute")
    write(os.path.join(folder, STAMP), json.dumps({"clients": wanted}))


def venv_folder():
    """Give the environment's folder: .venv, or what VENV names."""
    return os.path.abspath(os.path.expanduser(os.environ.get("VENV") or os.path.join(CHECKOUT, ".venv")))


def made(folder):
    """Give the Python of the environment in *folder*, making it first when it is not there."""
    python = interpreter(folder)
    if os.path.isfile(os.path.join(folder, "pyvenv.cfg")):
        if not starts(python):
            raise Stop(
                "The Python of %s does not start. Likely cause: the folder was moved, or its Python was removed. "
                "Next step: delete that folder and run this again." % shown(folder)
            )
        return python
    if os.path.lexists(folder) and (not os.path.isdir(folder) or os.listdir(folder)):
        raise Stop(
            "%s is there and is not a Python environment. Next step: set VENV to a new folder; "
            "nothing was changed." % shown(folder)
        )
    refuse_without_venv()
    refuse_unwritable(folder)
    step([sys.executable, "-m", "venv", folder], "making the Python environment %s" % shown(folder))
    return python


def interpreter(folder):
    """Give the path of the Python inside an environment."""
    return os.path.join(folder, "Scripts", "python.exe") if os.name == "nt" else os.path.join(folder, "bin", "python")


def starts(python):
    """Tell whether *python* starts."""
    try:
        return subprocess.call([python, "-c", "pass"]) == 0
    except OSError:
        return False


def refuse_without_venv():
    """Stop when this Python cannot make environments, as Debian's does until one more package is installed."""
    try:
        import ensurepip
        import venv
    except ImportError:
        raise Stop(
            "This Python cannot make environments: its 'venv' or 'ensurepip' module is missing. "
            "Next step: install it; on Debian and Ubuntu: sudo apt-get install python%d.%d-venv" % sys.version_info[:2]
        )
    return ensurepip, venv


def refuse_unwritable(folder):
    """Stop when *folder* cannot be made."""
    try:
        if not os.path.isdir(folder):
            os.makedirs(folder)
        probe = os.path.join(folder, ".probe")
        write(probe, "")
        os.remove(probe)
    except (IOError, OSError) as error:
        raise Stop(
            "The folder %s cannot be written (%s). Next step: clone into a folder that you own, or set VENV to one."
            % (shown(folder), error.strerror)
        )


def install(python, files, folder):
    """Install *files* within the constraints, then the package itself, editable and without a second resolution."""
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--retries", "2"]
    named = [part for name in files for part in ("-r", name)]
    step(pip + named + ["-c", CONSTRAINTS], "installing what the kit needs, once; this takes a minute or two")
    step(pip + ["--no-deps", "--no-build-isolation", "-e", "."], "installing the kit itself")
    say("%s is ready." % shown(folder))


def step(command, words):
    """Run one step of the set-up with its output in a log; tell a failure in one line."""
    say(words[0].upper() + words[1:] + " ...")
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = process.communicate()[0].decode("utf-8", "replace")
    if process.returncode:
        raise Stop("%s failed: %s" % (words.split(",")[0].capitalize(), explained(said)))


def explained(said):
    """Give the likely cause and the next step for the output of pip or venv."""
    for words, cause, next_step in FAILURES:
        if any(word in said for word in words):
            return "%s. Next step: %s." % (cause, next_step)
    errors = [line.strip() for line in said.splitlines() if line.strip().upper().startswith("ERROR")]
    last = (errors or said.strip().splitlines() or ["it said nothing"])[-1]
    return "%s. Next step: put that right and run this again." % last.rstrip(".")


def fingerprint(files, folder):
    """Hash what decides the content of the environment: the requirement files, its Python, where the package lies."""
    digest = hashlib.sha256(CHECKOUT.encode("utf-8"))
    for path in files + (CONSTRAINTS, "pyproject.toml", os.path.join(folder, "pyvenv.cfg")):
        with open(path, "rb") as content:
            digest.update(content.read())
    return digest.hexdigest()


def read_stamp(folder):
    """Give what was installed last, {} when nothing was or the stamp cannot be read."""
    try:
        with open(os.path.join(folder, STAMP)) as content:
            stamp = json.loads(content.read())
    except (IOError, OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def start(command):
    """Run *command* on this terminal; gives its exit code."""
    try:
        return subprocess.call(command, cwd=CHECKOUT)
    except KeyboardInterrupt:
        return 130


def write(path, text):
    """Write a small text file."""
    with open(path, "w") as content:
        content.write(text)


def shown(folder):
    """Give *folder* as a person would name it from the checkout."""
    return os.path.relpath(folder, CHECKOUT) if folder.startswith(CHECKOUT + os.sep) else folder


def say(words):
    """Tell progress, on stderr."""
    sys.stderr.write("bootstrap: %s\n" % words)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
