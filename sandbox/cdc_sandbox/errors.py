"""The one error that the sandbox shows a person: a sentence that says what is wrong and what to do."""

from __future__ import annotations


class SandboxError(Exception):
    """Raised with one sentence; the command line prints it and ends with code 1."""
