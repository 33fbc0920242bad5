#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.cloudsql_user: options and documentation; the work is in module_utils/_cloudsql/user.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudsql_user
short_description: Manage a user of a Cloud SQL for PostgreSQL instance
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates a user, sets its password, and deletes it through the Cloud SQL Admin API. The controller does not need to reach the server.
  - A built-in user that this API creates is a member of C(cloudsqlsuperuser) and has CREATEROLE and CREATEDB. The API cannot give it
    REPLICATION. Use M(cdc.gcp.postgresql_replication_user) for the user that Debezium logs in as; it grants no more than Debezium needs.
  - In check mode, the instance does not need to exist yet. The user is then reported as one that would be created.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
options:
  name:
    description:
      - Name of the user. For IAM users and groups (see O(type)), it is the e-mail address, which is sent in lower case. PostgreSQL knows a
        service account by its e-mail address without C(.gserviceaccount.com); both forms are accepted.
      - The name of a built-in user is at most 63 bytes long. PostgreSQL cuts longer names without an error, so the module refuses them.
      - The user C(postgres) always exists, so its password is set with O(update_password=always) only.
    type: str
    required: true
  instance:
    description: Name of the Cloud SQL instance.
    type: str
    required: true
  type:
    description: How the user authenticates, with a password or with IAM. The module fails if an existing user has another type.
    type: str
    choices: [BUILT_IN, CLOUD_IAM_USER, CLOUD_IAM_SERVICE_ACCOUNT, CLOUD_IAM_GROUP]
    default: BUILT_IN
  password:
    description: Password of the user. Required to create a user with O(type=BUILT_IN).
    type: str
  update_password:
    description:
      - V(on_create) sets the password when the user is created. V(always) sets it and reports a change in every run, because the API does
        not reveal whether a password is already set.
    type: str
    choices: [on_create, always]
    default: on_create
  state:
    description: Whether the user exists. Cloud SQL refuses to delete a user that owns objects or has privileges in a database.
    type: str
    choices: [present, absent]
    default: present
  timeout:
    description: Seconds to wait for operations on the instance, those that others started included. After that the module fails.
    type: int
    default: 600
  poll_interval:
    description: Longest interval in seconds between two polls of an operation.
    type: int
    default: 20
attributes:
  idempotent:
    description: A second run with the same options changes nothing, unless O(update_password=always).
    support: partial
    details: The API does not reveal whether a password is already set.
seealso:
  - module: cdc.gcp.cloudsql_instance
  - module: cdc.gcp.postgresql_replication_user
"""

EXAMPLES = r"""
- name: Create a user for administration
  cdc.gcp.cloudsql_user:
    project: my-project
    instance: shop
    name: admin
    password: "{{ admin_password }}"

- name: Set the password of postgres
  cdc.gcp.cloudsql_user:
    project: my-project
    instance: shop
    name: postgres
    password: "{{ postgres_password }}"
    update_password: always
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
  sample: [create user admin of instance shop]
name:
  description: Name of the user in PostgreSQL.
  returned: success
  type: str
instance:
  description: Name of the instance.
  returned: success
  type: str
type:
  description: How the user authenticates; null if the user does not exist.
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
