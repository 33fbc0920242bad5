# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking to Google's APIs.  PRIVATE to the collection.

options.py   the options that every Google module shares, and the value made of them
auth.py      credentials from those options
client.py    the one gateway for REST: deadlines, retries, errors
policy.py    IAM policies: pure editing, and the etag loop
"""
