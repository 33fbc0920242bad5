#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: pubsub_change_event
short_description: Wait for a change event on a Pub/Sub subscription
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Pulls from a subscription until an event about the wanted row arrives, and returns it.
  - Every message that it pulls is acknowledged, also those that do not fit; give it a subscription of its own.
  - In check mode nothing is acknowledged; messages that were pulled are delivered again after the subscription's acknowledgement deadline.
  - It exists for trying a pipeline (playbook C(verify.yml) of this collection).
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
    description: Table as V(schema.table) that the event must be about. Events that do not name their table are not compared.
    type: str
  values:
    description: Column names and values that the row must have after the change.
    type: dict
  timeout:
    description: Seconds to wait.
    type: int
    default: 120
"""

EXAMPLES = r"""
- name: The event of that row
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
  description: When Pub/Sub took the message, as ISO 8601.
  returned: success
  type: str
other_events:
  description: How many messages that did not fit came before it.
  returned: success
  type: int
actions:
  description: Always empty; waiting changes nothing.
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
