#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.iam_service_account: options and documentation; the work is in module_utils/_iam/account.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_service_account
short_description: Manage a service account
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates, updates, enables, disables and deletes a service account.
  - IAM is eventually consistent. After it creates an account, the module waits until it can read the account three times in a row.
  - Only the options that the task sets are compared and changed.
options:
  account_id:
    description:
      - Id of the account, which is the part of its e-mail address before the C(@).
      - IAM requires 6 to 30 lower-case letters, digits and hyphens. The first character is a letter, the last one is not a hyphen.
    type: str
    required: true
  state:
    description: Whether the account exists. V(absent) requires O(allow_delete=true).
    type: str
    choices: [present, absent]
    default: present
  display_name:
    description: Display name, at most 100 bytes. An empty string removes it.
    type: str
  description:
    description: Description, at most 256 bytes. An empty string removes it.
    type: str
  disabled:
    description: Whether the account is disabled, so that nothing can authenticate as it.
    type: bool
  allow_delete:
    description:
      - Whether O(state=absent) may delete an existing account. If V(false), the module fails instead.
      - Whatever authenticates as the account stops working. A new account with the same id does not get back its role bindings.
    type: bool
    default: false
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
seealso:
  - module: cdc.gcp.iam_member
  - module: cdc.gcp.iam_service_account_key_secret
"""

EXAMPLES = r"""
- name: Create the service account that publishes change events
  cdc.gcp.iam_service_account:
    project: shop-prod
    account_id: debezium-shop
    display_name: Debezium for the shop
  register: publisher

- name: Grant it permission to publish
  cdc.gcp.iam_member:
    project: shop-prod
    resource_type: topic
    resource: shop.changes
    member: "{{ publisher.member }}"
    roles: [roles/pubsub.publisher]
"""

RETURN = r"""
account_id:
  description: Id of the account.
  returned: success
  type: str
  sample: debezium-shop
email:
  description: E-mail address of the account. In check mode, it is returned before the account exists.
  returned: success
  type: str
  sample: debezium-shop@shop-prod.iam.gserviceaccount.com
member:
  description: The account as a principal in IAM policies.
  returned: success
  type: str
  sample: serviceAccount:debezium-shop@shop-prod.iam.gserviceaccount.com
name:
  description: Full resource name of the account.
  returned: success
  type: str
  sample: projects/shop-prod/serviceAccounts/debezium-shop@shop-prod.iam.gserviceaccount.com
unique_id:
  description: Unique numeric id of the account. Null if the account does not exist, like the values below.
  returned: success
  type: str
  sample: "104232323232323232323"
display_name:
  description: Display name.
  returned: success
  type: str
  sample: Debezium for the shop
description:
  description: Description.
  returned: success
  type: str
  sample: ""
disabled:
  description: Whether the account is disabled.
  returned: success
  type: bool
  sample: false
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
  sample: [create service account debezium-shop@shop-prod.iam.gserviceaccount.com]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import REQUESTS
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._iam.account import ServiceAccount
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            account_id={"type": "str", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            display_name={"type": "str"},
            description={"type": "str"},
            disabled={"type": "bool"},
            allow_delete={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    run(module, lambda: ServiceAccount.from_params(module.params), libraries=(GOOGLE_AUTH, REQUESTS))


if __name__ == "__main__":
    main()
