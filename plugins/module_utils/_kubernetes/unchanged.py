# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof, from the live object alone, that a server-side apply would change nothing.  PRIVATE to the collection.  Pure.

The server writes into metadata.managedFields which fields our last apply set (kubernetes.io/docs/reference/using-api/server-side-apply,
"Field management"; the format is FieldsV1 of structured-merge-diff).  When these are exactly the fields of the manifest, and each has
the manifest's value, an apply would neither set, remove nor take over anything.  Whatever is not understood, or was normalised by the
server, proves nothing; the server's dry run then decides.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping

from .errors import FIELD_MANAGER

Json = Mapping[str, t.Any]

IDENTITY = frozenset({"name", "namespace"})
"""Parts of metadata that the server never counts as managed fields: with them, the object was found."""


def applied_unchanged(live: Json, manifest: Json) -> bool:
    """Whether applying `manifest` as manager cdc.gcp provably leaves `live` as it is.

    False means "not proven".  A mutating webhook that would change an equal request anyway is not seen.
    """
    wanted = json.loads(json.dumps(manifest))
    metadata = live.get("metadata", {})
    if "deletionTimestamp" in metadata or any(live.get(key) != wanted.get(key) for key in ("apiVersion", "kind")):
        return False
    if any(metadata.get(key) != value for key, value in wanted["metadata"].items() if key in IDENTITY):
        return False
    owned = _owned_fields(metadata.get("managedFields") or (), wanted["apiVersion"])
    if owned is None:
        return False
    fields = _without_identity(wanted)
    return _same(owned, fields, live) if owned and fields else not owned and not fields


def _owned_fields(entries: t.Iterable[Json], api_version: str) -> Json | None:
    """The fields that our applies set; an apply that sets none leaves no entry.  None for what is not understood."""
    ours = [
        entry
        for entry in entries
        if entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource")
    ]
    if not ours:
        return {}
    if len(ours) != 1 or ours[0].get("apiVersion") != api_version or ours[0].get("fieldsType") != "FieldsV1":
        return None
    found = ours[0].get("fieldsV1")
    return found if isinstance(found, Mapping) else None


def _without_identity(wanted: Json) -> dict[str, t.Any]:
    metadata = {key: value for key, value in wanted["metadata"].items() if key not in IDENTITY}
    rest = {key: value for key, value in wanted.items() if key not in ("apiVersion", "kind", "metadata")}
    return {**rest, **({"metadata": metadata} if metadata else {})}


def _same(owned: Json, wanted: t.Any, live: t.Any) -> bool:
    """Whether `owned` names exactly the fields of `wanted`, and `live` has their values."""
    paths = [path for path in owned if path != "."]
    if not paths:
        return _equal(wanted, live)
    kinds = {path[:2] for path in paths}
    if kinds == {"f:"}:
        return _same_map({path[2:]: owned[path] for path in paths}, wanted, live)
    if kinds == {"k:"}:
        return _same_items({path[2:]: owned[path] for path in paths}, wanted, live)
    if kinds == {"v:"}:
        return _same_set([path[2:] for path in paths], wanted, live)
    return False


def _same_map(owned: Mapping[str, Json], wanted: t.Any, live: t.Any) -> bool:
    if not isinstance(wanted, Mapping) or not isinstance(live, Mapping) or set(owned) != set(wanted):
        return False
    return all(key in live and _same(inner, wanted[key], live[key]) for key, inner in owned.items())


def _same_items(owned: Mapping[str, Json], wanted: t.Any, live: t.Any) -> bool:
    """A list of items that are told apart by key.  With items of others, or in another order, nothing is proven."""
    if not isinstance(wanted, list) or not isinstance(live, list) or not len(owned) == len(wanted) == len(live):
        return False
    free = dict(owned)
    for item, there in zip(wanted, live, strict=True):
        found = [key for key, inner in free.items() if _is_item(_parsed(key), inner, item, there)]
        if len(found) != 1 or not _same(free.pop(found[0]), item, there):
            return False
    return True


def _is_item(key: t.Any, owned: Json, wanted: t.Any, live: t.Any) -> bool:
    """Whether `key` is that of both.  A part that `wanted` leaves out, and that we do not own, is the default of its kind."""
    if not isinstance(key, Mapping) or not isinstance(wanted, Mapping) or not isinstance(live, Mapping):
        return False
    for name, value in key.items():
        if name in wanted and not _equal(wanted[name], value):
            return False
        if name not in wanted and f"f:{name}" in owned:
            return False
        if name not in live or not _equal(live[name], value):
            return False
    return True


def _same_set(owned: list[str], wanted: t.Any, live: t.Any) -> bool:
    if not isinstance(wanted, list) or not _equal(wanted, live) or len(owned) != len(wanted):
        return False
    values = [_parsed(text) for text in owned]
    return all(any(_equal(value, item) for value in values) for item in wanted)


def _equal(one: t.Any, other: t.Any) -> bool:
    """Equal as JSON; 1, 1.0 and true are three values, and nothing is proven of null."""
    if one is None or type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def _parsed(text: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
