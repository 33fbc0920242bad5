# SPDX-License-Identifier: GPL-3.0-or-later
"""The molecule scenario of the whole site: converge, idempotence and verify on the running sandbox."""

from __future__ import annotations

import os
import subprocess

from cdc_sandbox import cli

from ..world import PASSWORDS, ROOT, World


def test_the_scenario_of_the_site_passes(world: World) -> None:
    environment = {**os.environ, **cli.environment(world.settings), **PASSWORDS}
    done = subprocess.run(["molecule", "test", "-s", "site"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "successful=3" in done.stdout + done.stderr
