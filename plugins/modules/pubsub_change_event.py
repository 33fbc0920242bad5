#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.pubsub_change_event: options and documentation; the work is in module_utils/_pubsub/change_event.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pubsub_change_event
short_description: Wait for a change event on a Pub/Sub subscription
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Pulls messages from a subscription until a matching change event arrives, and returns it.
  - It acknowledges every message that it pulls, also those that do not match. Use a subscription that has no other consumer.
  - In check mode, it acknowledges nothing. Pub/Sub delivers the messages again after the acknowledgement deadline.
  - It is meant for testing a pipeline, as the collection's playbook C(verify) does.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
attributes:
  check_mode:
    description: Waits for the event as well, and acknowledges no message.
    support: full
  idempotent:
    description: A second run waits for another event.
    support: none
options:
  subscription:
    description: Id of the subscription.
    type: str
    required: true
  table:
    description: Table of the event, as V(schema.table). Flattened events, which do not contain the name of their table, match any table.
    type: str
  values:
    description: Values that the row must have after the change, by column name.
    type: dict
  timeout:
    description: Seconds to wait for the event. After that the module fails.
    type: int
    default: 120
"""

EXAMPLES = r"""
- name: Wait for the event of a row
  cdc.gcp.pubsub_change_event:
    project: my-project
    subscription: verify-1
    table: public.mytable
    values:
      name: hello
  register: arrived
"""

RETURN = r"""
event:
  description: The event's data, parsed from JSON.
  returned: success
  type: dict
  sample: {op: c, after: {id: 7, name: hello}}
attributes:
  description: The message's attributes.
  returned: success
  type: dict
ordering_key:
  description: The message's ordering key.
  returned: success
  type: str
  sample: '{"id":7}'
publish_time:
  description: When Pub/Sub received the message, in ISO 8601 format.
  returned: success
  type: str
other_events:
  description: Number of messages before it that did not match.
  returned: success
  type: int
actions:
  description: Always empty.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._pubsub.change_event import ChangeEvent
from ansible_collections.cdc.gcp.plugins.module_utils._pubsub.gateway import PUBSUB
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            subscription={"type": "str", "required": True},
            table={"type": "str"},
            values={"type": "dict"},
            timeout={"type": "int", "default": 120},
        ),
        supports_check_mode=True,
    )
    run(module, lambda: ChangeEvent.from_params(module.params, module.check_mode), libraries=(GOOGLE_AUTH, PUBSUB))


if __name__ == "__main__":
    main()
