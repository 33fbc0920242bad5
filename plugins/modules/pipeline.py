#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.pipeline: options and documentation; the work is in module_utils/_pipeline."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pipeline
short_description: Provision a whole change data capture pipeline, or parts of it, as one plan
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Brings all resources of a pipeline to their desired state. These are the Cloud SQL instance, database, users, privileges and
    publication, the Pub/Sub topics and subscriptions, the service account, its roles and its key, and Debezium Server on Kubernetes.
  - The module reads and plans all resources before it changes any. If a value is invalid, a resource cannot be read, or a change would be
    dangerous, it fails and nothing is changed. Otherwise it applies the plan in the order of the resources' dependencies. After an
    interrupted run, the next one does the rest.
  - Variables describe the pipeline. The README lists the C(cdc_*) variables; the roles P(cdc.gcp.cloudsql#role), P(cdc.gcp.pubsub#role),
    P(cdc.gcp.iam#role) and P(cdc.gcp.debezium_k8s#role) document those of one part. Each of these roles applies its part of the plan.
options:
  parts:
    description:
      - Parts of the pipeline to apply. Of the other parts, the module only reads what these depend on.
      - By default, C(--tags) and C(--skip-tags) select the parts by their names. Without tags, all parts are applied.
    type: list
    elements: str
    choices: [cloudsql, pubsub, iam, debezium_k8s]
  variables:
    description:
      - Variables of the pipeline, by name. They take precedence over variables of the inventory, the play and the role, which the module
        reads by itself.
      - The module fails before any request if names are misspelt, or values missing or invalid. It reports all of them at once.
    type: dict
    default: {}
  project:
    description: Ignored; the variable C(cdc_project) sets the project. The option exists for C(module_defaults) of the action group.
    type: str
    required: false
  progress_file:
    description:
      - File to which the module appends a line for each completed action and each long wait.
      - The action plugin sets it, and shows the lines.
    type: path
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._attributes.kubernetes
  - cdc.gcp._gcp
  - cdc.gcp._kubernetes
"""

EXAMPLES = r"""
- name: Provision the pipeline of the inventory host
  cdc.gcp.pipeline:

- name: Create the topics of a pipeline
  cdc.gcp.pipeline:
    parts: [pubsub]
    variables:
      cdc_name: shop
      cdc_project: shop-prod
      cdc_tables: [public.orders]
"""

RETURN = r"""
resources:
  description: All resources of the plan, in the order in which actions are applied.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description:
        - Kind of the resource, which is the name of the module that manages it, for example V(pubsub_topic).
        - A Secret that is only read has the kind V(kubernetes_secret).
      type: str
    name:
      description: Name of the resource as messages show it.
      type: str
      sample: topic shop.changes
    part:
      description: Part of the pipeline to which the resource belongs.
      type: str
    action:
      description: What the plan does to the resource, which is V(none), V(create), V(update) or V(delete).
      type: str
    changed_fields:
      description: Fields that an update changes, with nested fields as C(outer.inner). Empty for other actions.
      type: list
      elements: str
    actions:
      description: Actions on this resource, in order.
      type: list
      elements: str
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
  sample: [create topic shop.changes]
done_actions:
  description: What was done before the failure, in order.
  returned: failure while actions were applied
  type: list
  elements: str
problems:
  description: One sentence for each problem. RV(ignore:msg) contains them all.
  returned: failure because of invalid variables, several errors, or a guard
  type: list
  elements: str
pending_tables:
  description: Captured tables that do not exist yet.
  returned: success, if O(parts) contains V(cloudsql)
  type: list
  elements: str
names:
  description: Names of the pipeline's resources, by variable. The lookup P(cdc.gcp.pipeline_names#lookup) returns the same.
  returned: success
  type: dict
summary:
  description: Lines of text for people, not a stable format. In check mode the plan, otherwise what was done and what exists now.
  returned: success
  type: list
  elements: str
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import REQUESTS
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.login import KUBERNETES
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.options import KUBERNETES_OPTIONS
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.run import run_pipeline, take_variables
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.specification.variable import PARTS
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import PSYCOPG
from ansible_collections.cdc.gcp.plugins.module_utils._pubsub.gateway import PUBSUB
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import require


def main() -> None:
    began = time.monotonic()
    module = AnsibleModule(
        argument_spec={
            **argument_spec(**KUBERNETES_OPTIONS),
            "project": {"type": "str"},
            "parts": {"type": "list", "elements": "str", "choices": list(PARTS)},
            "variables": {"type": "dict", "default": {}, "no_log": True},
            "progress_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    variables = take_variables(module)
    require(module, (GOOGLE_AUTH, REQUESTS, PSYCOPG, PUBSUB, KUBERNETES))
    run_pipeline(module, variables, began)


if __name__ == "__main__":
    main()
