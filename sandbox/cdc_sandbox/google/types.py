"""Type names that several files of the stand-in share."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
"""A JSON object."""
