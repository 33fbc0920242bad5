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
  - Brings everything that belongs to a pipeline to its desired state. That is the Cloud SQL instance, database, users, grants and
    publication, the Pub/Sub topics and subscriptions, the service account, its grants and its key, and Debezium Server on Kubernetes.
  - First everything is read and planned. A mistake or a danger anywhere ends the run before anything is changed. Then the changes are
    made in the order in which they depend on each other. An interrupted run is completed by the next one.
  - The pipeline is described by variables, the same as for the roles P(cdc.gcp.cloudsql#role), P(cdc.gcp.pubsub#role), P(cdc.gcp.iam#role)
    and P(cdc.gcp.debezium_k8s#role), which are parts of this plan. The README lists the C(cdc_*) variables.
options:
  parts:
    description:
      - Parts of the pipeline to provision. Of the other parts only what these need is read.
      - Without it, the playbook's tags select the parts; all of them without tags.
    type: list
    elements: str
    choices: [cloudsql, pubsub, iam, debezium_k8s]
  variables:
    description:
      - The pipeline's variables by name.
      - Variables of the inventory, the play and the role need not be repeated here. Those given here take precedence.
    type: dict
    default: {}
  project:
    description: Not used, because the variable C(cdc_project) names the project; accepted for C(module_defaults) of the action group.
    type: str
  progress_file:
    description: File to which a line is appended for each thing that is done or waited for. The action plugin shows these lines.
    type: path
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._attributes.kubernetes
  - cdc.gcp._gcp
  - cdc.gcp._kubernetes
"""

EXAMPLES = r"""
- name: Provision the pipeline that the inventory describes
  cdc.gcp.pipeline:

- name: Provision the topics of a pipeline
  cdc.gcp.pipeline:
    parts: [pubsub]
    variables:
      cdc_name: shop
      cdc_project: shop-prod
      cdc_tables: [public.orders]
"""

RETURN = r"""
resources:
  description: Every resource of the plan, in the order of the plan.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: The module of this collection that manages such a resource, for example V(pubsub_topic).
      type: str
    name:
      description: What the resource is called in messages.
      type: str
      sample: topic shop.changes
    part:
      description: Part of the pipeline that it belongs to.
      type: str
    action:
      description: V(none), V(create), V(update) or V(delete).
      type: str
    changed_fields:
      description: Dotted names of the fields that change, with V(update).
      type: list
      elements: str
    actions:
      description: What was done to it, or in check mode would be done.
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
  returned: failure
  type: list
  elements: str
problems:
  description: One sentence for each mistake that was found.
  returned: failure
  type: list
  elements: str
pending_tables:
  description: Captured tables that do not exist yet.
  returned: when the part V(cloudsql) is selected
  type: list
  elements: str
names:
  description: Names of the pipeline's resources, by the names of their variables.
  returned: success
  type: dict
summary:
  description: The plan, or what was done and what exists now, as lines of text.
  returned: success
  type: list
  elements: str
"""

import time

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import REQUESTS
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.login import KUBERNETES
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.options import KUBERNETES_OPTIONS
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.run import run_pipeline, take_variables
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.specification.variable import PARTS
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import PSYCOPG
from ansible_collections.cdc.gcp.plugins.module_utils._pubsub.gateway import PUBSUB


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
    for library in (GOOGLE_AUTH, REQUESTS, PSYCOPG, PUBSUB, KUBERNETES):
        if library.error is not None:
            module.fail_json(msg=missing_required_lib(library.name), exception=str(library.error))
    run_pipeline(module, variables, began)


if __name__ == "__main__":
    main()
