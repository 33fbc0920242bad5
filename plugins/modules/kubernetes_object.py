#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible module: any object of a Kubernetes cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kubernetes_object
short_description: Manage any object of a Kubernetes cluster
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates, changes and deletes one object of any kind with server-side apply, as field manager C(cdc.gcp).
  - The plan is the server's own dry run compared with the object as it is, so defaults never show as a change, and an object that
    the server would refuse is refused in check mode too.
  - Fields that other managers own stay theirs. Fields that an earlier definition had and that the definition no longer has are removed.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.kubernetes
  - cdc.gcp._kubernetes
options:
  definition:
    description:
      - The object, with C(apiVersion), C(kind) and C(metadata.name), and C(metadata.namespace) for what lives in one.
      - Unknown fields are refused.
      - In check mode the namespace may be missing; the plan is then the definition itself, unchecked.
    type: dict
    required: true
  secret_data:
    description:
      - The values of a definition of kind Secret, as plain text by key; they never show in results, diffs or logs.
      - C(data) and C(stringData) are refused in O(definition) of a Secret, because Ansible logs a module's options.
      - Keys that an earlier run stored and that are no longer given are removed; keys of other managers stay.
    type: dict
  secret_files:
    description:
      - Files whose contents become values of a definition of kind Secret, as paths by key. They are read where the module runs, as bytes,
        and never show.
    type: dict
  state:
    description: Whether the object exists. A deletion waits until the object and its dependents are gone.
    type: str
    choices: [present, absent]
    default: present
  force_conflicts:
    description: Whether to take over fields that other managers own; an error tells which ones when it is V(false).
    type: bool
    default: false
  delete_data:
    description: Whether O(state=absent) may delete a Namespace, PersistentVolume or PersistentVolumeClaim, and data with it.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait for a deletion.
    type: int
    default: 120
seealso:
  - name: Server-side apply
    description: Field managers and conflicts.
    link: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

EXAMPLES = r"""
- name: Database login for Debezium Server
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

- name: Disk for Debezium's offsets
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
  description: Namespace of the object, or null for what lives in none.
  type: str
  returned: success
name:
  description: Name of the object.
  type: str
  returned: success
sha256:
  description:
    - SHA-256, as hex, over the keys and values of a Secret or ConfigMap, for O(cdc.gcp.debezium_server#module:checksums).
    - Null for other kinds.
    - In check mode as it will be.
  type: str
  returned: success
live_annotations:
  description:
    - Annotations that the object has in the cluster; null when it does not exist.
    - In check mode as they are, not as they will be.
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
