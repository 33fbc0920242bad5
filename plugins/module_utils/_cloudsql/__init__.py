# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloud SQL: instances, databases, users, and how to connect.  PRIVATE to the collection.

api.py                 the Cloud SQL Admin API: paths, what a refusal means, waiting for operations
advice.py              what to do about an error that the server only names
fields.py              one table: option <-> field of the API, both ways
instance_options.py    what the user named of an instance, and what was read of it (pure)
instance_refusals.py   why an instance is left as it is, and what restarts it (pure)
instance_plan.py       what to change on an instance, and in which order (pure)
instance.py            an instance: reading, applying, redoing after a lost race
restart.py             restarting an instance once
peering.py             whether a network can hold private addresses
database.py            a database of an instance
user.py                a user of an instance
connect.py             host, port and CA certificate of an instance
"""
