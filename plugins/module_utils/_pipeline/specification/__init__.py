# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a pipeline: name, type, default and description of each, in this one place.  PRIVATE to the collection.

variable.py      the type of a specification
common.py        the cdc_* variables, which more than one part needs
cloudsql.py, pubsub.py, iam.py, debezium_k8s.py    the variables of one part
"""
