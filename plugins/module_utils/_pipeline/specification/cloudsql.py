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
            "Debezium 3.6 can lose events silently on PostgreSQL 17 and newer.",
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
        "V(REGIONAL) keeps a standby in another zone; the replication slot survives the failover. A new instance gets V(ZONAL).",
        choices=("ZONAL", "REGIONAL"),
    ),
    Variable("cloudsql_disk_type", "Type of disk. A new instance gets V(PD_SSD).", choices=("PD_SSD", "PD_HDD", "HYPERDISK_BALANCED")),
    Variable("cloudsql_disk_size_gb", "Initial size of the disk in GB; a disk that has grown is left as it is.", "int"),
    Variable("cloudsql_disk_autoresize", "Whether the disk grows when it fills up. A new instance's disk does.", "bool"),
    Variable(
        "cloudsql_backup", "Automatic backups, as the option C(backup) of cdc.gcp.cloudsql_instance. A new instance has them.", "dict"
    ),
    Variable(
        "cloudsql_maintenance_window",
        "C(day) (1 is Monday) and C(hour) (UTC) of the maintenance window. A new instance gets Sunday, 12:00.",
        "dict",
    ),
    Variable(
        "cloudsql_private_network",
        (
            "Network with private services access in which the instance gets its private address; empty for no private address.",
            "A new instance gets the network C(default) of its project.",
        ),
    ),
    Variable("cloudsql_public_ip", "Whether the instance has a public address. A new instance has none.", "bool"),
    Variable("cloudsql_labels", "Labels of the instance, merged with those that it has.", "dict", default={}),
    Variable(
        "cloudsql_database_flags",
        "Database flags, merged with those that the instance has. V(cloudsql.logical_decoding=on) is always among them.",
        "dict",
        default={},
    ),
    Variable("cloudsql_deletion_protection", "Whether the API refuses to delete the instance. A new instance is protected.", "bool"),
    Variable(
        "cloudsql_restart",
        "Whether a change that restarts the instance may be made. V(refuse) fails before anything is changed, and names the change.",
        default="allow",
        choices=("allow", "refuse"),
    ),
    Variable("cloudsql_timeout", "Seconds to wait for operations on the instance.", "int", default=3600),
    Variable(
        "cloudsql_user",
        "The application's PostgreSQL user, which owns the captured tables. The API makes it a member of C(cloudsqlsuperuser).",
        derived="O(cdc_name)",
    ),
    Variable("cloudsql_user_password", "Password of O(cloudsql_user).", needed_by=_HERE, no_log=True),
    Variable("cloudsql_admin_user", "PostgreSQL user that creates the replication user.", default="postgres"),
    Variable(
        "cloudsql_admin_password",
        "Password of O(cloudsql_admin_user). On a new instance it becomes the password of C(postgres).",
        needed_by=_HERE,
        no_log=True,
    ),
)
