# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run should say although it goes on: dangers that only show when several systems are looked at together.  PRIVATE.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .._debezium.warnings import warnings
from .._reconcile.graph import Known, Step
from . import context
from .context import Context
from .kubernetes import stream


def advice(run: Context, steps: Mapping[str, Step]) -> Iterator[str]:
    """One sentence for each danger.  PostgreSQL 17 and newer is told by the instance itself."""
    if context.PROPERTIES in steps:
        yield from warnings(stream(run, Known(steps)), None)
