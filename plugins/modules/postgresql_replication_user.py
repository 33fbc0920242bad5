#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_replication_user
short_description: Manage the PostgreSQL role that Debezium logs in as
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Gives a role what Debezium needs, and nothing else. That is LOGIN, REPLICATION, CONNECT on the database, USAGE on the schemas of
    the captured tables, and SELECT on these tables.
  - Only attributes that differ are altered. PostgreSQL refuses to be told C(NOSUPERUSER) and the like by a role that is no superuser, even
    where nothing would change.
  - Whether the password is right is found out by logging in with it. Only its SCRAM-SHA-256 verifier is sent to the server, so no
    statement and no log holds it. Whether a password policy of Cloud SQL takes a verifier was not tried.
  - Make the role with this module rather than with the Cloud SQL Admin API. The API has no field for REPLICATION, and makes its users
    members of C(cloudsqlsuperuser). Since PostgreSQL 16 only who made a role may alter it, so keep to one O(login_user).
  - A table that does not exist yet is pending. The next run after it was made grants on it.
  - A real run fails when C(wal_level) is not C(logical); check mode warns, for an earlier task may be about to change it.
options:
  name:
    description: The role.
    type: str
    required: true
  state:
    description:
      - V(absent) drops the role and its grants in O(login_db). It is refused while the role streams a replication slot, while it owns
        objects, and while it has privileges in other databases.
    type: str
    choices: [present, absent]
    default: present
  password:
    description: Password of the role. Needed to make it.
    type: str
  password_check:
    description:
      - V(login) logs in with O(password), and sets it when PostgreSQL refuses it. PostgreSQL then logs one failed log-in.
      - V(never) sets the password only when the role is made.
    type: str
    choices: [login, never]
    default: login
  tables:
    description:
      - The captured tables, as C(schema.table). Names with upper-case letters or other special characters need double quotes, as in SQL,
        like V(public."My Table"). Regular expressions are refused.
      - Without it, grants on tables are left alone.
    type: list
    elements: str
  owner_user:
    description:
      - Role that owns the tables. The module logs in as it when O(login_user) may not grant what is missing.
      - With O(state=absent), the module logs in as it to revoke what it granted, for PostgreSQL lets nobody else do that.
    type: str
  owner_password:
    description: Password of O(owner_user).
    type: str
  revoke_others:
    description:
      - Take away SELECT on tables that O(tables) does not name. Otherwise the module warns of them.
      - Only tables count on which the role itself was granted SELECT and nothing else, so Debezium's own tables stay.
    type: bool
    default: false
  revoke_cloudsqlsuperuser:
    description: Take away membership in C(cloudsqlsuperuser). Otherwise the module warns of it.
    type: bool
    default: false
  drop_owned:
    description: With O(state=absent), also drop what the role owns in O(login_db).
    type: bool
    default: false
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.postgresql
  - cdc.gcp._postgresql
seealso:
  - module: cdc.gcp.postgresql_publication
  - module: cdc.gcp.postgresql_debezium_tables
"""

EXAMPLES = r"""
- name: Let Debezium read two tables
  cdc.gcp.postgresql_replication_user:
    login_host: 10.20.0.3
    login_user: postgres
    login_password: "{{ postgres_password }}"
    login_db: shop
    ca_certificate: "{{ connect_info.ca_certificate }}"
    owner_user: app
    owner_password: "{{ app_password }}"
    name: debezium
    password: "{{ debezium_password }}"
    tables:
      - public.orders
      - public."Order Lines"
"""

RETURN = r"""
name:
  description: The role.
  returned: success
  type: str
exists:
  description: Whether the role exists now.
  returned: success
  type: bool
member_of:
  description: Roles that it is directly a member of.
  returned: success and O(state=present)
  type: list
  elements: str
granted_tables:
  description: Those of O(tables) that it may SELECT from now.
  returned: success and O(state=present)
  type: list
  elements: str
pending_tables:
  description: Those of O(tables) that do not exist yet.
  returned: success and O(state=present)
  type: list
  elements: str
wal_level:
  description: The server's C(wal_level), or null when it could not be asked (check mode).
  returned: success and O(state=present)
  type: str
server_version:
  description: The server's version, or null when it could not be asked (check mode).
  returned: success and O(state=present)
  type: str
actions:
  description: What was done, or in check mode would be.
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
