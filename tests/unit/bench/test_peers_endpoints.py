# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bench.peers_endpoints import pointed, replacements

ENVIRONMENT = {"CDC_SANDBOX_GOOGLE": "http://127.0.0.1:1/", "CDC_SANDBOX_PUBSUB": "https://10.0.0.1:443/"}


def test_addresses_of_the_sandbox() -> None:
    changes = replacements(ENVIRONMENT)
    assert pointed('"https://sqladmin.googleapis.com/sql/v1beta4/projects"', changes) == '"http://127.0.0.1:1/sql/v1beta4/projects"'
    assert pointed('"https://iam.googleapis.com/v1/{key_name}"', changes) == '"http://127.0.0.1:1/v1/{key_name}"'
    assert pointed('"https://pubsub.googleapis.com/v1/projects"', changes) == '"https://10.0.0.1:443/v1/projects"'


def test_list_of_users_without_parameters() -> None:
    assert pointed("instances/{instance}/users?name={name}&host={host}", replacements(ENVIRONMENT)) == "instances/{instance}/users"


def test_scopes_stay() -> None:
    scope = "['https://www.googleapis.com/auth/pubsub']"
    assert pointed(scope, replacements(ENVIRONMENT)) == scope
