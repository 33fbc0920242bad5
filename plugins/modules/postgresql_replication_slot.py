#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.postgresql_replication_slot: options and documentation; the work is in module_utils/_postgresql/replication_slot.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_replication_slot
short_description: Manage a logical replication slot
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates or drops a logical replication slot of the database O(login_db), and returns its state. To only look at a slot, use
    O(state=present) in check mode.
  - A slot that nobody reads retains write-ahead log until the disk is full. Drop it when a pipeline is removed or gets another slot, after
    Debezium was stopped and before its publication and replication user are dropped.
  - Dropping a slot loses the position in the stream of changes, and cannot be undone. Debezium then needs a new snapshot, which does not
    contain the deletes that happened in between.
  - The module fails before it changes anything if the slot is active, is a physical slot, or belongs to another database.
  - Debezium creates its slot itself. A slot that was created earlier, and that has no offsets, makes Debezium emit every change since then
    as well as the snapshot.
  - The login user needs the attribute REPLICATION to create or drop a slot. The replication user has it; C(postgres) on Cloud SQL gets it
    with C(ALTER ROLE postgres REPLICATION).
options:
  name:
    description: Name of the slot, of lower-case letters, digits and C(_). It is unique in the whole instance.
    type: str
    required: true
  state:
    description:
      - Whether the slot exists. V(present) does not change an existing slot, and warns if it is lost.
      - V(absent) drops the slot. The module fails while it is active.
    type: str
    choices: [present, absent]
    default: present
  plugin:
    description: Output plugin. Debezium uses V(pgoutput). It cannot be changed later.
    type: str
    default: pgoutput
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.postgresql
  - cdc.gcp._postgresql
seealso:
  - module: cdc.gcp.postgresql_publication
  - module: cdc.gcp.postgresql_replication_user
"""

EXAMPLES = r"""
- name: Drop the slot of a pipeline that was removed
  cdc.gcp.postgresql_replication_slot:
    login_host: "{{ connection.host }}"
    login_user: debezium_shop
    login_password: "{{ debezium_password }}"
    login_db: shop
    ca_certificate: "{{ connection.server_ca_certificate }}"
    name: debezium_shop
    state: absent

- name: Get the state of the slot
  cdc.gcp.postgresql_replication_slot:
    login_host: "{{ connection.host }}"
    login_user: debezium_shop
    login_password: "{{ debezium_password }}"
    login_db: shop
    ca_certificate: "{{ connection.server_ca_certificate }}"
    name: debezium_shop
  check_mode: true
  register: slot

- name: Fail if more than 1 GiB of changes was not read yet
  ansible.builtin.assert:
    that: slot.exists and slot.lag_bytes < 1024 ** 3
"""

RETURN = r"""
name:
  description: Name of the slot.
  returned: success
  type: str
exists:
  description: Whether the slot exists. The following values are null if it does not.
  returned: success
  type: bool
database:
  description: Database of the slot.
  returned: success
  type: str
plugin:
  description: Output plugin.
  returned: success
  type: str
active:
  description: Whether a session reads the slot.
  returned: success
  type: bool
reader:
  description: Role of the session that reads the slot, or null while nobody does.
  returned: success
  type: str
wal_status:
  description:
    - PostgreSQL's C(wal_status), which is C(reserved), C(extended), C(unreserved) or C(lost). A lost slot can never be read again.
  returned: success
  type: str
confirmed_flush_lsn:
  description: Position up to which the reader has confirmed the changes.
  returned: success
  type: str
lag_bytes:
  description: Bytes of write-ahead log after RV(confirmed_flush_lsn).
  returned: success
  type: int
retained_bytes:
  description: Bytes of write-ahead log that the server retains for the slot.
  returned: success
  type: int
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import PSYCOPG
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.replication_slot import ReplicationSlot
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            plugin={"type": "str", "default": "pgoutput"},
        ),
        supports_check_mode=True,
    )
    run(module, lambda: ReplicationSlot.from_params(module.params, module.check_mode), libraries=(PSYCOPG,))


if __name__ == "__main__":
    main()
