"""Holds every exchange of the contract tests against Adobe's own API descriptions.

Switched on by the variable AEP_OPENAPI_DIR, the folder of the descriptions (YAML, Swagger 2.0 and OpenAPI 3). Of each
exchange it asks: is there such a path and method, is the status documented, does the body match the schema. What does
not must be in the table of deviations, with its reason; an entry that nothing needs is an error too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from .deviations import DEVIATIONS, Deviation

VARIABLE = "AEP_OPENAPI_DIR"
# the streaming collection's server has no path of its own; IMS and our controls are described nowhere
_OURS = ("/_local/", "/ims/")
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


@dataclass(frozen=True)
class Description:
    """One of Adobe's files: where its paths begin, and its JSON Schemas."""

    name: str
    document: Mapping[str, Any]

    @property
    def base(self) -> str:
        """The path that stands before each path of the file."""
        if "swagger" in self.document:
            return str(self.document.get("basePath", "")).rstrip("/")
        address = str((self.document.get("servers") or [{"url": ""}])[0]["url"])
        return re.sub(r"^(?:https?:)?//[^/]*", "", address).rstrip("/")

    @cached_property
    def registry(self) -> Registry:
        """The file as a resource that ``$ref`` can point into."""
        return Registry().with_resource(f"urn:{self.name}", Resource(_nullable(self.document), DRAFT4))

    def operations(self) -> Iterator[Operation]:
        """Give every operation of the file."""
        for template, item in (self.document.get("paths") or {}).items():
            for method in _METHODS:
                if method in item:
                    yield Operation(self, method.upper(), self.base + template, item[method])


@dataclass(frozen=True)
class Operation:
    """One method of one path template."""

    description: Description
    method: str
    template: str
    body: Mapping[str, Any]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a path of this template looks like; a slash at the end does not count."""
        parts = re.split(r"\{[^}]*\}", self.template.rstrip("/"))
        return re.compile("[^/]+".join(re.escape(part) for part in parts) + "/?")

    @property
    def label(self) -> str:
        """Name of the operation in the table of deviations."""
        return f"{self.method} {self.template}"

    def response(self, status: int) -> Mapping[str, Any] | None:
        """What is documented for *status*; None when nothing is."""
        documented = {str(key): value for key, value in (self.body.get("responses") or {}).items()}
        found = documented.get(str(status)) or documented.get(f"{status // 100}XX") or documented.get("default")
        return self._resolved(found) if found is not None else None

    def violations(self, status: int, body: Any) -> list[str]:
        """Where *body* differs from the documented schema of *status*, in words; empty when nothing is documented."""
        schema = self._schema(self.response(status) or {})
        if schema is None:
            return []
        rooted = {"$ref": f"urn:{self.description.name}#{schema}"}
        errors = Draft4Validator(rooted, registry=self.description.registry).iter_errors(body)
        return sorted({f"body at {_place(error.absolute_path)}: {_words(error)}" for error in errors})

    def _schema(self, response: Mapping[str, Any]) -> str | None:
        """Give the JSON pointer of the schema of *response*."""
        pointer = response.get("x-judge-pointer", "")
        if "schema" in response:
            return f"{pointer}/schema"
        for media, content in (response.get("content") or {}).items():
            if "json" in media and "schema" in content:
                return f"{pointer}/content/{_escaped(media)}/schema"
        return None

    def _resolved(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" in response:
            pointer = str(response["$ref"]).removeprefix("#")
            found: Any = self.description.document
            for part in pointer.strip("/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            return {**found, "x-judge-pointer": pointer}
        template = self.template.removeprefix(self.description.base)
        status = next(key for key, value in self.body["responses"].items() if value is response)
        steps = ("paths", template, self.method.lower(), "responses", str(status))
        return {**response, "x-judge-pointer": "".join(f"/{_escaped(step)}" for step in steps)}


@dataclass
class Judge:
    """Collects the exchanges and what is wrong with them."""

    folder: Path
    held: int = 0
    undescribed: int = 0
    unexplained: list[str] = field(default_factory=list)
    used: set[Deviation] = field(default_factory=set)

    @cached_property
    def operations(self) -> list[Operation]:
        """All operations, those with fewer variable parts first, so that the nearest template wins."""
        found: list[Operation] = []
        for path in sorted(self.folder.glob("*.yaml")):
            document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
            found += Description(path.stem, document).operations()
        return sorted(found, key=lambda operation: operation.template.count("{"))

    def hold(self, response: Any, *_: Any, **__: Any) -> None:
        """Hold one exchange; made to be a response hook of an HTTP session."""
        path = urlsplit(response.request.url).path
        if path.startswith(_OURS):
            self.undescribed += 1
            return
        self.held += 1
        for label, finding in self.findings(response.request.method, path, response.status_code, response.content):
            self._explain(label, finding)

    def findings(self, method: str, path: str, status: int, content: bytes) -> Iterator[tuple[str, str]]:
        """Give (operation, what differs) for one exchange."""
        templates = [operation for operation in self.operations if operation.pattern.fullmatch(path)]
        operation = next((found for found in templates if found.method == method), None)
        if operation is None:
            what = "method is not described" if templates else "path is not described"
            yield f"{method} {templates[0].template if templates else _anonymous(path)}", what
            return
        if operation.response(status) is None:
            yield operation.label, f"status {status} is not described"
            return
        body = _parsed(content)
        if body is not None:
            for violation in operation.violations(status, body):
                yield operation.label, f"{status} {violation}"

    def stale(self) -> list[Deviation]:
        """Deviations that no exchange needed."""
        return [deviation for deviation in DEVIATIONS if deviation not in self.used]

    def _explain(self, label: str, finding: str) -> None:
        for deviation in DEVIATIONS:
            if deviation.covers(label, finding):
                self.used.add(deviation)
                return
        self.unexplained.append(f"{label}: {finding}")


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    """Reads a date as text, as it stands in the file, and a lone ``=`` as text too."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":value"))]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def _nullable(part: Any) -> Any:
    """Turn OpenAPI's ``nullable`` into JSON Schema, and keys that are numbers (statuses) into text."""
    if isinstance(part, list):
        return [_nullable(item) for item in part]
    if not isinstance(part, dict):
        return part
    made = {str(key): _nullable(value) for key, value in part.items()}
    if made.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1").replace("%", "%25").replace("{", "%7B").replace("}", "%7D")


def _place(path: Any) -> str:
    return "/" + "/".join("*" if isinstance(step, int) else str(step) for step in path)


def _words(error: Any) -> str:
    if error.validator == "type":
        return f"should be {error.validator_value}"
    return f"{error.validator}: {error.message[:120]}"


def _anonymous(path: str) -> str:
    """Put {id} in place of the parts of a path that look like ids."""
    return re.sub(r"/(?=[^/]*\d)[^/]{12,}", "/{id}", path)
