# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that every Kubernetes module shares.  PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig file. Environment variable E(K8S_AUTH_KUBECONFIG).
      - Without it and without O(host), the service account of the pod that this runs in is used; where there is none, the module fails.
        E(KUBECONFIG) and C(~/.kube/config) are not used, so that no run reaches a cluster by accident.
    type: path
  context:
    description:
      - Context of O(kubeconfig); the file's current one when not given. Environment variable E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description: URL of the API server, instead of that in O(kubeconfig). Environment variable E(K8S_AUTH_HOST).
    type: str
  api_key:
    description: Bearer token, instead of the log-in in O(kubeconfig). Environment variable E(K8S_AUTH_API_KEY).
    type: str
  ca_cert:
    description:
      - File of certificates, as PEM, that are trusted for the API server. Environment variable E(K8S_AUTH_SSL_CA_CERT).
    type: path
  validate_certs:
    description: Whether the API server's certificate is checked. Environment variable E(K8S_AUTH_VERIFY_SSL).
    type: bool
    default: true
  impersonate_user:
    description: User to act as. Environment variable E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  request_timeout:
    description: Seconds that one request may take.
    type: int
    default: 30
  retry_timeout:
    description:
      - Seconds that one request and its repetitions after passing errors (429, 5xx, lost connections) may take together.
      - A server that has never answered is given up after 10 seconds.
    type: int
    default: 90
requirements:
  - python >= 3.11
  - kubernetes
"""
