# SPDX-License-Identifier: GPL-3.0-or-later
"""What Debezium Server reads and runs in.  PRIVATE to the collection.  Pure functions.

stream.py               the settings of one Debezium Server, checked
properties.py           application.properties from a pipeline: defaults, and overrides
defaults.py             the properties that every pipeline gets, with their reasons
transforms.py           our transforms, and the users' among them
invariants.py           properties that users must not set, with the reasons
precedence.py           variables and Java options that would outrank the properties
regular_expression.py   names of tables and topics as Debezium's lists and routers need them
escape.py               values as a properties file and its expansion need them
version.py              which release of Debezium an image holds
warnings.py             what a stream may lose although everything is set up right
options.py              the options of debezium_server
deployment.py           the Deployment: one pod that streams, from the options of debezium_server
volumes.py              what the pod mounts, and the variables that point at it
log_hints.py            what the last log lines mean, and what to do
"""
