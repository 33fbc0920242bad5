# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception tree.  PRIVATE to the collection.

Whatever a user, a server or a network can cause is a `ReconcileError` by the time it leaves a package, so that the engine can turn
it into one message.  Anything else is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

import typing as t


def full_stop(words: str) -> str:
    """A server's words, ended with exactly one full stop, so that a hint can follow."""
    return words.rstrip(" .\n") + "."


class ReconcileError(Exception):
    """What went wrong, in one message that says what to do.

    message: the text.
    details: further facts for the module's result (snake_case keys, never a secret).
    """

    def __init__(self, message: str, **details: t.Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(ReconcileError):
    """The user's own values are invalid; raised before anything was changed."""


class Refused(ReconcileError):
    """The change is possible but dangerous, and the option that allows it was not given."""


class DeadlineExceeded(ReconcileError):
    """Something did not happen in the time that the user allowed."""
