# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the part `cloudsql`.  PRIVATE to the collection."""

from __future__ import annotations

from .variable import Variable

_HERE = ("cloudsql",)

VARIABLES: tuple[Variable, ...] = (
    Variable(
        "cloudsql_database_version",
        (
            "PostgreSQL version as the API names it. A new instance gets V(POSTGRES_16).",
            "Debezium 3.6 can lose events without an error on PostgreSQL 17 and newer.",
        ),
    ),
    Variable(
        "cloudsql_edition",
        "Cloud SQL edition. A new instance gets V(ENTERPRISE).",
        choices=("ENTERPRISE", "ENTERPRISE_PLUS"),
    ),
    Variable("cloudsql_tier", "Machine type. Changing it restarts the instance. A new instance gets V(db-custom-1-3840)."),
    Variable(
        "cloudsql_availability_type",
        "V(REGIONAL) keeps a standby in another zone; replication slots survive a failover to it. A new instance gets V(ZONAL).",
        choices=("ZONAL", "REGIONAL"),
    ),
    Variable("cloudsql_disk_type", "Type of the disk. A new instance gets V(PD_SSD).", choices=("PD_SSD", "PD_HDD", "HYPERDISK_BALANCED")),
    Variable(
        "cloudsql_disk_size_gb", "Size of the disk in GB. A disk that has grown automatically is left as it is; disks cannot shrink.", "int"
    ),
    Variable("cloudsql_disk_autoresize", "Whether the disk grows automatically. A new instance gets V(true).", "bool"),
    Variable(
        "cloudsql_backup",
        "Automatic backups, as the option C(backup) of cdc.gcp.cloudsql_instance. A new instance is backed up daily.",
        "dict",
    ),
    Variable(
        "cloudsql_maintenance_window",
        "Maintenance window, as C(day) (1 to 7, 1 is Monday) and C(hour) (0 to 23, UTC). A new instance gets Sunday, 12:00.",
        "dict",
    ),
    Variable(
        "cloudsql_private_network",
        (
            "VPC network with private services access in which the instance gets its private address. An empty string means none.",
            "A new instance gets the network C(default) of its project. An existing one keeps its network: see"
            " O(cloudsql_allow_network_change).",
        ),
    ),
    Variable(
        "cloudsql_allow_network_change",
        (
            "Whether O(cloudsql_private_network) may be changed on an existing instance, or added to it. Clients that use its present"
            " address lose it. Also requires V(allow) in O(cloudsql_restart).",
        ),
        "bool",
        default=False,
    ),
    Variable(
        "cloudsql_public_ip", "Whether the instance has a public address. A new instance has none unless it has no private network.", "bool"
    ),
    Variable("cloudsql_labels", "Labels of the instance, merged with its other labels.", "dict", default={}),
    Variable(
        "cloudsql_database_flags",
        "Database flags, merged with the instance's other flags. C(cloudsql.logical_decoding) is always set to C(on).",
        "dict",
        default={},
    ),
    Variable("cloudsql_deletion_protection", "Whether the API refuses to delete the instance. A new instance gets V(true).", "bool"),
    Variable(
        "cloudsql_restart",
        (
            "Whether an existing instance may be restarted. V(refuse) fails before anything is changed, also in check mode, and lists the"
            " reasons. V(allow) restarts it, and says so before.",
            "Switching C(cloudsql.logical_decoding) on restarts the instance. So does a flag that was set, but not followed by a restart.",
        ),
        default="refuse",
        choices=("allow", "refuse"),
    ),
    Variable("cloudsql_timeout", "Seconds to wait for operations on the instance, at least 1.", "int", default=3600),
    Variable(
        "cloudsql_user",
        (
            "PostgreSQL user of the application, which owns the captured tables. Cloud SQL makes it a member of C(cloudsqlsuperuser).",
            "V(postgres) is allowed only if O(cloudsql_admin_user) is V(postgres) as well, with the same password.",
        ),
        derived="O(cdc_name)",
    ),
    Variable(
        "cloudsql_user_password", "Password of O(cloudsql_user). It is set only when the user is created.", needed_by=_HERE, no_log=True
    ),
    Variable("cloudsql_admin_user", "PostgreSQL user that creates the replication user.", default="postgres"),
    Variable(
        "cloudsql_admin_password",
        "Password of O(cloudsql_admin_user). A new instance gets it as the password of C(postgres); it is not changed later.",
        needed_by=_HERE,
        no_log=True,
    ),
    Variable(
        "cloudsql_keyless_partitioned_tables",
        (
            "Partitioned tables of O(cdc_tables) that may be captured without a primary key.",
            "Name only those for which whatever creates partitions sets their replica identity too; otherwise the application's UPDATE and",
            "DELETE statements fail on the next partition.",
        ),
        "list",
        elements="str",
        default=[],
    ),
)
