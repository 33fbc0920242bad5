# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole pipelines on the sandbox.  `with_pods` needs root, for a node that runs pods; `without_pods` runs as an ordinary user beside it."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.world")
