#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_publication
short_description: Manage the PostgreSQL publication that Debezium reads
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Makes a publication C(FOR TABLE), with a list of tables. C(FOR ALL TABLES) and C(FOR TABLES IN SCHEMA) need a superuser, whom
    Cloud SQL gives nobody.
  - Log in as the owner of the tables, or as a member of the owner's role. PostgreSQL lets nobody else publish them. Making the publication
    also takes CREATE on the database.
  - A table with neither primary key nor replica identity is refused, before anything is changed. The application's UPDATE and
    DELETE on it would fail once it is published.
  - A table that does not exist yet is pending. The next run after it was made adds it. If none exists, the publication is made empty.
  - C(publish_via_partition_root) is turned on when one of the tables is partitioned. Without it, changes bear the names of the
    partitions and do not arrive.
options:
  name:
    description: The publication.
    type: str
    required: true
  state:
    description: Whether the publication should exist.
    type: str
    choices: [present, absent]
    default: present
  tables:
    description:
      - The captured tables, as C(schema.table). Names with upper-case letters or other special characters need double quotes, as in SQL,
        like V(public."My Table"). Regular expressions are refused.
      - Required with O(state=present).
    type: list
    elements: str
  exact:
    description:
      - Take tables out of the publication that O(tables) does not name. Otherwise they stay, for somebody else may have added them.
    type: bool
    default: false
  slot_name:
    description: With O(state=absent), refuse while this replication slot is being read.
    type: str
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.postgresql
  - cdc.gcp._postgresql
seealso:
  - module: cdc.gcp.postgresql_replication_user
"""

EXAMPLES = r"""
- name: Publish two tables
  cdc.gcp.postgresql_publication:
    login_host: 10.20.0.3
    login_user: app
    login_password: "{{ app_password }}"
    login_db: shop
    ca_certificate: "{{ connect_info.ca_certificate }}"
    name: dbz_publication
    tables:
      - public.orders
      - public."Order Lines"
"""

RETURN = r"""
name:
  description: The publication.
  returned: success
  type: str
exists:
  description: Whether it exists now.
  returned: success
  type: bool
owner:
  description: Role that owns it, or null.
  returned: success
  type: str
tables:
  description: Tables that are in it now.
  returned: success
  type: list
  elements: str
other_tables:
  description: Those of RV(tables) that O(tables) does not name.
  returned: success
  type: list
  elements: str
pending_tables:
  description: Those of O(tables) that do not exist yet.
  returned: success and O(state=present)
  type: list
  elements: str
publish_via_partition_root:
  description: Whether changes of partitions bear the name of the partitioned table, or null.
  returned: success
  type: bool
actions:
  description: What was done, or in check mode would be.
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
            slot_name={"type": "str"},
        ),
        required_if=[("state", "present", ["tables"])],
        supports_check_mode=True,
    )
    run(module, lambda: Publication.from_params(module.params, module.check_mode), libraries=(PSYCOPG,))


if __name__ == "__main__":
    main()
