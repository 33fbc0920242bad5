# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarting an instance once.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from .._gcp.client import ApiError, LostAnswer
from .api import SqlAdmin


def restart(api: SqlAdmin, instance: str, still_needed: Callable[[], bool]) -> None:
    """Restart the instance, and wait for the operation.

    still_needed: asked again before the request is repeated: an operation in the way may have been a restart, somebody's or our own whose
    answer was lost.
    """
    attempt = f"Restarting instance {instance}"

    def send() -> dict[str, t.Any] | None:
        try:
            return api.call(attempt, "cloudsql.instances.restart", "POST", f"instances/{instance}/restart", repeatable=False)
        except LostAnswer:
            pass
        except ApiError as error:
            if error.reason != "operationInProgress" and error.status < 500:
                raise
        api.wait_until_idle(instance)
        return None if still_needed() else {"status": "DONE"}

    api.finish(attempt, api.wait(send, f"another operation on the instance to end ({attempt})"))
