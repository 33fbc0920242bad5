# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release of Debezium an image holds.  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import re

from .._reconcile.errors import InvalidInput

Release = tuple[int, int]
"""Major and minor number."""

TESTED = "3.6.3.Final"

OLDEST: Release = (3, 6)
"""`topic.heartbeat.name` is of 3.6 (dbz#1709); the heartbeat topic's older names are not legal in Pub/Sub."""

ASSUMED: Release = (3, 6)
"""Of an image whose tag does not say: what 3.6 needs does no harm in 3.7, while what 3.7 does without loses events in 3.6."""

_VERSION = re.compile(r"v?([0-9]+)\.([0-9]+)(\.[0-9]+)?([.+_-][A-Za-z0-9.+_-]*)?")


def image_version(image: str) -> str | None:
    """The version in an image's tag; None for a tag that is no version, or a digest alone."""
    tag = image.rsplit("/", 1)[-1].partition("@")[0].partition(":")[2]
    return tag if _VERSION.fullmatch(tag) else None


def release(version: str | None) -> Release:
    """Major and minor number of a version like 3.6.3.Final; None is one that is not known.  Raises InvalidInput."""
    if version is None:
        return ASSUMED
    found = _VERSION.fullmatch(version)
    if not found:
        raise InvalidInput(f"debezium_version {version!r} is not a version like {TESTED}.")
    return int(found[1]), int(found[2])
