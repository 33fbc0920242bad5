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
  - Creates, changes, enables, disables and deletes a service account.
  - IAM shows a new account only some of the time at first. This module waits until it is readable three times in a row.
  - Only what is named in the task is compared and changed.
options:
  account_id:
    description:
      - The part of the e-mail before the V(@).
      - 6 to 30 lower-case letters, digits and hyphens, a letter first, no hyphen last.
    type: str
    required: true
  state:
    description: Whether the account should exist.
    type: str
    choices: [present, absent]
    default: present
  display_name:
    description: Name that people read, up to 100 bytes. An empty string removes it.
    type: str
  description:
    description: What the account is for, up to 256 bytes. An empty string removes it.
    type: str
  disabled:
    description: Whether nothing can log in with the account.
    type: bool
  allow_delete:
    description:
      - Needed to delete an account that exists, with O(state=absent).
      - Everything that logs in with it stops, and its grants do not come back with a new account of the same name.
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
- name: Make the account that publishes the change events
  cdc.gcp.iam_service_account:
    project: shop-prod
    account_id: debezium-shop
    display_name: Debezium of the shop
  register: publisher

- name: Let it publish
  cdc.gcp.iam_member:
    project: shop-prod
    resource_type: topic
    resource: shop.changes
    member: "{{ publisher.member }}"
    roles: [roles/pubsub.publisher]
"""

RETURN = r"""
account_id:
  description: The part of the e-mail before the V(@).
  returned: success
  type: str
  sample: debezium-shop
email:
  description: E-mail of the account; known also in check mode, before the account exists.
  returned: success
  type: str
  sample: debezium-shop@shop-prod.iam.gserviceaccount.com
member:
  description: The account as a member of IAM policies.
  returned: success
  type: str
  sample: serviceAccount:debezium-shop@shop-prod.iam.gserviceaccount.com
name:
  description: Full name of the account.
  returned: success
  type: str
  sample: projects/shop-prod/serviceAccounts/debezium-shop@shop-prod.iam.gserviceaccount.com
unique_id:
  description: The account's number, of 21 digits; V(none) when it does not exist, as for the following values.
  returned: success
  type: str
  sample: "104232323232323232323"
display_name:
  description: Name that people read.
  returned: success
  type: str
  sample: Debezium of the shop
description:
  description: What the account is for.
  returned: success
  type: str
  sample: ""
disabled:
  description: Whether nothing can log in with the account.
  returned: success
  type: bool
  sample: false
actions:
  description: What was done, or in check mode would be done.
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
