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
  - Adds one member to roles in the IAM policy of a project, topic, subscription or service account, or removes it.
  - Everything else in the policy stays as it is. When somebody else writes the policy at the same time, it is read and changed again.
  - All roles go into one write, and nothing is written when nothing changes.
  - Grants with other conditions, or without one, are other grants and are left alone.
options:
  resource_type:
    description: What kind of resource the roles are for.
    type: str
    choices: [project, topic, subscription, service_account]
    required: true
  resource:
    description:
      - The resource. A project's id, a topic's or subscription's id or full name, a service account's e-mail.
      - Not needed for O(resource_type=project), where it is O(project) by default.
    type: str
  member:
    description:
      - Who gets the roles. C(serviceAccount:E-MAIL), C(user:E-MAIL), C(group:E-MAIL), C(domain:DOMAIN), C(principal://…) or
        C(principalSet://…).
      - A member C(deleted:…) can be removed with O(state=absent).
    type: str
    required: true
  roles:
    description: Roles such as V(roles/pubsub.publisher) or V(projects/PROJECT/roles/NAME).
    type: list
    elements: str
    required: true
  condition:
    description: The condition of the grants. A grant is the same only when all three texts are the same.
    type: dict
    suboptions:
      title:
        description: Name of the condition.
        type: str
        required: true
      expression:
        description: The condition in the Common Expression Language.
        type: str
        required: true
      description:
        description: What it is for.
        type: str
  state:
    description: Whether the member should have the roles.
    type: str
    choices: [present, absent]
    default: present
  allow_public:
    description: Needed to grant roles to V(allUsers) or V(allAuthenticatedUsers), which is everybody on the internet.
    type: bool
    default: false
requirements:
  - google-cloud-pubsub, for topics and subscriptions
notes:
  - A resource or a service account that was made a moment ago may be unknown to IAM for a while; O(retry_timeout) bounds how long
    that is tried again.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
seealso:
  - module: cdc.gcp.iam_service_account
"""

EXAMPLES = r"""
- name: Let Debezium publish on its own topic
  cdc.gcp.iam_member:
    project: shop-prod
    resource_type: topic
    resource: shop.changes
    member: serviceAccount:debezium-shop@shop-prod.iam.gserviceaccount.com
    roles: [roles/pubsub.publisher, roles/pubsub.viewer]

- name: Let a Kubernetes service account act as it (Workload Identity Federation for GKE)
  cdc.gcp.iam_member:
    project: shop-prod
    resource_type: service_account
    resource: debezium-shop@shop-prod.iam.gserviceaccount.com
    member: serviceAccount:shop-prod.svc.id.goog[debezium/shop]
    roles: [roles/iam.workloadIdentityUser]

- name: Let a person connect until the end of the year
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
  description: The member as policies hold it.
  returned: success
  type: str
  sample: serviceAccount:debezium-shop@shop-prod.iam.gserviceaccount.com
roles:
  description: All roles that the member has on the resource under exactly this condition, sorted.
  returned: success
  type: list
  elements: str
  sample: [roles/pubsub.publisher, roles/pubsub.viewer]
condition:
  description: The condition; V(none) without one.
  returned: success
  type: dict
actions:
  description: What was done, or in check mode would be done.
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
