"""The view of a dataset, and the files that can be read through it."""

from __future__ import annotations

import pytest
from running import Chain, Client, make_chain, payload, wait_until


@pytest.fixture
def chain(client: Client) -> Chain:
    """Give a chain with one good row and one bad one landed."""
    chain = make_chain(client)
    chain.post(payload(1))
    chain.post(payload(2, count="many"))
    wait_until(lambda: chain.counts() == (1, 1))
    return chain


def test_the_address_in_the_dataset_gives_its_files(client: Client, chain: Chain) -> None:
    """Each batch that can be read has a file under the view, by the id that Data Access knows; others have none."""
    (dataset,) = client.made("GET", f"/catalog/dataSets/{chain.dataset}", None).values()
    found = client.made("GET", f"/catalog{dataset['files'].removeprefix('@')}", None)
    (batch,) = chain.batches("success")
    assert list(found) == [f"{batch}-1"]
    assert (found[f"{batch}-1"]["batchId"], found[f"{batch}-1"]["dataSetViewId"]) == (batch, dataset["viewId"])
    assert client.made("GET", f"/export/files/{batch}-1", None)["data"]


def test_the_view_itself(client: Client, chain: Chain) -> None:
    """A dataset has one view, listed and read alike."""
    (dataset,) = client.made("GET", f"/catalog/dataSets/{chain.dataset}", None).values()
    views = f"/catalog/dataSets/{chain.dataset}/views"
    listed = client.made("GET", views, None)
    assert list(listed) == [dataset["viewId"]]
    assert client.made("GET", f"{views}/{dataset['viewId']}", None) == listed


@pytest.mark.parametrize("path", ["/views/nothing", "/views/nothing/files", "/views/{view}/files?limit=101"])
def test_what_is_refused(client: Client, chain: Chain, path: str) -> None:
    """An unknown view is a 404, a page that is too long a 400."""
    (dataset,) = client.made("GET", f"/catalog/dataSets/{chain.dataset}", None).values()
    place = f"/catalog/dataSets/{chain.dataset}{path.replace('{view}', dataset['viewId'])}"
    assert client.call("GET", place).status_code == (400 if "limit" in path else 404)


def test_another_seat_sees_nothing(take_seat, shared_server) -> None:
    """The view of one seat's dataset is not found by another."""
    mine = take_seat()
    dataset = make_chain(mine).dataset
    other = Client(shared_server)
    assert mine.call("GET", f"/catalog/dataSets/{dataset}/views").status_code == 200
    assert other.call("GET", f"/catalog/dataSets/{dataset}/views").status_code == 404
