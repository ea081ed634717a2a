"""What Adobe's Python SDK (aepp) sends to Query Service and the description does not have; tests/clients runs it."""

from __future__ import annotations

from running import Client


def test_a_query_is_deleted_by_its_method(client: Client) -> None:
    """DELETE does what the operation soft_delete does: 202, and the query is on no list; an unknown id is a 404."""
    body = {"dbName": "dev:all", "sql": "SELECT 1", "name": "one"}
    id = client.made("POST", "/query/queries", body)["id"]
    assert id in {query["id"] for query in client.made("GET", "/query/queries", None)["queries"]}
    answer = client.call("DELETE", f"/query/queries/{id}")
    assert (answer.status_code, answer.json()["statusCode"]) == (202, 202)
    assert id not in {query["id"] for query in client.made("GET", "/query/queries", None)["queries"]}
    assert client.call("DELETE", "/query/queries/nothing").status_code == 404
