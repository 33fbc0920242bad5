#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.postgresql_replication_user: options and documentation; the work is in module_utils/_postgresql/replication_user.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_replication_user
short_description: Manage the PostgreSQL role that Debezium logs in as
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates a role with the privileges that Debezium needs, and no others. These are LOGIN, REPLICATION, CONNECT on the database, USAGE on
    the schemas of the captured tables, and SELECT on these tables.
  - Only attributes that differ are altered. PostgreSQL lets only a superuser set attributes such as C(NOSUPERUSER), even to the value that
    they have.
  - The module logs in with the password to find out whether it is correct. To set it, only a SCRAM-SHA-256 verifier is sent, so the
    password is never part of a statement or a server log. Verifiers were not tested with Cloud SQL's password policies.
  - Create the role with this module instead of the Cloud SQL Admin API. The API cannot set REPLICATION, and makes its users members of
    C(cloudsqlsuperuser). As of PostgreSQL 16, only the role that created a role may alter it, so always use the same O(login_user).
  - A table that does not exist yet is reported as pending. The next run after its creation grants the privileges on it.
  - The role may be neither O(login_user) nor O(owner_user), nor a role of Cloud SQL or PostgreSQL itself, such as C(postgres),
    C(cloudsqladmin) and C(pg_monitor), because setting its password would lock others out.
  - The module fails if C(wal_level) is not C(logical). In check mode it only warns, because an earlier task may be about to change that.
options:
  name:
    description: Name of the role.
    type: str
    required: true
  state:
    description:
      - Whether the role exists. V(absent) drops the role and its privileges in O(login_db). The module fails while the role reads from a
        replication slot, owns objects, or has privileges in other databases.
      - V(absent) also fails while O(login_db) has a logical replication slot that nobody reads, because nobody may be able to read it
        afterwards, and it retains write-ahead log until the disk is full. Drop the slot first, or name it in O(ignore_slots).
    type: str
    choices: [present, absent]
    default: present
  password:
    description: Password of the role. Required to create it.
    type: str
  password_check:
    description:
      - V(login) logs in with O(password), and sets it if PostgreSQL rejects it. PostgreSQL then logs one failed login.
      - V(never) sets the password only when the role is created.
    type: str
    choices: [login, never]
    default: login
  tables:
    description:
      - Captured tables, as C(schema.table). As in SQL, names with upper-case letters or special characters need double quotes, for example
        V(public."My Table"). Regular expressions are an error.
      - Without it, privileges on tables are left alone.
    type: list
    elements: str
  owner_user:
    description:
      - Role that owns the tables. The module logs in as this role if O(login_user) may not grant the missing privileges.
      - With O(state=absent), the module logs in as this role to revoke what it granted, because PostgreSQL lets no other role do that.
    type: str
  owner_password:
    description: Password of O(owner_user).
    type: str
  revoke_others:
    description:
      - Whether to revoke SELECT on tables that O(tables) does not contain. If V(false), the module warns about them.
      - This affects only tables on which the role itself was granted SELECT and nothing else, so Debezium's own tables are left alone.
    type: bool
    default: false
  revoke_cloudsqlsuperuser:
    description: Whether to revoke the membership in C(cloudsqlsuperuser). If V(false), the module warns about it.
    type: bool
    default: false
  slot_name:
    description:
      - The pipeline's replication slot. While the role reads another one, which is then another pipeline's, the module changes neither its
        password and attributes nor revokes anything from it, and fails instead.
      - Without it, the module does not look.
    type: str
  ignore_slots:
    description: With O(state=absent), replication slots in O(login_db) that Debezium reads as another role.
    type: list
    elements: str
    default: []
  drop_owned:
    description: Whether O(state=absent) may also drop objects that the role owns in O(login_db).
    type: bool
    default: false
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.postgresql
  - cdc.gcp._postgresql
seealso:
  - module: cdc.gcp.postgresql_replication_slot
  - module: cdc.gcp.postgresql_publication
  - module: cdc.gcp.postgresql_debezium_tables
"""

EXAMPLES = r"""
- name: Create the replication user for two tables
  cdc.gcp.postgresql_replication_user:
    login_host: "{{ connection.host }}"
    login_user: postgres
    login_password: "{{ postgres_password }}"
    login_db: shop
    ca_certificate: "{{ connection.server_ca_certificate }}"
    owner_user: app
    owner_password: "{{ app_password }}"
    name: debezium_shop
    password: "{{ debezium_password }}"
    slot_name: debezium_shop
    tables:
      - public.orders
      - public."Order Lines"
"""

RETURN = r"""
name:
  description: Name of the role.
  returned: success
  type: str
exists:
  description: Whether the role exists.
  returned: success
  type: bool
member_of:
  description: Roles of which it is a direct member.
  returned: success and O(state=present)
  type: list
  elements: str
granted_tables:
  description: Tables in O(tables) on which the role has SELECT.
  returned: success and O(state=present)
  type: list
  elements: str
pending_tables:
  description: Tables in O(tables) that do not exist yet.
  returned: success and O(state=present)
  type: list
  elements: str
wal_level:
  description: The server's C(wal_level), or null if check mode could not connect.
  returned: success and O(state=present)
  type: str
server_version:
  description: The server's version, or null if check mode could not connect.
  returned: success and O(state=present)
  type: str
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.connection import PSYCOPG
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.removal import ReplicationUserRemoval
from ansible_collections.cdc.gcp.plugins.module_utils._postgresql.replication_user import ReplicationUser
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import Resource, run


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            password={"type": "str", "no_log": True},
            password_check={"type": "str", "choices": ["login", "never"], "default": "login", "no_log": False},
            tables={"type": "list", "elements": "str"},
            owner_user={"type": "str"},
            owner_password={"type": "str", "no_log": True},
            revoke_others={"type": "bool", "default": False},
            revoke_cloudsqlsuperuser={"type": "bool", "default": False},
            slot_name={"type": "str"},
            ignore_slots={"type": "list", "elements": "str", "default": []},
            drop_owned={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    kind: type[ReplicationUser | ReplicationUserRemoval] = (
        ReplicationUser if module.params["state"] == "present" else ReplicationUserRemoval
    )

    def make() -> Resource[t.Any]:
        return kind.from_params(module.params, module.check_mode)

    run(module, make, libraries=(PSYCOPG,))


if __name__ == "__main__":
    main()
