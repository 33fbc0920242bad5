#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.cloudsql_database: options and documentation; the work is in module_utils/_cloudsql/database.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudsql_database
short_description: Manage a database of a Cloud SQL for PostgreSQL instance
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates and deletes a database through the Cloud SQL Admin API. The controller does not need to reach the server.
  - In check mode, the instance does not need to exist yet. The database is then reported as one that would be created.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
options:
  name:
    description: Name of the database, at most 63 bytes long. PostgreSQL cuts longer names without an error, so the module refuses them.
    type: str
    required: true
  instance:
    description: Name of the Cloud SQL instance.
    type: str
    required: true
  state:
    description: Whether the database exists. V(absent) requires O(allow_delete=true), and fails while sessions are open in the database.
    type: str
    choices: [present, absent]
    default: present
  allow_delete:
    description: Whether O(state=absent) may delete an existing database and its tables. If V(false), the module fails instead.
    type: bool
    default: false
  charset:
    description:
      - Character set. A new database gets V(UTF8).
      - It cannot be changed later; the module fails if an existing database has another one.
    type: str
  collation:
    description:
      - Collation. A new database gets V(en_US.UTF8).
      - It cannot be changed later; the module fails if an existing database has another one.
    type: str
  timeout:
    description: Seconds to wait for operations on the instance, those that others started included. After that the module fails.
    type: int
    default: 1200
  poll_interval:
    description: Longest interval in seconds between two polls of an operation.
    type: int
    default: 20
seealso:
  - module: cdc.gcp.cloudsql_instance
"""

EXAMPLES = r"""
- name: Create a database
  cdc.gcp.cloudsql_database:
    project: my-project
    instance: shop
    name: orders

- name: Delete the database and its tables
  cdc.gcp.cloudsql_database:
    project: my-project
    instance: shop
    name: orders
    state: absent
    allow_delete: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
  sample: [create database orders of instance shop]
name:
  description: Name of the database.
  returned: success
  type: str
instance:
  description: Name of the instance.
  returned: success
  type: str
charset:
  description: Character set; null if the database does not exist.
  returned: success
  type: str
  sample: UTF8
collation:
  description: Collation; null if the database does not exist.
  returned: success
  type: str
  sample: en_US.UTF8
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._cloudsql.database import Database
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
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            allow_delete={"type": "bool", "default": False},
            charset={"type": "str"},
            collation={"type": "str"},
            timeout={"type": "int", "default": 1200},
            poll_interval={"type": "int", "default": 20},
        ),
        supports_check_mode=True,
    )
    run(module, lambda: Database.from_params(module.params), libraries=(GOOGLE_AUTH, REQUESTS))


if __name__ == "__main__":
    main()
