# SPDX-License-Identifier: GPL-3.0-or-later
"""A pipeline as one thing: its variables, its names, and the graph of its resources.  PRIVATE to the collection.

specification/   each variable: name, type, default, description
variables.py     from the variables of a host to typed values, and what is wrong with them
pipeline.py      the value that a pipeline is: every name, computed once
connections.py   one log-in, one HTTP session, one channel and one database session each for a whole run
context.py       what the builders of nodes share
cloudsql.py, pubsub.py, iam.py, kubernetes.py   the nodes of each part
graph.py         the whole graph
guards.py        reasons to refuse that no resource alone can see
report.py        the plan and the outcome as a person reads them
"""
