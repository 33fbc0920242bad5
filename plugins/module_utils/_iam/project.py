# SPDX-License-Identifier: GPL-3.0-or-later
"""Number and state of a project.  Changes nothing.  PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._gcp.client import Client
from .._gcp.options import GcpOptions
from .._reconcile.engine import ReadOnly
from .api import Iam, Json


class ProjectInfo(ReadOnly[Json]):
    """One project, as Resource Manager has it (cloudresourcemanager v3)."""

    def __init__(self, client: Client) -> None:
        self.iam = Iam(client)
        self.title = f"project {self.iam.project}"

    @classmethod
    def from_params(cls, params: Mapping[str, t.Any], client: Client | None = None) -> ProjectInfo:
        """From the module's parameters.  client: one that exists already."""
        return cls(client or Client(GcpOptions.from_params(params)))

    def read(self) -> Json:
        """The project.  One that does not exist is refused like one that is forbidden (403), so it is an error either way."""
        path = f"/v3/projects/{self.iam.project}"
        return self.iam.call(f"Reading {self.title}", "resourcemanager.projects.get", "GET", path, "resource_manager_endpoint")

    def facts(self, observed: Json | None) -> dict[str, t.Any]:
        found = observed or {}
        return {
            "project_id": found["projectId"],
            "project_number": found["name"].removeprefix("projects/"),
            "display_name": found.get("displayName", ""),
            "project_state": found["state"],
        }
