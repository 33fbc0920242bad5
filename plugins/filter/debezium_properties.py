# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The text of Debezium Server's application.properties, from a pipeline."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.escape import render
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.properties import properties
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.stream import Stream
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput

DOCUMENTATION = r"""
name: debezium_properties
short_description: Text of Debezium Server's C(application.properties)
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Makes all properties of a pipeline, with defaults that were tried and have their reasons, and escapes them as Java and
    SmallRye Config read them.
  - All changes go to one topic, by the transform C(reroute), unless the pipeline's C(topic) is not given. If O(overrides) sets
    C(debezium.transforms), C(reroute) stays the last one, unless the list names it elsewhere. Set C(debezium.transforms) to null to have no
    transform.
positional: _input, overrides, expressions
options:
  _input:
    description:
      - The pipeline. Required keys are C(topic_prefix), C(project), C(database_host), C(database_name), C(tables), C(slot_name),
        C(publication) and C(heartbeat_topic).
      - Further keys are C(topic) (none means one topic per table), C(database_port) (5432), C(ssl_mode) (verify-ca),
        C(ca_certificate_path), C(user_variable) (PG_USER), C(password_variable) (PG_PASSWORD), C(snapshot_mode) (initial),
        C(offsets) (jdbc or volume),
        C(schema) (debezium), C(offset_table) (debezium_offset_storage), C(signal_table), C(heartbeat_interval_ms) (10000),
        C(region), C(ordering) (true) and C(sink_address).
      - A key whose value is null takes its default.
    type: dict
    required: true
  overrides:
    description:
      - Further properties, or other values, by full name. Values are literal; a C($) means itself. Null takes a default away.
      - C(topic.prefix), C(slot.name), C(publication.name), C(table.include.list) and the sink's type come from the pipeline alone.
    type: dict
    default: {}
  expressions:
    description: Properties whose value has C(${NAME}), which Debezium Server replaces by the pod's environment variable.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Look at the properties
  ansible.builtin.debug:
    msg: "{{ pipeline | cdc.gcp.debezium_properties(overrides={'debezium.source.max.batch.size': 4096}) }}"
  vars:
    pipeline:
      topic_prefix: shop
      project: my-project
      database_host: 10.20.0.3
      database_name: shop
      tables: [public.orders]
      slot_name: debezium_shop
      publication: dbz_publication
      topic: shop-changes
      heartbeat_topic: shop-heartbeat
"""

RETURN = r"""
_value:
  description: The text of the file.
  type: str
"""


def debezium_properties(pipeline: t.Any, overrides: t.Any = None, expressions: t.Any = None) -> str:
    for name, value in (("pipeline", pipeline), ("overrides", overrides or {}), ("expressions", expressions or {})):
        if not isinstance(value, Mapping):
            raise AnsibleFilterError(f"cdc.gcp.debezium_properties: {name} must be a dictionary, not {type(value).__name__}.")
    try:
        return render(properties(Stream.from_dict(pipeline), overrides, expressions))
    except InvalidInput as error:
        raise AnsibleFilterError(f"cdc.gcp.debezium_properties: {error.message}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., t.Any]]:
        return {"debezium_properties": debezium_properties}
