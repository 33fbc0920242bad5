"""The sandbox's Kubernetes without root: the real control plane, and a fake node that runs no container."""

from __future__ import annotations

from ..progress import Progress
from ..settings import Settings
from . import api, build, cluster, fake_node

NOTICE = "Without root there is no real node: everything is real but the pod, which is only said to run, so no event will arrive."


def up(settings: Settings, progress: Progress) -> None:
    """Build and start what is missing; return when the fake node is Ready.  Safe to repeat."""
    program = build.program(settings, progress)
    cluster.start_control_plane(settings, progress, program)
    with progress.step("start a fake node"):
        daemon = fake_node.daemon(settings)
        daemon.start()
        daemon.wait_ready(lambda: api.node_ready(settings), seconds=30)
        cluster.wait_for_service_account(settings)
    progress.say(f"  ! {NOTICE}")


def down(settings: Settings, progress: Progress) -> None:
    """Stop everything.  The built program stays in the cache."""
    if not (settings.state / "kubernetes").exists():
        return
    fake_node.daemon(settings).stop()
    cluster.stop_control_plane(settings, progress)


def status(settings: Settings) -> list[cluster.Part]:
    """State of each part."""
    ready = api.ready(settings)
    return [
        *cluster.control_plane_status(settings, ready),
        cluster.Part("fake node", "runs no pod", "", fake_node.daemon(settings).state(lambda: not ready or api.node_ready(settings))),
    ]
