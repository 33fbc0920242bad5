# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking to Kubernetes.  PRIVATE to the collection.

options.py   the options that every Kubernetes module shares
login.py     the official client's configuration, made of those options; never a context that was not named
errors.py    what the API server refuses, as one message
cluster.py   the one gateway: deadlines, retries, and where an object of any kind lives
manifest.py  objects as plain data: comparable, without noise, secrets hidden.  Pure
object.py    any object: server-side apply, planned by the server's own dry run
unchanged.py proof that an apply would change nothing, from the live object alone.  Pure
secrets.py   Secrets that go from one system straight into the cluster
rollout.py   whether a Deployment's rollout is done, in progress, or cannot succeed.  Pure
log.py       log lines that a person may see, secrets hidden.  Pure
workload.py  a Deployment that is applied and then rolled out
"""
