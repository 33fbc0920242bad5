# SPDX-License-Identifier: GPL-3.0-or-later
"""The official client's configuration from the shared options.  PRIVATE to the collection."""

from __future__ import annotations

import os
import typing as t

from .._reconcile.engine import Library
from .._reconcile.errors import InvalidInput, ReconcileError
from .options import KubernetesOptions

try:
    import kubernetes.client
    import kubernetes.config
    import yaml

    _ERROR: ImportError | None = None
except ImportError as error:
    _ERROR = error

KUBERNETES = Library("kubernetes", _ERROR)


class LoginError(ReconcileError):
    """The options do not give access to a cluster."""


def configuration(options: KubernetesOptions) -> t.Any:
    """A kubernetes.client.Configuration for `options`.  Makes no request, but may run the kubeconfig's own log-in program.

    The cluster is the one of `kubeconfig`, or `host`, or the cluster that this process runs in; nothing else is tried, least of
    all the current context of ~/.kube/config, which may be anybody's production.
    """
    found = kubernetes.client.Configuration()
    try:
        if options.kubeconfig:
            _from_kubeconfig(options, found)
        elif options.context:
            raise InvalidInput("context names an entry of a kubeconfig: set kubeconfig, too.")
        elif not options.host:
            _from_pod(found)
    except (kubernetes.config.ConfigException, OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise LoginError(f"Cannot log in to Kubernetes with {options.kubeconfig or 'the service account of this pod'}: {error}") from error
    if options.host:
        found.host = options.host.rstrip("/")
    if options.api_key:
        found.api_key = {"authorization": f"Bearer {options.api_key}"}
        found.api_key_prefix = {}
        found.refresh_api_key_hook = None
    if options.ca_cert:
        if not os.path.isfile(options.ca_cert):
            raise InvalidInput(f"ca_cert {options.ca_cert} is not a file.")
        found.ssl_ca_cert = options.ca_cert
    if not options.validate_certs:
        found.verify_ssl = False
    found.retries = False
    return found


def _from_kubeconfig(options: KubernetesOptions, found: t.Any) -> None:
    if not os.path.isfile(str(options.kubeconfig)):
        raise InvalidInput(f"kubeconfig {options.kubeconfig} is not a file.")
    kubernetes.config.load_kube_config(options.kubeconfig, options.context, found, persist_config=False)


def _from_pod(found: t.Any) -> None:
    if "KUBERNETES_SERVICE_HOST" not in os.environ:
        raise InvalidInput(
            "Name the cluster: set kubeconfig (or K8S_AUTH_KUBECONFIG), or host and api_key. "
            "KUBECONFIG and ~/.kube/config are not used, so that no run reaches a cluster by accident."
        )
    kubernetes.config.load_incluster_config(client_configuration=found)
