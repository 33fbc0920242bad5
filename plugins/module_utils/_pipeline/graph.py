# SPDX-License-Identifier: GPL-3.0-or-later
"""The graph of a pipeline's resources, and one run over it.  PRIVATE to the collection."""

from __future__ import annotations

from functools import partial

from .._reconcile.errors import InvalidInput, ReconcileError
from .._reconcile.graph import GraphError, Known, Node, Result, reconcile_graph
from .._reconcile.progress import Progress
from . import cloudsql, guards, iam, kubernetes, pubsub, stream
from .context import Context
from .servers import Servers


def nodes(run: Context) -> list[Node]:
    """Every resource of the wanted parts, and what they need of the others; in the order in which actions are applied."""
    servers, grants = Servers(run), cloudsql.grants_needed(run.pipeline)
    return [
        *cloudsql.nodes(run, servers),
        *stream.position_nodes(run, servers),
        *stream.reset_nodes(run, servers, grants),
        *cloudsql.publication_nodes(run, servers, (*grants, *stream.position_needed(run))),
        *stream.captured_nodes(run, servers, grants),
        *pubsub.nodes(run),
        *kubernetes.namespace_nodes(run),
        *iam.nodes(run),
        *kubernetes.nodes(run, stream.position_needed(run)),
        *stream.nodes(run, servers),
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
    checks = [partial(guard, run) for guard in guards.GUARDS]
    return reconcile_graph(nodes(run), run.check_mode, checks, progress)


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
