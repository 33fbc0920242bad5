# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookups about a pipeline's variables: misspelt names, and the names that they make."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.cdc.gcp.plugins.lookup import pipeline_names, variable_errors


def run(lookup: t.Any, terms: list[str], **variables: t.Any) -> t.Any:
    loader = DataLoader()
    return lookup.LookupModule(loader, Templar(loader, variables=variables)).run(terms, variables)


def test_misspelt_variables_of_playbook_and_collection_are_told() -> None:
    given = {"verify_rwo": {}, "verify_table": "public.mytable", "cdc_nmae": "demo"}
    assert run(variable_errors, ["verify_table", "verify_row"], **given) == [
        "The collection has no variable cdc_nmae; did you mean cdc_name?",
        "The collection has no variable verify_rwo; did you mean verify_row?",
    ]


def test_a_name_that_only_begins_alike_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(variable_errors, [], iam_users=["anna"]) == []
    assert "no variable iam_users" in capsys.readouterr().err


def test_the_names_of_a_pipeline_are_templated_and_need_no_password() -> None:
    given = {
        "stage": "prod",
        "cdc_name": trust_as_template("shop-{{ stage }}"),
        "cdc_project": "shop-prod",
        "cdc_tables": ["public.orders"],
        "cloudsql_user_password": trust_as_template("{{ vault_password_that_nobody_defined }}"),
    }
    (names,) = run(pipeline_names, [], **given)
    assert names["cdc_instance"] == "shop-prod-sql"
    assert names["cdc_table_topics"] == {"public.orders": "shop-prod.changes"}


def test_mistakes_are_errors_of_the_lookup() -> None:
    with pytest.raises(AnsibleLookupError, match="cdc_name 'Shop' must be"):
        run(pipeline_names, [], cdc_name="Shop", cdc_project="shop-prod", cdc_tables=["public.orders"])
