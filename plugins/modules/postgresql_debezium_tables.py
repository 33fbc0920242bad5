#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.postgresql_debezium_tables: options and documentation; the work is in module_utils/_postgresql/debezium_tables.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_debezium_tables
short_description: Manage Debezium's own tables in the source database
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates a schema with the table for Debezium's JDBC offset storage and, optionally, the signaling table, and grants the replication
    user the privileges that it needs on them. The replication user owns none of them.
  - Existing objects are adopted. The module fails if an existing table has other columns.
  - The login user must have CREATE on the database, or own the objects.
  - Each Debezium Server needs its own offset table, because it replaces all rows whenever it saves its offsets. With O(topic_prefix), the
    module fails if the table contains offsets of another.
  - New tables have columns of the type C(text) where an incremental snapshot does not fit into the lengths that Debezium documents. An
    existing table with such lengths is adopted, with a warning if there is a O(signal_table).
options:
  schema:
    description: Schema of the tables. It may contain lower-case letters, digits and C(_), because Debezium does not quote it.
    type: str
    default: debezium
  offset_table:
    description:
      - Offset table. It may contain lower-case letters, digits and C(_), because Debezium does not quote it.
      - An empty string creates none, for a Debezium Server that keeps its offsets on a volume and needs only O(signal_table).
    type: str
    default: debezium_offset_storage
  signal_table:
    description:
      - Signaling table, for incremental snapshots. It may contain lower-case letters, digits and C(_). Not created by default.
      - The publication must contain it, too.
    type: str
  topic_prefix:
    description:
      - Debezium's C(topic.prefix). The module fails if O(offset_table) contains offsets of another, and returns RV(offset).
    type: str
  replication_user:
    description: Role that Debezium logs in as. It must exist, except in check mode.
    type: str
    required: true
  state:
    description:
      - Whether the tables exist. V(absent) drops them, and the schema if it is then empty.
      - Dropping an offset table requires O(drop_offsets=true).
    type: str
    choices: [present, absent]
    default: present
  drop_offsets:
    description: Whether O(state=absent) may drop the offset table. Debezium then starts over with a new snapshot.
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
- name: Create the offset table
  cdc.gcp.postgresql_debezium_tables:
    login_host: "{{ connection.host }}"
    login_user: app
    login_password: "{{ app_password }}"
    login_db: shop
    ca_certificate: "{{ connection.server_ca_certificate }}"
    offset_table: offsets_shop
    signal_table: signals_shop
    topic_prefix: shop
    replication_user: debezium_shop
"""

RETURN = r"""
schema:
  description: Schema of the tables.
  returned: success
  type: str
exists:
  description: Whether all requested tables exist.
  returned: success
  type: bool
offset_table:
  description: Name of the offset table, or null if none was requested.
  returned: success
  type: str
signal_table:
  description: Name of the signaling table, or null if none was requested.
  returned: success
  type: str
offset_keys:
  description:
    - Keys in the offset table as Debezium writes them, such as C(["pubsub",{"server":"shop"}]). Empty before Debezium's first start.
    - Null if the table does not exist, or the login user may not read it.
  returned: success
  type: list
  elements: str
offset:
  description:
    - Debezium's position for O(topic_prefix), as it stores it, such as C(lsn_proc). Null if there is none, or it cannot be read.
  returned: success
  type: dict
offset_saved_at:
  description: When Debezium saved RV(offset), by the clock and time zone of its process. Null if there is none.
  returned: success
  type: str
never_held_a_row:
  description:
    - Whether PostgreSQL shows that nothing was ever written into the offset table, so that no offset can have been lost. V(false) does not
      prove the opposite. Null if the table does not exist.
  returned: success
  type: bool
recorded_stream:
  description: What a pipeline recorded about itself in the comment of the offset table, by M(cdc.gcp.pipeline). Empty if nothing.
  returned: success
  type: dict
actions:
  description: What was done, or in check mode would be done, in order.
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
            topic_prefix={"type": "str"},
            replication_user={"type": "str", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            drop_offsets={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    run(module, lambda: DebeziumTables.from_params(module.params, module.check_mode), libraries=(PSYCOPG,))


if __name__ == "__main__":
    main()
