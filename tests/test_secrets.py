"""A secret that works, written in every format that people have, is found nowhere after a run.

What the local platform itself must keep is in its state folder, in files that only their owner can read:

- ``credentials/NAME.json`` are the credential files that it hands out, so they hold the secrets of its seats;
- ``state.sqlite`` is its memory: the seats with their secrets, and each dataflow with its inlet. Tokens are in it by
  their hash only.
- ``journal.sqlite`` keeps what was posted until it has landed, with the inlet that it was posted to.
- ``lake/…/BATCH.failed`` are failed rows for those who ask why, with the header that Adobe's diagnostics carry: it
  names the inlet (documented: Adobe, streaming validation).
- ``admin-token`` opens the platform's own controls.

Everything else, the platform's logs included, is searched.
"""

from __future__ import annotations

import base64
import json
import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import quote, quote_plus, urlsplit

import psutil
import pyarrow.parquet as parquet
import pytest

from chatlio_helpers import config, local
from chatlio_helpers.connection import connect

SEAT = "canary"
ODD = "canary wörd+/&=%\"'<x>"  # every encoding of it differs from it
IN_THE_ENVIRONMENT = "canary-of-the-environment-7Hq"
MAY_HOLD = re.compile(
    r"platform/(credentials/[\w-]+\.json|(state|journal)\.sqlite(-wal|-shm)?|lake/.+\.failed|admin-token)"
)
EVERY_TOKEN_BEGINS = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"

Account = Mapping[str, str]  # client_id, secret, org_id, technical_account, scopes


def project(of: Account) -> str:
    """Write the Developer Console's project download."""
    inner = {"client_id": of["client_id"], "client_secrets": [of["secret"]], "scopes": of["scopes"].split(",")}
    credential = {"id": "1", "integration_type": "oauth_server_to_server", "oauth_server_to_server": inner}
    workspace = {"id": "1", "details": {"credentials": [credential]}}
    return json.dumps({"project": {"id": "1", "org": {"ims_org_id": of["org_id"]}, "workspace": workspace}}, indent=1)


def download(of: Account) -> str:
    """Write the Developer Console's credential download."""
    names = {"CLIENT_SECRETS": [of["secret"]], "CLIENT_ID": of["client_id"], "ORG_ID": of["org_id"]}
    return json.dumps(names | {"SCOPES": of["scopes"].split(",")})


def aio(of: Account) -> str:
    """Write the credential of the aio command line."""
    names = {"client_id": of["client_id"], "client_secrets": [of["secret"]], "ims_org_id": of["org_id"]}
    return json.dumps(names | {"scopes": of["scopes"].split(","), "oauth_enabled": True})


def postman(of: Account) -> str:
    """Write a Postman environment."""
    values = {"CLIENT_SECRET": of["secret"], "API_KEY": of["client_id"], "IMS_ORG": of["org_id"]}
    rows = [{"key": name, "value": value, "enabled": True} for name, value in values.items()]
    return json.dumps({"name": "Experience Platform", "values": rows})


def aepp(of: Account) -> str:
    """Write an aepp configuration."""
    names = {"org_id": of["org_id"], "client_id": of["client_id"], "secret": of["secret"]}
    return json.dumps(names | {"sandbox-name": "dev", "environment": "prod", "scopes": of["scopes"]})


def ini(of: Account) -> str:
    """Write the config.ini of Adobe's machine-learning notebooks."""
    lines = (f"ims_org_id = {of['org_id']}", "sandbox_name = dev", f"client_id = {of['client_id']}")
    return "[Platform]\n" + "\n".join((*lines, f"client_secret = {of['secret']}", f"scopes = {of['scopes']}")) + "\n"


def dotenv(of: Account) -> str:
    """Write a .env file."""
    names = {"CLIENT_ID": of["client_id"], "CLIENT_SECRET": of["secret"], "ORG_ID": of["org_id"]}
    return "".join(f"AEP_{name}='{value}'\n" for name, value in names.items())


FORMATS: dict[str, Callable[[Account], str]] = {
    "project.json": project,
    "credential.json": download,
    "aio.json": aio,
    "postman.json": postman,
    "aepp.json": aepp,
    "config.ini": ini,
    "own.env": dotenv,
}


@dataclass
class Watched:
    """One command: how it ended, what it said, and the command lines and environments of its processes meanwhile."""

    code: int
    said: str
    seen: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Place:
    """A home of the kit whose platform has a seat, and that seat's credentials in every format."""

    home: Path
    files: Path
    account: Account

    def command(self, *arguments: str) -> Watched:
        """Run ``chatlio-kit`` here, with the worst umask there is, and watch its processes."""
        surroundings = os.environ | {config.HOME_VARIABLE: str(self.home), "AEP_CLIENT_SECRET": IN_THE_ENVIRONMENT}
        line = [sys.executable, "-m", "chatlio_helpers", *arguments]
        process = subprocess.Popen(
            line, env=surroundings, cwd=self.files, umask=0, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        with watching(process.pid) as seen:
            said, _ = process.communicate(timeout=240)
        return Watched(process.returncode, said, seen)

    def run(self, report: Path, credentials: Path, *notebooks: str, **more: str) -> Watched:
        """Run notebooks as the seat whose *credentials* these are."""
        given = {"credentials": str(credentials), "seat": SEAT, "remove": "false"} | more
        if notebooks and "06" not in notebooks:
            del given["remove"]
        words = [word for name, value in given.items() for word in ("-p", name, value)]
        return self.command("run", *notebooks, *words, "--out", str(report))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A fresh home, and the credentials of one of its seats in every format (0600)."""
    home, files = tmp_path_factory.mktemp("secrets") / "kit", tmp_path_factory.mktemp("files")
    started = Place(home, files, {}).command("platform", "up", "--seat", SEAT)
    assert started.code == 0, started.said
    kept = json.loads((home / "platform" / "credentials" / f"{SEAT}.json").read_text("utf-8"))
    account = {name: kept[name] for name in ("client_id", "secret", "org_id", "scopes")}
    for name, write in FORMATS.items():
        private(files / name, write(account))
    yield Place(home, files, account)
    local.stop(home / "platform")


@pytest.fixture(scope="module")
def full(place: Place, tmp_path_factory: pytest.TempPathFactory) -> tuple[Watched, Path]:
    """All seven notebooks with a project download, nothing removed at the end; gives the command and its report."""
    report = tmp_path_factory.mktemp("report") / "full"
    return place.run(report, place.files / "project.json"), report


@pytest.fixture(scope="module")
def needles(place: Place, full: tuple[Watched, Path]) -> dict[str, list[bytes]]:
    """What must be found nowhere, in every form: the secrets, how each token begins, the inlet of each dataflow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(config.HOME_VARIABLE, str(place.home))
        aep = connect("local", seat=SEAT)
    flows = [aep.flows.get("flows", flow["id"]) for flow in aep.flows.list("flows")]
    inlets = {urlsplit(flow["options"]["inletUrl"]).path.rsplit("/", 1)[-1] for flow in flows}
    assert len(inlets) >= 6  # five kinds, and the tutorial's chain
    assert aep.ims.token().value.reveal().startswith(EVERY_TOKEN_BEGINS)
    searched = {"the client secret": place.account["secret"], "the environment's secret": IN_THE_ENVIRONMENT}
    found = {name: forms(value) for name, value in searched.items()}
    return found | {"a token": [EVERY_TOKEN_BEGINS.encode()]} | {f"inlet {one[:4]}…": forms(one) for one in inlets}


@pytest.mark.parametrize(
    "written",
    [
        quote(ODD),
        escape(ODD),
        json.dumps({"a": json.dumps({"b": ODD})}),
        base64.b64encode(f"client:{ODD}:more".encode()).decode(),
        base64.urlsafe_b64encode(f"id:{ODD}".encode()).decode(),
        f"{ODD!r}",
        ODD.encode().hex(),
    ],
    ids=[
        "in a URL",
        "in HTML",
        "in JSON within JSON",
        "in base64",
        "in base64 for URLs",
        "in Python",
        "in hexadecimal",
    ],
)
def test_the_search_finds_a_secret_however_it_is_written(written):
    """What the other tests do not find would have been found, whatever encoding it went through."""
    assert held(f"before {written} after".encode(), {"odd": forms(ODD)}) == ["odd"]


def test_the_run_used_the_credentials(full, place):
    """The seven notebooks succeed with the file, so what is searched for was really there to be leaked."""
    watched, report = full
    assert watched.code == 0, watched.said
    assert len(list(report.glob("*.html"))) == 8
    assert place.account["org_id"] in (report / "00_start_here.ipynb").read_text("utf-8")


def test_nothing_is_in_the_report(full, needles):
    """Executed notebooks, pages, summary, JUnit file and log hold no secret, no token and no inlet."""
    assert leaks_in(full[1], needles) == []


def test_nothing_is_in_what_the_command_said(full, needles):
    """Standard output and standard error hold none either."""
    assert held(full[0].said.encode(), needles) == []


def test_nothing_is_in_the_home(full, place, needles):
    """Ledger, outbox, workspace, landed rows and the platform's own logs and journal hold none."""
    assert leaks_in(place.home, needles) == []


def test_what_may_hold_a_secret_is_private(full, place, needles):
    """The files of the platform that must hold secrets can be read by their owner only, as can every folder there."""
    holders = [path for path in files_of(place.home) if MAY_HOLD.fullmatch(within(path, place.home))]
    assert any(held(path.read_bytes(), needles) for path in holders)  # the search does find them where they are
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in holders} == {0}
    folders = [place.home, *(path.parent for path in holders)]
    assert {stat.S_IMODE(folder.stat().st_mode) & 0o077 for folder in folders} == {0}


def test_no_process_shows_a_secret(full, needles):
    """While the run went on, no command line and no environment of its processes held the secret."""
    watched, _ = full
    kernels = [line for line in watched.seen if "ipykernel_launcher" in line]
    assert len(kernels) >= 2
    hidden = {name: forms for name, forms in needles.items() if name != "the environment's secret"}  # put there by us
    assert held("\n".join(watched.seen).encode(), hidden) == []


def test_papermills_notes_hold_the_path_and_no_secret(full, place):
    """The executed notebook tells which file was used, and nothing that was in it."""
    notes = json.loads((full[1] / "04_send_test_events.ipynb").read_text("utf-8"))["metadata"]["papermill"]
    assert notes["parameters"]["credentials"] == str(place.files / "project.json")


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "project.json"])
def test_every_other_format_leaks_nothing(place, needles, tmp_path, name):
    """With each format a shorter run works, and its report and its words hold nothing."""
    watched = place.run(tmp_path / "report", place.files / name, "01")
    assert watched.code == 0, watched.said
    assert leaks_in(tmp_path, needles) == []
    assert held(watched.said.encode() + "\n".join(watched.seen).encode(), dict(list(needles.items())[:1])) == []


def test_a_refused_secret_with_odd_characters_leaks_in_no_encoding(place, tmp_path):
    """A wrong secret, full of characters that each encoding writes in its own way, stops the run and is not shown."""
    path = private(place.files / "odd.json", aepp({**place.account, "secret": ODD}))
    watched = place.run(tmp_path / "report", path, "00", "01")
    assert watched.code == 3, watched.said
    odd = {"the odd secret": forms(ODD)}
    assert leaks_in(tmp_path, odd) == []
    assert leaks_in(place.home, odd) == []
    assert held(watched.said.encode() + "\n".join(watched.seen).encode(), odd) == []


def test_a_profile_keeps_nothing_elsewhere(place, needles, tmp_path):
    """Saved as a profile, the secret is in the profile's private file; a run by its name shows it nowhere."""
    profile = private(place.home / "credentials" / "mine.json", aepp(place.account))
    watched = place.run(tmp_path / "report", Path("mine"), "01")
    profile.unlink()
    assert watched.code == 0, watched.said
    assert leaks_in(tmp_path, needles) == []
    assert leaks_in(place.home, needles) == []


def test_a_secret_as_a_parameter_is_refused(place, tmp_path):
    """papermill writes parameters into notebooks, so a secret given as one stops the run before it starts."""
    watched = place.command("run", "00", "-p", "workspace", place.account["secret"], "--out", str(tmp_path / "report"))
    assert watched.code == 2
    assert "looks like a secret" in watched.said
    assert place.account["secret"] not in watched.said
    assert not (tmp_path / "report").exists()


def test_the_command_line_shows_no_webhook_url(full, place, needles):
    """``webhooks`` masks every URL; ``webhooks --save`` writes them into a file of the owner's, and says only where."""
    masked = place.command("webhooks", "--seat", SEAT, "--json")
    saved = place.command("webhooks", "--seat", SEAT, "--save")
    assert (masked.code, saved.code) == (0, 0), masked.said + saved.said
    assert held((masked.said + saved.said).encode(), needles) == []
    path = next(place.home.rglob("webhook-urls.txt"))
    kept, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    path.unlink()
    assert mode == 0o600
    assert len([name for name in held(kept, needles) if name.startswith("inlet")]) == 5


def forms(value: str) -> list[bytes]:
    """Give every form in which *value* could be written down."""
    raw = value.encode()
    texts = {
        value,
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        escape(value),
        json.dumps(value)[1:-1],
        repr(value)[1:-1],
    }
    texts |= {json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(json.dumps(value))[3:-3], raw.hex()}
    for shift in range(3):  # base64 of a text that holds it looks different for each place it can begin at
        encoded = base64.b64encode(b"\0" * shift + raw).decode()[4 if shift else 0 :].rstrip("=")
        texts |= {encoded[:-2], encoded[:-2].translate(str.maketrans("+/", "-_"))}
    return sorted({text.encode() for text in texts})


def held(content: bytes, needles: Mapping[str, list[bytes]]) -> list[str]:
    """Name the needles that are in *content*, in whatever form."""
    return [name for name, forms in needles.items() if any(form in content for form in forms)]


def leaks_in(folder: Path, needles: Mapping[str, list[bytes]]) -> list[str]:
    """Name file and needle of every leak beneath *folder*, but for what the platform must keep."""
    searched = [path for path in files_of(folder) if not MAY_HOLD.fullmatch(within(path, folder))]
    assert searched
    return [f"{within(path, folder)}: {name}" for path in searched for name in held(unpacked(path), needles)]


def unpacked(path: Path) -> bytes:
    """Give what a file holds; compressed columns are read."""
    if path.suffix == ".parquet":
        return json.dumps(parquet.read_table(path).to_pylist(), default=str, ensure_ascii=False).encode()
    return path.read_bytes()


def files_of(folder: Path) -> list[Path]:
    """Give every file beneath *folder*; our own credential files are elsewhere."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def within(path: Path, folder: Path) -> str:
    """Give the path of a file relative to *folder*, with slashes."""
    return path.relative_to(folder).as_posix()


def private(path: Path, text: str) -> Path:
    """Write a file that only its owner can read."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def watching(pid: int) -> Iterator[set[str]]:
    """Collect the command lines and environments of a process, its children and the local platform, meanwhile."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            with suppress(psutil.Error):
                for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
                    seen.update(shown_by(process))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def shown_by(process: psutil.Process) -> list[str]:
    """Give what a neighbour on the computer could see of a process, and what its children inherit."""
    with suppress(psutil.Error):
        return [" ".join(process.cmdline()), *(f"{name}={value}" for name, value in process.environ().items())]
    return []
