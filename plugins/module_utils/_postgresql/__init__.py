# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pipeline needs inside PostgreSQL, over a direct connection.  PRIVATE to the collection.

options.py             the options that every PostgreSQL module shares
connection.py          connections, log-in probes, and error messages
statements.py          the one kind of action: statements in one transaction
settings.py            settings of the server that logical replication depends on
tables.py              tables as the catalog has them
capture_rules.py       which of them may be captured, and what to say of them
role.py                reading a role's attributes, memberships and privileges
replication_user.py    the role that Debezium logs in as, and its grants
removal.py             dropping that role
publication.py         the publication
debezium_tables.py     schema and tables that Debezium itself uses
debezium_layout.py     what those tables must look like, and how the catalog has them
offsets.py             what the offset table holds, and whose it is
position.py            slot, publication and offset in one look
captured_tables.py     the record of what a pipeline captures, and of tables that join
joining_tables.py      publishing tables that join, and asking for their rows
readiness.py           whether the stream is ready
slots.py               reading replication slots
replication_slot.py    a replication slot
row.py                 one row, for trying a pipeline
flags.py               what the server runs with, beside the instance's database flags

State is read only from catalogs that Cloud SQL lets everybody read: pg_roles, never pg_authid.
"""
