"""The error that the sandbox reports to its user: one sentence on what is wrong and what to do."""

from __future__ import annotations


class SandboxError(Exception):
    """Raised with one sentence; the command line prints it and exits with code 1."""
