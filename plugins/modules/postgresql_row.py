#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.postgresql_row: options and documentation; the work is in module_utils/_postgresql/row.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_row
short_description: Insert or delete a row of a PostgreSQL table
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Inserts a row unless a row with the same values exists, or deletes a row.
  - It is meant for testing a pipeline, as the collection's playbook C(verify) does, not for loading data.
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
    description: Values by column name. Other columns get the table's defaults and are not compared.
    type: dict
    required: true
  state:
    description: Whether a row with these values exists. With V(absent), the module fails if more than one row matches.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Insert a row
  cdc.gcp.postgresql_row:
    login_host: "{{ connection.host }}"
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
  description: Primary key of the row, as values by column name. Empty if there is no such row.
  returned: success
  type: dict
  sample: {id: 7}
actions:
  description: What was done, or in check mode would be done, in order.
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
