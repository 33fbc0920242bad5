#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.resourcemanager_project_info: options and documentation; the work is in module_utils/_iam/project.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: resourcemanager_project_info
short_description: Get the number of a project
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Returns the number, display name and state of O(project). Changes nothing.
  - The number is part of the principals that stand for the workloads of a GKE cluster in IAM policies (C(principal://…)).
  - It requires the permission C(resourcemanager.projects.get), which C(roles/browser) contains. If the project does not exist, the API
    responds as if that permission were missing.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
attributes:
  diff_mode:
    description: The module changes nothing, so there is no difference to show.
    support: none
seealso:
  - module: cdc.gcp.iam_member
"""

EXAMPLES = r"""
- name: Get the number of the cluster's project
  cdc.gcp.resourcemanager_project_info:
    project: shop-prod
  register: cluster_project

- name: Grant a Kubernetes service account permission to publish, without a key
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
  description: Number of the project, as a string.
  returned: success
  type: str
  sample: "123456789012"
display_name:
  description: Display name.
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
