#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.postgresql_publication: options and documentation; the work is in module_utils/_postgresql/publication.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_publication
short_description: Manage the PostgreSQL publication that Debezium reads
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates a publication C(FOR TABLE) with a list of tables. C(FOR ALL TABLES) and C(FOR TABLES IN SCHEMA) require a superuser, which
    Cloud SQL does not provide.
  - The login user must own the tables, or be a member of the owning role. PostgreSQL lets no other role publish them. To create the
    publication, the login user also needs CREATE on the database.
  - The module fails before it changes anything if a table has neither a primary key nor a replica identity. Once such a table is
    published, the application's UPDATE and DELETE statements on it fail. A C(DEFERRABLE) primary key is no replica identity. A partitioned
    table needs the key itself, because new partitions inherit it, but not C(REPLICA IDENTITY FULL).
  - If an existing publication does not publish updates or deletes yet, all of its tables must meet this, not only those in O(tables).
  - The module also fails if a snapshot and the stream would differ. Examples are children by C(INHERITS) that are not captured, unlogged
    partitions, a partition whose root the publication contains too, and row level security that hides rows from O(replication_user).
    All problems of all tables are reported at once.
  - A table that does not exist yet is reported as pending. The next run after its creation adds it. If no table exists, the publication is
    created empty.
  - If one of the tables is partitioned, the module sets C(publish_via_partition_root). Without it, changes carry the names of the
    partitions, which Debezium does not capture.
options:
  name:
    description: Name of the publication.
    type: str
    required: true
  state:
    description:
      - Whether the publication exists.
      - V(absent) fails while O(login_db) has a logical replication slot with the plugin C(pgoutput), active or not. Without its publication
        such a slot can never be read again, not even after the publication was created again, and it retains write-ahead log until the disk
        is full. Drop the slot first, or name it in O(ignore_slots).
    type: str
    choices: [present, absent]
    default: present
  tables:
    description:
      - Captured tables, as C(schema.table). As in SQL, names with upper-case letters or special characters need double quotes, for example
        V(public."My Table"). Regular expressions are an error.
      - Required with O(state=present).
    type: list
    elements: str
  exact:
    description:
      - Whether to remove tables that O(tables) does not contain from the publication. By default they are kept.
    type: bool
    default: false
  ignore_slots:
    description: With O(state=absent), replication slots in O(login_db) whose readers use another publication.
    type: list
    elements: str
    default: []
  replication_user:
    description:
      - Role that reads the tables. The module fails if row level security hides rows from it, because a snapshot would lack them.
      - A role sees all rows if it has C(BYPASSRLS), if it owns the table (without C(FORCE ROW LEVEL SECURITY)), or if a permissive policy
        for SELECT applies to it with C(USING (true)) and no restrictive policy limits it.
      - Without this option, row level security only causes a warning.
    type: str
  keyless_partitioned_tables:
    description:
      - Partitioned tables in O(tables) that may be captured without a primary key. Partitions that exist still need a replica identity.
      - Name only those for which whatever creates partitions sets their replica identity too.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.postgresql
  - cdc.gcp._postgresql
seealso:
  - module: cdc.gcp.postgresql_replication_slot
  - module: cdc.gcp.postgresql_replication_user
"""

EXAMPLES = r"""
- name: Create a publication for two tables
  cdc.gcp.postgresql_publication:
    login_host: "{{ connection.host }}"
    login_user: app
    login_password: "{{ app_password }}"
    login_db: shop
    ca_certificate: "{{ connection.server_ca_certificate }}"
    name: debezium_shop
    tables:
      - public.orders
      - public."Order Lines"
"""

RETURN = r"""
name:
  description: Name of the publication.
  returned: success
  type: str
exists:
  description: Whether the publication exists.
  returned: success
  type: bool
owner:
  description: Role that owns the publication, or null if it does not exist.
  returned: success
  type: str
tables:
  description: Tables in the publication.
  returned: success
  type: list
  elements: str
other_tables:
  description: Tables in the publication that O(tables) does not contain.
  returned: success
  type: list
  elements: str
pending_tables:
  description: Tables in O(tables) that do not exist yet.
  returned: success and O(state=present)
  type: list
  elements: str
tables_with_toast:
  description:
    - Tables in O(tables) that can have large values (TOAST) and whose replica identity is not C(FULL). If an UPDATE does not change such a
      value, the event contains C(__debezium_unavailable_value) instead. The module warns about those that it adds.
  returned: success and O(state=present)
  type: list
  elements: str
publish_via_partition_root:
  description: Whether changes of partitions carry the name of the partitioned table. Null if the publication does not exist.
  returned: success
  type: bool
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import PSYCOPG
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.publication import Publication
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            tables={"type": "list", "elements": "str"},
            exact={"type": "bool", "default": False},
            ignore_slots={"type": "list", "elements": "str", "default": []},
            replication_user={"type": "str"},
            keyless_partitioned_tables={"type": "list", "elements": "str", "default": [], "no_log": False},
        ),
        required_if=[("state", "present", ["tables"])],
        supports_check_mode=True,
    )
    run(module, lambda: Publication.from_params(module.params, module.check_mode), libraries=(PSYCOPG,))


if __name__ == "__main__":
    main()
