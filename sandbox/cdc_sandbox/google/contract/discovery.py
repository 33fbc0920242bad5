"""Google's discovery documents: which request is which API method, and whether it and its answer are well formed."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from ..types import Json
from .schema import Report, Schemas, Violation

DOCUMENTS = (
    "sqladmin.v1beta4",
    "sqladmin.v1",
    "iam.v1",
    "iamcredentials.v1",
    "cloudresourcemanager.v1",
    "cloudresourcemanager.v3",
    "secretmanager.v1",
    "servicenetworking.v1",
)
"""The APIs that are served here.  Their paths do not overlap, but for signBlob and signJwt, which nobody serves here."""

VARIABLE = re.compile(r"\{(\+?)([^}]+)\}")
ALSO_TAKEN = {"$alt": {"type": "string", "location": "query"}}
"""Query parameters that Google takes and the documents do not name."""


@dataclass(frozen=True)
class Method:
    """One method of one version of an API."""

    id: str
    api: str
    version: str
    http_method: str
    path: re.Pattern[str]
    names: tuple[str, ...]
    query: Mapping[str, Json]
    request: str | None
    response: str | None
    schemas: Schemas
    literal: int
    """Length of the path pattern: a longer one is a better match."""

    def check_query(self, query: Mapping[str, list[str]]) -> Report:
        """Names, types, enums and presence of query parameters."""
        report = Report()
        for name, values in query.items():
            schema = self.query.get(name)
            if schema is None:
                text = f"Cannot bind query parameter. Field '{name}' could not be found in request message."
                report.violations.append(Violation(name, f'Invalid JSON payload received. Unknown name "{name}": {text}'))
                continue
            if len(values) > 1 and not schema.get("repeated"):
                report.violations.append(Violation(name, f"Invalid value at '{name}', Proto field is not repeating, cannot start list."))
            for value in values:
                self._check_query_value(name, value, schema, report)
        for name, schema in self.query.items():
            if schema.get("required") and name not in query:
                report.violations.append(Violation(name, f"Required parameter is missing: {name}"))
        return report

    def check_request(self, body: Json | None) -> Report:
        """The body of a request; None is no body."""
        if self.request is None:
            report = Report()
            for name in body or {}:
                report.unknown_name("", name)
            return report
        return self.schemas.check(body or {}, self.request, answer=False)

    def check_answer(self, body: object) -> Report:
        """The body of a successful answer."""
        if self.response is None:
            return Report([Violation("", "this method has no answer")]) if body else Report()
        return self.schemas.check(body, self.response, answer=True)

    @staticmethod
    def _check_query_value(name: str, value: str, schema: Json, report: Report) -> None:
        kind = schema["type"]
        if kind == "boolean":
            good = value in ("true", "false")
        elif kind == "integer":
            good = re.fullmatch(r"-?\d+", value) is not None
        else:
            good = "enum" not in schema or value in schema["enum"]
        if not good:
            report.wrong_type(name, "TYPE_ENUM" if "enum" in schema else f"TYPE_{kind.upper()}", value)


@dataclass(frozen=True)
class Route:
    """A request's method, and the parameters of its path, decoded."""

    method: Method
    parameters: dict[str, str]


class Directory:
    """All methods of `DOCUMENTS`."""

    def __init__(self, methods: list[Method]) -> None:
        self._methods: dict[str, list[Method]] = {}
        for method in sorted(methods, key=lambda one: -one.literal):
            self._methods.setdefault(method.http_method, []).append(method)
        self.ids = frozenset(method.id for method in methods)

    def route(self, http_method: str, path: str) -> Route | None:
        """The method that answers `path` (still percent-encoded), or None."""
        for method in self._methods.get(http_method, ()):
            match = method.path.fullmatch(path.lstrip("/"))
            if match:
                return Route(method, {name: unquote(value) for name, value in zip(method.names, match.groups(), strict=True)})
        return None


@cache
def directory() -> Directory:
    """The methods of the documents that google-api-python-client brings; parsed once a process."""
    spec = importlib.util.find_spec("googleapiclient")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("google-api-python-client is not installed")
    folder = Path(spec.origin).parent / "discovery_cache" / "documents"
    methods: list[Method] = []
    for name in DOCUMENTS:
        document = json.loads((folder / f"{name}.json").read_bytes())
        _collect(document, document, Schemas(document["schemas"]), methods)
    return Directory(methods)


def _collect(resource: Json, document: Json, schemas: Schemas, methods: list[Method]) -> None:
    for method in resource.get("methods", {}).values():
        methods.append(_method(method, document, schemas))
    for child in resource.get("resources", {}).values():
        _collect(child, document, schemas, methods)


def _method(method: Json, document: Json, schemas: Schemas) -> Method:
    parameters: dict[str, Json] = method.get("parameters", {})
    template = document["servicePath"] + method["path"]
    pattern, names, end = "", [], 0
    for variable in VARIABLE.finditer(template):
        pattern += re.escape(template[end : variable.start()])
        name = variable[2]
        inner = parameters[name].get("pattern", "^.+$")[1:-1] if variable[1] else "[^/]+"
        pattern += f"({inner})"
        names.append(name)
        end = variable.end()
    pattern += re.escape(template[end:])
    if end == len(template):
        # What follows a colon in the last segment is a custom verb, never a part of the name.
        head, tail, rest = pattern.rpartition("[^/]+")
        pattern = head + (tail and "[^/:]+") + rest
    return Method(
        id=method["id"],
        api=method["id"].partition(".")[0],
        version=document["version"],
        http_method=method["httpMethod"],
        path=re.compile(pattern),
        names=tuple(names),
        query={
            **ALSO_TAKEN,
            **document["parameters"],
            **{name: schema for name, schema in parameters.items() if schema["location"] == "query"},
        },
        request=method.get("request", {}).get("$ref"),
        response=method.get("response", {}).get("$ref"),
        schemas=schemas,
        literal=len(pattern),
    )
