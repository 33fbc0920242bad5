# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarting an instance once.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from .._gcp.client import ApiError
from .api import SqlAdmin


def restart(api: SqlAdmin, instance: str, still_needed: Callable[[], bool]) -> None:
    """Restart the instance, and wait for the operation.

    still_needed: asked again after an operation that was in the way: it may have been somebody's restart, or ours whose answer was lost.
    """
    attempt = f"Restarting instance {instance}"

    def send() -> dict[str, t.Any] | None:
        try:
            return api.call(attempt, "cloudsql.instances.restart", "POST", f"instances/{instance}/restart")
        except ApiError as error:
            if error.reason != "operationInProgress":
                raise
        api.wait_until_idle(instance)
        return None if still_needed() else {"status": "DONE"}

    api.finish(attempt, api.wait(send, f"another operation on the instance to end ({attempt})"))
