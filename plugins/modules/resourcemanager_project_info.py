#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.resourcemanager_project_info: options and documentation; the work is in module_utils/_iam/project.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: resourcemanager_project_info
short_description: Read the number of a project
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Reads number, display name and state of O(project). Changes nothing.
  - The number is part of the names that IAM gives to the workloads of a GKE cluster, C(principal://…).
  - It needs the permission C(resourcemanager.projects.get), which C(roles/browser) has. A project that does not exist is an error, and
    looks like one that is forbidden.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
attributes:
  diff_mode:
    description: There is nothing to show; the module changes nothing.
    support: none
seealso:
  - module: cdc.gcp.iam_member
"""

EXAMPLES = r"""
- name: Which number has the project of the cluster?
  cdc.gcp.resourcemanager_project_info:
    project: shop-prod
  register: cluster_project

- name: Let the pods of a Kubernetes service account publish, without any key
  cdc.gcp.iam_member:
    project: shop-prod
    resource_type: topic
    resource: shop.changes
    member: "principal://iam.googleapis.com/projects/{{ cluster_project.project_number }}/locations/global\
      /workloadIdentityPools/shop-prod.svc.id.goog/subject/ns/debezium/sa/shop-debezium"
    roles: [roles/pubsub.publisher]
"""

RETURN = r"""
project_id:
  description: Id of the project.
  returned: success
  type: str
  sample: shop-prod
project_number:
  description: Number of the project, as text.
  returned: success
  type: str
  sample: "123456789012"
display_name:
  description: Name that people read.
  returned: success
  type: str
  sample: Shop
project_state:
  description: State of the project, C(ACTIVE) or C(DELETE_REQUESTED).
  returned: success
  type: str
  sample: ACTIVE
actions:
  description: Always empty.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import REQUESTS
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._iam.project import ProjectInfo
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    run(module, lambda: ProjectInfo.from_params(module.params), libraries=(GOOGLE_AUTH, REQUESTS))


if __name__ == "__main__":
    main()
