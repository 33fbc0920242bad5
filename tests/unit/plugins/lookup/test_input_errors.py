# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes in the variables of a role: each is one sentence, and it is found before a server is asked."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.cdc.gcp.plugins.lookup import input_errors

ROOT = Path(__file__).resolve().parents[4]
PASSWORDS = {f"cloudsql_{name}_password": "secret" for name in ("admin", "user", "replication")}


def errors(role: str = "cloudsql", **variables: t.Any) -> list[str]:
    loader = DataLoader()
    return input_errors.LookupModule(loader, Templar(loader, variables=variables)).run([role], variables)


def test_nothing_is_said_of_variables_that_are_right() -> None:
    assert errors(**PASSWORDS, cloudsql_tier="db-g1-small", cloudsql_disk_size_gb="20", cdc_name="demo", other_variable=1) == []


def test_a_misspelt_variable_is_told_with_the_one_that_is_meant() -> None:
    assert errors(**PASSWORDS, cloudsql_teir="db-g1-small") == ["cloudsql_teir is no variable of role cloudsql; is cloudsql_tier meant?"]
    assert errors("iam", cdc_nmae="demo") == ["cdc_nmae is no variable of the collection; is cdc_name meant?"]


def test_variables_of_a_playbook_are_told_like_those_of_a_role() -> None:
    loader = DataLoader()
    given = {"verify_rwo": {}, "verify_table": "public.mytable", "cdc_nmae": "demo", "cloudsql_teir": "is a role's to say"}
    found = input_errors.LookupModule(loader, Templar(loader, variables=given)).run([], given, names=["verify_table", "verify_row"])
    assert found == [
        "verify_rwo is no variable of the playbook; is verify_row meant?",
        "cdc_nmae is no variable of the collection; is cdc_name meant?",
    ]


def test_a_name_that_is_like_none_may_be_somebody_elses_and_is_only_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert errors("iam", iam_users=["anna"]) == []
    assert "iam_users is no variable of role iam" in capsys.readouterr().err


def test_what_a_task_registered_and_what_vars_define_are_known() -> None:
    assert errors(**PASSWORDS, cloudsql_instance_result={}, cloudsql_connection={}, cloudsql_signal_tables=[]) == []


def test_a_password_that_is_missing_empty_or_undefined_is_named_and_never_shown() -> None:
    variables = {
        "cloudsql_admin_password": trust_as_template("{{ vault_admin_password }}"),
        "cloudsql_user_password": "",
        "cloudsql_tier": "hunter2",
    }
    assert sorted(errors(**variables)) == [
        "cloudsql_admin_password cannot be worked out: 'vault_admin_password' is undefined.",
        "cloudsql_replication_password is not set, and has no default.",
        "cloudsql_user_password is empty.",
    ]


def test_types_and_choices_are_checked() -> None:
    (size, edition) = sorted(errors(**PASSWORDS, cloudsql_disk_size_gb="big", cloudsql_edition="PLUS"))
    assert "cloudsql_disk_size_gb" in size
    assert edition == "value of cloudsql_edition must be one of: ENTERPRISE, ENTERPRISE_PLUS, got: PLUS."


def test_a_role_that_is_none_of_ours_is_an_error() -> None:
    with pytest.raises(AnsibleLookupError, match="the collection has no role cloud_sql"):
        errors("cloud_sql")


def test_every_variable_of_the_whole_pipeline_is_known() -> None:
    files = [*ROOT.glob("roles/*/*/*.yml"), *ROOT.glob("playbooks/*.yml"), *ROOT.glob("inventories/*.yml")]
    used = {name for path in files for name in re.findall(r"\bcdc_[a-z_]+\b", path.read_text())}
    action = (ROOT / "plugins/plugin_utils/in_process.py").read_text()
    assert used | set(re.findall(r'"(cdc_[a-z_]+)"', action)) == input_errors.COMMON
