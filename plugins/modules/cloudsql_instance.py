#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudsql_instance
short_description: Manage a Cloud SQL for PostgreSQL instance
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates, changes and deletes a Cloud SQL instance of PostgreSQL, and waits until it is done.
  - Only what is named in the task is compared with an existing instance, and only what differs is sent. The values said to be of
    a new instance are used when one is created; an existing instance keeps what it has.
  - A change that somebody else makes at the same time is noticed, and never overwritten.
  - In check mode the instance is read, and nothing else happens. That works on an empty project too.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
options:
  name:
    description:
      - Name of the instance; lower-case letters, digits and hyphens, beginning with a letter. Together with the project and a colon
        no more than 98 characters.
      - The name of a deleted instance, and of one whose creation failed, stays reserved for a week.
    type: str
    required: true
  state:
    description: Whether the instance is there. Deleting one needs O(allow_delete=true).
    type: str
    choices: [present, absent]
    default: present
  allow_delete:
    description: Whether O(state=absent) may delete the instance, with its databases and automatic backups. Without it that is an error.
    type: bool
    default: false
  region:
    description:
      - Region, for example V(europe-west1). Needed with O(state=present).
      - An instance cannot be moved; another region than the instance's own is an error.
    type: str
  database_version:
    description:
      - Version, for example V(POSTGRES_16), which a new instance gets when none is named.
      - A higher one than the instance has needs O(allow_major_upgrade=true); a lower one is an error.
      - Debezium 3.6 can lose changes on PostgreSQL 17 and newer (dbz#76); the module warns of that.
    type: str
  allow_major_upgrade:
    description:
      - Whether an instance may be upgraded to another major version of PostgreSQL.
      - That cannot be undone, takes the instance offline, and needs every replication slot dropped first.
    type: bool
    default: false
  edition:
    description:
      - Edition; V(ENTERPRISE) for a new instance. It is always sent at creation, because the API's own default is ENTERPRISE_PLUS from
        POSTGRES_16 on, which refuses tiers like C(db-custom-1-3840).
    type: str
    choices: [ENTERPRISE, ENTERPRISE_PLUS]
  tier:
    description: Machine type; V(db-custom-1-3840) (1 CPU, 3840 MiB) for a new instance. A change restarts the instance.
    type: str
  activation_policy:
    description: V(ALWAYS), which a new instance gets, runs the instance; V(NEVER) stops it.
    type: str
    choices: [ALWAYS, NEVER]
  availability_type:
    description: V(ZONAL), which a new instance gets, or V(REGIONAL) for a standby in another zone.
    type: str
    choices: [ZONAL, REGIONAL]
  disk_type:
    description: Type of the disk; V(PD_SSD) for a new instance.
    type: str
    choices: [PD_SSD, PD_HDD, HYPERDISK_BALANCED]
  disk_size_gb:
    description:
      - Size of the disk in GB. The API makes it 10 GB or more.
      - A disk that grew by itself is left as it is. Without O(disk_autoresize) a smaller size is an error, because disks cannot shrink.
    type: int
  disk_autoresize:
    description: Whether the disk grows by itself; V(true) for a new instance.
    type: bool
  disk_autoresize_limit_gb:
    description: Size in GB up to which the disk grows by itself; V(0) means no limit.
    type: int
  backup:
    description: Automatic backups.
    type: dict
    suboptions:
      enabled:
        description: Whether a backup is made each day; V(true) for a new instance.
        type: bool
      start_time:
        description: Time of day in UTC, as C(HH:MM), at which the backup may begin.
        type: str
      point_in_time_recovery:
        description: Whether write-ahead logs are kept, so that any moment can be restored.
        type: bool
      transaction_log_retention_days:
        description: Days that write-ahead logs are kept, 1 to 7 with ENTERPRISE, 1 to 35 with ENTERPRISE_PLUS.
        type: int
      retained_backups:
        description: Number of backups that are kept.
        type: int
  maintenance_window:
    description: When Google may update the instance.
    type: dict
    suboptions:
      day:
        description: Day of the week in UTC, from V(1), Monday, to V(7), Sunday.
        type: int
        required: true
        choices: [1, 2, 3, 4, 5, 6, 7]
      hour:
        description: Hour of the day in UTC, from V(0) to V(23).
        type: int
        required: true
        choices: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
      update_track:
        description: How early updates come.
        type: str
        choices: [canary, stable, week5]
  private_network:
    description:
      - Network in which the instance gets a private address; its name, or C(projects/PROJECT/global/networks/NAME).
      - The network needs private services access. That is looked up before the instance is created, because a creation that fails
        reserves the name for a week. Without the permissions for that look-up the module warns and goes on.
      - A private network cannot be taken away again. Giving an existing instance its first one restarts it.
    type: str
  public_ip:
    description:
      - Whether the instance has a public address. A new instance has one unless O(private_network) is given.
    type: bool
  authorized_networks:
    description:
      - Who may connect to the public address; networks in CIDR notation, each with a label of your own.
      - Other networks that the instance has are kept, unless O(authorized_networks_exact=true); V(null) as label takes one away.
    type: dict
  authorized_networks_exact:
    description: Whether networks not named in O(authorized_networks) are removed.
    type: bool
    default: false
  ssl_mode:
    description:
      - Which connections the server takes. A new instance gets V(ENCRYPTED_ONLY), because the API's own default lets passwords and rows
        cross the network in clear text.
    type: str
    choices: [ALLOW_UNENCRYPTED_AND_ENCRYPTED, ENCRYPTED_ONLY, TRUSTED_CLIENT_CERTIFICATE_REQUIRED]
  labels:
    description:
      - Labels. Other labels of the instance are kept, unless O(labels_exact=true); V(null) as value takes one away.
    type: dict
  labels_exact:
    description: Whether labels not named in O(labels) are removed.
    type: bool
    default: false
  database_flags:
    description:
      - Database flags, for example C(cloudsql.logical_decoding). C(on) and C(off) of YAML are booleans, and are sent as the words.
      - Other flags of the instance are kept, unless O(database_flags_exact=true); V(null) as value takes one away.
      - Some flags restart the instance. The API is asked which, and O(restart) applies.
      - A change of C(cloudsql.logical_decoding) restarts the instance by itself; no other task is needed for that.
    type: dict
  database_flags_exact:
    description: Whether flags not named in O(database_flags) are removed.
    type: bool
    default: false
  deletion_protection:
    description:
      - Whether the API refuses to delete the instance; V(true) for a new one.
      - With O(state=absent), O(allow_delete=true) and V(false) the protection is taken off first.
    type: bool
  data_api:
    description: Whether SQL may be run through the API (C(executeSql)), also from outside the private network.
    type: bool
  root_password:
    description:
      - Password of the user C(postgres), set when the instance is created. Without it that user cannot log in.
      - It is not compared later. To change it use M(cdc.gcp.cloudsql_user) with O(cdc.gcp.cloudsql_user#module:update_password=always).
    type: str
  restart:
    description:
      - Whether a change that restarts the instance may be made. V(allow) warns of it, in check mode too; V(refuse) makes it an error.
      - Restarting are tier, edition, database version, the first private network, and the flags that the API says need one.
    type: str
    choices: [allow, refuse]
    default: allow
  timeout:
    description: Seconds that the module may wait, for its own operations and those of others. Creating an instance takes 5 to 15 minutes.
    type: int
    default: 3600
  poll_interval:
    description: Longest pause in seconds between two looks at an operation.
    type: int
    default: 20
seealso:
  - module: cdc.gcp.cloudsql_database
  - module: cdc.gcp.cloudsql_user
  - module: cdc.gcp.cloudsql_connection_info
"""

EXAMPLES = r"""
- name: An instance for change data capture in a private network
  cdc.gcp.cloudsql_instance:
    project: my-project
    name: shop
    region: europe-west1
    private_network: default
    root_password: "{{ postgres_password }}"
    maintenance_window:
      day: 7
      hour: 12
    database_flags:
      cloudsql.logical_decoding: "on"

- name: A bigger machine, but not if that ends sessions now
  cdc.gcp.cloudsql_instance:
    project: my-project
    name: shop
    region: europe-west1
    tier: db-custom-2-7680
    restart: refuse

- name: Delete it
  cdc.gcp.cloudsql_instance:
    project: my-project
    name: shop
    state: absent
    allow_delete: true
    deletion_protection: false
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be, in order.
  returned: success
  type: list
  elements: str
  sample: [create instance shop]
name:
  description: Name of the instance.
  returned: success
  type: str
state:
  description: State of the instance; null when there is none.
  returned: success
  type: str
  sample: RUNNABLE
database_version:
  description: Version; null when there is no instance.
  returned: success
  type: str
  sample: POSTGRES_16
region:
  description: Region; null when there is no instance.
  returned: success
  type: str
tier:
  description: Machine type; null when there is no instance.
  returned: success
  type: str
connection_name:
  description: Project, region and name, as Cloud SQL connectors want it; null when there is no instance.
  returned: success
  type: str
  sample: my-project:europe-west1:shop
private_ip_address:
  description: Address in the private network, or null.
  returned: success
  type: str
public_ip_address:
  description: Public address, or null.
  returned: success
  type: str
server_ca_certificate:
  description: Certificate of the CA that signs the server's certificate, as PEM; null when there is no instance.
  returned: success
  type: str
settings_version:
  description: Version of the settings, which grows with each change; null when there is no instance.
  returned: success
  type: str
database_flags:
  description: All database flags of the instance; null when there is none.
  returned: success
  type: dict
labels:
  description: All labels of the instance; null when there is none.
  returned: success
  type: dict
self_link:
  description: URL of the instance in the API; null when there is no instance.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._cloudsql.instance import Instance
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import REQUESTS
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    """What Ansible runs."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            allow_delete={"type": "bool", "default": False},
            region={"type": "str"},
            database_version={"type": "str"},
            allow_major_upgrade={"type": "bool", "default": False},
            edition={"type": "str", "choices": ["ENTERPRISE", "ENTERPRISE_PLUS"]},
            tier={"type": "str"},
            activation_policy={"type": "str", "choices": ["ALWAYS", "NEVER"]},
            availability_type={"type": "str", "choices": ["ZONAL", "REGIONAL"]},
            disk_type={"type": "str", "choices": ["PD_SSD", "PD_HDD", "HYPERDISK_BALANCED"]},
            disk_size_gb={"type": "int"},
            disk_autoresize={"type": "bool"},
            disk_autoresize_limit_gb={"type": "int"},
            backup={
                "type": "dict",
                "options": {
                    "enabled": {"type": "bool"},
                    "start_time": {"type": "str"},
                    "point_in_time_recovery": {"type": "bool"},
                    "transaction_log_retention_days": {"type": "int"},
                    "retained_backups": {"type": "int"},
                },
            },
            maintenance_window={
                "type": "dict",
                "options": {
                    "day": {"type": "int", "required": True, "choices": list(range(1, 8))},
                    "hour": {"type": "int", "required": True, "choices": list(range(24))},
                    "update_track": {"type": "str", "choices": ["canary", "stable", "week5"]},
                },
            },
            private_network={"type": "str"},
            public_ip={"type": "bool"},
            authorized_networks={"type": "dict"},
            authorized_networks_exact={"type": "bool", "default": False},
            ssl_mode={
                "type": "str",
                "choices": ["ALLOW_UNENCRYPTED_AND_ENCRYPTED", "ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"],
            },
            labels={"type": "dict"},
            labels_exact={"type": "bool", "default": False},
            database_flags={"type": "dict"},
            database_flags_exact={"type": "bool", "default": False},
            deletion_protection={"type": "bool"},
            data_api={"type": "bool"},
            root_password={"type": "str", "no_log": True},
            restart={"type": "str", "choices": ["allow", "refuse"], "default": "allow"},
            timeout={"type": "int", "default": 3600},
            poll_interval={"type": "int", "default": 20},
        ),
        required_if=[("state", "present", ["region"])],
        supports_check_mode=True,
    )
    run(module, lambda: Instance.from_params(module.params), libraries=(GOOGLE_AUTH, REQUESTS))


if __name__ == "__main__":
    main()
