#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.cloudsql_instance: options and documentation; the work is in module_utils/_cloudsql/instance.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudsql_instance
short_description: Manage a Cloud SQL for PostgreSQL instance
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates, updates and deletes a Cloud SQL for PostgreSQL instance, and waits for the operation to finish.
  - An existing instance is compared with the options that the task sets, and only the differences are sent. Values documented as those
    of a new instance are used at creation only; an existing instance keeps its own.
  - Only a primary instance is managed. For a read replica, the module fails before anything is changed.
  - A concurrent change by somebody else is detected and never overwritten.
  - Check mode only reads the instance. It also works in an empty project.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
options:
  name:
    description:
      - Name of the instance, which consists of lower-case letters, digits and hyphens and starts with a letter. Cloud SQL limits
        C(PROJECT:NAME) to 98 characters.
      - After an instance is deleted, or its creation fails, Cloud SQL reserves its name for a week.
    type: str
    required: true
  state:
    description: Whether the instance exists. V(absent) requires O(allow_delete=true).
    type: str
    choices: [present, absent]
    default: present
  allow_delete:
    description:
      - Whether O(state=absent) may delete an existing instance, its databases and automatic backups.
      - If V(false), the module fails instead.
    type: bool
    default: false
  region:
    description:
      - Region, for example V(europe-west1). Required with O(state=present).
      - It cannot be changed later; the module fails if an existing instance is in another region.
    type: str
  database_version:
    description:
      - PostgreSQL version as the API names it. A new instance gets V(POSTGRES_16).
      - An upgrade requires O(allow_major_upgrade=true). The module fails if an existing instance has a newer version.
      - Debezium 3.6 can lose events on PostgreSQL 17 and newer (debezium/dbz#76). The module warns about it.
    type: str
  allow_major_upgrade:
    description:
      - Whether an instance may be upgraded to a newer major version of PostgreSQL.
      - An upgrade cannot be undone, takes the instance offline, and requires every replication slot to be dropped first.
    type: bool
    default: false
  edition:
    description:
      - Cloud SQL edition. A new instance gets V(ENTERPRISE).
      - It is always sent at creation. The API's own default for POSTGRES_16 and newer is ENTERPRISE_PLUS, which does not accept machine
        types such as C(db-custom-1-3840).
    type: str
    choices: [ENTERPRISE, ENTERPRISE_PLUS]
  tier:
    description: Machine type. A new instance gets V(db-custom-1-3840) (1 vCPU, 3840 MiB). Changing it restarts the instance.
    type: str
  activation_policy:
    description: V(ALWAYS) runs the instance, V(NEVER) stops it. A new instance gets V(ALWAYS).
    type: str
    choices: [ALWAYS, NEVER]
  availability_type:
    description: V(REGIONAL) keeps a standby in another zone. A new instance gets V(ZONAL).
    type: str
    choices: [ZONAL, REGIONAL]
  disk_type:
    description: Type of the disk. A new instance gets V(PD_SSD).
    type: str
    choices: [PD_SSD, PD_HDD, HYPERDISK_BALANCED]
  disk_size_gb:
    description:
      - Size of the disk in GB. Cloud SQL's minimum is 10 GB.
      - A disk that has grown automatically is left as it is. Without O(disk_autoresize), a smaller size than the existing one is an error,
        because disks cannot shrink.
    type: int
  disk_autoresize:
    description: Whether the disk grows automatically. A new instance gets V(true).
    type: bool
  disk_autoresize_limit_gb:
    description: Size in GB up to which the disk grows automatically. V(0) means no limit.
    type: int
  backup:
    description: Automatic backups.
    type: dict
    suboptions:
      enabled:
        description: Whether a backup is taken each day. A new instance gets V(true).
        type: bool
      start_time:
        description: Start of the backup window, C(HH:MM) in UTC.
        type: str
      point_in_time_recovery:
        description: Whether write-ahead logs are archived for point-in-time recovery.
        type: bool
      transaction_log_retention_days:
        description: Days to keep write-ahead logs for point-in-time recovery, 1 to 7 with ENTERPRISE, 1 to 35 with ENTERPRISE_PLUS.
        type: int
      retained_backups:
        description: Number of backups to keep.
        type: int
  maintenance_window:
    description: Weekly window in which Google may restart the instance for maintenance.
    type: dict
    suboptions:
      day:
        description: Day of the week in UTC, from V(1) (Monday) to V(7) (Sunday).
        type: int
        required: true
        choices: [1, 2, 3, 4, 5, 6, 7]
      hour:
        description: Hour of the day in UTC, from V(0) to V(23).
        type: int
        required: true
        choices: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
      update_track:
        description: How early the instance gets maintenance updates.
        type: str
        choices: [canary, stable, week5]
  private_network:
    description:
      - VPC network in which the instance gets a private address, as a name or as C(projects/PROJECT/global/networks/NAME).
      - The network must have private services access. The module checks this before it creates an instance, because Cloud SQL reserves the
        name for a week after a failed creation. If the permissions for the check are missing, the module warns and continues.
      - It cannot be removed later. An existing instance gets another network, or its first one, only with O(allow_network_change=true).
    type: str
  allow_network_change:
    description:
      - Whether O(private_network) may be changed on an existing instance, or added to it.
      - The instance gets a new private address, and clients that use the old one lose it. The change counts as a restart, so it also
        requires O(restart=allow).
      - If V(false), the module fails before anything is changed.
    type: bool
    default: false
  public_ip:
    description:
      - Whether the instance has a public address. A new instance gets one unless O(private_network) is set.
    type: bool
  authorized_networks:
    description:
      - Networks that may connect to the public address. Keys are networks in CIDR notation, values are labels for them.
      - Other authorized networks of the instance are kept, unless O(authorized_networks_exact=true). The value V(null) removes a network.
    type: dict
  authorized_networks_exact:
    description: Whether to remove networks that O(authorized_networks) does not contain.
    type: bool
    default: false
  ssl_mode:
    description:
      - Which connections the server accepts. A new instance gets V(ENCRYPTED_ONLY).
      - The API's own default also accepts connections that send passwords and rows unencrypted.
    type: str
    choices: [ALLOW_UNENCRYPTED_AND_ENCRYPTED, ENCRYPTED_ONLY, TRUSTED_CLIENT_CERTIFICATE_REQUIRED]
  labels:
    description:
      - Labels of the instance. Its other labels are kept, unless O(labels_exact=true). The value V(null) removes a label.
    type: dict
  labels_exact:
    description: Whether to remove labels that O(labels) does not contain.
    type: bool
    default: false
  database_flags:
    description:
      - Database flags, for example C(cloudsql.logical_decoding). YAML's booleans are sent as C(on) and C(off).
      - Other flags of the instance are kept, unless O(database_flags_exact=true). The value V(null) removes a flag.
      - Some flags restart the instance. The module asks the API which ones, and O(restart) applies to them.
      - Cloud SQL restarts the instance by itself when C(cloudsql.logical_decoding) changes. M(cdc.gcp.pipeline) also looks at the server,
        and notices a flag that waits for a restart.
      - On an instance with read replicas, C(cloudsql.logical_decoding) is switched on only if all replicas have it. Otherwise, the module
        fails before anything is changed.
    type: dict
  database_flags_exact:
    description: Whether to remove flags that O(database_flags) does not contain.
    type: bool
    default: false
  deletion_protection:
    description:
      - Whether the API refuses to delete the instance. A new instance gets V(true).
      - With O(state=absent) and O(allow_delete=true), V(false) removes the protection before the deletion.
    type: bool
  data_api:
    description: Whether clients may run SQL through the API (C(executeSql)), also from outside the private network.
    type: bool
  root_password:
    description:
      - Password of the user C(postgres). It is set at creation only. Without it, C(postgres) cannot log in.
      - To change it later, use M(cdc.gcp.cloudsql_user) with O(cdc.gcp.cloudsql_user#module:update_password=always).
    type: str
  restart:
    description:
      - Whether the module may make a change that restarts an existing instance. V(refuse) fails before anything is changed, also in check
        mode, and lists such changes. V(allow) warns about the restart.
      - Changes of O(tier), O(edition), O(database_version), O(private_network), and flags that the API marks so restart the instance.
      - Creating an instance is not affected.
    type: str
    choices: [allow, refuse]
    default: refuse
  timeout:
    description:
      - Seconds to wait for operations on the instance, those that others started included. After that the module fails.
      - Creating an instance takes 5 to 15 minutes.
    type: int
    default: 3600
  poll_interval:
    description: Longest interval in seconds between two polls of an operation.
    type: int
    default: 20
seealso:
  - module: cdc.gcp.cloudsql_database
  - module: cdc.gcp.cloudsql_user
  - module: cdc.gcp.cloudsql_connection_info
"""

EXAMPLES = r"""
- name: Create an instance for change data capture in a private network
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

- name: Change the machine type, which restarts the instance
  cdc.gcp.cloudsql_instance:
    project: my-project
    name: shop
    region: europe-west1
    tier: db-custom-2-7680
    restart: allow

- name: Delete the instance
  cdc.gcp.cloudsql_instance:
    project: my-project
    name: shop
    state: absent
    allow_delete: true
    deletion_protection: false
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
  sample: [create instance shop]
name:
  description: Name of the instance.
  returned: success
  type: str
state:
  description: State of the instance; null if the instance does not exist.
  returned: success
  type: str
  sample: RUNNABLE
database_version:
  description: Database version; null if the instance does not exist.
  returned: success
  type: str
  sample: POSTGRES_16
region:
  description: Region; null if the instance does not exist.
  returned: success
  type: str
tier:
  description: Machine type; null if the instance does not exist.
  returned: success
  type: str
connection_name:
  description: Project, region and name, in the format that the Cloud SQL connectors use; null if the instance does not exist.
  returned: success
  type: str
  sample: my-project:europe-west1:shop
private_ip_address:
  description: Private address, or null if the instance has none.
  returned: success
  type: str
public_ip_address:
  description: Public address, or null if the instance has none.
  returned: success
  type: str
server_ca_certificate:
  description: Certificate of the CA that signed the server's certificate, in PEM format; null if the instance does not exist.
  returned: success
  type: str
settings_version:
  description: Version of the instance's settings, which every change increments; null if the instance does not exist.
  returned: success
  type: str
database_flags:
  description: All database flags of the instance; null if the instance does not exist.
  returned: success
  type: dict
labels:
  description: All labels of the instance; null if the instance does not exist.
  returned: success
  type: dict
self_link:
  description: URL of the instance in the API; null if the instance does not exist.
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
            allow_network_change={"type": "bool", "default": False},
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
            restart={"type": "str", "choices": ["allow", "refuse"], "default": "refuse"},
            timeout={"type": "int", "default": 3600},
            poll_interval={"type": "int", "default": 20},
        ),
        required_if=[("state", "present", ["region"])],
        supports_check_mode=True,
    )
    run(module, lambda: Instance.from_params(module.params), libraries=(GOOGLE_AUTH, REQUESTS))


if __name__ == "__main__":
    main()
