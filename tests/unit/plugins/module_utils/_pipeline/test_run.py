# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a pipeline's variables is masked in results: secrets, and nothing else."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.run import take_variables

VARIABLES = {
    "cdc_name": "shop",
    "cdc_tables": ["public.orders"],
    "cloudsql_disk_size_gb": 20,
    "cdc_replication_password": "replication secret",
    "cloudsql_database_flags": {"max_connections": 100},
}


def module(**params: t.Any) -> AnsibleModule:
    spec = {
        "variables": {"type": "dict", "no_log": True},
        "access_token": {"type": "str", "no_log": True},
        "service_account_contents": {"type": "jsonarg", "no_log": True},
    }
    with patch_module_args(params):
        return AnsibleModule(spec)


def test_passwords_stay_masked_and_names_do_not() -> None:
    made = module(variables=VARIABLES)
    assert take_variables(made) == VARIABLES
    assert made.no_log_values == {"replication secret"}
    assert set(made.params["variables"].values()) == {"(hidden)"}


def test_credentials_among_the_options_stay_masked() -> None:
    contents = {"private_key": "-----BEGIN PRIVATE KEY-----"}
    made = module(variables=VARIABLES, access_token="ya29.token", service_account_contents=contents)
    take_variables(made)
    assert {"replication secret", "ya29.token", "-----BEGIN PRIVATE KEY-----"} <= made.no_log_values
    assert "shop" not in made.no_log_values


def test_a_token_that_is_also_a_name_stays_masked() -> None:
    made = module(variables=VARIABLES, access_token="shop")
    take_variables(made)
    assert "shop" in made.no_log_values
