"""Checks a JSON value against a schema of a Google discovery document, as Google's front end checks a request's body."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..types import Json

DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
DURATION = re.compile(r"-?\d+(\.\d{1,9})?s")
INTEGER = re.compile(r"-?\d+")
RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
TYPE_NAMES = {
    "boolean": "TYPE_BOOL",
    "number": "TYPE_DOUBLE",
    "byte": "TYPE_BYTES",
    "google-datetime": "type.googleapis.com/google.protobuf.Timestamp",
    "google-duration": "type.googleapis.com/google.protobuf.Duration",
    "google-fieldmask": "type.googleapis.com/google.protobuf.FieldMask",
}
"""How Google's error texts name a discovery type or format."""


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong.

    path: dotted, with list positions in brackets: "settings.databaseFlags[0].name"; "" is the whole body.
    message: Google's text for it.
    """

    path: str
    message: str


@dataclass
class Report:
    """What a check found.  warnings: output-only fields that a request carries; real servers ignore them."""

    violations: list[Violation] = field(default_factory=list)
    warnings: list[Violation] = field(default_factory=list)

    def wrong_type(self, path: str, type_name: str, value: object) -> None:
        shown = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
        self.violations.append(Violation(path, f"Invalid value at '{path}' ({type_name}), {shown}"))

    def unknown_name(self, path: str, name: str) -> None:
        place = f" at '{path}'" if path else ""
        message = f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.'
        self.violations.append(Violation(path, message))


@dataclass(frozen=True)
class Schemas:
    """The schemas of one discovery document, by name."""

    schemas: Mapping[str, Json]

    def check(self, value: object, name: str, answer: bool) -> Report:
        """Check a body against the schema `name`.

        answer: be as strict as Google's writer (int64 as strings, no null); a request may be as loose as Google's parser allows.
        """
        report = Report()
        _Check(self.schemas, answer, report).value(value, {"$ref": name}, "")
        return report


@dataclass(frozen=True)
class _Check:
    schemas: Mapping[str, Json]
    answer: bool
    report: Report

    def value(self, value: object, schema: Json, path: str) -> None:
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"]]
        kind = schema.get("type", "any")
        if value is None:
            if self.answer and kind != "any":
                self.report.wrong_type(path, kind, "null")
        elif kind == "object":
            self._object(value, schema, path)
        elif kind == "array":
            self._array(value, schema, path)
        elif kind != "any":
            self.scalar(value, schema, path)

    def _object(self, value: object, schema: Json, path: str) -> None:
        if not isinstance(value, dict):
            self.report.wrong_type(path, "TYPE_MESSAGE", value)
            return
        properties: Json = schema.get("properties", {})
        others = schema.get("additionalProperties")
        for name, item in value.items():
            place = f"{path}.{name}" if path else str(name)
            if name in properties:
                if properties[name].get("readOnly") and not self.answer:
                    self.report.warnings.append(Violation(place, "This field is output only."))
                self.value(item, properties[name], place)
            elif others is not None:
                self.value(item, others, place)
            else:
                self.report.unknown_name(path, str(name))
        for name, masked in _masks(properties):
            if isinstance(value.get(name), str):
                self._mask(value[name], masked, f"{path}.{name}" if path else name)

    def _array(self, value: object, schema: Json, path: str) -> None:
        if not isinstance(value, list):
            self.report.wrong_type(path, "TYPE_MESSAGE", value)
            return
        for index, item in enumerate(value):
            self.value(item, schema["items"], f"{path}[{index}]")

    def scalar(self, value: object, schema: Json, path: str) -> None:
        """Check a string, number or boolean."""
        kind, form = schema["type"], schema.get("format", "")
        if kind == "boolean":
            good = isinstance(value, bool)
        elif form in RANGES:
            good = self._integer(value, kind, form)
        elif kind in ("number", "integer"):
            good = isinstance(value, (int, float)) and not isinstance(value, bool)
        else:
            good = isinstance(value, str) and self._string(value, schema, form)
        if not good:
            name = "TYPE_ENUM" if "enum" in schema else TYPE_NAMES.get(form or kind, f"TYPE_{(form or kind).upper()}")
            self.report.wrong_type(path, name, value)

    def _integer(self, value: object, kind: str, form: str) -> bool:
        if self.answer and isinstance(value, str) != (kind == "string"):
            return False
        if isinstance(value, bool) or not isinstance(value, (int, str)) or not INTEGER.fullmatch(str(value)):
            return False
        low, high = RANGES[form]
        return low <= int(value) <= high

    def _string(self, value: str, schema: Json, form: str) -> bool:
        if "enum" in schema:
            return value in schema["enum"]
        if form == "byte":
            return _is_base64(value, url_safe_too=not self.answer)
        if form == "google-datetime":
            return bool(DATETIME.fullmatch(value))
        if form == "google-duration":
            return bool(DURATION.fullmatch(value))
        return True

    def _mask(self, mask: str, masked: Json, path: str) -> None:
        for entry in mask.split(","):
            if entry.strip() != "*" and not self._known(entry.strip(), masked):
                self.report.wrong_type(path, TYPE_NAMES["google-fieldmask"], entry.strip())

    def _known(self, entry: str, schema: Json) -> bool:
        """Whether a mask's entry, in camel or snake case, names a field."""
        for part in entry.split("."):
            if "$ref" in schema:
                schema = self.schemas[schema["$ref"]]
            if schema.get("additionalProperties") is not None:
                return True
            name = re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), part)
            if name not in schema.get("properties", {}):
                return False
            schema = schema["properties"][name]
        return True


def _masks(properties: Json) -> Iterator[tuple[str, Json]]:
    """Update masks of a message, each with the schema of the one message beside it whose fields it names."""
    for name, schema in properties.items():
        if schema.get("format") == "google-fieldmask":
            messages = [other for other in properties.values() if "$ref" in other]
            if len(messages) == 1:
                yield name, messages[0]


def _is_base64(text: str, url_safe_too: bool) -> bool:
    if url_safe_too:
        text = text.replace("-", "+").replace("_", "/")
        text += "=" * (-len(text) % 4)
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True
