# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM: service accounts, grants, and service account keys.  PRIVATE to the collection.

api.py          requests to IAM and Resource Manager, and names by their rules
account.py      a service account, as a resource of the engine
project.py       number and state of a project, as a resource of the engine
member.py       one member's roles on one resource, as a resource of the engine
policies.py     the IAM policy of a project or service account, over REST
keys.py         the keys of one service account: list, create, delete
key_secret.py   a key that goes from IAM straight into a Kubernetes Secret, as a resource of the engine
"""
