"""Folders of their own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from cdc_sandbox.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path / "state", cache=tmp_path / "cache")
