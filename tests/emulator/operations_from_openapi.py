"""Regenerate the committed table of Adobe's operations from Adobe's API descriptions.

``python tests/emulator/operations_from_openapi.py FOLDER`` (FOLDER holds the ``*.yaml``) rewrites
``chatlio_helpers/emulator/adobe_operations.json``.
"""

import json
import sys
from pathlib import Path

import yaml

TARGET = Path(__file__).parents[2] / "chatlio_helpers" / "emulator" / "adobe_operations.json"
METHODS = ("get", "post", "put", "patch", "delete", "head")
BASES = {
    "access-control.yaml": "/data/foundation/access-control",
    "batch-ingestion.yaml": "/data/foundation/import",
    "catalog.yaml": "/data/foundation/catalog",
    "data-access.yaml": "/data/foundation/export",
    "data-prep.yaml": "/data/foundation/conversion",
    "flow-service.yaml": "/data/foundation/flowservice",
    "observability-insights.yaml": "/data/infrastructure/observability/insights",
    "query-service.yaml": "/data/foundation/query",
    "sandbox.yaml": "/data/foundation",
    "schema-registry.yaml": "/data/foundation/schemaregistry",
    "streaming-ingestion.yaml": "",
}


def operations(folder: Path) -> list[list[str]]:
    """Give [method, path, name] of every operation, in the order of files and paths."""
    rows = []
    for file, base in BASES.items():
        paths = yaml.safe_load((folder / file).read_text(encoding="utf-8"))["paths"]
        for path, methods in paths.items():
            found = [(method, methods[method]) for method in METHODS if method in methods]
            rows += [[method.upper(), base + path, one.get("operationId", "")] for method, one in found]
    return rows


def text(rows: list[list[str]]) -> str:
    """Give the file's text: one operation a line, so that a difference can be read."""
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"


if __name__ == "__main__":
    TARGET.write_text(text(operations(Path(sys.argv[1]))), encoding="utf-8")
