# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparing only what the user named, and merging what several owners share.  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping


def without_none(value: t.Any) -> t.Any:
    """`value` without the keys whose value is None, at every depth: an option that was not given has no effect."""
    if isinstance(value, Mapping):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [without_none(item) for item in value]
    return value


def difference(wanted: Mapping[str, t.Any], observed: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The part of `wanted` that `observed` does not have, nested maps compared key by key, everything else whole.

    Keys that `wanted` does not name are never looked at.  Normalise both sides first: 10 and "10" differ here.
    """
    found: dict[str, t.Any] = {}
    for key, value in wanted.items():
        if isinstance(value, Mapping) and isinstance(observed.get(key), Mapping):
            inner = difference(value, observed[key])
            if inner:
                found[key] = inner
        elif key not in observed or observed[key] != value:
            found[key] = value
    return found


def overlay(observed: Mapping[str, t.Any], changes: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """`observed` with `changes` laid over it, nested maps merged: how a resource looks after a merging PATCH."""
    merged = dict(observed)
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = overlay(merged[key], value)
        else:
            merged[key] = value
    return merged


def shared_map(
    wanted: Mapping[str, str] | None, observed: Mapping[str, str], exact: bool = False, absent: t.Iterable[str] = ()
) -> dict[str, str]:
    """A map that several owners share (labels, database flags) as it should be.

    wanted: keys to have; None leaves the map alone.  exact: drop every key not wanted.  absent: keys to drop in any case.
    """
    if wanted is None:
        kept = dict(observed)
    elif exact:
        kept = dict(wanted)
    else:
        kept = {**observed, **wanted}
    return {key: value for key, value in kept.items() if key not in set(absent)}
