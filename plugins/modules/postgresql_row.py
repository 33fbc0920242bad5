#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_row
short_description: One row of a PostgreSQL table
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Inserts a row unless one with the same values is there, or deletes one.
  - It exists for trying a pipeline (playbook C(verify.yml) of this collection), not for moving data.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.postgresql
  - cdc.gcp._postgresql
options:
  table:
    description: Table as V(schema.table). It must have a primary key.
    type: str
    required: true
  values:
    description: Column names and their values. Columns that are not named get the table's defaults and are not compared.
    type: dict
    required: true
  state:
    description: V(present) for a row with these values; V(absent) for none. More than one matching row is never deleted.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: A row to see its event
  cdc.gcp.postgresql_row:
    login_host: 10.0.0.3
    login_user: shop
    login_password: "{{ vault_user_password }}"
    login_db: shop
    ca_certificate: "{{ connection.server_ca_certificate }}"
    table: public.mytable
    values:
      name: hello
"""

RETURN = r"""
table:
  description: The table.
  returned: success
  type: str
  sample: public.mytable
key:
  description: Columns of the row's primary key and their values; empty when there is no such row.
  returned: success
  type: dict
  sample: {id: 7}
actions:
  description: What was done, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [insert a row into public.mytable]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import PSYCOPG
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.row import TableRow
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            table={"type": "str", "required": True},
            values={"type": "dict", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
        ),
        supports_check_mode=True,
    )
    run(module, lambda: TableRow.from_params(module.params, module.check_mode), libraries=(PSYCOPG,))


if __name__ == "__main__":
    main()
