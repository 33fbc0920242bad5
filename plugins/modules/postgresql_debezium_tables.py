#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_debezium_tables
short_description: Manage the tables that Debezium keeps in the source database
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Makes a schema with the table of Debezium's JDBC offset storage and, if wanted, its signalling table, and grants the replication
    user what it needs there. The user owns nothing.
  - Objects that are there are adopted. A table of that name with other columns is refused.
  - Log in as a role that has CREATE on the database, or that owns the objects.
  - One offset table serves one Debezium Server. It deletes all rows whenever it saves.
options:
  schema:
    description: Schema of the tables. Lower-case letters, digits and C(_).
    type: str
    default: debezium
  offset_table:
    description:
      - Table of the offsets. Lower-case letters, digits and C(_).
      - An empty string means none, for a Debezium Server that keeps its offsets on a volume and only needs O(signal_table).
    type: str
    default: debezium_offset_storage
  signal_table:
    description:
      - Table of the signals, for incremental snapshots. Lower-case letters, digits and C(_). Without it there is none.
      - It must also be in the publication.
    type: str
  replication_user:
    description: Role that Debezium logs in as. It must exist, except in check mode.
    type: str
    required: true
  state:
    description: V(absent) drops the tables, and the schema if nothing else is in it. It needs O(drop_offsets=true).
    type: str
    choices: [present, absent]
    default: present
  drop_offsets:
    description: Allow O(state=absent) to drop the offsets. Debezium then starts over with a new snapshot.
    type: bool
    default: false
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.postgresql
  - cdc.gcp._postgresql
seealso:
  - module: cdc.gcp.postgresql_replication_user
"""

EXAMPLES = r"""
- name: Keep Debezium's offsets in the source database
  cdc.gcp.postgresql_debezium_tables:
    login_host: 10.20.0.3
    login_user: app
    login_password: "{{ app_password }}"
    login_db: shop
    ca_certificate: "{{ connect_info.ca_certificate }}"
    replication_user: debezium
"""

RETURN = r"""
schema:
  description: The schema.
  returned: success
  type: str
exists:
  description: Whether all wanted tables exist now.
  returned: success
  type: bool
offset_table:
  description: Name of the offset table, or null.
  returned: success
  type: str
signal_table:
  description: Name of the signalling table, or null.
  returned: success
  type: str
offset_keys:
  description:
    - The keys in the offset table, as Debezium writes them, like C(["pubsub",{"server":"shop"}]). Empty before the first start.
    - Null when the table does not exist, or the login may not read it.
  returned: success
  type: list
  elements: str
actions:
  description: What was done, or in check mode would be.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import PSYCOPG
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.debezium_tables import DebeziumTables
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            schema={"type": "str", "default": "debezium"},
            offset_table={"type": "str", "default": "debezium_offset_storage"},
            signal_table={"type": "str"},
            replication_user={"type": "str", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            drop_offsets={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    run(module, lambda: DebeziumTables.from_params(module.params, module.check_mode), libraries=(PSYCOPG,))


if __name__ == "__main__":
    main()
