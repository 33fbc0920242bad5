# SPDX-License-Identifier: GPL-3.0-or-later
"""The one engine of the collection: read, plan, apply.  PRIVATE to the collection.

engine.py    the reconcile loop, and what a module's main() calls
plan.py      what a plan is: before, after, and the actions between them
merge.py     comparing only what the user named, merging maps that several owners share
secret.py    values that never show
digest.py    the one digest of named parts
wait.py      deadlines and polling
retry.py     the one retry loop
errors.py    the one exception tree
"""
