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
  - Creates, updates and deletes a pull subscription.
  - Only the options that the task sets are compared and changed.
  - O(topic), O(filter) and O(enable_message_ordering) of a subscription cannot be changed; the module fails if they differ.
options:
  name:
    description:
      - Id of the subscription, or its full name C(projects/PROJECT/subscriptions/ID).
      - Pub/Sub requires 3 to 255 letters, digits and C(-_.~+%). The first character is a letter, and the id does not start with C(goog).
    type: str
    required: true
  state:
    description: Whether the subscription exists. V(absent) also deletes its unacknowledged messages.
    type: str
    choices: [present, absent]
    default: present
  topic:
    description: Id or full name of the topic. Required to create the subscription.
    type: str
  ack_deadline_seconds:
    description: Seconds that a subscriber has to acknowledge a message, 10 to 600. The API's own default is 10.
    type: int
  message_retention_duration:
    description:
      - How long to keep unacknowledged messages, 10 minutes to 31 days, for example V(7d), V(24h), V(30m) or V(86400s).
      - The API's own default is 7 days.
    type: str
  retain_acked_messages:
    description: Whether to keep acknowledged messages, too, for O(message_retention_duration). The API's own default is V(false).
    type: bool
  enable_message_ordering:
    description:
      - Whether to deliver messages with the same ordering key in order. It cannot be changed later.
      - The API's own default is V(false).
    type: bool
  filter:
    description:
      - Filter expression on the messages' attributes. Only messages that match it are delivered.
      - It cannot be changed later.
    type: str
  expiration_ttl:
    description:
      - Time without subscriber activity after which Pub/Sub deletes the subscription, at least 1 day, for example V(90d).
      - V(never) keeps it.
      - The API's own default is 31 days.
    type: str
  dead_letter_topic:
    description:
      - Id or full name of an existing topic for messages that could not be delivered. An empty string removes it.
      - The project's Pub/Sub service agent needs C(roles/pubsub.publisher) on this topic and C(roles/pubsub.subscriber) on the
        subscription.
    type: str
  max_delivery_attempts:
    description: Delivery attempts, 5 to 100, before a message goes to O(dead_letter_topic). The API's own default is 5.
    type: int
  labels:
    description: Labels of the subscription. Its other labels are kept, unless O(labels_exact=true).
    type: dict
  labels_exact:
    description: Whether to remove labels that O(labels) does not contain.
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
- name: Create a subscription that delivers events in order and does not expire
  cdc.gcp.pubsub_subscription:
    project: shop-prod
    name: shop.changes.warehouse
    topic: shop.changes
    enable_message_ordering: true
    message_retention_duration: 7d
    expiration_ttl: never

- name: Delete the subscription and its messages
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
  description: Id of the subscription.
  returned: success
  type: str
  sample: shop.changes.warehouse
topic:
  description: Full name of its topic. Null if the subscription does not exist, like the values below.
  returned: success
  type: str
  sample: projects/shop-prod/topics/shop.changes
ack_deadline_seconds:
  description: Seconds that a subscriber has to acknowledge a message.
  returned: success
  type: int
  sample: 10
message_retention_duration:
  description: How long unacknowledged messages are kept, in seconds.
  returned: success
  type: int
  sample: 604800
retain_acked_messages:
  description: Whether acknowledged messages are kept, too.
  returned: success
  type: bool
  sample: false
enable_message_ordering:
  description: Whether messages with the same ordering key are delivered in order.
  returned: success
  type: bool
  sample: true
filter:
  description: Filter expression; empty if there is none.
  returned: success
  type: str
  sample: ""
expiration_ttl:
  description: Seconds without subscriber activity after which the subscription is deleted, or V(never).
  returned: success
  type: raw
  sample: never
dead_letter_topic:
  description: Full name of the dead-letter topic, or null if there is none.
  returned: success
  type: str
max_delivery_attempts:
  description: Delivery attempts before a message goes to the dead-letter topic, or null if there is none.
  returned: success
  type: int
labels:
  description: All labels of the subscription.
  returned: success
  type: dict
  sample: {}
actions:
  description: What was done, or in check mode would be done, in order.
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
