"""What Adobe's Python SDK (aepp) takes for granted in answers of Catalog; tests/clients runs the SDK itself."""

from __future__ import annotations

from running import Client, make_chain, payload, wait_until

ADHOC = "https://ns.adobe.com/xdm/data/adhoc"


def test_a_dataset_says_how_it_is_classified(client: Client) -> None:
    """A dataset has the behavior of its schema, also after it was replaced, unless the caller says otherwise."""
    path = f"/catalog/dataSets/{make_chain(client).dataset}"
    (dataset,) = client.made("GET", path, None).values()
    assert dataset["classification"] == {"dataBehavior": "time-series", "managedBy": "CUSTOMER"}
    body = {"name": "again", "schemaRef": dataset["schemaRef"]}
    client.made("PUT", path, body)
    assert next(iter(client.made("GET", path, None).values()))["classification"] == dataset["classification"]
    client.made("PUT", path, body | {"classification": {"managedBy": "SYSTEM"}})
    after = next(iter(client.made("GET", path, None).values()))["classification"]
    assert after == {"dataBehavior": "time-series", "managedBy": "SYSTEM"}
    assert client.call("PUT", path, body | {"classification": 7}).status_code == 400


def test_failures_of_the_mapper_carry_a_code_of_data_prep(client: Client) -> None:
    """A batch with mapping errors has both codes that the SDK looks for; one without them has neither."""
    chain = make_chain(client)
    chain.post(payload(1, count="many"))
    wait_until(lambda: chain.batches("failed"))
    (batch,) = chain.batches("failed").values()
    codes = {error["code"]: error["recordCount"] for error in batch["errors"]}
    assert codes == {"MAPPER-3700-400": 1, "DPMAP-3700-400": 1}
    other = make_chain(
        client, "validated", (("EXPRESSION", "now()", "timestamp"), ("ATTRIBUTE", "text", "_{tenant}.text"))
    )
    other.post(payload(2))
    wait_until(lambda: other.batches("failed"))
    (batch,) = other.batches("failed").values()
    assert not [error["code"] for error in batch["errors"] if "MAP" in error["code"]]
