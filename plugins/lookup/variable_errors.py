# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with the names of a playbook's variables, as sentences."""

from __future__ import annotations

DOCUMENTATION = r"""
name: variable_errors
short_description: Misspelt variables of the collection, and of a playbook
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Gives a sentence for each variable of the current host that begins like one of the collection's, or of the given names, and is nearly
    one of them. A variable that only begins alike causes a warning, for it may belong to somebody else.
  - The module M(cdc.gcp.pipeline) judges the collection's variables by itself.
options:
  _terms:
    description: Names of the playbook's own variables, such as C(verify_table).
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Refuse misspelt variables
  ansible.builtin.assert:
    that: query('cdc.gcp.variable_errors', 'verify_table', 'verify_row') | length == 0
"""

RETURN = r"""
_list:
  description: One sentence for each mistake.
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
