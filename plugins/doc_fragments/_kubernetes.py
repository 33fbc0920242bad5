# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that every Kubernetes module shares.  PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig file. Environment variable E(K8S_AUTH_KUBECONFIG).
      - Without it and without O(host), the module uses the service account of the pod in which it runs, and fails outside of a pod.
      - E(KUBECONFIG) and C(~/.kube/config) are not used, so that no task affects a cluster by accident.
    type: path
  context:
    description:
      - Context of O(kubeconfig). Defaults to its current context. Environment variable E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description: URL of the API server. It takes precedence over O(kubeconfig). Environment variable E(K8S_AUTH_HOST).
    type: str
  api_key:
    description: Bearer token. It takes precedence over the credentials in O(kubeconfig). Environment variable E(K8S_AUTH_API_KEY).
    type: str
  ca_cert:
    description:
      - File with CA certificates in PEM format to trust for the API server. Environment variable E(K8S_AUTH_SSL_CA_CERT).
    type: path
  validate_certs:
    description: Whether to verify the API server's certificate. Environment variable E(K8S_AUTH_VERIFY_SSL).
    type: bool
    default: true
  impersonate_user:
    description: User to impersonate. Environment variable E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  request_timeout:
    description: Timeout of a single request, in seconds.
    type: int
    default: 30
  retry_timeout:
    description:
      - Seconds that a request and its retries after transient errors (HTTP 429 and 5xx, lost connections) may take in total.
      - If the server has never responded, the module gives up after 10 seconds.
    type: int
    default: 90
requirements:
  - python >= 3.11
  - kubernetes
"""
