"""`python -m cdc_sandbox.kubernetes up|down|status`: the sandbox's Kubernetes alone."""

from __future__ import annotations

import argparse
import sys

from .. import settings as sandbox_settings
from ..errors import SandboxError
from ..progress import Progress
from . import variants


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cdc_sandbox.kubernetes", description="The sandbox's Kubernetes alone.")
    parser.add_argument("action", choices=["up", "down", "status"])
    action = parser.parse_args().action
    settings, progress = sandbox_settings.load(), Progress()
    try:
        if action == "up":
            variants.prepare(settings)
            variants.up(settings, progress)
        elif action == "down":
            variants.down(settings, progress)
        else:
            for part in variants.status(settings):
                progress.say(f"{part.name:24} {part.version:10} {part.state:8} {part.address}")
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


sys.exit(main())
