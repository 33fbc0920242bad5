# SPDX-License-Identifier: GPL-3.0-or-later
"""The graph of a pipeline's resources, and one run over it.  PRIVATE to the collection."""

from __future__ import annotations

from functools import partial

from .._reconcile.errors import InvalidInput, ReconcileError
from .._reconcile.graph import GraphError, Known, Node, Result, reconcile_graph
from .._reconcile.progress import Progress
from . import cloudsql, guards, iam, kubernetes, pubsub
from .context import Context


def nodes(run: Context) -> list[Node]:
    """Every resource of the wanted parts, and what they need of the others; in the order in which actions are applied."""
    return [
        *cloudsql.nodes(run),
        *pubsub.nodes(run),
        *kubernetes.namespace_nodes(run),
        *iam.nodes(run),
        *kubernetes.nodes(run),
    ]


def check(run: Context) -> None:
    """Build every resource as if none existed yet, which asks nothing of any server.  Raises GraphError with each mistake."""
    problems = []
    for node in nodes(run):
        try:
            node.make(_NothingKnown())
        except InvalidInput as error:
            problems.append(error.message)
        except ReconcileError:
            continue  # what only a look can tell
    if problems:
        raise GraphError(list(dict.fromkeys(problems)))


def reconcile(run: Context, progress: Progress) -> Result:
    """Plan the pipeline, and unless in check mode apply the plan."""
    check(run)
    run.connections.log_in()
    return reconcile_graph(nodes(run), run.check_mode, [partial(guards.same_stream, run.pipeline)], progress)


class _NothingKnown(Known):
    """As on an empty project: nothing exists, and everything will be created."""

    def __init__(self) -> None:
        super().__init__({})

    def facts(self, name: str) -> dict[str, str]:
        return {"project_number": "0"}

    def missing(self, name: str) -> bool:
        return True

    def created(self, name: str) -> bool:
        return True

    def changing(self, name: str) -> bool:
        return True
