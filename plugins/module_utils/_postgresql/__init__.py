# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pipeline needs inside PostgreSQL, over a direct connection.  PRIVATE to the collection.

options.py             the options that every PostgreSQL module shares
connection.py          connections, log-in probes, and error messages
statements.py          the one kind of action: statements in one transaction
tables.py              tables as the catalog has them, and whether each can be captured
role.py                reading a role's attributes, memberships and privileges
replication_user.py    the role that Debezium logs in as, and its grants
removal.py             dropping that role
publication.py         the publication
debezium_tables.py    schema and tables that Debezium itself uses
flags.py               what the server runs with, beside the instance's database flags
row.py           one row, for trying a pipeline

State is read only from catalogs that Cloud SQL lets everybody read: pg_roles, never pg_authid.
"""
