#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.pubsub_subscription: options and documentation; the work is in module_utils/_pubsub/subscription.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pubsub_subscription
short_description: Manage a Pub/Sub subscription
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates, changes and deletes a Pub/Sub subscription that is pulled.
  - Only what is named in the task is compared and changed; what others configured stays.
  - O(topic), O(filter) and O(enable_message_ordering) cannot change on a subscription that exists; a difference is an error.
options:
  name:
    description:
      - Id of the subscription, or its full name C(projects/PROJECT/subscriptions/ID).
      - 3 to 255 characters, a letter first, then letters, digits and V(-_.~+%), not starting with V(goog).
    type: str
    required: true
  state:
    description: Whether the subscription should exist. Deleting it loses the messages that it still holds.
    type: str
    choices: [present, absent]
    default: present
  topic:
    description: Id or full name of the topic. Needed to create the subscription.
    type: str
  ack_deadline_seconds:
    description: Seconds that a receiver has to acknowledge a message, from 10 to 600. The API's own default is 10.
    type: int
  message_retention_duration:
    description:
      - How long unacknowledged messages are kept, for example V(7d), V(24h), V(30m) or V(86400s). From 10 minutes to 31 days.
      - The API's own default is 7 days.
    type: str
  retain_acked_messages:
    description: Keep acknowledged messages too, for O(message_retention_duration). The API's own default is V(false).
    type: bool
  enable_message_ordering:
    description: Deliver messages with the same ordering key in order. The API's own default is V(false). Cannot change later.
    type: bool
  filter:
    description: Expression over attributes; only messages that match are delivered. Cannot change later.
    type: str
  expiration_ttl:
    description:
      - Time without any receiver after which Google deletes the subscription, at least 1 day, for example V(90d); V(never) for not at all.
      - The API's own default is 31 days.
    type: str
  dead_letter_topic:
    description:
      - Id or full name of the topic that gets messages which could not be delivered. It must exist. An empty string removes it.
      - The project's Pub/Sub service agent needs roles/pubsub.publisher on it and roles/pubsub.subscriber on the subscription.
    type: str
  max_delivery_attempts:
    description: Attempts, from 5 to 100, before a message goes to O(dead_letter_topic). The API's own default is 5.
    type: int
  labels:
    description: Labels to have. Other labels stay, unless O(labels_exact) is set.
    type: dict
  labels_exact:
    description: Remove every label that O(labels) does not name.
    type: bool
    default: false
requirements:
  - google-cloud-pubsub
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
seealso:
  - module: cdc.gcp.pubsub_topic
"""

EXAMPLES = r"""
- name: Read the change events in order, and keep the subscription for good
  cdc.gcp.pubsub_subscription:
    project: shop-prod
    name: shop.changes.warehouse
    topic: shop.changes
    enable_message_ordering: true
    message_retention_duration: 7d
    expiration_ttl: never

- name: Delete the subscription and the messages in it
  cdc.gcp.pubsub_subscription:
    project: shop-prod
    name: shop.changes.warehouse
    state: absent
"""

RETURN = r"""
name:
  description: Full name of the subscription.
  returned: success
  type: str
  sample: projects/shop-prod/subscriptions/shop.changes.warehouse
subscription_id:
  description: The last part of the name.
  returned: success
  type: str
  sample: shop.changes.warehouse
topic:
  description: Full name of its topic; V(none) when the subscription does not exist, as for the following values.
  returned: success
  type: str
  sample: projects/shop-prod/topics/shop.changes
ack_deadline_seconds:
  description: Seconds that a receiver has to acknowledge.
  returned: success
  type: int
  sample: 10
message_retention_duration:
  description: Seconds that unacknowledged messages are kept.
  returned: success
  type: int
  sample: 604800
retain_acked_messages:
  description: Whether acknowledged messages are kept too.
  returned: success
  type: bool
  sample: false
enable_message_ordering:
  description: Whether messages with the same ordering key come in order.
  returned: success
  type: bool
  sample: true
filter:
  description: The filter; empty without one.
  returned: success
  type: str
  sample: ""
expiration_ttl:
  description: Seconds without a receiver after which the subscription is deleted, or V(never).
  returned: success
  type: raw
  sample: never
dead_letter_topic:
  description: Full name of the dead-letter topic; V(none) without one.
  returned: success
  type: str
max_delivery_attempts:
  description: Attempts before a message goes to the dead-letter topic; V(none) without one.
  returned: success
  type: int
labels:
  description: All labels of the subscription.
  returned: success
  type: dict
  sample: {}
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: str
  sample: [create subscription shop.changes.warehouse of topic projects/shop-prod/topics/shop.changes]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._pubsub.gateway import PUBSUB
from ansible_collections.cdc.gcp.plugins.module_utils._pubsub.subscription import Subscription
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            topic={"type": "str"},
            ack_deadline_seconds={"type": "int"},
            message_retention_duration={"type": "str"},
            retain_acked_messages={"type": "bool"},
            enable_message_ordering={"type": "bool"},
            filter={"type": "str"},
            expiration_ttl={"type": "str"},
            dead_letter_topic={"type": "str"},
            max_delivery_attempts={"type": "int"},
            labels={"type": "dict"},
            labels_exact={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    run(module, lambda: Subscription.from_params(module.params), libraries=(GOOGLE_AUTH, PUBSUB))


if __name__ == "__main__":
    main()
