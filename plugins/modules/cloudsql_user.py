#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudsql_user
short_description: Manage a user of a Cloud SQL for PostgreSQL instance
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates users, sets their passwords, and deletes them, through the Cloud SQL Admin API; no connection to the server is needed.
  - A built-in user made by this API is powerful. Cloud SQL makes it a member of C(cloudsqlsuperuser) and gives it CREATEROLE and
    CREATEDB. It can never get REPLICATION this way. Use it for administration; make the user that Debezium logs in with by
    M(cdc.gcp.postgresql_replication_user), which gives it no more than it needs.
  - In check mode an instance that does not exist yet is no error; the result is that the user would be created.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
options:
  name:
    description:
      - Name of the user. With another O(type) than V(BUILT_IN) the e-mail address; it is sent in lower case, and that of a service account
        without C(.gserviceaccount.com), as PostgreSQL has it.
      - The user C(postgres) exists from the beginning; it gets a password with O(update_password=always) only.
    type: str
    required: true
  instance:
    description: Name of the Cloud SQL instance.
    type: str
    required: true
  type:
    description: How the user logs in, with a password or with IAM. It cannot change; another type than the user has is an error.
    type: str
    choices: [BUILT_IN, CLOUD_IAM_USER, CLOUD_IAM_SERVICE_ACCOUNT, CLOUD_IAM_GROUP]
    default: BUILT_IN
  password:
    description: Password. Needed to create a user of O(type=BUILT_IN).
    type: str
  update_password:
    description:
      - V(on_create) sets the password when the user is created. V(always) sets it each time, and reports a change each time, because
        the API cannot tell whether a password is right.
    type: str
    choices: [on_create, always]
    default: on_create
  state:
    description: Whether the user is there. Cloud SQL refuses to delete a user who owns something or has grants.
    type: str
    choices: [present, absent]
    default: present
  timeout:
    description: Seconds that the module may wait, for its own operations and those of others.
    type: int
    default: 600
  poll_interval:
    description: Longest pause in seconds between two looks at an operation.
    type: int
    default: 20
attributes:
  idempotent:
    description: A second run with the same options changes nothing, unless O(update_password=always).
    support: partial
    details: The API cannot tell whether a password is right.
seealso:
  - module: cdc.gcp.cloudsql_instance
  - module: cdc.gcp.postgresql_replication_user
"""

EXAMPLES = r"""
- name: A user for administration
  cdc.gcp.cloudsql_user:
    project: my-project
    instance: shop
    name: admin
    password: "{{ admin_password }}"

- name: A new password for postgres
  cdc.gcp.cloudsql_user:
    project: my-project
    instance: shop
    name: postgres
    password: "{{ postgres_password }}"
    update_password: always
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be, in order.
  returned: success
  type: list
  elements: str
  sample: [create user admin of instance shop]
name:
  description: Name of the user, as PostgreSQL has it.
  returned: success
  type: str
instance:
  description: Name of the instance.
  returned: success
  type: str
type:
  description: How the user logs in; null when the user does not exist.
  returned: success
  type: str
  sample: BUILT_IN
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._cloudsql.user import User
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import REQUESTS
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    """What Ansible runs."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            instance={"type": "str", "required": True},
            type={
                "type": "str",
                "choices": ["BUILT_IN", "CLOUD_IAM_USER", "CLOUD_IAM_SERVICE_ACCOUNT", "CLOUD_IAM_GROUP"],
                "default": "BUILT_IN",
            },
            password={"type": "str", "no_log": True},
            update_password={"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            timeout={"type": "int", "default": 600},
            poll_interval={"type": "int", "default": 20},
        ),
        supports_check_mode=True,
    )
    run(module, lambda: User.from_params(module.params), libraries=(GOOGLE_AUTH, REQUESTS))


if __name__ == "__main__":
    main()
