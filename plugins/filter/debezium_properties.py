# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter cdc.gcp.debezium_properties: documentation; the work is in module_utils/_debezium/properties.py."""

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
short_description: Render Debezium Server's C(application.properties)
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Renders all properties of a pipeline, and escapes them for Java and SmallRye Config. The README of the role
    P(cdc.gcp.debezium_k8s#role) lists the defaults and the reasons for them.
  - If the pipeline has a C(topic), the transform C(reroute) sends all changes to it. If it has a C(signal_table), the transform
    C(reroutesignals) sends that table's rows to the heartbeat topic. If O(overrides) sets C(debezium.transforms), both are appended to the
    list, unless the list contains them. Set C(debezium.transforms) to null to have no transform.
positional: _input, overrides, expressions
options:
  _input:
    description:
      - Pipeline. Required keys are C(topic_prefix), C(project), C(database_host), C(database_name), C(tables), C(slot_name),
        C(publication) and C(heartbeat_topic).
      - Optional keys, with their defaults in parentheses, are C(topic) (one topic per table), C(database_port) (5432), C(ssl_mode)
        (verify-ca), C(ca_certificate_path), C(user_variable) (PG_USER), C(password_variable) (PG_PASSWORD), C(snapshot_mode) (initial),
        C(offsets) (jdbc; or volume), C(schema) (debezium), C(offset_table) (debezium_offset_storage), C(signal_table),
        C(heartbeat_interval_ms) (10000), C(region), C(ordering) (true), C(sink_address), C(debezium_version),
        C(reselect_unavailable_values) (false) and C(oversized_events) (fail; or truncate).
      - Each Debezium Server needs its own C(offset_table), because it replaces all rows whenever it saves its offsets.
      - A key whose value is null gets its default.
    type: dict
    required: true
  overrides:
    description:
      - Properties to add or replace, by full name. Values are literal; C($) is escaped. Null removes a default.
      - Properties that other parts of the pipeline depend on, such as C(slot.name), C(table.include.list) or the offset storage, and values
        with which events would be lost, such as C(offset.mismatch.strategy=trust_slot), are refused.
    type: dict
    default: {}
  expressions:
    description: Properties whose values contain C(${NAME}), which Debezium Server replaces with the pod's environment variable E(NAME).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show the properties
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
      publication: debezium_shop
      topic: shop-changes
      heartbeat_topic: shop-heartbeat
"""

RETURN = r"""
_value:
  description: Text of the file.
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
