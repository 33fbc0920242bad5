# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server of these tests."""

from __future__ import annotations

import typing as t

import pytest
from kubernetes_answers import FakeApi, installed


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, clock: t.Any) -> t.Iterator[FakeApi]:
    yield from installed(monkeypatch, clock)
