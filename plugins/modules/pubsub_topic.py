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
  - Creates, changes and deletes a Pub/Sub topic.
  - Only what is named in the task is compared and changed; what others configured stays.
options:
  name:
    description:
      - Id of the topic, or its full name C(projects/PROJECT/topics/ID).
      - 3 to 255 characters, a letter first, then letters, digits and V(-_.~+%), not starting with V(goog).
    type: str
    required: true
  state:
    description: Whether the topic should exist.
    type: str
    choices: [present, absent]
    default: present
  labels:
    description: Labels to have. Other labels stay, unless O(labels_exact) is set.
    type: dict
  labels_exact:
    description: Remove every label that O(labels) does not name.
    type: bool
    default: false
  message_retention_duration:
    description:
      - How long the topic keeps messages for subscriptions that seek back, for example V(7d), V(24h), V(30m) or V(86400s).
      - From 10 minutes to 31 days; V(none) switches it off.
    type: str
  kms_key_name:
    description: Full name of the Cloud KMS key that encrypts the messages. An empty string goes back to Google's own key.
    type: str
  allowed_persistence_regions:
    description:
      - Regions in which messages may be stored, in any order.
      - An empty list goes back to the organization's policy.
    type: list
    elements: str
  delete_with_subscriptions:
    description:
      - Delete the topic although subscriptions are attached to it, which then get no more messages.
      - Without it such a deletion is refused.
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
- name: Make the topic of the change events
  cdc.gcp.pubsub_topic:
    project: shop-prod
    name: shop.changes
    labels:
      pipeline: shop
    message_retention_duration: 7d

- name: Keep messages in Europe
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
  description: The last part of the name.
  returned: success
  type: str
  sample: shop.changes
labels:
  description: All labels of the topic; V(none) when it does not exist, as for the following values.
  returned: success
  type: dict
  sample: {pipeline: shop}
message_retention_duration:
  description: Seconds that the topic keeps messages; V(none) when it does not.
  returned: success
  type: int
  sample: 604800
kms_key_name:
  description: Full name of the Cloud KMS key; V(none) with Google's own key.
  returned: success
  type: str
allowed_persistence_regions:
  description: Regions in which messages may be stored, sorted; empty without a limit.
  returned: success
  type: list
  elements: str
  sample: []
actions:
  description: What was done, or in check mode would be done.
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
