# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lookup cdc.gcp.pipeline_names: documentation; the work is in module_utils/_pipeline/pipeline.py."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pipeline_names
short_description: Get the names of a pipeline's resources
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Returns the names that M(cdc.gcp.pipeline) uses for the resources of the current host's pipeline, for use in other tasks.
  - The lookup fails if a variable of the pipeline has an invalid value. Passwords are not needed.
options:
  _terms:
    description: Not used.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Show the topics of the pipeline
  ansible.builtin.debug:
    msg: "{{ lookup('cdc.gcp.pipeline_names').cdc_topics }}"
"""

RETURN = r"""
_raw:
  description:
    - Dictionary with the names by variable, such as C(cdc_instance) and C(cdc_slot_name).
    - Other keys are C(cdc_change_topics) (list of topics of changes), C(cdc_table_topics) (topic by table), C(cdc_topics) (list of all
      topics) and C(cdc_service_account_email) (null with C(cdc_identity=workload_identity)).
  type: list
  elements: dict
"""

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.pipeline import Pipeline
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.variables import VARIABLES
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[dict[str, t.Any]]:
        given = variables or {}
        templar = t.cast(t.Any, self._templar)
        # Names follow from names: passwords, which may not be there to be templated, are left out.
        values = {name: templar.template(given[name]) for name, variable in VARIABLES.items() if name in given and not variable.no_log}
        try:
            return [Pipeline.from_variables(values, ("pubsub",)).names()]
        except InvalidInput as error:
            raise AnsibleLookupError(error.message) from error
