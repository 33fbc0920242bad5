# SPDX-License-Identifier: GPL-3.0-or-later
"""Our transforms, and the users' among them.  PRIVATE to the collection.  Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from .._reconcile.errors import InvalidInput
from .stream import Stream

TRANSFORMS = "debezium.transforms"
PROCESSORS = "debezium.source.post.processors"

# In lower case, so that environment variables could name their options.
LIMIT = "sizelimit"
"""Cuts what is too large for Pub/Sub."""
SIGNALS = "reroutesignals"
"""Sends the signal table's rows to the heartbeat topic."""
REROUTE = "reroute"
"""Sends all changes to one topic."""


def ours(pipeline: Stream) -> tuple[str, ...]:
    """Names of our transforms, in order.

    Signals are renamed before `reroute` sees them: their new topic does not begin as it expects.
    """
    return (*_first(pipeline), *_last(pipeline))


def combined(found: Mapping[str, str], pipeline: Stream, overrides: Mapping[str, t.Any]) -> dict[str, str]:
    """`found` with the users' transforms and post-processors among ours, unless they name ours themselves."""
    result = dict(found)
    if overrides.get(PROCESSORS) is not None and pipeline.reselect_unavailable_values:
        result[PROCESSORS] = _listed((), found[PROCESSORS], ("reselector",))
    if TRANSFORMS not in overrides:
        return result
    if overrides[TRANSFORMS] is None:
        if pipeline.signal_table is not None or pipeline.oversized_events == "truncate":
            raise InvalidInput(
                f"{TRANSFORMS} cannot be removed: the signal table's rows and oversized events need a transform of the pipeline."
                " Leave it out; your own transforms are added to the pipeline's."
            )
        return {name: value for name, value in result.items() if not name.startswith(f"{TRANSFORMS}.")}
    if ours(pipeline):
        result[TRANSFORMS] = _listed(_first(pipeline), found[TRANSFORMS], _last(pipeline))
    return result


def _first(pipeline: Stream) -> tuple[str, ...]:
    """Before the users' transforms, which may flatten the event."""
    return (LIMIT,) if pipeline.oversized_events == "truncate" else ()


def _last(pipeline: Stream) -> tuple[str, ...]:
    """After the users' transforms: renaming an event's topic takes from them what they may decide by."""
    return (*((SIGNALS,) if pipeline.signal_table is not None else ()), *((REROUTE,) if pipeline.topic is not None else ()))


def _listed(before: Sequence[str], given: str, after: Sequence[str]) -> str:
    """The names of a list of the user's with ours around them; those that the user placed stay where they are."""
    names = [name.strip() for name in given.split(",") if name.strip()]
    # A name of ours that comes before one that the user placed must stay before it.
    for name in reversed(after):
        if name not in names:
            later = [names.index(other) for other in after[after.index(name) + 1 :] if other in names]
            names.insert(min(later, default=len(names)), name)
    return ",".join([*(name for name in before if name not in names), *names])
