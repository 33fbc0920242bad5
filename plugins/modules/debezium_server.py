#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible module: Debezium Server as a Deployment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: debezium_server
short_description: Run Debezium Server on Kubernetes
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Makes the Deployment of one Debezium Server and waits until it is rolled out. One replica, strategy Recreate, because a replication
    slot has one reader.
  - Rolled out means that the pod of the present template is available and no former one is left. A pod that crash-loops, cannot be
    scheduled, or lacks its image or a Secret ends the wait at once, with the reason and its last log lines.
  - A Deployment that is unchanged but not available is waited for, too. A pod that was crash-looping before the run gets the chance of
    its next start.
  - The pod runs as user 185 without any privilege and with a read-only root file system (Pod Security level C(restricted)).
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.kubernetes
  - cdc.gcp._kubernetes
options:
  name:
    description: Name of the Deployment.
    type: str
    required: true
  namespace:
    description: Namespace of the Deployment and of all that it mounts.
    type: str
    required: true
  state:
    description:
      - V(stopped) keeps the Deployment without a pod; the replication slot then holds WAL back until it is started again.
      - V(absent) deletes the Deployment and its pod, and leaves Secrets, claim and slot.
    type: str
    choices: [present, stopped, absent]
    default: present
  parent:
    description: Value of the label C(parent), by which the Deployment finds its pod; O(name) when not given. It cannot change later.
    type: str
  image:
    description: Image of Debezium Server, with an exact tag or a digest.
    type: str
    default: quay.io/debezium/server:3.6.3.Final
  image_pull_policy:
    description: When the node pulls the image.
    type: str
    choices: [Always, IfNotPresent, Never]
    default: IfNotPresent
  image_pull_secrets:
    description: Names of Secrets with log-ins for the image's registry.
    type: list
    elements: str
    default: []
  service_account_name:
    description: Kubernetes service account of the pod, for Workload Identity. Its token is never mounted.
    type: str
  properties_secret:
    description: Name of the Secret whose key C(application.properties) becomes C(/debezium/config/application.properties).
    type: str
    required: true
  database_secret:
    description: Name of the Secret whose keys C(user) and C(password) become the variables C(PG_USER) and C(PG_PASSWORD).
    type: str
    required: true
  database_ca_key:
    description:
      - Key of O(database_secret) that becomes C(/debezium/external/db/server-ca.pem). An empty string mounts none.
    type: str
    default: server-ca.pem
  credentials_secret:
    description:
      - Name of the Secret whose key C(key.json) is the key of a Google service account; it becomes C(/debezium/external/gcp/key.json).
      - Without it, the pod uses the metadata server (Workload Identity).
    type: str
  offsets_claim:
    description:
      - Name of a PersistentVolumeClaim for C(/debezium/data), for offsets in a file. An init container fails when it cannot write there.
      - Not needed for offsets in the database.
    type: str
  checksums:
    description:
      - SHA-256 of the Secrets that the pod reads, by the names of the Secrets, as RV(cdc.gcp.kubernetes_object#module:sha256) and
        RV(cdc.gcp.iam_service_account_key_secret#module:sha256) return it. The pod template carries one SHA-256 over them, so that a
        change of them, and only that, starts a new pod.
      - Secrets that are not named here are read from the cluster. Naming those that an earlier task of the same play makes lets check
        mode tell that their change will start a new pod.
    type: dict
    default: {}
  labels:
    description: Further labels of the Deployment and its pod.
    type: dict
    default: {}
  annotations:
    description: Annotations of the Deployment.
    type: dict
    default: {}
  pod_annotations:
    description: Annotations of the pod, for example V(cluster-autoscaler.kubernetes.io/safe-to-evict).
    type: dict
    default: {}
  resources:
    description: Requests and limits of the server, as Kubernetes has them. Debezium 3.6 uses 300 to 420 MB.
    type: dict
    default:
      requests: {cpu: 250m, memory: 1Gi}
      limits: {memory: 1Gi}
  java_options:
    description: Options for the Java virtual machine, appended to C(DEBEZIUM_OPTS). None may contain a blank.
    type: list
    elements: str
    default: []
  trust_store_secret:
    description: Name of a Secret with a Java trust store, for a company's own CA in front of Google's APIs.
    type: str
  trust_store_key:
    description: Key of O(trust_store_secret) that holds the trust store, JKS or PKCS 12.
    type: str
    default: truststore.p12
  trust_store_password_key:
    description:
      - Key of O(trust_store_secret) that holds the trust store's password; an empty string means that it has none.
      - The password is not in the Deployment. Java takes it from its command line alone, so who may look into the pod sees it there.
        It must not contain blanks.
    type: str
    default: password
  host_aliases:
    description: Names that the pod resolves without DNS, for example C(pubsub.googleapis.com) to a restricted virtual IP.
    type: list
    elements: dict
    default: []
    suboptions:
      ip:
        description: Address.
        type: str
        required: true
      hostnames:
        description: Names of that address.
        type: list
        elements: str
        required: true
  environment:
    description: Further environment variables of the server. They are not secret; Kubernetes expands C($(NAME)) in them.
    type: dict
    default: {}
  extra_volumes:
    description: Further volumes of the pod, as Kubernetes has them.
    type: list
    elements: dict
    default: []
  extra_volume_mounts:
    description: Where the server finds O(extra_volumes), as Kubernetes has it.
    type: list
    elements: dict
    default: []
  node_selector:
    description: Labels that the node must have.
    type: dict
    default: {}
  tolerations:
    description: Tolerations of the pod, as Kubernetes has them.
    type: list
    elements: dict
    default: []
  affinity:
    description: Affinity of the pod, as Kubernetes has it.
    type: dict
    default: {}
  priority_class_name:
    description: PriorityClass of the pod.
    type: str
  termination_grace_period_seconds:
    description: Seconds that the server may take to stop.
    type: int
    default: 60
  startup_probe:
    description:
      - Numbers of the startup probe (C(/q/health/live)). By default it may take 600 seconds, because making a replication slot waits
        for every open transaction.
    type: dict
    suboptions: &probe
      initial_delay_seconds:
        description: Seconds before the first probe.
        type: int
      period_seconds:
        description: Seconds between probes; 10 when not given, 2 for the startup probe.
        type: int
      timeout_seconds:
        description: Seconds that a probe may take; 5 when not given, 1 for the startup probe.
        type: int
      failure_threshold:
        description: Failures in a row that count; 300 for the startup probe, 6 for liveness, 3 for readiness when not given.
        type: int
  liveness_probe:
    description: Numbers of the liveness probe (C(/q/health/live)).
    type: dict
    suboptions: *probe
  readiness_probe:
    description: Numbers of the readiness probe (C(/q/health)).
    type: dict
    suboptions: *probe
  metrics_port:
    description: Port of the Prometheus metrics; V(0) means none.
    type: int
    default: 9090
  force_conflicts:
    description: Whether to take over fields of the Deployment that other managers own.
    type: bool
    default: false
  wait:
    description: Whether to wait until the rollout is done.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait for the rollout, or for a deletion.
    type: int
    default: 600
  scheduling_timeout:
    description: Seconds of O(wait_timeout) that a pod may find no node; a cluster that grows its nodes itself needs some minutes.
    type: int
    default: 180
"""

EXAMPLES = r"""
- name: Stream the shop's changes
  cdc.gcp.debezium_server:
    kubeconfig: /etc/cdc/kubeconfig
    name: shop-debezium
    namespace: cdc
    parent: shop
    properties_secret: shop-properties
    database_secret: shop-db
    credentials_secret: shop-key
    checksums:
      shop-properties: "{{ properties_secret.sha256 }}"
      shop-db: "{{ database_secret.sha256 }}"
      shop-key: "{{ service_account_key.sha256 }}"
"""

RETURN = r"""
namespace:
  description: Namespace of the Deployment.
  type: str
  returned: success
name:
  description: Name of the Deployment.
  type: str
  returned: success
image:
  description: Image of the server.
  type: str
  returned: success
checksum:
  description: SHA-256 over all Secrets that the pod reads, as the pod template carries it in C(cdc.gcp/checksum).
  type: str
  returned: success
pod_name:
  description: Name of the pod, or null when there is none.
  type: str
  returned: success
ready:
  description: Whether the pod of the present template is available and no former one is left.
  type: bool
  returned: success
log:
  description: Last log lines of the pod that cannot start, cut, and without secrets as far as they are known.
  type: list
  elements: str
  returned: failure of the rollout
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: success
  sample: [update Deployment cdc/shop-debezium]
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.deployment import check, deployment, pod_checksum
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.log_hints import hint
from ansible_collections.cdc.gcp.plugins.module_utils._debezium.options import SERVER_OPTIONS
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.cluster import Cluster
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.login import KUBERNETES
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.options import KubernetesOptions, argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.secrets import SecretStore
from ansible_collections.cdc.gcp.plugins.module_utils._kubernetes.workload import Workload
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput

SECRETS = ("properties_secret", "database_secret", "credentials_secret", "trust_store_secret")
"""Options that name what the pod reads."""


def checksums(params: dict[str, t.Any], store: SecretStore) -> dict[str, str]:
    """SHA-256 of each Secret that the pod reads, by its name; those that the user does not give are read.  "" is one that is not there."""
    names = [params[option] for option in SECRETS if params[option]]
    unknown = sorted(set(params["checksums"]) - set(names))
    if unknown:
        raise InvalidInput(f"checksums names {', '.join(unknown)}, but the Secrets that the pod reads are {', '.join(names)}.")
    return {name: params["checksums"].get(name) or store.sha256(params["namespace"], name) or "" for name in names}


def workload(params: dict[str, t.Any]) -> Workload:
    """The Deployment of Debezium Server, with what its log lines mean."""
    check(params)
    cluster = Cluster(KubernetesOptions.from_params(params))
    if params["state"] != "absent":
        params = {**params, "checksums": checksums(params, SecretStore(cluster))}
    return Workload(
        cluster,
        deployment(params),
        present=params["state"] != "absent",
        force_conflicts=params["force_conflicts"],
        wait=params["wait"],
        wait_timeout=params["wait_timeout"],
        scheduling_timeout=params["scheduling_timeout"],
        hint=hint,
        results={"checksum": pod_checksum(params["checksums"])},
    )


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(**SERVER_OPTIONS), supports_check_mode=True)
    run(module, lambda: workload(module.params), libraries=(KUBERNETES,))


if __name__ == "__main__":
    main()
