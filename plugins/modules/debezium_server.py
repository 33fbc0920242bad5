#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.debezium_server: options and documentation; the work is in module_utils/_debezium/deployment.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: debezium_server
short_description: Run Debezium Server on Kubernetes
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Creates the Deployment of a Debezium Server and waits for its rollout. It has one replica and the strategy Recreate, because a
    replication slot has one consumer.
  - The rollout is complete when the pod of the current template is available and no earlier pod is left. If the pod crash-loops, cannot be
    scheduled, or lacks its image or a Secret, the module fails at once with the reason and the pod's last log lines.
  - The module also waits for an unchanged Deployment that is not available. A pod that was crash-looping before the run gets one more
    start.
  - The pod runs as user 185, without privileges and with a read-only root file system (Pod Security Standard C(restricted)).
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
    description: Namespace of the Deployment and of everything that it mounts.
    type: str
    required: true
  state:
    description:
      - V(stopped) keeps the Deployment but runs no pod. The replication slot then retains write-ahead log until the server runs again.
      - V(absent) deletes the Deployment and its pod. Secrets, the claim and the replication slot stay.
    type: str
    choices: [present, stopped, absent]
    default: present
  parent:
    description: Value of the label C(parent), which selects the pod. Defaults to O(name). It cannot be changed later.
    type: str
  image:
    description: Image of Debezium Server. It must have an exact version tag or a digest.
    type: str
    default: quay.io/debezium/server:3.6.3.Final
  debezium_version:
    description:
      - Version of Debezium Server in the image, for example V(3.7.1.Final). Defaults to the image's tag. If that does not tell either, the
        module assumes 3.6.
      - From 3.7 on, the readiness probe asks C(/q/health/ready). Before, that path is always up.
    type: str
  image_pull_policy:
    description: When the node pulls the image.
    type: str
    choices: [Always, IfNotPresent, Never]
    default: IfNotPresent
  image_pull_secrets:
    description: Names of Secrets with credentials for the image's registry.
    type: list
    elements: str
    default: []
  service_account_name:
    description: Kubernetes service account of the pod, for Workload Identity Federation for GKE. Its token is not mounted.
    type: str
  properties_secret:
    description: Secret whose key C(application.properties) is mounted as C(/debezium/config/application.properties).
    type: str
    required: true
  database_secret:
    description: Secret whose keys C(user) and C(password) become the environment variables E(PG_USER) and E(PG_PASSWORD).
    type: str
    required: true
  database_ca_key:
    description:
      - Key of O(database_secret) that is mounted as C(/debezium/external/db/server-ca.pem). An empty string mounts no certificate.
    type: str
    default: server-ca.pem
  credentials_secret:
    description:
      - Secret whose key C(key.json) contains a service account key. It is mounted as C(/debezium/external/gcp/key.json).
      - Without it, the pod gets its credentials from the metadata server (Workload Identity Federation for GKE).
    type: str
  offsets_claim:
    description:
      - PersistentVolumeClaim that is mounted as C(/debezium/data), for offsets in a file. An init container fails if the volume is not
        writable.
      - Not needed for offsets in the database.
    type: str
  checksums:
    description:
      - SHA-256 digests of the Secrets that the pod reads, by the names of the Secrets, as RV(cdc.gcp.kubernetes_object#module:sha256) and
        RV(cdc.gcp.iam_service_account_key_secret#module:sha256) return them. The pod template has an annotation with one digest over them,
        so the pod is replaced when, and only when, one of them changes.
      - The module reads Secrets that are not listed here. List those that an earlier task of the same play manages, so that check mode
        reports that their change replaces the pod.
    type: dict
    default: {}
  labels:
    description: Additional labels of the Deployment and its pod.
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
    description: Resource requests and limits of the server's container. Debezium 3.6 uses 300 to 420 MB.
    type: dict
    default:
      requests: {cpu: 250m, memory: 1Gi}
      limits: {memory: 1Gi}
  java_options:
    description:
      - Options of the Java virtual machine, appended to E(DEBEZIUM_OPTS). An option must not contain a space.
      - An option that sets a property of the server (C(-Ddebezium.), C(-Dquarkus.)) is refused, because it would take precedence over
        C(application.properties).
    type: list
    elements: str
    default: []
  trust_store_secret:
    description: Secret with a Java trust store, for example with the CA of a proxy in front of Google's APIs.
    type: str
  trust_store_key:
    description: Key of O(trust_store_secret) that contains the trust store, in JKS or PKCS 12 format.
    type: str
    default: truststore.p12
  trust_store_password_key:
    description:
      - Key of O(trust_store_secret) that contains the trust store's password. An empty string means that it has no password.
      - The password is not part of the Deployment. Java accepts it only on the command line, where anyone who can list processes in the pod
        sees it. It must not contain spaces.
    type: str
    default: password
  host_aliases:
    description: Entries for the pod's hosts file, for example to resolve C(pubsub.googleapis.com) to a restricted virtual IP.
    type: list
    elements: dict
    default: []
    suboptions:
      ip:
        description: IP address.
        type: str
        required: true
      hostnames:
        description: Host names that resolve to O(host_aliases[].ip).
        type: list
        elements: str
        required: true
  environment:
    description:
      - Additional environment variables of the server, not for secrets. Kubernetes expands C($(NAME)) in them.
      - A variable that sets a property of the server (C(DEBEZIUM_), C(QUARKUS_)) is refused, because it would take precedence over
        C(application.properties).
    type: dict
    default: {}
  extra_volumes:
    description: Additional volumes of the pod, in Kubernetes' own format.
    type: list
    elements: dict
    default: []
  extra_volume_mounts:
    description: Volume mounts of the server's container for O(extra_volumes), in Kubernetes' own format.
    type: list
    elements: dict
    default: []
  node_selector:
    description: Labels that the node must have.
    type: dict
    default: {}
  tolerations:
    description: Tolerations of the pod, in Kubernetes' own format.
    type: list
    elements: dict
    default: []
  affinity:
    description: Affinity of the pod, in Kubernetes' own format.
    type: dict
    default: {}
  priority_class_name:
    description: PriorityClass of the pod.
    type: str
  termination_grace_period_seconds:
    description: Seconds that Kubernetes gives the server to stop before it kills it.
    type: int
    default: 60
  startup_probe:
    description:
      - Timing of the startup probe (C(/q/health/live)). By default the server may take 600 seconds to start, because the creation of a
        replication slot waits for all open transactions.
    type: dict
    suboptions: &probe
      initial_delay_seconds:
        description: Seconds before the first probe. Defaults to Kubernetes' own default.
        type: int
      period_seconds:
        description: Seconds between probes. Defaults to 2 for the startup probe and for readiness from Debezium 3.7 on, otherwise 10.
        type: int
      timeout_seconds:
        description: Seconds after which a probe times out. Defaults to 1 for the startup probe, 5 for the others.
        type: int
      failure_threshold:
        description: Consecutive failures after which the probe fails. Defaults to 300 (startup), 6 (liveness) and 3 (readiness).
        type: int
  liveness_probe:
    description: Timing of the liveness probe (C(/q/health/live)).
    type: dict
    suboptions: *probe
  readiness_probe:
    description: Timing of the readiness probe (C(/q/health), or C(/q/health/ready) from Debezium 3.7 on).
    type: dict
    suboptions: *probe
  metrics_port:
    description: Port of the Prometheus metrics. V(0) switches them off.
    type: int
    default: 9090
  force_conflicts:
    description: Whether to take over fields of the Deployment that other field managers own.
    type: bool
    default: false
  wait:
    description: Whether to wait for the rollout.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait for the rollout, or for the deletion. After that the module fails.
    type: int
    default: 600
  scheduling_timeout:
    description: Seconds within O(wait_timeout) that the pod may be unschedulable. A cluster with autoscaling takes minutes to add a node.
    type: int
    default: 180
"""

EXAMPLES = r"""
- name: Run Debezium Server for the shop
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
  description: SHA-256 digest over all Secrets that the pod reads, from the pod template's annotation C(cdc.gcp/checksum).
  type: str
  returned: success
pod_name:
  description: Name of the pod, or null if there is none.
  type: str
  returned: success
ready:
  description: Whether the pod of the current template is available and no earlier pod is left.
  type: bool
  returned: success
log:
  description: Last log lines of the pod that cannot start, shortened, with known secrets masked.
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
