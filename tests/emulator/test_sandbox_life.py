"""Sandbox management over HTTP: made, listed, renamed, emptied, deleted, and refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from running import Client, Server, make_chain, payload, running, wait_until

BASE = "/sandbox-management"
IDS = {"Accept": "application/vnd.adobe.xed-id+json"}
Take = Callable[..., Client]


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a local platform on which a sandbox takes a while to be made."""
    with running(tmp_path_factory.mktemp("slow") / "state", enabling_delay=0.4) as server:
        yield server


def body(name: str = "acme-dev", **more: Any) -> dict[str, Any]:
    """Give what makes a development sandbox."""
    return {"name": name, "title": "Acme Business Group dev", "type": "development", **more}


def make(client: Client, name: str = "acme-dev", **more: Any) -> dict[str, Any]:
    """Make a sandbox."""
    answer = client.call("POST", f"{BASE}/sandboxes", body(name, **more))
    assert answer.status_code == 202, answer.text
    return answer.json()


def state(client: Client, name: str = "acme-dev") -> str:
    """Give the state of a sandbox."""
    return client.made("GET", f"{BASE}/sandboxes/{name}", None)["state"]


def schemas(client: Client) -> Any:
    """Ask for the schemas of the client's sandbox."""
    return client.call("GET", "/schemaregistry/tenant/schemas", headers=IDS)


def within(client: Client, sandbox: str) -> Client:
    """Give a client of the same account in another sandbox."""
    return Client(client.server, seat=client.seat, sandbox=sandbox)


def upload(client: Client, dataset: str) -> None:
    """Upload a file to a batch that stays open."""
    batch = client.made("POST", "/import/batches", {"datasetId": dataset, "inputFormat": {"format": "json"}})["id"]
    path = f"{client.server.url}/data/foundation/import/batches/{batch}/datasets/{dataset}/files/rows.json"
    headers = {**client.headers, "Content-Type": "application/octet-stream"}
    assert client.http.put(path, data=b'[{"_id": "a"}]', headers=headers, timeout=30).ok


def test_a_sandbox_is_creating_and_then_active(slow_server: Server) -> None:
    """The 202 says creating; the sandbox is unknown to the services until its time has come, and then it is active."""
    admin = Client(slow_server)
    assert make(admin) == {
        "name": "acme-dev", "title": "Acme Business Group dev", "state": "creating", "type": "development",
        "region": "VA7",
    }  # fmt: skip
    inside = within(admin, "acme-dev")
    assert (state(admin), schemas(inside).status_code) == ("creating", 404)
    wait_until(lambda: state(admin) == "active", 5)
    assert schemas(inside).json()["results"] == []


def test_a_reset_takes_its_time_too(slow_server: Server) -> None:
    """While a sandbox is resetting nothing can be done in it or with it."""
    admin = Client(slow_server)
    make(admin, "again")
    wait_until(lambda: state(admin, "again") == "active", 5)
    answer = admin.call("PUT", f"{BASE}/sandboxes/again", {"action": "reset"})
    assert (answer.status_code, answer.json()["state"], state(admin, "again")) == (202, "resetting", "resetting")
    assert schemas(within(admin, "again")).status_code == 404
    assert admin.call("DELETE", f"{BASE}/sandboxes/again").status_code == 400
    wait_until(lambda: state(admin, "again") == "active", 5)


def test_a_made_sandbox_works_with_every_service_and_a_deleted_one_with_none(client: Client) -> None:
    """Rows land in a new sandbox; after a delete it is unknown, can still be looked up, and its files are gone."""
    make(client)
    chain = make_chain(within(client, "acme-dev"))
    chain.post(payload(1))
    wait_until(lambda: chain.counts() == (1, 0))
    folder = client.server.folder / "lake" / client.seat / chain.dataset
    assert list(folder.iterdir())
    upload(chain.client, chain.dataset)
    uploads = client.server.folder / "imports" / client.seat
    assert [path for path in uploads.glob("*/*") if path.is_file()]
    assert schemas(client).json()["results"] == [], "another sandbox sees nothing of it"
    answer = client.call("DELETE", f"{BASE}/sandboxes/acme-dev")
    assert (answer.status_code, answer.json()["state"]) == (202, "deleted")
    assert schemas(chain.client).status_code == 404
    for path in ("/flowservice/flows", "/catalog/dataSets", "/conversion/mappingSets"):
        assert chain.client.call("GET", path).status_code == 404, path
    assert chain.post(payload(2)).status_code >= 400
    assert state(client) == "deleted"
    assert "acme-dev" not in {one["name"] for one in client.made("GET", f"{BASE}/", None)["sandboxes"]}
    wait_until(lambda: not folder.exists() and not list(uploads.glob("*")))


def test_a_reset_empties_objects_and_data(client: Client) -> None:
    """After a reset the sandbox has no schema, dataset, dataflow or file, other sandboxes keep theirs, and it works."""
    chain, other = make_chain(client), make_chain(within(client, "prod"), "kept")
    for each in (chain, other):
        each.post(payload(1))
        wait_until(lambda each=each: each.counts() == (1, 0))
    answer = client.call("PUT", f"{BASE}/sandboxes/dev", {"action": "reset"})
    assert (answer.status_code, answer.json()["state"]) == (202, "resetting")
    assert set(answer.json()) == {"id", "name", "title", "state", "type", "region"}
    assert schemas(client).json()["results"] == []
    assert client.made("GET", "/catalog/dataSets", None) == {}
    assert client.made("GET", "/catalog/batches", None) == {}
    assert client.made("GET", "/flowservice/flows", None)["items"] == []
    lake = client.server.folder / "lake" / client.seat
    wait_until(lambda: not (lake / chain.dataset).exists())
    assert other.landed()[0]["_id"] == "event-1"
    again = make_chain(client)
    again.post(payload(3))
    wait_until(lambda: again.counts() == (1, 0))


def test_a_preflight_check_changes_nothing(client: Client) -> None:
    """With validationOnly a reset and a delete are answered and not carried out."""
    chain = make_chain(client)
    for method, sent in (("PUT", {"action": "reset"}), ("DELETE", None)):
        answer = client.call(method, f"{BASE}/sandboxes/dev?validationOnly=true", sent)
        assert (answer.status_code, answer.json()["state"]) == (202, "active")
    assert chain.state()["state"] == "enabled"


def test_the_title_changes_and_nothing_else(client: Client) -> None:
    """A patch changes the title, raises the eTag and says who did it; other fields are refused."""
    before = client.made("GET", f"{BASE}/sandboxes/dev", None)
    after = client.made("PATCH", f"{BASE}/sandboxes/dev", {"title": "New title"})
    assert (after["title"], after["eTag"], after["name"]) == ("New title", before["eTag"] + 1, "dev")
    assert after["modifiedBy"] == client.keys["tech_id"]
    assert client.call("PATCH", f"{BASE}/sandboxes/dev", {"title": "x", "type": "production"}).status_code == 400
    assert client.made("GET", f"{BASE}/sandboxes/dev", None) == after


def test_a_name_is_taken_until_its_sandbox_is_deleted(client: Client) -> None:
    """A second sandbox of a name is a 409; the name of a deleted one is free, and the new one is empty."""
    make(client)
    assert client.call("POST", f"{BASE}/sandboxes", body()).status_code == 409
    assert client.call("POST", f"{BASE}/sandboxes", body("dev")).status_code == 409
    assert client.call("DELETE", f"{BASE}/sandboxes/acme-dev").status_code == 202
    assert client.call("DELETE", f"{BASE}/sandboxes/acme-dev").status_code == 400
    make(client, title="The next one", type="production")
    found = client.made("GET", f"{BASE}/sandboxes/acme-dev", None)
    assert (found["title"], found["type"], found["isDefault"]) == ("The next one", "production", False)
    assert client.call("DELETE", f"{BASE}/sandboxes/acme-dev").status_code == 202


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", "/sandboxes", {}, 400),
        ("POST", "/sandboxes", [1], 400),
        ("POST", "/sandboxes", body("Acme"), 400),
        ("POST", "/sandboxes", body("a b"), 400),
        ("POST", "/sandboxes", body("-acme"), 400),
        ("POST", "/sandboxes", body(7), 400),
        ("POST", "/sandboxes", body(title=""), 400),
        ("POST", "/sandboxes", body(title=None), 400),
        ("POST", "/sandboxes", body(type="staging"), 400),
        ("POST", "/sandboxes", body(type=["development"]), 400),
        ("PUT", "/sandboxes/dev", {"action": "erase"}, 400),
        ("PUT", "/sandboxes/dev", {}, 400),
        ("PUT", "/sandboxes/nowhere", {"action": "reset"}, 404),
        ("PATCH", "/sandboxes/dev", {"title": 1}, 400),
        ("PATCH", "/sandboxes/dev", {}, 400),
        ("PATCH", "/sandboxes/nowhere", {"title": "x"}, 404),
        ("DELETE", "/sandboxes/prod", None, 400),
        ("DELETE", "/sandboxes/nowhere", None, 404),
        ("GET", "/sandboxes/nowhere", None, 404),
        ("GET", "/sandboxes?limit=2", None, 400),
        ("GET", "/elsewhere", None, 404),
        ("GET", "/?offset=2", None, 400),
        ("GET", "/sandboxes?limit=x&offset=0", None, 400),
        ("GET", "/sandboxes?orderBy=name", None, 400),
        ("GET", "/sandboxes?property=name", None, 400),
    ],
)
def test_refusals(client: Client, method: str, path: str, sent: Any, status: int) -> None:
    """What cannot be done is refused in the service's form, and the title says why."""
    answer = client.call(method, BASE + path, sent)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert set(problem) == {"status", "title", "type"}
    assert problem["status"] == status
    assert len(problem["title"]) > 10
    assert re.fullmatch(rf"http://ns\.adobe\.com/aep/errors/SMS-\d{{4}}-{status}", problem["type"])
    names = [one["name"] for one in client.made("GET", f"{BASE}/sandboxes", None)["sandboxes"]]
    assert names == ["prod", "dev", "finance"]


def test_the_default_production_sandbox_can_be_reset(client: Client) -> None:
    """Only a delete is closed to the default production sandbox."""
    assert client.call("PUT", f"{BASE}/sandboxes/prod", {"action": "reset"}).status_code == 202


def test_lists_filter_sort_and_page(client: Client) -> None:
    """All sandboxes come in pages of the size that is asked for, filtered and sorted."""
    for number in range(4):
        make(client, f"acme-{number}", title=f"Title {9 - number}")
    url = f"{BASE}/sandboxes"
    names: list[str] = []
    following = f"{url}?limit=3&offset=0&orderBy=desc:name"
    while following:
        found = client.made("GET", following, None)
        names += [one["name"] for one in found["sandboxes"]]
        assert found["_page"] == {"limit": 3, "count": len(found["sandboxes"])}
        href = found["_links"].get("next", {}).get("href")
        following = f"{href}&orderBy=desc:name" if href else ""
    assert names == ["prod", "finance", "dev", "acme-3", "acme-2", "acme-1", "acme-0"]
    typed = client.made("GET", f"{url}?property=type==production", None)["sandboxes"]
    assert [one["name"] for one in typed] == ["prod"]
    titled = client.made("GET", f"{url}?property=title~^Title [67]&orderBy=asc:title", None)["sandboxes"]
    assert [one["name"] for one in titled] == ["acme-3", "acme-2"]


def test_a_page_has_twenty_sandboxes_unless_another_size_is_asked_for(client: Client) -> None:
    """Without limit and offset the first twenty come, with the way to the rest."""
    for number in range(20):
        make(client, f"acme-{number}")
    for path, more in (("/sandboxes", 3), ("/", 2)):  # the third of the seat's own may not be entered
        found = client.made("GET", BASE + path, None)
        assert (found["_page"], len(found["sandboxes"])) == ({"limit": 20, "count": 20}, 20)
        rest = client.made("GET", found["_links"]["next"]["href"], None)
        assert rest["_page"] == {"limit": 20, "count": more}


def test_only_administrators_manage(take_seat: Take) -> None:
    """The limited account sees what it may use, and is refused everything else."""
    limited = take_seat(role="limited")
    assert [one["name"] for one in limited.made("GET", f"{BASE}/", None)["sandboxes"]] == ["prod", "dev"]
    calls = (
        ("GET", "/sandboxes", None), ("GET", "/sandboxes/dev", None), ("GET", "/sandboxTypes", None),
        ("POST", "/sandboxes", body()), ("PUT", "/sandboxes/dev", {"action": "reset"}),
        ("PATCH", "/sandboxes/dev", {"title": "x"}), ("DELETE", "/sandboxes/dev", None),
    )  # fmt: skip
    for method, path, sent in calls:
        assert limited.call(method, BASE + path, sent).status_code == 403, (method, path)


def test_a_sandbox_of_one_seat_is_none_of_another(take_seat: Take, client: Client) -> None:
    """Another organisation does not see a sandbox, cannot enter it, and may use its name."""
    make(client)
    stranger = Client(client.server, seat="default")
    assert stranger.call("GET", f"{BASE}/sandboxes/acme-dev").status_code == 404
    assert schemas(within(stranger, "acme-dev")).status_code == 404


def test_sandboxes_outlive_a_restart_and_end_with_a_reset_of_the_seat(tmp_path: Path) -> None:
    """What was made and deleted is so after a kill; the reset of a seat gives its first sandboxes back."""
    with running(tmp_path / "state") as server:
        client = Client(server)
        make(client)
        assert client.call("DELETE", f"{BASE}/sandboxes/dev").status_code == 202
        server.kill()
        server.start()
        client = Client(server, sandbox="acme-dev")
        assert (state(client), state(client, "dev")) == ("active", "deleted")
        assert schemas(client).json()["results"] == []
        server.control("POST", "/seats/default/reset")
        client = Client(server)
        assert schemas(client).status_code == 200
        assert client.call("GET", f"{BASE}/sandboxes/acme-dev").status_code == 404
