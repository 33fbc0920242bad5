# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lookup cdc.gcp.variable_errors: documentation; the work is in module_utils/_pipeline/variables.py."""

from __future__ import annotations

DOCUMENTATION = r"""
name: variable_errors
short_description: Find misspelt variables
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Returns a message for each variable of the current host whose name resembles that of a variable of the collection or of the playbook.
  - A name that only has the same prefix causes a warning instead, because it may belong to something else.
  - The module M(cdc.gcp.pipeline) checks the collection's variables by itself. Use the lookup for variables of a playbook.
options:
  _terms:
    description: Names of the playbook's own variables, such as V(verify_table).
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Fail if a variable is misspelt
  ansible.builtin.assert:
    that: query('cdc.gcp.variable_errors', 'verify_table', 'verify_row') | length == 0
"""

RETURN = r"""
_list:
  description: One message for each misspelt name.
  type: list
  elements: str
"""

import typing as t
from collections.abc import Mapping

from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.variables import unknown


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[str]:
        errors, warnings = unknown(variables or {}, terms)
        for warning in warnings:
            Display().warning(warning)
        return errors
