"""PostgreSQL 16 as Cloud SQL has it: one cluster for each instance, with Cloud SQL's roles, TLS and database flags.

`programs.py` fetches PostgreSQL, `cluster.py` runs a cluster, `configuration.py` writes its files, `tls.py` makes its certificates, and
`roles.py` holds the SQL that Cloud SQL runs for its users.
"""
