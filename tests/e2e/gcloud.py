# SPDX-License-Identifier: GPL-3.0-or-later
"""Google's own command line, to check the sandbox: logged in as the project's owner, with nothing of the user's settings."""

from __future__ import annotations

import json
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
from cdc_sandbox import cli

from .world import World

MISSING = "gcloud is not installed (https://cloud.google.com/sdk/docs/install): what it would have done and seen is not tested"
NO_EMULATOR = "the Cloud SDK has no Pub/Sub emulator (gcloud components install pubsub-emulator): the second broker is not tested"


class Gcloud:
    """Runs `gcloud` with the environment that `make status` prints, and with Pub/Sub's TLS endpoint, which wants credentials."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._environment = {
            **cli.environment(world.settings),
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": f"https://{world.settings.pubsub_tls_endpoint}/",
            "REQUESTS_CA_BUNDLE": str(world.settings.pki / "ca.crt"),
        }

    def __call__(self, command: str, *arguments: str) -> t.Any:
        """What `gcloud COMMAND ARGUMENTS` answers, from JSON.  It must succeed.  command: words without blanks in them."""
        done = self.run(command, *arguments)
        assert done.returncode == 0, f"gcloud {command}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The ended command, with its answer as JSON on its standard output."""
        return self._world.command("gcloud", *command.split(), *arguments, "--format=json", **self._environment)


def require() -> None:
    """Skip the test, aloud, where gcloud is not installed."""
    if shutil.which("gcloud") is None:
        pytest.skip(MISSING)


def emulator_program() -> Path:
    """The Pub/Sub emulator of the Cloud SDK; skips the test, aloud, where it is not installed."""
    require()
    asked = subprocess.run(
        ["gcloud", "info", "--format=value(installation.sdk_root)"], capture_output=True, text=True, timeout=60, check=True
    )
    program = Path(asked.stdout.strip()) / "platform/pubsub-emulator/bin/cloud-pubsub-emulator"
    if not program.exists() or shutil.which("java") is None:
        pytest.skip(NO_EMULATOR)
    return program
