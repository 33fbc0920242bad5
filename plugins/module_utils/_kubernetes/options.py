# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every Kubernetes module shares.  PRIVATE to the collection.

Names of environment variables are those of kubernetes.core, whose users know them.  The documentation is
plugins/doc_fragments/_kubernetes.py.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible.module_utils.basic import env_fallback

KUBERNETES_OPTIONS: dict[str, dict[str, t.Any]] = {
    "kubeconfig": {"type": "path", "fallback": (env_fallback, ["K8S_AUTH_KUBECONFIG"])},
    "context": {"type": "str", "fallback": (env_fallback, ["K8S_AUTH_CONTEXT"])},
    "host": {"type": "str", "fallback": (env_fallback, ["K8S_AUTH_HOST"])},
    "api_key": {"type": "str", "no_log": True, "fallback": (env_fallback, ["K8S_AUTH_API_KEY"])},
    "ca_cert": {"type": "path", "fallback": (env_fallback, ["K8S_AUTH_SSL_CA_CERT"])},
    "validate_certs": {"type": "bool", "default": True, "fallback": (env_fallback, ["K8S_AUTH_VERIFY_SSL"])},
    "impersonate_user": {"type": "str", "fallback": (env_fallback, ["K8S_AUTH_IMPERSONATE_USER"])},
    "request_timeout": {"type": "int", "default": 30},
    "retry_timeout": {"type": "int", "default": 90},
}
"""The shared options, ready for a module's argument_spec.

A Google module that also stores into Kubernetes adds them to its own: the two timeouts mean the same in both.
"""


def argument_spec(**extra: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """The shared options and `extra`, the module's own."""
    return {**KUBERNETES_OPTIONS, **extra}


@dataclass(frozen=True)
class KubernetesOptions:
    """The shared options of one module call.

    request_timeout: seconds that one request may take.  retry_timeout: seconds that a request and its repetitions may take.
    """

    kubeconfig: str | None
    context: str | None
    host: str | None
    api_key: str | None
    ca_cert: str | None
    validate_certs: bool
    impersonate_user: str | None
    request_timeout: float
    retry_timeout: float

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> KubernetesOptions:
        """From a module's parameters, which KUBERNETES_OPTIONS described."""
        return cls(**{name: params[name] for name in KUBERNETES_OPTIONS})
