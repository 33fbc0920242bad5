# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects as plain data: comparable, without noise, secrets hidden.  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import base64
import binascii
import typing as t
from collections.abc import Callable, Mapping

from .._reconcile.digest import data_digest
from .._reconcile.errors import InvalidInput
from .._reconcile.secret import Secret
from .cluster import Json, Manifest

NOISE = ("creationTimestamp", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
"""Parts of metadata that the server writes at every change."""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""kubectl's copy of what it applied; of a Secret it shows the data."""


def checked(definition: Manifest) -> Json:
    """A user's definition, when it names an object; InvalidInput otherwise.

    A Secret's values belong into the option `secret_data`, where Ansible never logs them, so data and stringData are refused.
    """
    for key in ("apiVersion", "kind"):
        if not isinstance(definition.get(key), str) or not definition[key]:
            raise InvalidInput(f"definition needs {key}.")
    metadata = definition.get("metadata")
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise InvalidInput("definition needs metadata.name.")
    if "status" in definition:
        raise InvalidInput("definition must not have status: the server writes it.")
    if is_secret(definition) and (definition.get("data") or definition.get("stringData")):
        raise InvalidInput(
            "Put a Secret's values into secret_data, not into definition.data or definition.stringData: Ansible logs definition."
        )
    return dict(definition)


def is_secret(manifest: Manifest) -> bool:
    """Whether the object is a core Secret, whose values must not show."""
    return manifest.get("kind") == "Secret" and manifest.get("apiVersion") == "v1"


def with_secret_data(manifest: Manifest, values: Mapping[str, str] | None, files: Mapping[str, bytes] | None = None) -> Json:
    """The Secret `manifest` with `values`, plain text, and the contents of `files` as its data."""
    if values is None and files is None:
        return dict(manifest)
    if not is_secret(manifest):
        raise InvalidInput(f"secret_data and secret_files go with a definition of kind Secret, not {manifest['kind']}.")
    data = {**{key: str(value).encode() for key, value in (values or {}).items()}, **(files or {})}
    return {**manifest, "data": {key: base64.b64encode(value).decode() for key, value in data.items()}}


Readable = Mapping[str, Callable[[str], t.Any]]
"""By key of a Secret's data: what to show of the decoded text."""


def comparable(found: Manifest, readable: Readable | None = None) -> Json:
    """What a person compares: no status, no noise, and a Secret's values as `Secret`, but for what `readable` makes of some."""
    metadata = {key: value for key, value in found.get("metadata", {}).items() if key not in (*NOISE, "annotations")}
    if kept := shown_annotations(found):
        metadata["annotations"] = kept
    shown = {**{key: value for key, value in found.items() if key != "status"}, "metadata": metadata}
    if is_secret(found) and shown.get("data"):
        shown["data"] = {key: _shown_value(value, (readable or {}).get(key)) for key, value in shown["data"].items()}
    return shown


def _shown_value(value: str, show: Callable[[str], t.Any] | None) -> t.Any:
    """What a person sees of one value of a Secret; what cannot be decoded stays hidden."""
    if show is None:
        return Secret(value)
    try:
        text = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return Secret(value)
    return show(text)


def shown_annotations(found: Manifest) -> Json:
    """The object's annotations, without what shows data."""
    given = found.get("metadata", {}).get("annotations") or {}
    return {key: value for key, value in given.items() if key != LAST_APPLIED}


def sha256(found: Manifest) -> str | None:
    """SHA-256, as hex, of what a Secret or ConfigMap holds: of its sorted pairs of key and decoded value.  None for other kinds."""
    if is_secret(found):
        try:
            pairs = {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
        except binascii.Error as error:
            raise InvalidInput(f"Secret {found['metadata']['name']} contains data that is not base64.") from error
    elif found.get("kind") == "ConfigMap":
        pairs = {key: str(value).encode() for key, value in (found.get("data") or {}).items()}
    else:
        return None
    return data_digest(pairs)
