#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.kubernetes_object: options and documentation; the work is in module_utils/_kubernetes/object.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kubernetes_object
short_description: Manage an object of a Kubernetes cluster
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates, updates and deletes an object of any kind, with server-side apply and the field manager C(cdc.gcp).
  - The module compares the object with the result of a server-side dry run. Fields that the server defaults are therefore not reported as
    changes, and check mode rejects what the server would reject.
  - Fields that other field managers own are kept. Fields that an earlier definition set and the current one does not are removed.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.kubernetes
  - cdc.gcp._kubernetes
options:
  definition:
    description:
      - Definition of the object. C(apiVersion), C(kind) and C(metadata.name) are required, C(metadata.namespace) for namespaced kinds.
      - Unknown fields are an error.
      - In check mode, the namespace does not need to exist yet. The server then does not validate the definition.
    type: dict
    required: true
  secret_data:
    description:
      - Data of a Secret, as plain text by key. The values never appear in results, diffs or logs.
      - C(data) and C(stringData) in the O(definition) of a Secret are an error, because Ansible logs a module's options.
      - Keys that an earlier run stored and that are no longer listed are removed. Keys of other field managers are kept.
    type: dict
  secret_files:
    description:
      - Data of a Secret from files, as paths by key. The files are read as bytes on the host that runs the module. Their contents never
        appear in results, diffs or logs.
    type: dict
  state:
    description: Whether the object exists. V(absent) waits until the object and its dependents are deleted.
    type: str
    choices: [present, absent]
    default: present
  force_conflicts:
    description: Whether to take over fields that other field managers own. If V(false), the module fails and lists these fields.
    type: bool
    default: false
  delete_data:
    description: Whether O(state=absent) may delete a Namespace, PersistentVolume or PersistentVolumeClaim, which deletes data.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait for the deletion. After that the module fails.
    type: int
    default: 120
seealso:
  - name: Server-side apply
    description: Field managers and conflicts.
    link: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

EXAMPLES = r"""
- name: Create a Secret with Debezium's database credentials
  cdc.gcp.kubernetes_object:
    kubeconfig: /etc/cdc/kubeconfig
    definition:
      apiVersion: v1
      kind: Secret
      metadata: {name: shop-db, namespace: cdc}
    secret_data:
      user: debezium
      password: "{{ debezium_password }}"
  register: database_secret

- name: Create a volume for Debezium's offsets
  cdc.gcp.kubernetes_object:
    kubeconfig: /etc/cdc/kubeconfig
    definition:
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata: {name: shop-offsets, namespace: cdc}
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: retain-ssd
        resources: {requests: {storage: 1Gi}}
"""

RETURN = r"""
api_version:
  description: C(apiVersion) of the object.
  type: str
  returned: success
kind:
  description: Kind of the object.
  type: str
  returned: success
namespace:
  description: Namespace of the object, or null for cluster-scoped kinds.
  type: str
  returned: success
name:
  description: Name of the object.
  type: str
  returned: success
sha256:
  description:
    - SHA-256 digest of the data of a Secret or ConfigMap, in hexadecimal, for O(cdc.gcp.debezium_server#module:checksums).
    - Null for other kinds.
    - In check mode, the digest that the object would have.
  type: str
  returned: success
live_annotations:
  description:
    - Annotations of the object in the cluster, or null if it does not exist.
    - In check mode, those that it has now.
  type: dict
  returned: success
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: success
  sample: [create Secret cdc/shop-db]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.login import KUBERNETES
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.object import KubernetesObject, masked_by_type
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            definition={"type": "dict", "required": True},
            secret_data={"type": "dict", "no_log": True},
            secret_files={"type": "dict", "no_log": False},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            force_conflicts={"type": "bool", "default": False},
            delete_data={"type": "bool", "default": False},
            wait_timeout={"type": "int", "default": 120},
        ),
        supports_check_mode=True,
    )
    params = masked_by_type(module)
    run(module, lambda: KubernetesObject.from_params(params), libraries=(KUBERNETES,))


if __name__ == "__main__":
    main()
