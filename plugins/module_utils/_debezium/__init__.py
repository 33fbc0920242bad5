# SPDX-License-Identifier: GPL-3.0-or-later
"""What Debezium Server reads and runs in.  PRIVATE to the collection.  Pure functions.

stream.py       the settings of one Debezium Server, checked
properties.py   application.properties from a pipeline: defaults with their reasons, and overrides
escape.py       values as a properties file and its expansion need them
options.py      the options of debezium_server
deployment.py   the Deployment: one pod that streams, from the options of debezium_server
volumes.py      what the pod mounts, and the variables that point at it
log_hints.py     what the last log lines mean, and what to do
"""
