# SPDX-License-Identifier: GPL-3.0-or-later
"""Pub/Sub: topics, subscriptions, and their IAM policies.  PRIVATE to the collection.

values.py         names and durations by the API's rules.  Pure functions
gateway.py        the one way to the server over gRPC: channel, log-in, deadlines, retries, errors
actions.py        what is done to a topic or a subscription
resource.py       what both have in common: reading, creating, changing, deleting
topic.py          a topic, as the engine knows resources
subscription.py   a subscription, as the engine knows resources
change_event.py   waiting for one change event
policies.py       the IAM policy of a topic or subscription
"""
