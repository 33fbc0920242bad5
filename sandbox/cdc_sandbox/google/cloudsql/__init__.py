"""Cloud SQL Admin API (v1 and v1beta4), over real PostgreSQL clusters.

`service.py` says which method is answered where.  `instances.py`, `users.py`, `databases.py`, `ssl_certs.py`, `execute.py` and
`operations.py` hold the methods, `defaults.py` and `validation.py` Google's rules, `flags.py` the database flags, `tiers.py` the machine
types, `filter.py` the filter of a list, `store.py` the memory.
"""
