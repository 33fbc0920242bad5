# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The topics that a pipeline publishes to."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.pipeline import Pipeline
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput

DOCUMENTATION = r"""
name: debezium_topics
short_description: Ids of the Pub/Sub topics that a pipeline publishes to
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Debezium Server makes no topic, and ends when one is missing.
  - The heartbeat's topic is the last one. With one topic per table, the signalling table has one, too.
positional: _input
options:
  _input:
    description: The pipeline, as for P(cdc.gcp.debezium_properties#filter).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Make the topics
  cdc.gcp.pubsub_topic:
    name: "{{ item }}"
  loop: "{{ pipeline | cdc.gcp.debezium_topics }}"
"""

RETURN = r"""
_value:
  description: The ids.
  type: list
  elements: str
"""


def debezium_topics(pipeline: t.Any) -> list[str]:
    if not isinstance(pipeline, Mapping):
        raise AnsibleFilterError(f"cdc.gcp.debezium_topics: the pipeline must be a dictionary, not {type(pipeline).__name__}.")
    try:
        return list(Pipeline.from_dict(pipeline).topics())
    except InvalidInput as error:
        raise AnsibleFilterError(f"cdc.gcp.debezium_topics: {error.message}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., t.Any]]:
        return {"debezium_topics": debezium_topics}
