# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a pipeline: the one place where each is named, typed, described and given its default.  PRIVATE to the collection.

variable.py      what is said of one variable
common.py        the cdc_* variables, which several parts need
cloudsql.py, pubsub.py, iam.py, debezium_k8s.py    the variables that one part alone has
"""
