#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.iam_service_account_key_secret: options, documentation and composition; the work is in module_utils/_iam/key_secret.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_service_account_key_secret
short_description: Keep a good service account key in a Kubernetes Secret
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Makes sure that a Kubernetes Secret holds a good key of a service account. The key goes straight from IAM into the Secret; it is never
    in a file, a result, a diff, a log or an argument list.
  - A key is good when IAM lists it as a user-managed key of that account that is neither disabled nor expired. Then nothing happens.
  - Otherwise a new key is made and stored. If storing fails, the new key is deleted again.
  - Old keys are left alone, because pods may still use them. See O(delete_replaced_key) and O(delete_key_ids).
  - Where the organization forbids keys, use Workload Identity Federation for GKE instead, which needs no key.
options:
  service_account:
    description: E-mail of the service account, which must belong to O(project).
    type: str
    required: true
  namespace:
    description: Namespace of the Secret. It must exist.
    type: str
    required: true
  secret_name:
    description: Name of the Secret.
    type: str
    required: true
  key:
    description: Name of the entry in the Secret that holds the key file.
    type: str
    default: key.json
  labels:
    description:
      - Labels of the Secret. They are set when a key is stored, and not compared otherwise.
      - Labels that this module set earlier and that are not named any more go then; those of others stay.
    type: dict
  max_age_days:
    description: Replace a key that is at least so many days old. V(0) replaces it in any case.
    type: int
  rotate_before_days:
    description: Replace a key so many days before it expires, where the organization limits the life of keys.
    type: int
  delete_replaced_key:
    description:
      - Delete the key that the Secret held before, right after the new one was stored.
      - Pods that were not restarted since lose access. Better roll out the new key first, and name the old one in O(delete_key_ids) then.
    type: bool
    default: false
  delete_key_ids:
    description:
      - Ids of keys of the account to delete, for example RV(replaced_key_id) of an earlier run. Ids that IAM does not know are ignored.
      - Naming the key that the Secret holds and uses is an error.
    type: list
    elements: str
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._attributes.kubernetes
  - cdc.gcp._gcp
  - cdc.gcp._kubernetes
seealso:
  - module: cdc.gcp.iam_service_account
"""

EXAMPLES = r"""
- name: Keep the publisher's key in its Secret
  cdc.gcp.iam_service_account_key_secret:
    project: shop-prod
    service_account: debezium-shop@shop-prod.iam.gserviceaccount.com
    kubeconfig: ~/.kube/shop
    namespace: debezium
    secret_name: debezium-shop-key
  register: key

- name: Delete the key that was replaced, once the pods have the new one
  cdc.gcp.iam_service_account_key_secret:
    project: shop-prod
    service_account: debezium-shop@shop-prod.iam.gserviceaccount.com
    kubeconfig: ~/.kube/shop
    namespace: debezium
    secret_name: debezium-shop-key
    delete_key_ids: "{{ [key.replaced_key_id] | select | list }}"
"""

RETURN = r"""
service_account:
  description: E-mail of the service account.
  returned: success
  type: str
  sample: debezium-shop@shop-prod.iam.gserviceaccount.com
namespace:
  description: Namespace of the Secret.
  returned: success
  type: str
  sample: debezium
secret_name:
  description: Name of the Secret.
  returned: success
  type: str
  sample: debezium-shop-key
key:
  description: Name of the entry in the Secret that holds the key file.
  returned: success
  type: str
  sample: key.json
private_key_id:
  description: Id of the key in the Secret; V(none) when there is none yet.
  returned: success
  type: str
  sample: 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c
valid_until:
  description: End of the key's validity, RFC 3339; V(none) when there is no such key.
  returned: success
  type: str
  sample: "9999-12-31T23:59:59+00:00"
key_ids:
  description: Ids of all user-managed keys of the account.
  returned: success
  type: list
  elements: str
replaced_key_id:
  description: Id of the key that the Secret held before this run replaced it; V(none) when nothing was replaced.
  returned: success
  type: str
sha256:
  description: SHA-256 over all data of the Secret, in hex, for a checksum annotation of the pods; V(none) when there is no Secret.
  returned: success
  type: str
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: str
  sample: ["create a key of debezium-shop@shop-prod.iam.gserviceaccount.com and store it, because there is no such Secret"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import REQUESTS
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._iam.key_secret import KeySecret
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.login import KUBERNETES
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.options import KUBERNETES_OPTIONS
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.secrets import SecretStore
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            **KUBERNETES_OPTIONS,
            service_account={"type": "str", "required": True},
            namespace={"type": "str", "required": True},
            secret_name={"type": "str", "required": True, "no_log": False},
            key={"type": "str", "default": "key.json", "no_log": False},
            labels={"type": "dict"},
            max_age_days={"type": "int"},
            rotate_before_days={"type": "int"},
            delete_replaced_key={"type": "bool", "default": False, "no_log": False},
            delete_key_ids={"type": "list", "elements": "str", "no_log": False},
        ),
        supports_check_mode=True,
    )
    run(
        module,
        lambda: KeySecret.from_params(module.params, None, SecretStore.from_params(module.params)),
        libraries=(GOOGLE_AUTH, REQUESTS, KUBERNETES),
    )


if __name__ == "__main__":
    main()
