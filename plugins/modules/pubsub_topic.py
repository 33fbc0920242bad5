#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.pubsub_topic: options and documentation; the work is in module_utils/_pubsub/topic.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pubsub_topic
short_description: Manage a Pub/Sub topic
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates, updates and deletes a Pub/Sub topic.
  - Only the options that the task sets are compared and changed.
options:
  name:
    description:
      - Id of the topic, or its full name C(projects/PROJECT/topics/ID).
      - Pub/Sub requires 3 to 255 letters, digits and C(-_.~+%). The first character is a letter, and the id does not start with C(goog).
    type: str
    required: true
  state:
    description: Whether the topic exists.
    type: str
    choices: [present, absent]
    default: present
  labels:
    description: Labels of the topic. Its other labels are kept, unless O(labels_exact=true).
    type: dict
  labels_exact:
    description: Whether to remove labels that O(labels) does not contain.
    type: bool
    default: false
  message_retention_duration:
    description:
      - How long the topic keeps messages, so that subscriptions can seek back to them, for example V(7d), V(24h), V(30m) or V(86400s).
      - From 10 minutes to 31 days. V(none) switches the retention off.
    type: str
  kms_key_name:
    description: Full name of the Cloud KMS key that encrypts the messages. An empty string returns to a key that Google manages.
    type: str
  allowed_persistence_regions:
    description:
      - Regions in which messages may be stored, in any order.
      - An empty list returns to the organization's policy.
    type: list
    elements: str
  delete_with_subscriptions:
    description:
      - Whether O(state=absent) may delete a topic that has subscriptions, which then get no more messages.
      - If V(false), the module fails instead.
    type: bool
    default: false
requirements:
  - google-cloud-pubsub
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
seealso:
  - module: cdc.gcp.pubsub_subscription
  - module: cdc.gcp.iam_member
"""

EXAMPLES = r"""
- name: Create a topic for change events
  cdc.gcp.pubsub_topic:
    project: shop-prod
    name: shop.changes
    labels:
      pipeline: shop
    message_retention_duration: 7d

- name: Store messages in Europe only
  cdc.gcp.pubsub_topic:
    project: shop-prod
    name: shop.changes
    allowed_persistence_regions: [europe-west1, europe-west3]

- name: Delete the topic
  cdc.gcp.pubsub_topic:
    project: shop-prod
    name: shop.changes
    state: absent
"""

RETURN = r"""
name:
  description: Full name of the topic.
  returned: success
  type: str
  sample: projects/shop-prod/topics/shop.changes
topic_id:
  description: Id of the topic.
  returned: success
  type: str
  sample: shop.changes
labels:
  description: All labels of the topic. Null if the topic does not exist, like the values below.
  returned: success
  type: dict
  sample: {pipeline: shop}
message_retention_duration:
  description: How long the topic keeps messages, in seconds, or null if it does not keep them.
  returned: success
  type: int
  sample: 604800
kms_key_name:
  description: Full name of the Cloud KMS key, or null if Google manages the key.
  returned: success
  type: str
allowed_persistence_regions:
  description: Regions in which messages may be stored, sorted; empty if there is no restriction.
  returned: success
  type: list
  elements: str
  sample: []
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
  sample: [create topic shop.changes]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._pubsub.gateway import PUBSUB
from ansible_collections.cdc.gcp.plugins.module_utils._pubsub.topic import Topic
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            labels={"type": "dict"},
            labels_exact={"type": "bool", "default": False},
            message_retention_duration={"type": "str"},
            kms_key_name={"type": "str", "no_log": False},
            allowed_persistence_regions={"type": "list", "elements": "str"},
            delete_with_subscriptions={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    run(module, lambda: Topic.from_params(module.params), libraries=(GOOGLE_AUTH, PUBSUB))


if __name__ == "__main__":
    main()
