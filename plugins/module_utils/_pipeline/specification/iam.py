# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the part `iam`.  PRIVATE to the collection."""

from __future__ import annotations

from .variable import Variable

VARIABLES: tuple[Variable, ...] = (
    Variable("iam_display_name", "Display name of the service account, at most 100 bytes. A new account gets its id."),
    Variable(
        "iam_topic_roles",
        "Roles that the pod's identity gets on each of the pipeline's topics.",
        "list",
        default=["roles/pubsub.publisher", "roles/pubsub.viewer"],
        elements="str",
    ),
    Variable(
        "iam_project_roles",
        "Roles that the pod's identity gets on the whole project (O(cdc_pubsub_project)).",
        "list",
        default=[],
        elements="str",
    ),
    Variable(
        "iam_workload_pool",
        "Workload identity pool of the cluster. Set it if the cluster is in another project.",
        derived="O(cdc_project) followed by C(.svc.id.goog)",
    ),
    Variable(
        "iam_workload_pool_project_number",
        (
            "Number of the workload identity pool's project, for O(cdc_identity=workload_identity).",
            "By default the number is read from the API, which requires C(resourcemanager.projects.get) on that project.",
        ),
    ),
)
