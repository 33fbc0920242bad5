# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter cdc.gcp.debezium_topics: documentation; the work is in module_utils/_debezium/pipeline.py."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.stream import table_topics
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput

DOCUMENTATION = r"""
name: debezium_topics
short_description: Compute the topic ids of captured tables
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Returns the ids of the Pub/Sub topics to which Debezium Server publishes with one topic per table.
  - Debezium Server does not create topics, and stops if one is missing.
positional: _input, topic_prefix
options:
  _input:
    description: Captured tables, as V(schema.table).
    type: list
    elements: str
    required: true
  topic_prefix:
    description: Topic prefix of the pipeline.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Create the topics
  cdc.gcp.pubsub_topic:
    name: "{{ item }}"
  loop: "{{ ['public.orders', 'public.customers'] | cdc.gcp.debezium_topics('shop') }}"
"""

RETURN = r"""
_value:
  description: Ids of the topics, in the order of the tables.
  type: list
  elements: str
"""


def debezium_topics(tables: t.Any, topic_prefix: str) -> list[str]:
    if not isinstance(tables, (list, tuple)):
        raise AnsibleFilterError(f"cdc.gcp.debezium_topics: the tables must be a list, not {type(tables).__name__}.")
    try:
        return list(table_topics(topic_prefix, tables))
    except InvalidInput as error:
        raise AnsibleFilterError(f"cdc.gcp.debezium_topics: {error.message}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., t.Any]]:
        return {"debezium_topics": debezium_topics}
