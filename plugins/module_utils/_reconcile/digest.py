# SPDX-License-Identifier: GPL-3.0-or-later
"""The one digest of named parts, for example of a Secret's data.  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import hashlib
import json
import typing as t
from collections.abc import Mapping


def digest(parts: Mapping[str, t.Any]) -> str:
    """SHA-256, as hex, of named parts: the same for the same parts in any order."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def data_digest(data: Mapping[str, bytes]) -> str:
    """The digest of named contents, such as the decoded data of a Secret."""
    return digest({key: hashlib.sha256(value).hexdigest() for key, value in data.items()})
