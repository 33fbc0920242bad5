#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.iam_member: options, documentation, and which policy is meant; the work is in module_utils/_iam/member.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_member
short_description: Grant roles to one member, or revoke them
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Grants one member roles in the IAM policy of a project, topic, subscription or service account, or revokes them.
  - The rest of the policy is preserved. After a concurrent change by somebody else (another etag), the policy is read and updated again.
  - All roles are granted with one write. If nothing changes, nothing is written.
  - Role bindings with another condition are different bindings and are left alone.
options:
  resource_type:
    description: Type of the resource.
    type: str
    choices: [project, topic, subscription, service_account]
    required: true
  resource:
    description:
      - The resource, which is the id of a project, the id or full name of a topic or subscription, or the e-mail address of a service
        account.
      - Required unless O(resource_type=project), for which it defaults to O(project).
    type: str
  member:
    description:
      - Principal that gets the roles, as C(serviceAccount:EMAIL), C(user:EMAIL), C(group:EMAIL), C(domain:DOMAIN), C(principal://…) or
        C(principalSet://…).
      - O(state=absent) also accepts a deleted principal (C(deleted:…)).
    type: str
    required: true
  roles:
    description: Roles, such as V(roles/pubsub.publisher) or V(projects/PROJECT/roles/NAME).
    type: list
    elements: str
    required: true
  condition:
    description: Condition of the role bindings. Two conditions are equal only if their title, expression and description are.
    type: dict
    suboptions:
      title:
        description: Title of the condition.
        type: str
        required: true
      expression:
        description: Expression in the Common Expression Language.
        type: str
        required: true
      description:
        description: Description of the condition.
        type: str
  state:
    description: Whether the member has the roles.
    type: str
    choices: [present, absent]
    default: present
  allow_public:
    description: Whether roles may be granted to V(allUsers) or V(allAuthenticatedUsers), that is, to everybody on the internet.
    type: bool
    default: false
requirements:
  - google-cloud-pubsub, for topics and subscriptions
notes:
  - IAM may not know a resource or service account right after its creation. The module retries for up to O(retry_timeout).
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
seealso:
  - module: cdc.gcp.iam_service_account
"""

EXAMPLES = r"""
- name: Grant Debezium permission to publish to its topic
  cdc.gcp.iam_member:
    project: shop-prod
    resource_type: topic
    resource: shop.changes
    member: serviceAccount:debezium-shop@shop-prod.iam.gserviceaccount.com
    roles: [roles/pubsub.publisher, roles/pubsub.viewer]

- name: Grant a Kubernetes service account permission to impersonate it (Workload Identity Federation for GKE)
  cdc.gcp.iam_member:
    project: shop-prod
    resource_type: service_account
    resource: debezium-shop@shop-prod.iam.gserviceaccount.com
    member: serviceAccount:shop-prod.svc.id.goog[debezium/shop]
    roles: [roles/iam.workloadIdentityUser]

- name: Grant a user access until the end of the year
  cdc.gcp.iam_member:
    project: shop-prod
    resource_type: project
    member: user:ann@example.com
    roles: [roles/cloudsql.client]
    condition:
      title: until 2027
      expression: request.time < timestamp("2027-01-01T00:00:00Z")
"""

RETURN = r"""
resource:
  description: Full name of the resource.
  returned: success
  type: str
  sample: projects/shop-prod/topics/shop.changes
member:
  description: The member in the form that the policy uses.
  returned: success
  type: str
  sample: serviceAccount:debezium-shop@shop-prod.iam.gserviceaccount.com
roles:
  description: All roles that the member has on the resource with exactly this condition, sorted.
  returned: success
  type: list
  elements: str
  sample: [roles/pubsub.publisher, roles/pubsub.viewer]
condition:
  description: The condition, or null if there is none.
  returned: success
  type: dict
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
  sample: ["grant roles/pubsub.publisher on topic shop.changes to serviceAccount:debezium-shop@shop-prod.iam.gserviceaccount.com"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import REQUESTS
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._grants import member
from ansible_collections.cdc.gcp.plugins.module_utils._pubsub.gateway import PUBSUB
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    needs_resource = [("resource_type", kind, ("resource",)) for kind in ("topic", "subscription", "service_account")]
    module = AnsibleModule(
        argument_spec=argument_spec(
            resource_type={"type": "str", "choices": ["project", "topic", "subscription", "service_account"], "required": True},
            resource={"type": "str"},
            member={"type": "str", "required": True},
            roles={"type": "list", "elements": "str", "required": True},
            condition={
                "type": "dict",
                "options": {
                    "title": {"type": "str", "required": True},
                    "expression": {"type": "str", "required": True},
                    "description": {"type": "str"},
                },
            },
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            allow_public={"type": "bool", "default": False},
        ),
        required_if=needs_resource,
        supports_check_mode=True,
    )
    pubsub = (PUBSUB,) if module.params["resource_type"] in ("topic", "subscription") else (REQUESTS,)
    run(module, lambda: member(module.params), libraries=(GOOGLE_AUTH, *pubsub))


if __name__ == "__main__":
    main()
