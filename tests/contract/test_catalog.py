"""Catalog through the client: datasets, and the batches in them."""

from __future__ import annotations

import pytest

from chatlio_helpers import errors
from chatlio_helpers.aep import Platform
from chatlio_helpers.aep.catalog import Catalog

from . import chain


@pytest.fixture
def schema(platform: Platform) -> str:
    """Make a schema."""
    group = platform.schemas.create("fieldgroups", chain.field_group(platform.schemas.tenant_id(), "a"))["$id"]
    return platform.schemas.create("schemas", chain.schema_body(group, "a"))["$id"]


def test_a_dataset_is_created_and_found(platform: Platform, schema: str) -> None:
    """Creating gives an id of 24 digits, by which, and by its name, the dataset is found with its schema."""
    made = platform.catalog.create_dataset(chain.dataset_body(schema, "a"))
    assert len(made) == 24
    found = platform.catalog.find_dataset("a dataset")
    assert found is not None
    assert (found["id"], found["schemaRef"]["id"]) == (made, schema)
    assert platform.catalog.dataset(made)["name"] == "a dataset"
    assert platform.catalog.find_dataset("a") is None


def test_datasets_follow_their_pages(platform: Platform, schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of several pages is given whole, oldest first."""
    monkeypatch.setattr("chatlio_helpers.aep.catalog._PAGE", 2)
    made = [platform.catalog.create_dataset(chain.dataset_body(schema, name)) for name in "abcde"]
    assert [dataset["id"] for dataset in platform.catalog.datasets()] == made
    assert len(platform.catalog.datasets(limit=3)) == 3


def test_a_deleted_dataset_is_not_found(platform: Platform, schema: str) -> None:
    """After a delete, reading and deleting again both raise NotFound."""
    made = platform.catalog.create_dataset(chain.dataset_body(schema, "a"))
    platform.catalog.delete_dataset(made)
    for call in (platform.catalog.dataset, platform.catalog.delete_dataset, platform.catalog.batch):
        with pytest.raises(errors.NotFound):
            call(made)


def test_a_dataset_of_no_schema_is_refused(platform: Platform) -> None:
    """A dataset whose schema does not exist is refused in the platform's words."""
    unknown = f"https://ns.adobe.com/{platform.schemas.tenant_id()}/schemas/{'0' * 48}"
    with pytest.raises(errors.PlatformError) as caught:
        platform.catalog.create_dataset(chain.dataset_body(unknown, "a"))
    assert caught.value.vendor


def test_a_new_dataset_has_no_batches(platform: Platform, schema: str) -> None:
    """A dataset that nothing was sent to has no batches."""
    assert platform.catalog.batches(platform.catalog.create_dataset(chain.dataset_body(schema, "a"))) == []


@pytest.mark.parametrize(("status", "failed"), [("failed", True), ("failure", True), ("success", False)])
def test_both_words_for_a_failed_batch_count(status: str, failed: bool) -> None:
    """Adobe writes failed and failure; both mean the same."""
    assert Catalog.failed({"status": status}) is failed
