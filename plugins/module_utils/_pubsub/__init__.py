# SPDX-License-Identifier: GPL-3.0-or-later
"""Pub/Sub: topics, subscriptions, and their IAM policies.  PRIVATE to the collection.

values.py         names and durations by the API's rules.  Pure functions
gateway.py        the gateway over gRPC: channel, log-in, deadlines, retries, errors
actions.py        what is done to a topic or a subscription
resource.py       what both have in common: reading, creating, changing, deleting
topic.py          a topic, as a resource of the engine
subscription.py   a subscription, as a resource of the engine
change_event.py   waiting for one change event
policies.py       the IAM policy of a topic or subscription
"""
