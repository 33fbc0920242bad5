# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the part `iam`.  PRIVATE to the collection."""

from __future__ import annotations

from .variable import Variable

VARIABLES: tuple[Variable, ...] = (
    Variable("iam_display_name", "Display name of the service account. A new one gets its id."),
    Variable(
        "iam_topic_roles",
        "Roles of the pod's identity on each of the pipeline's topics.",
        "list",
        default=["roles/pubsub.publisher", "roles/pubsub.viewer"],
        elements="str",
    ),
    Variable("iam_project_roles", "Roles on the whole project.", "list", default=[], elements="str"),
    Variable(
        "iam_workload_pool",
        "Workload identity pool of the cluster. Set it when the cluster is in another project.",
        derived="O(cdc_project) with C(.svc.id.goog)",
    ),
    Variable(
        "iam_workload_pool_project_number",
        (
            "Number of the workload identity pool's project, with V(cdc_identity=workload_identity).",
            "By default the project is looked up, which needs the permission C(resourcemanager.projects.get) there.",
        ),
    ),
)
