#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.iam_service_account_key_secret: options, documentation and composition; the work is in module_utils/_iam/key_secret.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_service_account_key_secret
short_description: Keep a valid service account key in a Kubernetes Secret
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Ensures that a Kubernetes Secret contains a valid service account key. The key goes directly from IAM into the Secret. It never
    appears in a file, a result, a diff, a log or an argument list.
  - A key is valid if IAM lists it as a user-managed key of the account that is neither disabled nor expired. Then nothing is changed.
  - Otherwise the module creates a key and stores it. If it cannot store the key, it deletes the key again.
  - Earlier keys are kept, because pods may still use them. See O(delete_replaced_key) and O(delete_key_ids).
  - If the organization does not allow service account keys, use Workload Identity Federation for GKE, which does not need one.
options:
  service_account:
    description: E-mail address of the service account, which must belong to O(project).
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
    description: Key of the Secret's data that contains the key file.
    type: str
    default: key.json
  labels:
    description:
      - Labels of the Secret. They are set only when a key is stored, and are not compared otherwise.
      - Labels that this module set earlier and that are no longer listed are then removed. Labels that others set are kept.
    type: dict
  max_age_days:
    description: Age in days from which on a key is replaced. V(0) replaces it in every run.
    type: int
  rotate_before_days:
    description: Days before its expiry at which a key is replaced, for organizations that limit the lifetime of keys.
    type: int
  delete_replaced_key:
    description:
      - Whether to delete the previous key as soon as the new one is stored.
      - Pods that still use the previous key lose access. It is safer to roll out the new key first, and then to list the previous one in
        O(delete_key_ids).
    type: bool
    default: false
  delete_key_ids:
    description:
      - Ids of keys of the account to delete, such as RV(replaced_key_id) of an earlier run. Ids that do not exist are ignored.
      - The module fails if the list contains the key in the Secret.
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
- name: Create a key and store it in a Secret
  cdc.gcp.iam_service_account_key_secret:
    project: shop-prod
    service_account: debezium-shop@shop-prod.iam.gserviceaccount.com
    kubeconfig: ~/.kube/shop
    namespace: debezium
    secret_name: debezium-shop-key
  register: key

- name: Delete the replaced key after the pods use the new one
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
  description: E-mail address of the service account.
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
  description: Key of the Secret's data that contains the key file.
  returned: success
  type: str
  sample: key.json
private_key_id:
  description: Id of the key in the Secret, or null if there is none yet.
  returned: success
  type: str
  sample: 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c
valid_until:
  description: When the key expires, in RFC 3339 format, or null if there is no key.
  returned: success
  type: str
  sample: "9999-12-31T23:59:59+00:00"
key_ids:
  description: Ids of all user-managed keys of the account.
  returned: success
  type: list
  elements: str
replaced_key_id:
  description: Id of the key that this run replaced, or null if it replaced none.
  returned: success
  type: str
sha256:
  description:
    - SHA-256 digest of the Secret's data, in hexadecimal, for O(cdc.gcp.debezium_server#module:checksums).
    - Null if there is no Secret.
  returned: success
  type: str
actions:
  description: What was done, or in check mode would be done, in order.
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
