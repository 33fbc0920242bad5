# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of variables: misspelt ones are errors, others that begin alike are warnings, and each default has the type it says."""

from __future__ import annotations

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.specification.variable import PARTS
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.variables import BY_PART, VARIABLES, unknown


def test_a_misspelt_variable_is_told_with_the_one_that_is_meant() -> None:
    errors, warnings = unknown(["cloudsql_teir", "cdc_nmae", "cdc_name", "other_variable"])
    assert errors == [
        "The collection has no variable cdc_nmae; did you mean cdc_name?",
        "The collection has no variable cloudsql_teir; did you mean cloudsql_tier?",
    ]
    assert warnings == []


def test_a_name_that_is_like_none_may_be_somebody_elses() -> None:
    assert unknown(["iam_users"]) == ([], ["The collection has no variable iam_users; nothing reads it."])


def test_variables_of_a_playbook_are_known_and_judged_alike() -> None:
    errors, warnings = unknown(["verify_rwo", "verify_table"], ["verify_table", "verify_row"])
    assert errors == ["The collection has no variable verify_rwo; did you mean verify_row?"]
    assert warnings == []


def test_every_default_is_of_its_own_type() -> None:
    for variable in VARIABLES.values():
        if variable.default is not None:
            found = ArgumentSpecValidator({variable.name: variable.argument()}).validate({variable.name: variable.default})
            assert not found.error_messages
            assert found.validated_parameters[variable.name] == variable.default, variable.name


def test_each_variable_begins_with_its_part() -> None:
    assert tuple(BY_PART) == PARTS
    for part, variables in BY_PART.items():
        assert all(variable.name.startswith(f"{part}_") for variable in variables)
