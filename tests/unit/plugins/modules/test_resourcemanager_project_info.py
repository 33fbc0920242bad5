# SPDX-License-Identifier: GPL-3.0-or-later
"""resourcemanager_project_info: the number of a project, and what is said when it cannot be read."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cdc.gcp.plugins.modules import resourcemanager_project_info

URL = "https://cloudresourcemanager.googleapis.com/v3/projects/shop"


@pytest.mark.parametrize("check", [True, False])
def test_the_number_is_text_and_nothing_changes(rest: t.Any, run_module: t.Any, check: bool) -> None:
    rest.expect("GET", URL, answer={"name": "projects/123456789012", "projectId": "shop", "displayName": "Shop", "state": "ACTIVE"})
    result = run_module(resourcemanager_project_info, check=check, project="shop")
    assert (result["changed"], result["actions"]) == (False, [])
    assert (result["project_number"], result["project_id"]) == ("123456789012", "shop")
    assert (result["display_name"], result["project_state"]) == ("Shop", "ACTIVE")


def test_a_project_without_a_display_name_has_an_empty_one(rest: t.Any, run_module: t.Any) -> None:
    rest.expect("GET", URL, answer={"name": "projects/1", "projectId": "shop", "state": "DELETE_REQUESTED"})
    result = run_module(resourcemanager_project_info, project="shop")
    assert (result["display_name"], result["project_state"]) == ("", "DELETE_REQUESTED")


def test_a_forbidden_project_names_the_permission(rest: t.Any, run_module: t.Any) -> None:
    forbidden = {"error": {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}}
    rest.expect("GET", URL, status=403, answer=forbidden)
    result = run_module(resourcemanager_project_info, project="shop")
    assert result["failed"] is True
    assert "Reading project shop" in result["msg"]
    assert "needs the permission resourcemanager.projects.get in project shop;" in result["msg"]
